"""uvicorn, Hypercorn, Daphne, Granian and waitress themselves: what the model says of a command is what they do."""

from __future__ import annotations

import importlib.metadata
import os
import signal
import socket
import stat
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from cfgcheck.load.match import Match, reaches
from cfgcheck.load.python_servers_table import table
from cfgcheck.model.address import Address
from cfgcheck.model.app import App
from tests.load.python_servers import app_of, problems
from tools import python_servers

pytestmark = pytest.mark.oracle

SERVERS = ("uvicorn", "hypercorn", "daphne", "granian", "waitress")
PROGRAMS = Path(sys.executable).parent

SHOP = """
import asyncio
import time


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await asyncio.sleep(0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def wsgi(environ, start_response):
    time.sleep(0)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""
STARTS_WITHIN = 15


def version_of(server: str) -> str:
    return importlib.metadata.version(server)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    return tmp_path


@contextmanager
def running(text: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The command of a test, started for real."""
    program, *arguments = text.split()
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        [PROGRAMS / program, *arguments], cwd=folder, umask=0o022, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def connected(app: App, folder: Path) -> socket.socket:
    """A connection to the first listener, once it listens."""
    address = app.listeners[0].address.value
    for _ in range(STARTS_WITHIN * 20):
        connection = socket.socket(socket.AF_UNIX if address.is_unix else socket.AF_INET)
        connection.settimeout(10)
        try:
            connection.connect(str(folder / address.path) if address.is_unix else ("127.0.0.1", address.port or 0))
            return connection
        except OSError:
            connection.close()
            time.sleep(0.05)
    raise AssertionError(f"nothing listens at {address}")


def asked(connection: socket.socket) -> bytes:
    connection.sendall(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
    received = b""
    while not received.endswith(b"ok"):
        piece = connection.recv(4096)
        assert piece, received
        received += piece
    return received


@pytest.mark.parametrize("server", SERVERS)
def test_the_table_is_what_the_server_says(server: str) -> None:
    version = version_of(server)
    if version not in map(str, table(server).versions):
        pytest.skip(f"{server} {version} is not in the table")
    packages = Path(sysconfig.get_path("purelib"))
    real = python_servers.probe(server, packages, packages)
    own = {
        name: row
        for name, rows in table(server).settings.items()
        for row in rows
        if str(row.last) >= version == str(row.last)
    }
    assert sorted(own) == sorted(name for name in real if name != "*")
    for name, row in own.items():
        assert (row.flags, row.kind) == (tuple(real[name]["flags"]), real[name]["kind"])
        default = real[name].get("default")
        if row.exits:
            continue
        assert row.default == (tuple(default) if isinstance(default, list) else default)


IDLE = (
    "uvicorn shop:app --port {port} --timeout-keep-alive 1",
    "hypercorn shop:app --bind 127.0.0.1:{port} --keep-alive 1",
    "granian --interface asgi shop:app --port {port} --http1-header-read-timeout 1000",
    "waitress-serve --listen=127.0.0.1:{port} --channel-timeout=1 --cleanup-interval=1 shop:wsgi",
)


def idle_time(text: str, folder: Path) -> float:
    app = app_of(text)
    with running(text, folder), connected(app, folder) as connection:
        asked(connection)
        start = time.monotonic()
        assert connection.recv(1) == b""
        return time.monotonic() - start


def test_idle_connections_are_closed_when_the_model_says(folder: Path) -> None:
    texts = [text.format(port=free_port()) for text in IDLE]
    with ThreadPoolExecutor(len(texts)) as pool:
        measured = list(pool.map(lambda text: idle_time(text, folder), texts))
    for text, seconds in zip(texts, measured, strict=True):
        assert app_of(text).facts.keepalive.value == pytest.approx(seconds, abs=0.9), text


SOCKETS = (
    "uvicorn shop:app --uds uvicorn.sock",
    "hypercorn shop:app --bind unix:hypercorn.sock",
    "hypercorn shop:app --bind unix:masked.sock --umask 022",
    "daphne shop:app -u daphne.sock",
    "daphne shop:app -e unix:described.sock:mode=600",
    "granian --interface asgi shop:app --uds granian.sock",
    "granian --interface asgi shop:app --uds permitted.sock --uds-permissions 0660",
    "granian --interface asgi shop:app --uds decimal.sock --uds-permissions 660",
    "waitress-serve --unix-socket=waitress.sock shop:wsgi",
    "waitress-serve --unix-socket=open.sock --unix-socket-perms=666 shop:wsgi",
)


def mode_of(text: str, folder: Path) -> str:
    app = app_of(text)
    with running(text, folder), connected(app, folder) as connection:
        asked(connection)
        return oct(stat.S_IMODE(os.stat(folder / app.listeners[0].address.value.path).st_mode))


def test_sockets_have_the_mode_that_the_model_says(folder: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        measured = list(pool.map(lambda text: mode_of(text, folder), SOCKETS))
    for text, mode in zip(SOCKETS, measured, strict=True):
        (listener,) = app_of(text).listeners
        assert listener.file is not None
        assert oct(listener.file.mode.value) == mode, text


DUAL = (
    "uvicorn shop:app --host :: --port {port}",
    "uvicorn shop:app --host :: --port {port} --workers 2",
    "hypercorn shop:app --bind [::]:{port}",
    "granian --interface asgi shop:app --host :: --port {port}",
    "waitress-serve --listen=[::]:{port} shop:wsgi",
    "waitress-serve --listen=*:{port} shop:wsgi",
)


def serves_ipv4(text: str, port: int, folder: Path) -> bool:
    """Whether it takes connections to 127.0.0.1, once it takes those to ::1."""
    with running(text, folder):
        for _ in range(STARTS_WITHIN * 20):
            try:
                socket.create_connection(("::1", port), 5).close()
                break
            except OSError:
                time.sleep(0.05)
        time.sleep(0.3)
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except ConnectionRefusedError:
            return False
        return True


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as listening:
            listening.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="the machine has no IPv6")
def test_who_serves_ipv4_on_an_ipv6_socket(folder: Path) -> None:
    ports = [free_port() for _ in DUAL]
    texts = [text.format(port=port) for text, port in zip(DUAL, ports, strict=True)]
    with ThreadPoolExecutor(3) as pool:
        measured = list(pool.map(lambda text, port: serves_ipv4(text, port, folder), texts, ports))
    for text, port, served in zip(texts, ports, measured, strict=True):
        target = Address.tcp("127.0.0.1", port)
        reached = [reaches(target, listener.address.value) for listener in app_of(text).listeners]
        assert (Match.YES in reached) is served, text


REFUSED = (
    "uvicorn shop:app --worker 2",
    "uvicorn shop:app --log-level INFO",
    "uvicorn shop",
    "uvicorn shop/main.py:app",
    "uvicorn shop:app more",
    "hypercorn shop:app --workers four",
    "hypercorn shop:app --bind 127.0.0.1:0 -k gevent",
    "hypercorn --port 80 shop:app",
    "daphne shop",
    "daphne shop:app -p 80a",
    "granian shop:app --workers 0",
    "granian --interface asgi --host localhost --port 0 shop:app",
    "granian shop:app --uds-permission 0660",
    "waitress-serve shop:wsgi --port=0",
    "waitress-serve --listen=127.0.0.1:0 --port=0 shop:wsgi",
    "waitress-serve shop.py:wsgi",
)


def exit_code(text: str, folder: Path) -> int:
    with running(text, folder) as process:
        return process.wait(30)


def test_what_the_model_calls_refused_is_refused(folder: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda text: exit_code(text, folder), REFUSED))
    for text, code in zip(REFUSED, codes, strict=True):
        assert code != 0, text
        assert problems(app_of(text)), text


STOPPED = (
    ("uvicorn shop:app --port {port}", False),
    ("hypercorn shop:app --bind 127.0.0.1:{port}", False),
    ("daphne shop:app -p {port}", True),
    ("waitress-serve --listen=127.0.0.1:{port} shop:wsgi", True),
)
"""Commands, and whether SIGTERM cuts what is running."""

SLOW = SHOP.replace("sleep(0)", "sleep(2)")


def answered(text: str, folder: Path) -> bool:
    """Whether a request that runs when the server is told to stop gets its answer."""
    app = app_of(text)
    with running(text, folder) as process, connected(app, folder) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
        time.sleep(0.7)
        process.send_signal(signal.SIGTERM)
        try:
            return b" 200 " in connection.recv(4096)
        except ConnectionError:
            return False


def test_what_is_running_is_cut_where_there_is_no_grace(folder: Path) -> None:
    (folder / "shop.py").write_text(SLOW, encoding="utf-8")
    texts = [text.format(port=free_port()) for text, _ in STOPPED]
    with ThreadPoolExecutor(len(texts)) as pool:
        results = list(pool.map(lambda text: answered(text, folder), texts))
    for (text, cut), result in zip(STOPPED, results, strict=True):
        assert result is not cut, text
        assert (app_of(text.format(port=1)).facts.grace.value == 0) is cut, text
