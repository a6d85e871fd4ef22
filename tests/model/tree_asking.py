"""One request to a running nginx, and all that its debug log and the app server behind it tell of it."""

from __future__ import annotations

import re
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.model.recorders import Received, Recorder

BODY = 600_000
"""Bytes: more than a socket's buffers take, so that nginx has to wait for the app server."""

CLIENT = [("Host", "client.example"), ("X-Client", "c"), ("X_Under", "u"), ("X-A", "from client"), ("X-Empty", "e")]

_TIMER = re.compile(r"event timer(?: add: (?P<fd>\d+): (?P<ms>\d+):|: (?P<kept>\d+), old: \d+, new: \d+)")
_CONNECT = re.compile(r"connect to [^,]+, fd:(\d+) ")
_SENDING = "http upstream send request body"
_FINISHED = "finalize http upstream request"


@dataclass
class Seen:
    """What happened. Times in seconds. ``connect``, ``send`` and ``read`` are the timers that were started for it."""

    answer: bytes = b""
    received: list[Received] = field(default_factory=list)
    connect: float | None = None
    send: float | None = None
    read: float | None = None
    send_left: bool = False
    """The timer for sending was not started anew: that for connecting ends at nearly the same moment."""
    buffered: bool = False
    kept: bool = False
    """nginx kept the connection to the app server for further requests."""


class Log:
    """An error log that is read on from where it was read last."""

    def __init__(self, path: Path) -> None:
        self._file = path.open(encoding="latin-1")
        self.text = ""

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def forget(self) -> None:
        self._file.read()
        self.text = ""

    def wait(self) -> None:
        """Until nginx waits for the app server: it has connected, sends, and has started a timer."""
        end = time.monotonic() + 10
        while not _waits(self.more()):
            assert time.monotonic() < end, self.text[-3000:]
            time.sleep(0.001)

    def more(self) -> str:
        self.text += self._file.read()
        return self.text


def ask(path: Path, log: Log, recorder: Recorder, method: str, target: str, body: int = BODY) -> Seen:
    """Ask over the socket at ``path``; the app server reads only when nginx has waited for it. Of a request without a
    body, which may go over a kept connection, the log is not read."""
    seen, before = Seen(), len(recorder.requests)
    log.forget()
    recorder.body = body
    client = threading.Thread(target=_request, args=(path, seen, method, target, body), daemon=True)
    if body:
        recorder.gate.clear()
    client.start()
    try:
        if body:
            log.wait()
    finally:
        recorder.gate.set()
        client.join(20)
    assert not client.is_alive()
    seen.received = recorder.requests[before:]
    if body:
        _read(seen, log.more())
    return seen


def _request(path: Path, seen: Seen, method: str, target: str, body: int) -> None:
    length = [("Content-Length", str(body))] if body else []
    lines = [f"{name}: {value}" for name, value in [*CLIENT, ("Connection", "close"), *length]]
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(path))
        client.sendall("\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode() + b"b" * body)
        while part := client.recv(65536):
            seen.answer += part


def _waits(log: str) -> bool:
    connect = _CONNECT.search(log)
    return connect is not None and bool(_timers(log.partition(_SENDING)[2], connect[1]))


def _read(seen: Seen, log: str) -> None:
    """The timers of the first connection to an app server: before it sends, while it sends, and after."""
    connect = _CONNECT.search(log)
    assert connect, log[-3000:]
    begin, middle, end = connect.end(), log.index(_SENDING), log.index(_FINISHED)
    before = _timers(log[begin:middle], connect[1])
    after = _timers(log[middle:end], connect[1])
    seen.connect = before[0] if before else None
    seen.read = next((each for each in reversed(after) if each is not None), None)
    seen.send_left = after[0] is None
    seen.send = after[0] if len(after) > 1 else None
    seen.buffered = "http upstream process upstream" in log
    seen.kept = "free keepalive peer: saving connection" in log


def _timers(log: str, descriptor: str) -> list[float | None]:
    """The timers of that descriptor in order, in seconds; None for one that was left as it is."""
    found = [each for each in _TIMER.finditer(log) if descriptor in (each["fd"], each["kept"])]
    return [int(each["ms"]) / 1000 if each["ms"] else None for each in found]
