"""The application that the experiments put behind the servers. It is copied into the stack's folder, never imported.

A request's query says what it does: ``sleep=2`` before it answers, ``size=9`` bytes of body, ``late=2`` before the
last of them, ``header=9000`` a response header of that length, ``status=404``, ``body=0`` leaves the body unread,
``raise=1``, ``die=1``; ``only=/a``: 404 for every path but that; ``secure=1``: 301 to the same address where the
scheme is not https. It writes what it saw of each request to the file that ``PROBE_SEEN`` names.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import Any
from urllib.parse import parse_qs

_SEEN = os.environ.get("PROBE_SEEN", "")


def _note(seen: dict[str, Any]) -> None:
    if _SEEN:
        line = json.dumps(seen) + "\n"
        handle = os.open(_SEEN, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        os.write(handle, line.encode())
        os.close(handle)


class _Wanted:
    def __init__(self, query: str, path: str) -> None:
        self._asked = {name: values[-1] for name, values in parse_qs(query).items()}
        self.sleep = self.number("sleep")
        self.late = self.number("late")
        self.size = int(self.number("size", 2))
        self.status = int(self.number("status", 200))
        if self._asked.get("only", path) != path:
            self.status = 404
        self.reads = self.number("body", 1) != 0
        self.location = ""

    def number(self, name: str, otherwise: float = 0) -> float:
        return float(self._asked.get(name, otherwise))

    def headers(self) -> list[tuple[str, str]]:
        found = [("Content-Type", "text/plain"), ("Content-Length", str(self.size))]
        found += [("Location", self.location)] if self.location else []
        return found + ([("X-Long", "x" * int(self.number("header")))] if "header" in self._asked else [])

    def parts(self) -> list[bytes]:
        whole = b"ok" + b"x" * max(0, self.size - 2)
        return [whole[: self.size // 2], whole[self.size // 2 : self.size]] if self.late else [whole[: self.size]]

    def insist(self, scheme: str, host: str, path: str) -> None:
        """An application that is to be used over https sends everyone else there."""
        if self.number("secure") and scheme != "https":
            self.status, self.location = 301, f"https://{host}{path}?secure=1"

    def misbehave(self) -> None:
        if self.number("die"):
            os._exit(1)  # 3 and 4 mean to Gunicorn that no worker can start
        if self.number("raise"):
            raise RuntimeError("asked for by the experiment")


def wsgi(environ: dict[str, Any], start_response: Any) -> Any:
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    wanted = _Wanted(environ.get("QUERY_STRING", ""), path)
    length = 0
    if wanted.reads:
        while part := environ["wsgi.input"].read(65536):
            length += len(part)
    named = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    _note(
        {
            "method": environ["REQUEST_METHOD"],  # as all frameworks do: the standard promises it
            "path": path,
            "script": environ.get("SCRIPT_NAME", ""),
            "query": environ.get("QUERY_STRING", ""),
            "scheme": environ.get("wsgi.url_scheme"),
            "remote": environ.get("REMOTE_ADDR"),
            "server": environ.get("SERVER_NAME"),
            "body": length,
            "pid": os.getpid(),
            "headers": named,
        }
    )
    wanted.misbehave()
    wanted.insist(environ["wsgi.url_scheme"], named.get("host", ""), environ.get("PATH_INFO", ""))
    time.sleep(wanted.sleep)
    start_response(f"{wanted.status} Probe", wanted.headers())
    return _parts(wanted)


def _parts(wanted: _Wanted) -> Any:
    first, *rest = wanted.parts()
    yield first
    for part in rest:
        time.sleep(wanted.late)
        yield part


async def asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    named: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1")
        named[key] = f"{named[key]},{value.decode('latin-1')}" if key in named else value.decode("latin-1")
    seen = {"path": scope["path"], "query": scope["query_string"].decode(), "scheme": scope.get("scheme")}
    seen |= {"method": scope.get("method", "GET"), "remote": (scope.get("client") or [None])[0]}
    if scope["type"] == "websocket":
        _note({**seen, "pid": os.getpid(), "headers": named, "body": 0})
        await _websocket(receive, send)
        return
    wanted = _Wanted(seen["query"], seen["path"])
    length = await _length(receive) if wanted.reads else 0
    _note({**seen, "body": length, "pid": os.getpid(), "headers": named})
    wanted.misbehave()
    wanted.insist(scope["scheme"], named.get("host", ""), scope["path"])
    await asyncio.sleep(wanted.sleep)
    headers = [(name.lower().encode(), value.encode()) for name, value in wanted.headers()]
    await send({"type": "http.response.start", "status": wanted.status, "headers": headers})
    parts = wanted.parts()
    for number, part in enumerate(parts):
        await asyncio.sleep(wanted.late if number else 0)
        await send({"type": "http.response.body", "body": part, "more_body": number < len(parts) - 1})


async def _length(receive: Any) -> int:
    length = 0
    while True:
        message = await receive()
        length += len(message.get("body", b""))
        if not message.get("more_body"):
            return length


async def _websocket(receive: Any, send: Any) -> None:
    """Echoes until the other side goes."""
    while True:
        message = await receive()
        if message["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
        elif message["type"] == "websocket.receive":
            echo = {key: message[key] for key in ("text", "bytes") if message.get(key) is not None}
            await send({"type": "websocket.send", **echo})
        else:
            return


application = app = wsgi
