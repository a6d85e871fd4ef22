"""What follows from Gunicorn's settings: the worker that really works, and what it does to connections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cfgcheck.load.gunicorn_table import table
from cfgcheck.model.app import AppFacts, Protocol
from cfgcheck.model.located import Located
from cfgcheck.model.version import Version

Settings = Mapping[str, Located[Any]]

SYNC, GTHREAD, UVICORN, AIOHTTP, TORNADO, ASGI = "sync", "gthread", "uvicorn", "aiohttp", "tornado", "asgi"

_FOREIGN = {
    "uvicorn.workers.UvicornWorker": UVICORN,
    "uvicorn.workers.UvicornH11Worker": UVICORN,
    "uvicorn_worker.UvicornWorker": UVICORN,
    "uvicorn_worker.UvicornH11Worker": UVICORN,
    "aiohttp.GunicornWebWorker": AIOHTTP,
    "aiohttp.GunicornUVLoopWebWorker": AIOHTTP,
    "aiohttp.worker.GunicornWebWorker": AIOHTTP,
    "aiohttp.worker.GunicornUVLoopWebWorker": AIOHTTP,
}
_KEEPS_CONNECTIONS = frozenset({GTHREAD, "gevent", "eventlet", UVICORN, AIOHTTP, ASGI})
"""Workers that close an idle connection ``keepalive`` seconds after a response, or at once where that is 0
(measured with 27.0.1: gthread, gevent, asgi, uvicorn-worker 0.4; eventlet, aiohttp: by their source)."""

_OWN_PROTOCOL = frozenset({SYNC, GTHREAD, "gevent", "eventlet", ASGI})
"""Workers that read requests with Gunicorn's own parsers, so that ``protocol`` counts."""

_TORNADO_IDLE = 3600.0
"""Tornado's ``idle_connection_timeout``: ``keepalive`` does not reach it, not even 0 (measured: 20.1, 27.0.1)."""

NEVER = 365 * 86400.0
"""Seconds; stands for an idle connection that the worker never closes by itself."""

ASGI_CLOSES_IDLE = Version(27, 0, 0)
"""The first version whose ASGI worker ends idle connections (measured with 24.0, 25.0.3, 25.1, 25.3, 26.2: not within
6 s at ``keepalive`` 1; 27.0.0 and 27.0.1: after 1 s)."""


def worker_class(settings: Settings) -> Located[str]:
    """The class that really works, by its short name. Unknown for a class of the project's own."""
    written: Located[Any] = settings["worker_class"]
    threads: Located[Any] = settings["threads"]
    if not written.known:
        return written
    name = str(written.value)
    if name == SYNC or name.endswith("SyncWorker"):
        if not threads.known:
            return Located.unknown("sync becomes gthread where threads is above 1: " + threads.because, threads.span)
        if threads.value > 1:
            return threads.with_value(GTHREAD)
    short = _short_name(name)
    if short is None:
        return Located.unknown(f"cfgcheck does not know the worker class {name}", written.span, name)
    return written.with_value(short)


def _short_name(name: str) -> str | None:
    if name in _FOREIGN:
        return _FOREIGN[name]
    egg = re.fullmatch(r"(?:egg:gunicorn)?#?([a-z_]+)", name)
    bare = egg[1] if egg else name
    for short, rows in table().workers.items():
        if bare == short or any(name == path for _, _, path in rows):
            return "gevent_pywsgi" if short == "gevent_wsgi" else short
    return None


def facts(settings: Settings, version: Located[Version]) -> AppFacts:
    works = worker_class(settings)
    return AppFacts(
        worker_class=works,
        workers=settings["workers"],
        threads=settings["threads"],
        request_limit=_request_limit(settings, works),
        grace=_seconds(settings["graceful_timeout"]),
        keepalive=_keepalive(settings, works, version),
        header_limit=Located.default(None, "Gunicorn limits lines and fields, not the whole block"),
        body_limit=Located.default(None, "Gunicorn has no limit for bodies"),
    )


def _seconds(value: Located[Any]) -> Located[float | None]:
    return value.with_value(float(value.value)) if value.known else value


def _request_limit(settings: Settings, works: Located[str]) -> Located[float | None]:
    """``timeout`` ends requests of the sync worker only; elsewhere it is a heartbeat (facts: gunicorn 3.B, 3.L)."""
    if not works.known:
        return works.as_unknown(works.because)  # type: ignore[return-value]
    if works.value != SYNC:
        return Located.default(None, f"timeout is no limit for requests of the {works.value} worker")
    timeout: Located[Any] = settings["timeout"]
    if not timeout.known:
        return timeout
    return timeout.with_value(float(timeout.value) if timeout.value else None)


def _keepalive(settings: Settings, works: Located[str], version: Located[Version]) -> Located[float | None]:
    """After how many seconds an idle connection is closed; None: after every response."""
    if not works.known:
        return works.as_unknown(works.because)  # type: ignore[return-value]
    name = works.value
    if name == SYNC:
        return Located.default(None, "the sync worker closes every connection after the response")
    setting: Located[Any] = settings["keepalive"]
    if not setting.known:
        return setting
    seconds = float(setting.value)
    if name == TORNADO:
        return Located.default(_TORNADO_IDLE, "tornado's idle_connection_timeout; keepalive does not reach it")
    if name == "gevent_pywsgi":
        return Located.default(NEVER, "gevent's own server never closes an idle connection")
    if name == ASGI and seconds:
        return _asgi_keepalive(setting, seconds, version)
    if name in _KEEPS_CONNECTIONS:
        return setting.with_value(seconds if seconds else None)
    return Located.unknown(f"cfgcheck does not know how long the {name} worker keeps connections")


def _asgi_keepalive(setting: Located[Any], seconds: float, version: Located[Version]) -> Located[float | None]:
    if not version.known:
        return Located.unknown(f"it depends on Gunicorn's version: {version.because}")
    if version.value < ASGI_CLOSES_IDLE:
        return Located.default(NEVER, "before 27.0 the ASGI worker never closes an idle connection")
    return setting.with_value(seconds)


def protocol(settings: Settings, works: Located[str]) -> Located[Protocol]:
    """What is spoken on every listener."""
    chosen: Located[Any] = settings["protocol"]
    if not chosen.known:
        return chosen
    if chosen.value != "uwsgi":
        return chosen.with_value(Protocol.HTTP)
    if not works.known:
        return works.as_unknown(works.because)  # type: ignore[return-value]
    return chosen.with_value(Protocol.UWSGI if works.value in _OWN_PROTOCOL else Protocol.HTTP)


def speaks_tls(settings: Settings) -> Located[bool]:
    """Whether a certificate or key is set."""
    given = [settings["certfile"], settings["keyfile"]]
    for each in given:
        if each.known and each.value:
            return each.with_value(True)
    unknown = next((each for each in given if not each.known), None)
    return unknown if unknown is not None else given[0].with_value(False)
