"""Whom an app server believes, against what was observed on real servers (facts: gunicorn 6.2, uwsgi)."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.app import Input, load
from cfgcheck.model.forwarded import Source, misread, scheme_policy, source_of, trusted
from cfgcheck.model.located import UnknownValue
from cfgcheck.model.stack import Route, Stack
from cfgcheck.settings import load_settings

NGINX = "events {{}}\nhttp {{ server {{ listen 80; location / {{ {extra} proxy_pass http://{target}; }} }} }}\n"
SOCKET = "unix:/run/shop.sock"


def joined(
    folder: Path, *, bind: str, target: str, config: str = "", extra: str = "", settings: str = ""
) -> tuple[Route, Stack]:
    """The only route of a stack of one nginx and one Gunicorn."""
    (folder / "nginx.conf").write_text(NGINX.format(target=target, extra=extra))
    (folder / "gunicorn.conf.py").write_text(f'bind = "{bind}"\n{config}\n')
    (folder / "cfgcheck.toml").write_text(settings)
    _, (stack,) = load(Input((folder,)), load_settings(folder))
    (route,) = stack.routes
    return route, stack


OBSERVED = [
    pytest.param("127.0.0.1:8000", "127.0.0.1:8000", "", "", "20.1.0", True, id="6.2b"),
    pytest.param("127.0.0.1:8000", "127.0.0.1:8000", "", "", "", True, id="6.2b of any version"),
    pytest.param(SOCKET, SOCKET, "", "", "27.0.1", True, id="6.2c"),
    pytest.param("127.0.0.1:8000", "127.0.0.1:8000", "", "proxy_bind 127.0.0.2;", "27.0.1", False, id="6.2d"),
    pytest.param("[::1]:8000", "[::1]:8000", "", "", "20.1.0", False, id="6.2e before 23"),
    pytest.param("[::1]:8000", "[::1]:8000", "", "", "23.0.0", True, id="6.2e"),
    pytest.param("[::1]:8000", "[::1]:8000", "", "", "", None, id="6.2e of any version"),
    pytest.param("127.0.0.1:8000", "127.0.0.1:8000", "*", "proxy_bind 127.0.0.2;", "20.1.0", True, id="6.2f"),
    pytest.param("127.0.0.1:8000", "127.0.0.1:8000", "127.0.0.0/8", "", "20.1.0", False, id="6.2g on 20.1"),
    pytest.param("127.0.0.1:8000", "127.0.0.1:8000", "127.0.0.0/8", "", "27.0.1", True, id="6.2g"),
    pytest.param("127.0.0.1:8000", "127.0.0.1:8000", "127.0.0.0/8", "", "", None, id="6.2g of any version"),
    pytest.param("[::]:8000", "127.0.0.1:8000", "", "", "27.0.1", False, id="6.2h"),
    pytest.param("[::]:8000", "127.0.0.1:8000", "::ffff:127.0.0.1", "", "27.0.1", True, id="6.2h, listed"),
    pytest.param(SOCKET, SOCKET, "10.0.0.1", "", "20.1.0", True, id="6.2i"),
    pytest.param("0.0.0.0:8000", "app:8000", "", "", "27.0.1", False, id="another container, loopback trusted"),
    pytest.param("0.0.0.0:8000", "app:8000", "172.18.0.5", "", "27.0.1", None, id="another container, nobody knows"),
]


@pytest.mark.parametrize(("bind", "target", "allow", "extra", "version", "expected"), OBSERVED)
def test_trust_is_as_observed(
    tmp_path: Path, bind: str, target: str, allow: str, extra: str, version: str, expected: bool | None
) -> None:
    config = f'forwarded_allow_ips = "{allow}"' if allow else ""
    settings = f'gunicorn = "{version}"\n' if version else ""
    route, stack = joined(tmp_path, bind=bind, target=target, config=config, extra=extra, settings=settings)
    if expected is None:
        with pytest.raises(UnknownValue):
            trusted(route, stack)
    else:
        assert trusted(route, stack) is expected


@pytest.mark.parametrize(("allow", "expected"), [("127.0.0.1", False), ("*", True)])
def test_uvicorn_trusts_a_socket_only_with_everyone(tmp_path: Path, allow: str, expected: bool) -> None:
    config = f'worker_class = "uvicorn_worker.UvicornWorker"\nforwarded_allow_ips = "{allow}"'
    route, stack = joined(tmp_path, bind=SOCKET, target=SOCKET, config=config)
    assert trusted(route, stack) is expected


@pytest.mark.parametrize(
    ("declared", "allow", "expected"),
    [("10.0.0.4", "10.0.0.4", True), ("10.0.0.4", "10.0.0.5", False), ("10.0.0.0/24", "10.0.0.4", None)],
)
def test_a_declared_address_is_what_counts(tmp_path: Path, declared: str, allow: str, expected: bool | None) -> None:
    settings = f'gunicorn = "27.0.1"\nproxy-addresses = ["{declared}"]\n'
    config = f'forwarded_allow_ips = "{allow}"'
    route, stack = joined(tmp_path, bind="0.0.0.0:8000", target="app:8000", config=config, settings=settings)
    assert source_of(route, stack) == Source((declared,))
    if expected is None:
        with pytest.raises(UnknownValue):
            trusted(route, stack)
    else:
        assert trusted(route, stack) is expected


@pytest.mark.parametrize(
    ("config", "version", "names"),
    [
        ("", "27.0.1", {"x-forwarded-protocol", "x-forwarded-proto", "x-forwarded-ssl"}),
        ('secure_scheme_headers = {"X-SCHEME": "https"}', "27.0.1", {"x-scheme"}),
        ('worker_class = "uvicorn_worker.UvicornWorker"', "27.0.1", {"x-forwarded-proto"}),
        ('worker_class = "asgi"', "27.0.1", {"x-forwarded-protocol", "x-forwarded-proto", "x-forwarded-ssl"}),
        ('worker_class = "asgi"', "26.2.0", set()),
    ],
)
def test_headers_that_decide_the_scheme(tmp_path: Path, config: str, version: str, names: set[str]) -> None:
    settings = f'gunicorn = "{version}"\n'
    route, _ = joined(tmp_path, bind="127.0.0.1:8000", target="127.0.0.1:8000", config=config, settings=settings)
    assert route.app is not None and route.listener is not None
    policy = scheme_policy(route.app, route.listener)
    assert set(policy.secure if policy else ()) == names


@pytest.mark.parametrize(
    ("entry", "wrong"), [("10.0.0.1", ""), ("10.0.0.0/8", ""), ("*", ""), ("nginx", "names"), ("'*'", "quotes")]
)
def test_entries_that_never_match(entry: str, wrong: str) -> None:
    assert misread(entry).startswith(wrong) and bool(misread(entry)) is bool(wrong)
