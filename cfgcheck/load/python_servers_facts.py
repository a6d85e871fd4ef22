"""What follows from the settings of uvicorn, Hypercorn, Daphne, Granian and waitress.

Measured with uvicorn 0.54.0, Hypercorn 0.18.0, Daphne 4.2.3 (Twisted 26.10), Granian 2.8.7 and waitress 3.0.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cfgcheck.model.app import AppFacts, AppKind
from cfgcheck.model.located import Located
from cfgcheck.model.version import Version

Settings = Mapping[str, Located[Any]]

_TWISTED_IDLE = 60.0
"""Seconds: Twisted's ``HTTPFactory`` closes an idle connection after them; Daphne has no option for it."""

_TWISTED_HEADERS = 16384
"""Bytes: ``HTTPChannel.totalHeadersSize``; more is answered with 400."""

_H11_HEADERS = 16384
"""Bytes of an incomplete header block: where it arrives in pieces, more is answered with 400."""

_CUT_BY_SIBLINGS = Version(0, 16)
"""The first Hypercorn seen that, with several workers, ends busy ones once an idle one has ended (0.14.4 does not)."""


def facts_of(kind: AppKind, settings: Settings, version: Located[Version]) -> AppFacts:
    return _FACTS[kind](settings, version)


def _facts(kind: AppKind, **known: Located[Any]) -> AppFacts:
    unset: dict[str, Located[Any]] = {
        "workers": Located.default(1, "it runs in one process"),
        "threads": Located.default(1),
        "request_limit": Located.default(None, f"{kind.value} has no time limit for requests"),
        "body_limit": Located.default(None, f"{kind.value} has no limit for bodies"),
    }
    return AppFacts(worker_class=Located.default(kind.value), **{**unset, **known})


def _uvicorn(settings: Settings, version: Located[Version]) -> AppFacts:
    return _facts(
        AppKind.UVICORN,
        workers=settings["workers"],
        grace=_seconds(settings["timeout_graceful_shutdown"]),
        keepalive=_idle(settings["timeout_keep_alive"]),
        header_limit=_uvicorn_headers(settings),
    )


def _uvicorn_headers(settings: Settings) -> Located[Any]:
    """httptools takes any size, h11 does not; which of them ``auto`` is depends on what is installed."""
    http, size = settings["http"], settings["h11_max_incomplete_event_size"]
    if not http.known:
        return http
    if http.value == "h11":
        return size if size.get("?") is not None else http.with_value(_H11_HEADERS)
    if http.value == "httptools":
        return http.with_value(None)
    return Located.unknown("it depends on whether httptools is installed: h11 takes 16384 bytes, httptools any number")


def _hypercorn(settings: Settings, version: Located[Version]) -> AppFacts:
    return _facts(
        AppKind.HYPERCORN,
        workers=settings["workers"],
        grace=_hypercorn_grace(settings, version),
        keepalive=_idle(settings["keep_alive_timeout"]),
        header_limit=settings["h11_max_incomplete_size"],
    )


def _hypercorn_grace(settings: Settings, version: Located[Version]) -> Located[float | None]:
    workers: Located[Any] = settings["workers"]
    if not workers.known:
        return workers
    if workers.value <= 1:
        return _seconds(settings["graceful_timeout"])
    if not version.known:
        return Located.unknown(f"with several workers it depends on the version: {version.because}")
    if version.value >= _CUT_BY_SIBLINGS:
        return Located.default(0.0, "with several workers Hypercorn ends busy ones as soon as an idle one has ended")
    return _seconds(settings["graceful_timeout"])


def _daphne(settings: Settings, version: Located[Version]) -> AppFacts:
    """On SIGTERM open connections are cut at once. ``http_timeout`` is answered with 503."""
    return _facts(
        AppKind.DAPHNE,
        request_limit=_positive(settings["http_timeout"]),
        grace=Located.default(0.0, "Daphne cuts what is running"),
        keepalive=Located.default(_TWISTED_IDLE, "Twisted closes idle connections after 60 s"),
        header_limit=Located.default(_TWISTED_HEADERS, "Twisted takes 16384 bytes of headers"),
    )


def _granian(settings: Settings, version: Located[Version]) -> AppFacts:
    threads = settings["blocking_threads"]
    return _facts(
        AppKind.GRANIAN,
        workers=settings["workers"],
        threads=threads if threads.get(1) is not None else Located.default(1),
        grace=_seconds(settings["workers_kill_timeout"]),
        keepalive=_granian_idle(settings),
        header_limit=settings["http1_buffer_size"],
    )


def _granian_idle(settings: Settings) -> Located[float | None]:
    """The time to read headers (ms) is also what an idle connection is given for its next request (30 s and 3 s
    measured)."""
    kept, limit = settings["http1_keep_alive"], settings["http1_header_read_timeout"]
    if not kept.known:
        return kept
    if not kept.value:
        return kept.with_value(None)
    if limit.get("?") is None:
        return Located.unknown("how long Granian before 2.0 keeps idle connections is not known")
    return limit.with_value(limit.value / 1000) if limit.known else limit


def _waitress(settings: Settings, version: Located[Version]) -> AppFacts:
    """SIGTERM ends it at once: it has no handler for it."""
    return _facts(
        AppKind.WAITRESS,
        threads=settings["threads"],
        grace=Located.default(0.0, "waitress ends at once and cuts what is running"),
        keepalive=_idle(settings["channel_timeout"]),
        header_limit=settings["max_request_header_size"],
        body_limit=settings["max_request_body_size"],
    )


def _seconds(value: Located[Any]) -> Located[float | None]:
    return value.with_value(None if value.value is None else float(value.value)) if value.known else value


def _positive(value: Located[Any]) -> Located[float | None]:
    return value.with_value(float(value.value) if value.value else None) if value.known else value


def _idle(value: Located[Any]) -> Located[float | None]:
    """0: closed after every response."""
    return _positive(value)


_FACTS: Mapping[AppKind, Callable[[Settings, Located[Version]], AppFacts]] = {
    AppKind.UVICORN: _uvicorn,
    AppKind.HYPERCORN: _hypercorn,
    AppKind.DAPHNE: _daphne,
    AppKind.GRANIAN: _granian,
    AppKind.WAITRESS: _waitress,
}
