"""A client that does as an experiment says: slowly, much at once, with headers of any size."""

from __future__ import annotations

import base64
import contextlib
import http.client
import re
import socket
import ssl
import time
from dataclasses import dataclass, field

from cfgcheck.rules.proof import Request

GAVE_UP = -1
CLOSED = 0
_MULTIPLE = re.compile(r"(.)\*(\d+)")


@dataclass(frozen=True)
class Target:
    """Where a request goes: an address of loopback, or the path of a unix socket."""

    address: tuple[str, int] | str
    tls: bool = False

    def connect(self, patience: float, host: str, client: str | None = None) -> socket.socket:
        """``client``: the address that it comes from, where the kernel is not to choose one."""
        family = socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET
        plain = socket.socket(family)
        try:
            plain.settimeout(patience)
            if client:
                plain.bind((client, 0))
            plain.connect(self.address)
            return self._secured(plain, host) if self.tls else plain
        except OSError:
            plain.close()
            raise

    def _secured(self, plain: socket.socket, host: str) -> socket.socket:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(plain, server_hostname=host)


@dataclass
class Answer:
    """What a client got. ``status``: 0 where the connection was closed without an answer, -1 where it gave up."""

    status: int
    seconds: float = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    truncated: bool = False


def ask(target: Target, request: Request, host: str) -> list[Answer]:
    """One client: ``times`` requests, one after another."""
    answers = []
    connection: socket.socket | None = None
    for _ in range(request.times):
        time.sleep(request.wait)
        began = time.monotonic()
        try:
            connection = connection or target.connect(request.patience, host, request.client)
            answer = _exchange(connection, request, host)
        except TimeoutError:
            answer = Answer(GAVE_UP)
        except (OSError, http.client.HTTPException):
            answer = Answer(CLOSED)
        answer.seconds = time.monotonic() - began
        answers.append(answer)
        if connection is not None and not (request.keep and answer.status > 0):
            connection.close()
            connection = None
    if connection is not None:
        connection.close()
    return answers


def head(request: Request, host: str) -> bytes:
    """The request line and the headers."""
    headers = {"Host": request.host or host}
    if request.websocket:
        key = base64.b64encode(b"sixteen bytes ok").decode()
        headers |= {"Connection": "Upgrade", "Upgrade": "websocket"}
        headers |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key}
    elif not request.keep:
        headers["Connection"] = "close"
    if request.body:
        headers["Content-Length"] = str(request.body)
    headers |= {f"X-Many-{number}": "1" for number in range(request.many)}
    headers |= {name: _filled(value) for name, value in request.headers.items()}
    lines = [f"{request.method} {_filled(request.path)} HTTP/{request.http}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _filled(text: str) -> str:
    """``x*9000`` as 9,000 times x."""
    return _MULTIPLE.sub(lambda found: found[1] * int(found[2]), text)


def _exchange(connection: socket.socket, request: Request, host: str) -> Answer:
    connection.sendall(request.raw.encode("latin-1") if request.raw else head(request, host))
    # A server that has had enough answers and closes before all is sent: what it said is still to be read.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        _send_body(connection, request)
    response = http.client.HTTPResponse(connection, method=request.method)
    response.begin()
    answer = Answer(response.status, headers=response.getheaders())
    if response.status == 101:
        answer.truncated = _closed_within(connection, request.stay)
        return answer
    try:
        answer.body = response.read()
    except http.client.IncompleteRead as error:
        answer.body, answer.truncated = error.partial, True
    except ConnectionResetError:
        answer.truncated = True
    return answer


def _closed_within(connection: socket.socket, seconds: float) -> bool:
    """Whether the other side closes a silent connection before so long. What it says meanwhile counts for nothing."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            if not connection.recv(65536):
                return True
        except TimeoutError:
            return False
        except ConnectionResetError:
            return True
    return False


def _send_body(connection: socket.socket, request: Request) -> None:
    left, portion = request.body, request.pace or 65536
    while left > 0:
        connection.sendall(b"x" * min(left, portion))
        left -= portion
        if request.pace and left > 0:
            time.sleep(1)
