"""Sizes at the limit, as a real nginx takes them and as the ladder says."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cfgcheck.trace.follow_request import follow_request
from cfgcheck.trace.ladder import ladder
from cfgcheck.trace.request import Request
from tests.model.nginx_real import RealNginx, running
from tests.trace.ladders import stack_of

SITE = """
client_max_body_size 100;
server {
  listen 80;
  large_client_header_buffers 3 2k;
  location / { return 204; }
  location /named { try_files /none @big; }
  location @big { client_max_body_size 1000; return 204; }
  location /wide { client_max_body_size 1000; try_files /none @small; }
  location @small { client_max_body_size 10; return 204; }
  location /rewritten { rewrite ^ /large last; }
  location /large { client_max_body_size 1000; return 204; }
  location /narrowed { client_max_body_size 1000; rewrite ^ /little last; }
  location /little { client_max_body_size 10; return 204; }
}
server {
  listen 80;
  server_name early.example;
  return 204;
}
"""
BODIES = ["/named", "/wide", "/rewritten", "/large", "/narrowed", "/little", "/"]


def ours(folder: Path, request: Request) -> int:
    stack = stack_of(folder, {"nginx.conf": f"events {{}}\nhttp {{\n{SITE}\n}}\n"})
    return ladder(stack, follow_request(stack, request)).status or 0


def theirs(nginx: RealNginx, request: Request) -> int:
    lines = [f"{request.method} {request.target} HTTP/1.1", f"host: {request.host}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    lines += [f"content-length: {request.body}"] if request.body else []
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(nginx.base / "a.sock"))
        client.sendall("\r\n".join([*lines, "", ""]).encode() + b"x" * request.body)
        return int(client.recv(100).split()[1])


def asked(
    target: str = "/", *, host: str = "shop.example", body: int = 0, sent: dict[str, str] | None = None
) -> Request:
    return Request("http", host, 80, target, "POST" if body else "GET", sent or {}, body)


REQUESTS = [
    *(asked(path, body=body) for path in BODIES for body in (10, 11, 100, 101, 1000, 1001)),
    asked(host="early.example", body=5000),
    *(asked("/" + "x" * (size - len("GET / HTTP/1.1"))) for size in (2046, 2047)),
    *(asked(sent={"x": "v" * (size - len("x: "))}) for size in (2046, 2047)),
]


@pytest.fixture(scope="module")
def nginx() -> Iterator[RealNginx]:
    with running(SITE.replace("listen 80;", "listen unix:a.sock;")) as real:
        yield real


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: f"{one.target[:12]}-{one.body}")
def test_the_same_status(nginx: RealNginx, tmp_path: Path, request_: Request) -> None:
    assert ours(tmp_path, request_) == theirs(nginx, request_)


def test_all_headers_together(nginx: RealNginx, tmp_path: Path) -> None:
    """Said for certain only beyond the first buffer and all large ones; how lines share buffers is nginx's affair."""
    fits = asked(sent={f"x{number}": "v" * 1000 for number in range(3)})
    assert (ours(tmp_path, fits), theirs(nginx, fits)) == (204, 204)
    beyond = asked(sent={f"x{number}": "v" * 1000 for number in range(8)})
    assert (ours(tmp_path, beyond), theirs(nginx, beyond)) == (400, 400)
