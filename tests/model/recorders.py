"""App servers of every protocol that nginx speaks to, which keep all that they are sent; on unix sockets and loopback.

They answer 200 (or 503, when told to fail) and leave a connection open where the protocol lets them. A ``gate`` holds
them back from reading: a request that does not fit the socket's buffer then makes nginx wait, and start its timer.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import h2.config
import h2.connection
import h2.errors
import h2.events

_SILENCE = 0.05
"""Seconds without a byte of the body after which none is meant to come; nginx has sent what fits by then."""

_SEGMENT = 1000
"""Bytes: with large segments, as loopback has them, the kernel would take megabytes from nginx before it blocks."""

Fields = list[tuple[str, str]]


@dataclass
class Received:
    """A request: its first line ("" where the protocol has none), headers or parameters in order, size of the body.

    ``stays``: the app server leaves the connection open, as the protocol or the request asks it to.
    """

    line: str
    fields: Fields
    body: int = 0
    stays: bool = False


@dataclass
class Recorder:
    """Listens on ``path`` and on a port of 127.0.0.1. ``body``: how many bytes the client sends as a body."""

    path: Path
    body: int = 0
    failing: bool = False
    requests: list[Received] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def __post_init__(self) -> None:
        self.gate.set()
        self._sockets = [socket.socket(socket.AF_UNIX), socket.socket(socket.AF_INET)]
        self._sockets[0].bind(str(self.path))
        self._sockets[1].setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT)
        self._sockets[1].bind(("127.0.0.1", 0))
        self.port = self._sockets[1].getsockname()[1]
        for listening in self._sockets:
            listening.listen(16)
            threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def close(self) -> None:
        for listening in self._sockets:
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(30)
            try:
                incoming = Incoming(connection, self.gate)
                while self.answer(incoming).stays:
                    pass
            except (OSError, EOFError):
                return

    def answer(self, incoming: Incoming) -> Received:
        """Take one request and answer it."""
        raise NotImplementedError

    def take(self, received: Received, incoming: Incoming) -> Received:
        received.body = incoming.skip(self.body)
        self.requests.append(received)
        return received

    @property
    def status(self) -> str:
        return "503 Service Unavailable" if self.failing else "200 OK"

    @property
    def cgi_answer(self) -> bytes:
        return f"Status: {self.status}\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok".encode()


class Incoming:
    """The bytes of one connection. Nothing is read before the gate is open."""

    def __init__(self, connection: socket.socket, gate: threading.Event) -> None:
        self.connection = connection
        self._gate = gate
        self._rest = b""

    def some(self) -> bytes:
        self._gate.wait(10)
        found = self.connection.recv(1 << 18)
        if not found:
            raise EOFError
        return found

    def ready(self) -> bytes:
        """All that has come, at least one byte."""
        found, self._rest = self._rest or self.some(), b""
        return found

    def exactly(self, size: int) -> bytes:
        while len(self._rest) < size:
            self._rest += self.some()
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def until(self, end: bytes) -> bytes:
        while end not in self._rest:
            self._rest += self.some()
        found, _, self._rest = self._rest.partition(end)
        return found

    def skip(self, size: int) -> int:
        """Read a body of that size, and say how much came: all of it, or nothing at all."""
        if not size or not (self._rest or select.select([self.connection], [], [], _SILENCE)[0]):
            return 0
        came, self._rest = len(self._rest), b""
        while came < size:
            came += len(self.some())
        return came


class HttpRecorder(Recorder):
    """HTTP/1.0 and 1.1, and HTTP/2 for those who begin with it (``proxy_http_version 2``, gRPC)."""

    def answer(self, incoming: Incoming) -> Received:
        first, *lines = incoming.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        if first == "PRI * HTTP/2.0":
            self._answer_http2(incoming)
        fields = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
        asked = [value.lower() for name, value in fields if name.lower() == "connection"]
        close = "close" in asked or (first.endswith("/1.0") and "keep-alive" not in asked)
        says = "close" if close else "keep-alive"
        received = self.take(Received(first, fields, stays=not close), incoming)
        head = f"HTTP/1.1 {self.status}\r\nContent-Length: 2\r\nConnection: {says}\r\n\r\nok"
        incoming.connection.sendall(head.encode())
        return received

    def _answer_http2(self, incoming: Incoming) -> NoReturn:
        own = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, validate_inbound_headers=False))
        own.initiate_connection()
        received, fresh = Received("", []), b"PRI * HTTP/2.0\r\n\r\n"
        while True:
            for event in own.receive_data(fresh):
                if isinstance(event, h2.events.RequestReceived):
                    fields = [(_text(name), _text(value)) for name, value in event.headers]
                    received = Received("HTTP/2", fields, stays=True)
                elif isinstance(event, h2.events.DataReceived):
                    received.body += len(event.data)
                    if event.stream_id is not None:
                        own.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    self.requests.append(received)
                    answer = [(":status", self.status[:3]), ("content-length", "2")]
                    own.send_headers(event.stream_id or 1, answer)
                    own.send_data(event.stream_id or 1, b"ok", end_stream=True)
            incoming.connection.sendall(own.data_to_send())
            fresh = incoming.ready()


def _text(value: bytes | str) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


class UwsgiRecorder(Recorder):
    def answer(self, incoming: Incoming) -> Received:
        _, size, _ = struct.unpack("<BHB", incoming.exactly(4))
        packet = incoming.exactly(size)
        fields, at = [], 0
        while at < size:
            words = []
            for _ in range(2):
                (length,) = struct.unpack_from("<H", packet, at)
                words.append(packet[at + 2 : at + 2 + length].decode("latin-1"))
                at += 2 + length
            fields.append((words[0], words[1]))
        received = self.take(Received("", fields), incoming)
        incoming.connection.sendall(f"HTTP/1.1 {self.status}\r\nContent-Length: 2\r\n\r\nok".encode())
        return received


class ScgiRecorder(Recorder):
    def answer(self, incoming: Incoming) -> Received:
        size = int(incoming.until(b":"))
        words = incoming.exactly(size + 1)[:-2].decode("latin-1").split("\0")
        (length, _), *fields = zip(words[::2], words[1::2], strict=True)
        assert length == "CONTENT_LENGTH"  # what the protocol itself begins with
        received = self.take(Received("", fields), incoming)
        incoming.connection.sendall(self.cgi_answer)
        return received


class FastcgiRecorder(Recorder):
    _BEGIN, _END, _PARAMS, _STDIN, _STDOUT = 1, 3, 4, 5, 6

    def answer(self, incoming: Incoming) -> Received:
        keeps, parameters, body = False, b"", 0
        while True:
            _, kind, _, length, padding = struct.unpack(">BBHHB", incoming.exactly(8)[:7])
            content = incoming.exactly(length + padding)[:length]
            if kind == self._BEGIN:
                keeps = bool(content[2] & 1)
            elif kind == self._PARAMS:
                parameters += content
            elif kind == self._STDIN:
                body += length
                if not length:
                    break
        received = Received("", list(_pairs(parameters)), body, keeps)
        self.requests.append(received)
        records = [(self._STDOUT, self.cgi_answer), (self._STDOUT, b""), (self._END, bytes(8))]
        heads = [struct.pack(">BBHHH", 1, kind, 1, len(content), 0) + content for kind, content in records]
        incoming.connection.sendall(b"".join(heads))
        return received


def _pairs(text: bytes) -> Fields:
    """FastCGI's name-value pairs: lengths of one byte, or of four with the highest bit set."""
    found, at = [], 0
    while at < len(text):
        lengths = []
        for _ in range(2):
            short = text[at] < 128
            lengths.append(text[at] if short else struct.unpack_from(">I", text, at)[0] & 0x7FFFFFFF)
            at += 1 if short else 4
        name = text[at : at + lengths[0]].decode("latin-1")
        at += lengths[0]
        found.append((name, text[at : at + lengths[1]].decode("latin-1")))
        at += lengths[1]
    return found


RECORDERS: dict[str, type[Recorder]] = {
    "proxy": HttpRecorder,
    "grpc": HttpRecorder,
    "uwsgi": UwsgiRecorder,
    "scgi": ScgiRecorder,
    "fastcgi": FastcgiRecorder,
}
