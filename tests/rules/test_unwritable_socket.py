"""Who may write to a socket, as the kernel decides it, and where that can't be told."""

from __future__ import annotations

import pytest

from cfgcheck.checks.unwritable_socket import _may_write, _Nginx
from cfgcheck.model.app import SocketFile
from cfgcheck.model.located import Located, UnknownValue
from cfgcheck.model.nginx_user import Workers

UNKNOWN = "?"


def name(text: str) -> Located[str]:
    return Located.unknown("nobody says") if text == UNKNOWN else Located.read(text, None)


def answer(mode: int, owner: str, nginx: str, foreign: bool, number: str = "") -> str:
    file = SocketFile(Located.read(mode, None), *(name(part) for part in owner.split(":")))
    user, group = (name(part) for part in nginx.split(":"))
    try:
        return "yes" if _may_write(file, _Nginx(Workers(user, group, number), foreign)) else "no"
    except UnknownValue:
        return "unknown"


@pytest.mark.parametrize(
    ("mode", "owner", "nginx", "expected"),
    [
        (0o755, "shop:shop", "www-data:www-data", "no"),
        (0o755, "www-data:shop", "www-data:www-data", "yes"),
        (0o755, "shop:www-data", "www-data:www-data", "no"),
        (0o770, "shop:www-data", "www-data:www-data", "yes"),
        (0o660, "shop:shop", "www-data:www-data", "no"),
        (0o060, "www-data:www-data", "www-data:www-data", "no"),
        (0o700, "shop:shop", "root:root", "yes"),
        (0o000, "shop:shop", "0:0", "yes"),
        (0o755, "0:0", "www-data:www-data", "no"),
        (0o755, ":", "www-data:www-data", "no"),
        (0o755, "?:shop", "www-data:www-data", "unknown"),
        (0o770, "shop:?", "www-data:www-data", "unknown"),
        (0o770, "www-data:?", "www-data:www-data", "yes"),
        (0o770, "?:www-data", "www-data:www-data", "yes"),
        (0o770, "?:?", "www-data:www-data", "unknown"),
        (0o755, "shop:shop", "?:?", "unknown"),
        (0o755, "1000:1000", "www-data:www-data", "unknown"),
        (0o755, "1000:1000", "101:101", "no"),
        (0o555, "shop:shop", "www-data:www-data", "no"),
    ],
)
def test_on_one_machine(mode: int, owner: str, nginx: str, expected: str) -> None:
    assert answer(mode, owner, nginx, foreign=False) == expected


@pytest.mark.parametrize(
    ("mode", "owner", "nginx", "expected"),
    [
        (0o755, "root:root", "nginx:nginx", "no"),
        (0o660, "root:root", "nginx:nginx", "no"),
        (0o755, "shop:shop", "nginx:nginx", "unknown"),
        (0o770, "shop:shop", "nginx:nginx", "unknown"),
        (0o755, "shop:shop", "root:root", "yes"),
    ],
)
def test_names_of_two_containers_may_be_one_user(mode: int, owner: str, nginx: str, expected: str) -> None:
    assert answer(mode, owner, nginx, foreign=True) == expected


@pytest.mark.parametrize(("owner", "expected"), [("1000:1000", "no"), ("101:1000", "yes"), ("shop:shop", "unknown")])
def test_numbers_are_the_same_in_all_containers(owner: str, expected: str) -> None:
    assert answer(0o755, owner, "nginx:nginx", foreign=True, number="101") == expected
    assert answer(0o755, "1000:1000", "101:101", foreign=True) == "no"
