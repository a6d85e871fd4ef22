"""A real nginx on ports of loopback with servers behind it that keep what they were sent, and the model of the same."""

from __future__ import annotations

import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cfgcheck.model.address import Address
from cfgcheck.model.nginx import Proxy
from cfgcheck.trace.exchange import Arrival
from cfgcheck.trace.follow_proxy import follow_in
from cfgcheck.trace.hop import Hop
from cfgcheck.trace.request import Request
from tests.model import nginx_real
from tests.model.nginx_build import proxy_of

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@dataclass
class Received:
    """A request as a server behind nginx got it. ``line``: method and target (none for uwsgi)."""

    target: str
    headers: list[tuple[str, str]]


class Behind:
    """A server on a port of loopback; it speaks HTTP or uwsgi, answers everything and keeps what it was sent."""

    def __init__(self, uwsgi: bool = False) -> None:
        self.uwsgi = uwsgi
        self.received: list[Received] = []
        self.listening = socket.socket()
        self.listening.bind(("127.0.0.1", 0))
        self.listening.listen(32)
        self.port: int = self.listening.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                try:
                    self.received.append(_uwsgi(connection) if self.uwsgi else _http(connection))
                    connection.sendall(_OK)
                except OSError:
                    pass

    def close(self) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.thread.join(10)


def _some(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (part := connection.recv(count - len(data))):
        data += part
    return data


def _http(connection: socket.socket) -> Received:
    data = b""
    while b"\r\n\r\n" not in data and (part := connection.recv(65536)):
        data += part
    first, *lines = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    target = first.split(" ", 1)[1].rpartition(" ")[0] if " " in first else ""
    headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    length = next((int(value) for name, value in headers if name.lower() == "content-length" and value.isdigit()), 0)
    missing = length - len(data.partition(b"\r\n\r\n")[2])
    if missing > 0:
        _some(connection, missing)
    return Received(target, headers)


def _uwsgi(connection: socket.socket) -> Received:
    _, size, _ = struct.unpack("<BHB", _some(connection, 4))
    data = _some(connection, size)
    words = []
    at = 0
    while at + 2 <= len(data):
        length = int.from_bytes(data[at : at + 2], "little")
        words.append(data[at + 2 : at + 2 + length].decode("latin-1"))
        at += 2 + length
    return Received("", list(zip(words[::2], words[1::2], strict=True)))


@dataclass
class Seen:
    """What a request came to. ``where``: the header X-Where of the answer."""

    status: int
    where: str
    location: str
    received: Received | None


@dataclass
class Lab:
    """A running nginx. ``ports``: what stands for ``@P0@``, ``@P1@`` in its configuration."""

    proxy: Proxy
    ports: list[int]
    http: Behind
    uwsgi: Behind
    text: str = ""
    _seen: int = field(default=0)

    def ask(self, request: Request, address: str = "127.0.0.1", version: str = "1.1") -> Seen:
        self.http.received.clear()
        self.uwsgi.received.clear()
        answer = _exchange(address, request, version)
        received = [*self.http.received, *self.uwsgi.received]
        return Seen(*_read_answer(answer), received[0] if received else None)

    def follow(self, request: Request, address: str = "127.0.0.1") -> Hop:
        found = follow_in(self.proxy, Arrival(request, Address.tcp(address, request.port)), ())
        assert found is not None
        return found[0]


def _exchange(address: str, request: Request, version: str) -> bytes:
    lines = [f"{request.method} {request.target} HTTP/{version}"]
    host = request.headers.get("host", request.host_header if request.host else "")
    if host:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in request.headers.items() if name != "host"]
    if request.body:
        lines.append(f"Content-Length: {request.body}")
    data = "\r\n".join([*lines, "", ""]).encode() + b"x" * request.body
    with socket.create_connection((address, request.port), 10) as client:
        client.sendall(data)
        answer = b""
        while part := client.recv(65536):
            answer += part
        return answer


def _read_answer(answer: bytes) -> tuple[int, str, str]:
    if not answer:
        return 0, "", ""
    first, *lines = answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split(" ")[1]), headers.get("x-where", ""), headers.get("location", "")


def free_ports(count: int) -> list[int]:
    """Ports below those that the kernel gives to clients."""
    found: list[int] = []
    source = random.Random()
    while len(found) < count:
        port = source.randint(10000, 31000)
        with socket.socket() as one:
            try:
                one.bind(("0.0.0.0", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


@contextmanager
def lab(http: str, files: dict[str, str] | None = None) -> Iterator[Lab]:
    """nginx with that http level, and its model. ``@UP@`` and ``@UWSGI@`` stand for the servers behind it, ``@P0@``,
    ``@P1@`` … for its own ports."""
    plain, uwsgi = Behind(), Behind(uwsgi=True)
    try:
        ports = free_ports(3)
        text = http.replace("@UP@", f"127.0.0.1:{plain.port}").replace("@UWSGI@", f"127.0.0.1:{uwsgi.port}")
        for index, port in enumerate(ports):
            text = text.replace(f"@P{index}@", str(port))
        with nginx_real.running(text, files) as nginx:
            conf = Path(nginx.base, "nginx.conf").read_text()
            yield Lab(proxy_of(conf, nginx_real.version()), ports, plain, uwsgi, conf)
    finally:
        plain.close()
        uwsgi.close()
