"""New code while clients go on asking, and websockets that are silent: on real servers, as generated."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from cfgcheck.generate.plan import plan
from cfgcheck.generate.render import render
from tests.generate.test_limits import ask, command_of, deployment, on_disk, started, wait_until_it_answers
from tests.live.ports import Ports
from tests.live.servers import nginxes
from tests.load.carrying import write

WEBSOCKET_APP = """
async def asgi(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
    elif scope["type"] == "http":
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
"""

HANDSHAKE = b"""GET /live/news HTTP/1.1\r
Host: shop.example.com\r
Upgrade: websocket\r
Connection: Upgrade\r
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
Sec-WebSocket-Version: 13\r
\r
"""
MASKED_HI = b"\x81\x82\x00\x00\x00\x00hi"
HI = b"\x81\x02hi"


@pytest.mark.live
@pytest.mark.parametrize("version", list(nginxes()))
@pytest.mark.parametrize("name", ["sync", "gthread", "uwsgi"])
def test_no_request_fails_while_the_app_is_reloaded(name: str, version: str, tmp_path: Path) -> None:
    """POST above all, which nginx does not repeat when a kept connection turns out to be closed."""
    ports = Ports()
    spec, front = deployment(name, version, tmp_path, ports)
    made = plan(spec)
    on_disk(render(made), tmp_path)
    nginx = [nginxes()[version], "-p", str(tmp_path), "-c", str(tmp_path / "nginx/nginx.conf"), "-g", "daemon off;"]
    try:
        with started(nginx, tmp_path), started(command_of(made.services[0], tmp_path), tmp_path) as app:
            wait_until_it_answers(front, tmp_path)
            seen: Counter[int] = Counter()
            over = threading.Event()
            clients = [threading.Thread(target=post, args=(front, over, seen)) for _ in range(4)]
            for client in clients:
                client.start()
            for _ in range(3):
                time.sleep(1.5)
                app.send_signal(getattr(signal, made.services[0].reload_signal))
            time.sleep(2)
            over.set()
            for client in clients:
                client.join()
    finally:
        ports.release()
    assert set(seen) == {200} and seen[200] > 100


def post(port: int, over: threading.Event, seen: Counter[int]) -> None:
    while not over.is_set():
        seen[ask(port, body=b"x" * 200)[0]] += 1


@pytest.mark.live
@pytest.mark.parametrize("version", list(nginxes()))
@pytest.mark.parametrize("name", ["asgi", "uvicorn"])
def test_websocket_may_be_silent_for_longer_than_a_request_may_last(name: str, version: str, tmp_path: Path) -> None:
    ports = Ports()
    spec, front = deployment(name, version, tmp_path, ports)
    service = spec.services["shop"].model_copy(update={"websockets": ["/live/"]})
    made = plan(spec.model_copy(update={"services": {"shop": service}}))
    on_disk(render(made), tmp_path)
    write(tmp_path, {"shop.py": WEBSOCKET_APP})
    nginx = [nginxes()[version], "-p", str(tmp_path), "-c", str(tmp_path / "nginx/nginx.conf"), "-g", "daemon off;"]
    try:
        with started(nginx, tmp_path), started(command_of(made.services[0], tmp_path), tmp_path):
            wait_until_it_answers(front, tmp_path)
            assert ask(front, "/live/news") == (200, "ok")
            with socket.create_connection(("127.0.0.1", front), timeout=20) as client:
                client.sendall(HANDSHAKE)
                assert client.recv(4000).startswith(b"HTTP/1.1 101 ")
                time.sleep(made.services[0].ladder[0].seconds + 1)
                client.sendall(MASKED_HI)
                assert client.recv(100) == HI
    finally:
        ports.release()
