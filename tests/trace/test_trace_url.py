"""What is typed becomes a request; what is left out is filled in from the configuration."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgcheck.cli.trace_url import Asked, hosts_of, request_to, stack_for
from cfgcheck.model.stack import Stack
from tests.trace.ladders import stack_of

NGINX = """events {}
http {
  server { listen 80 default_server; server_name _; return 404; }
  server {
    listen 80;
    server_name shop.example.com www.shop.example.com;
    location / { proxy_pass http://127.0.0.1:8000; }
  }
  server { listen 443 ssl; server_name safe.example.com; location / { return 200; } }
  server { listen 8080; server_name admin.example.com *.internal.example.com; location / { return 200; } }
}
"""


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return stack_of(tmp_path, {"nginx.conf": NGINX})


def asked(url: str, *headers: str) -> Asked:
    return Asked.of(url, "GET", headers, 0)


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://shop.example.com/api/x?y=1", ("https", "shop.example.com", 443, "/api/x?y=1")),
        ("shop.example.com/x", ("http", "shop.example.com", 80, "/x")),
        ("shop.example.com", ("http", "shop.example.com", 80, "/")),
        ("http://SHOP.example.com:8000/", ("http", "shop.example.com", 8000, "/")),
        ("http://shop.example.com./", ("http", "shop.example.com", 80, "/")),
        ("http://shop.example.com?q=1", ("http", "shop.example.com", 80, "/?q=1")),
        ("http://user:secret@shop.example.com/#part", ("http", "shop.example.com", 80, "/")),
        ("http://me:p@ss@shop.example.com/@x", ("http", "shop.example.com", 80, "/@x")),
        ("http://[::1]:8080/x", ("http", "[::1]", 8080, "/x")),
        ("/x", ("http", "shop.example.com", 80, "/x")),
        ("?q=1", ("http", "shop.example.com", 80, "/?q=1")),
        ("safe.example.com/x", ("https", "safe.example.com", 443, "/x")),
        ("http://safe.example.com/x", ("http", "safe.example.com", 80, "/x")),
        ("other.example.com/x", ("http", "other.example.com", 80, "/x")),
        ("http://shop.example.com/a b/ü", ("http", "shop.example.com", 80, "/a%20b/%C3%BC")),
        ("http://shop.example.com/a%20b", ("http", "shop.example.com", 80, "/a%20b")),
        ("http://münchen.example/", ("http", "xn--mnchen-3ya.example", 80, "/")),
    ],
)
def test_a_url(stack: Stack, url: str, wanted: tuple[str, str, int, str]) -> None:
    made = request_to(stack, asked(url))
    assert (made.scheme, made.host, made.port, made.target) == wanted


def test_a_port_that_only_the_server_knows(tmp_path: Path) -> None:
    stack = stack_of(
        tmp_path, {"nginx.conf": "events {}\nhttp { server { listen 8080; location / { return 200; } } }\n"}
    )
    assert request_to(stack, asked("/x")).port == 8080
    assert request_to(stack, asked("http://localhost/x")).port == 80


@pytest.mark.parametrize(
    "url",
    ["ftp://shop.example.com/", "http://", "http:///x", "http://a:b/", "http://a:99999/", "http://a:0/", "a b.c/", "http://[::1/"],
)
def test_no_url(url: str) -> None:
    with pytest.raises(click.BadParameter):
        asked(url)


def test_headers() -> None:
    made = asked("/x", "X-A: 1", "x-a:2", "Cookie: a=1", "Cookie: b=2", "Host: other.example.com:81", "Empty:")
    assert made.headers == {"x-a": "1, 2", "cookie": "a=1; b=2", "empty": ""}
    assert made.host == "other.example.com"


@pytest.mark.parametrize("line", ["no colon", ": x", "two words: x", ""])
def test_no_header(line: str) -> None:
    with pytest.raises(click.BadParameter):
        asked("/x", line)


@given(st.text(max_size=40), st.text(max_size=20))
def test_anything_typed_is_a_request_or_a_usage_error(url: str, header: str) -> None:
    try:
        made = asked(url, header)
    except click.BadParameter:
        return
    assert made.target.isascii()
    assert made.target.isprintable()
    assert made.target.startswith("/")
    assert made.host == made.host.lower()


def test_names_that_there_are(stack: Stack) -> None:
    assert hosts_of(stack, "shop.example.com") == []
    assert hosts_of(stack, "a.internal.example.com") == []
    assert hosts_of(stack, "shpo.example.com") == [
        "shop.example.com",
        "www.shop.example.com",
        "safe.example.com",
        "admin.example.com",
        "*.internal.example.com",
    ]


def test_the_stack_that_has_the_name(stack: Stack, tmp_path: Path) -> None:
    other = stack_of(tmp_path / "other", {"nginx.conf": "events {}\nhttp { server { server_name a.example; } }\n"})
    empty = stack_of(tmp_path / "empty", {"gunicorn.conf.py": "workers = 2\n"})
    assert stack_for([empty, stack, other], asked("a.example")) is other
    assert stack_for([empty, stack, other], asked("b.example")) is stack
    assert stack_for([empty], asked("/")) is None
