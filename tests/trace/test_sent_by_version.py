"""What an app server receives besides what a configuration sets, as two versions of nginx were seen to send it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.app import Input, load
from cfgcheck.settings import load_settings
from cfgcheck.trace.exchange import Arrival
from cfgcheck.trace.follow_proxy import follow_in
from cfgcheck.trace.hop import End
from cfgcheck.trace.request import Request
from tests.model.nginx_build import proxy_of

CLIENT = {"x_user": "client", "x-more": "1"}


def sent(body: str, version: str, outer: str = "") -> list[tuple[str, str]]:
    """Names and values, of a request for ``Shop.example:8000``."""
    text = f"events {{}} http {{ {outer} server {{ listen 8000; location / {{ {body} }} }} }}"
    request = Request("http", "shop.example", 8000, "/", headers={"host": "Shop.example:8000", **CLIENT})
    followed = follow_in(proxy_of(text, version), Arrival(request), ())
    assert followed is not None
    return [(header.name, header.value.value) for header in followed[0].headers]


@pytest.mark.parametrize(
    ("body", "version", "expected"),
    [
        ("", "1.29.5", [("HTTP_HOST", "shop.example:8000"), ("HTTP_X_MORE", "1")]),
        ("uwsgi_param A b;", "1.31", [("A", "b"), ("HTTP_HOST", "shop.example:8000"), ("HTTP_X_MORE", "1")]),
        ("uwsgi_pass_request_headers off;", "1.31", [("HTTP_HOST", "shop.example:8000")]),
        ("uwsgi_pass_request_headers off;", "1.28", []),
        ('uwsgi_param HTTP_HOST "";', "1.31", [("HTTP_X_MORE", "1")]),
        ("uwsgi_param HTTP_HOST a;", "1.31", [("HTTP_HOST", "a"), ("HTTP_X_MORE", "1")]),
    ],
)
def test_the_host_as_a_parameter(body: str, version: str, expected: list[tuple[str, str]]) -> None:
    assert sent(f"{body} uwsgi_pass 127.0.0.1:1;", version) == expected


@pytest.mark.parametrize(
    ("outer", "values"),
    [
        ("", ["me"]),
        ("underscores_in_headers on;", ["me"]),
        ("ignore_invalid_headers off;", ["me", "client"]),
        ("ignore_invalid_headers off; underscores_in_headers on;", ["me"]),
    ],
)
def test_a_header_that_nginx_calls_invalid_comes_through_beside_the_one_set(outer: str, values: list[str]) -> None:
    found = sent("proxy_set_header X_User me; proxy_pass http://127.0.0.1:1;", "1.31", outer)
    assert [value for name, value in found if name.lower() == "x_user"] == values


@pytest.mark.parametrize(
    ("included", "end", "location"),
    [
        ("set $to 127.0.0.1:2; proxy_pass http://$to;", End.PASSES, "if"),
        ("set $to 127.0.0.1:2;", End.UNKNOWN, ""),
    ],
)
def test_statements_that_an_if_includes(tmp_path: Path, included: str, end: End, location: str) -> None:
    inner = "if ($arg_a) { include inner.conf; } proxy_pass http://127.0.0.1:1;"
    text = f"events {{}} http {{ server {{ listen 8000; location / {{ {inner} }} }} }}"
    (tmp_path / "nginx.conf").write_text(text)
    (tmp_path / "inner.conf").write_text(included)
    _, (stack,) = load(Input((tmp_path / "nginx.conf",)), load_settings(tmp_path))
    followed = follow_in(stack.proxies[0], Arrival(Request("http", "shop.example", 8000, "/?a=1")), ())
    assert followed is not None
    hop, _ = followed
    assert hop.end is end
    assert (hop.location.modifier if hop.location else "") == location
