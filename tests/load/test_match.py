"""Which connection arrives at which listener. Facts: nginx-gunicorn.md 1.5–1.7, nginx-uwsgi.md 1.15."""

from __future__ import annotations

import pytest

from cfgcheck.load.match import Match, reaches
from cfgcheck.model.address import Address


def tcp(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return Address.tcp(host, int(port))


@pytest.mark.parametrize(
    ("target", "listener"),
    [
        ("127.0.0.1:8000", "127.0.0.1:8000"),
        ("127.0.0.1:8000", "0.0.0.0:8000"),
        ("127.0.0.1:8000", ":8000"),
        ("127.0.0.1:8000", "[::]:8000"),  # dual stack: bind [::] serves IPv4 too
        ("127.0.0.1:8000", "localhost:8000"),
        ("localhost:8000", "127.0.0.1:8000"),
        ("localhost:8000", "[::1]:8000"),
        ("localhost:8000", "0.0.0.0:8000"),
        ("0.0.0.0:8000", "127.0.0.1:8000"),  # a wildcard target reaches loopback
        ("[::]:8000", "[::1]:8000"),
        ("127.0.0.2:8000", "0.0.0.0:8000"),
        ("[::1]:8000", "[::]:8000"),
    ],
)
def test_connection_arrives(target: str, listener: str) -> None:
    assert reaches(tcp(target), tcp(listener)) is Match.YES


@pytest.mark.parametrize(
    ("target", "listener"),
    [
        ("127.0.0.1:8000", "127.0.0.1:8001"),
        ("127.0.0.1:8000", "127.0.0.2:8000"),
        ("127.0.0.1:8000", "[::1]:8000"),
        ("[::1]:8000", "127.0.0.1:8000"),
        ("[::1]:8000", "0.0.0.0:8000"),
        ("0.0.0.0:8000", "127.0.0.2:8000"),
        ("127.0.0.1:8000", "10.0.0.5:8000"),
    ],
)
def test_connection_is_refused(target: str, listener: str) -> None:
    assert reaches(tcp(target), tcp(listener)) is Match.NO


def test_unix_paths_are_compared_as_the_kernel_finds_them() -> None:
    assert reaches(Address.unix("/var/run/app/a.sock"), Address.unix("/run/app//a.sock")) is Match.YES
    assert reaches(Address.unix("/run/app/a.sock"), Address.unix("/run/app/b.sock")) is Match.NO
    assert reaches(Address.unix("/srv/app/run/a.sock"), Address.unix("run/a.sock")) is Match.YES
    assert reaches(Address.unix("/run/a.sock"), tcp("127.0.0.1:8000")) is Match.NO


def test_nginx_reaches_no_abstract_socket() -> None:
    assert reaches(Address.unix("app"), Address.unix("app", abstract=True)) is Match.NO


def test_the_same_placeholder_on_both_sides_is_the_same_port() -> None:
    target = Address.tcp("127.0.0.1", None, "{{ port }}", templated=True)
    same = Address.tcp("0.0.0.0", None, "{{ port }}", templated=True)
    other = Address.tcp("0.0.0.0", None, "{{ other }}", templated=True)
    assert reaches(target, same) is Match.YES
    assert reaches(target, other) is Match.UNKNOWN
    assert reaches(target, tcp("0.0.0.0:8000")) is Match.UNKNOWN


def test_a_name_may_be_anything() -> None:
    assert reaches(tcp("app.internal:8000"), tcp("10.0.0.5:8000")) is Match.UNKNOWN
    assert reaches(tcp("app.internal:8000"), tcp("10.0.0.5:8001")) is Match.NO
