"""What an app server admits, and for how long a request may go on in it.

What the client gets: facts gunicorn "Status codes", 3.B, 5.5, 5.6, 9.1; facts uwsgi 2.01, 2.06, 2.11, 3.01, 3.20, 4.02,
4.03; the rules of the categories *size*, *timeout* and *worker*, with what they cite.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cfgcheck.model.app import App, AppKind, Listener, Protocol
from cfgcheck.model.located import Located, UnknownValue
from cfgcheck.model.stack import Route, Stack
from cfgcheck.model.version import Version
from cfgcheck.trace.limits import BYTES, SECONDS, Kind, Outcome, Rung, Side

GUNICORN_LONGEST_LINE = 8190
"""Bytes; the most that ``limit_request_line`` can be (Gunicorn's settings reference)."""

OWN_PARSERS = frozenset({"sync", "gthread", "gevent", "eventlet", "asgi"})
"""Gunicorn's workers that read requests with its own parsers: ``limit_request_*`` counts (facts: gunicorn 5.6u)."""

ROUTERS = frozenset({"http", "httprouter", "https", "https2"})
"""uWSGI's options that put its router before the workers."""

SOMAXCONN = 4096
"""Linux's limit for queues from 5.4 on (facts: causes 4.4)."""

IN_PIECES = frozenset({AppKind.UVICORN, AppKind.HYPERCORN})
"""They count only while a header is not complete (h11): what comes in one read is taken, whatever its size (seen:
uvicorn 0.54, Hypercorn 0.18)."""

UNRELIABLE = "not reliable with threads"
"""How the note on harakiri begins where it can be cleared by others (facts: uwsgi 2.06t)."""

_NOTHING = Outcome(None, "nothing")
_QUEUE = {AppKind.UWSGI: "listen"}


def app_side(stack: Stack, route: Route) -> Iterator[Rung]:
    """The limits of the app that a route leads to, in the order in which a request meets them."""
    app, listener = route.app, route.listener
    assert app is not None
    assert listener is not None
    make = _Maker(app)
    yield from _queue(make, stack, listener)
    yield from _concurrency(make)
    if app.kind is AppKind.GUNICORN:
        yield from _gunicorn_sizes(make, listener)
    elif app.kind is AppKind.UWSGI:
        yield from _uwsgi_sizes(make, route)
    else:
        yield from _other_sizes(make)
    yield from _body(make, stack)
    yield from _times(make, listener)
    yield _idle(make, listener)


def before(version: Located[Version], limit: Version) -> bool | None:
    """Whether a server is older than that version; None: not known."""
    if not version.known:
        return None
    try:
        return version.value < limit
    except UnknownValue:
        return None


# ------------------------------------------------------------------------------------------- before a worker
def _queue(make: _Maker, stack: Stack, listener: Listener) -> Iterator[Rung]:
    """A full queue is 502 at once on a unix socket, and a wait on TCP (facts: gunicorn 9.1; uwsgi 4.02, 4.03)."""
    name = _QUEUE.get(make.app.kind, "backlog")
    value = make.app.settings.get(name)
    if value is None:
        return
    if listener.handed:
        value = Located.unknown("the socket is handed over by the manager, and its queue is the manager's")
    most = stack.declared.somaxconn
    if value.known and most is not None and most.known and value.value is not None and most.value < value.value:
        value = most
    outcome = Outcome(None, "full: 502 at once on a unix socket; on TCP a wait, then 504", "502/504")
    if listener.address.known and listener.address.value.is_unix:
        outcome = Outcome(502, "full: 502 at once")
    elif listener.address.known and listener.address.value.is_tcp:
        outcome = Outcome(504, "full: a wait, and 504 when connecting takes too long")
    more = most is None and value.get(0) is not None and value.get(0) > SOMAXCONN
    note = f"or net.core.somaxconn, which is {SOMAXCONN} unless it is set" if more else ""
    yield make.rung(name, Kind.QUEUE, "waiting for a worker", value, "", outcome, note)


def _concurrency(make: _Maker) -> Iterator[Rung]:
    facts = make.app.facts
    workers, threads, works = facts.workers, facts.threads, facts.worker_class
    if works.get("") not in ("sync", "gthread", "uwsgi", "waitress"):
        return
    value: Located[Any]
    unknown = next((one for one in (workers, threads) if not one.known), None)
    if unknown is not None:
        value = unknown
    else:
        decides = workers if workers.by_hand or not threads.by_hand else threads
        number = int(workers.value or 1) * (int(threads.value or 1) if works.value != "sync" else 1)
        value = decides.with_value(number)
    many = "workers" if works.value == "sync" else "workers × threads"
    outcome = Outcome(None, "the next ones wait in the queue", "wait")
    yield make.rung(many, Kind.CONCURRENCY, "requests at once", value, "", outcome)


# ------------------------------------------------------------------------------------------- sizes
def _gunicorn_sizes(make: _Maker, listener: Listener) -> Iterator[Rung]:
    works = make.app.facts.worker_class
    if (works.known and works.value not in OWN_PARSERS) or listener.protocol.get(Protocol.HTTP) is not Protocol.HTTP:
        return
    unclear = None if works.known else works
    yield _gunicorn_line(make, unclear)
    field = make.app.settings["limit_request_field_size"]
    value: Located[Any] = unclear or (field if not field.known or field.value else _unlimited_field(make.app, field))
    status = _gunicorn_header_status(make.app)
    zero = field.known and not field.value and value.known and value.value
    note = f"0 means {GUNICORN_LONGEST_LINE} from Gunicorn 25.2 on" if zero else ""
    yield make.rung(
        "limit_request_field_size", Kind.HEADER_LINE, "one header line", value, BYTES, status, note,
        reach=value.value - 2 if value.get(None) else None,
    )  # fmt: skip
    count = make.app.settings["limit_request_fields"]
    yield make.rung("limit_request_fields", Kind.HEADER_COUNT, "header lines", unclear or count, "", status)


def _gunicorn_line(make: _Maker, unclear: Located[Any] | None) -> Rung:
    line: Located[Any] = make.app.settings["limit_request_line"]
    note = ""
    if unclear is None and line.known:
        if not line.value:
            return make.rung(
                "limit_request_line", Kind.REQUEST_LINE, "request line (URL)",
                _unlimited(make.app, line), BYTES, Outcome(414),
            )  # fmt: skip
        if line.value > GUNICORN_LONGEST_LINE:
            note = f"{line.value} is set, and {GUNICORN_LONGEST_LINE} the most that Gunicorn takes"
        line = line.with_value(min(line.value, GUNICORN_LONGEST_LINE))
    return make.rung(
        "limit_request_line", Kind.REQUEST_LINE, "request line (URL)", unclear or line, BYTES,
        _gunicorn_line_status(make.app), note,
    )  # fmt: skip


def _unlimited(app: App, line: Located[Any]) -> Located[Any]:
    """0 is no limit from 25.3 on (facts: causes 4.2)."""
    older = before(app.version, Version(25, 3))
    if older is False:
        return line.with_value(None)
    return line.as_unknown("limit_request_line = 0 is no limit from Gunicorn 25.3 on, and broken before")


def _unlimited_field(app: App, field: Located[Any]) -> Located[Any]:
    """0 is no limit before 25.2, and 8190 since; the asgi worker still takes it for none (seen: 27.0.1 behind nginx;
    ``gunicorn/http/message.py`` of 20.1 to 27)."""
    older = True if app.facts.worker_class.get("") == "asgi" else before(app.version, Version(25, 2))
    if older is None:
        return field.as_unknown(f"limit_request_field_size = 0 is {GUNICORN_LONGEST_LINE} from Gunicorn 25.2 on")
    return field.with_value(None if older else GUNICORN_LONGEST_LINE)


def _gunicorn_line_status(app: App) -> Outcome:
    older = before(app.version, Version(27))
    if app.facts.worker_class.get("") == "asgi" or older is False:
        return Outcome(414)
    return Outcome(400) if older else Outcome(None, "414, before Gunicorn 27 400", "414/400")


def _gunicorn_header_status(app: App) -> Outcome:
    older = before(app.version, Version(22))
    if older is None:
        return Outcome(None, "431, before Gunicorn 22 400", "431/400")
    return Outcome(400) if older else Outcome(431)


def _uwsgi_sizes(make: _Maker, route: Route) -> Iterator[Rung]:
    size = make.app.facts.header_limit
    too_long = size.known and size.value is not None and size.value >= 65535 and route.passes.family == "uwsgi"
    outcome = Outcome(500, "500: the uwsgi protocol carries no more") if too_long else Outcome(502)
    yield make.rung(
        "buffer-size", Kind.HEADERS, "headers, URL (twice)", size, BYTES, outcome,
    )  # fmt: skip


def _other_sizes(make: _Maker) -> Iterator[Rung]:
    status = 400 if make.app.kind in (AppKind.DAPHNE, AppKind.UVICORN) else 431
    names = {
        AppKind.UVICORN: "h11_max_incomplete_event_size",
        AppKind.HYPERCORN: "h11_max_incomplete_size",
        AppKind.GRANIAN: "http1_buffer_size",
        AppKind.WAITRESS: "max_request_header_size",
    }
    limit = make.app.facts.header_limit
    name = names.get(make.app.kind, "header limit")
    counted = limit.known and limit.value
    note = "a header that comes in one piece may be larger" if make.app.kind in IN_PIECES and counted else ""
    yield make.rung(name, Kind.HEADERS, "URL, all header lines", limit, BYTES, Outcome(status), note)


def _body(make: _Maker, stack: Stack) -> Iterator[Rung]:
    app, limit = make.app, make.app.facts.body_limit
    if app.kind is AppKind.UWSGI:
        yield make.rung("limit-post", Kind.BODY, "body", limit, BYTES, Outcome(502, "502, not 413"))
    elif app.kind is AppKind.WAITRESS:
        # It refuses its very limit, too, and reads no more: nginx, still sending, may see a reset (seen: 3.0.2).
        yield make.rung(
            "max_request_body_size", Kind.BODY, "body", limit, BYTES,
            Outcome(None, "413, or 502 when nginx is still sending", "413/502"),
            reach=most - 1 if (most := limit.get(None)) else None,
        )  # fmt: skip
    else:
        yield make.rung("body limit", Kind.BODY, "body", limit, BYTES, _NOTHING)
    declared = stack.declared.app(app.name).max_body
    if declared is not None:
        outcome = Outcome(None, "what the app says", "app")
        yield make.rung("max-body of cfgcheck's settings", Kind.BODY, "body", declared, BYTES, outcome)


# ------------------------------------------------------------------------------------------- times
def _times(make: _Maker, listener: Listener) -> Iterator[Rung]:
    app = make.app
    if app.kind is AppKind.UWSGI:
        yield from _uwsgi_times(make, listener)
    elif app.kind is AppKind.GUNICORN:
        yield from _gunicorn_times(make)
    elif app.kind is AppKind.DAPHNE:
        yield make.time("http_timeout", "whole request", app.facts.request_limit, Outcome(503))
    else:
        yield make.time("request limit", "whole request", app.facts.request_limit, _NOTHING)


def _gunicorn_times(make: _Maker) -> Iterator[Rung]:
    limit, timeout = make.app.facts.request_limit, make.app.settings["timeout"]
    if limit.known and limit.value is None:
        beats = make.app.facts.worker_class.get("sync") != "sync" and timeout.known and timeout.value
        note = f"timeout = {timeout.value} is the workers' heartbeat: it ends no request" if beats else ""
        nobody = timeout.with_value(None) if timeout.known else limit
        yield make.time("timeout", "whole request", nobody, _NOTHING, note)
        return
    older = before(make.app.version, Version(22))
    outcome = Outcome(500, "500, before Gunicorn 22 502", "500/502") if older is None else (
        Outcome(502, "502, the worker is killed") if older else Outcome(500, "500, the worker ends")
    )  # fmt: skip
    yield make.time("timeout", "whole request", limit, outcome)


def _uwsgi_times(make: _Maker, listener: Listener) -> Iterator[Rung]:
    app = make.app
    if listener.option in ROUTERS:
        yield make.rung(
            "http-timeout", Kind.RESPONSE, "router's wait", app.settings["http-timeout"], SECONDS,
            Outcome(502, "502, the worker goes on"),
        )  # fmt: skip
    threads = app.facts.threads
    note = ""
    if app.facts.request_limit.get(0) and (not threads.known or (threads.value and threads.value > 1)):
        note = f"{UNRELIABLE}: any other request that ends in the worker clears it"
    outcome = Outcome(502, "502, the worker is killed")
    yield make.time("harakiri", "whole request", app.facts.request_limit, outcome, note)


def _idle(make: _Maker, listener: Listener) -> Rung:
    names = {
        AppKind.GUNICORN: "keepalive", AppKind.UVICORN: "timeout_keep_alive", AppKind.HYPERCORN: "keep_alive_timeout",
        AppKind.GRANIAN: "http1_header_read_timeout", AppKind.WAITRESS: "channel_timeout",
    }  # fmt: skip
    return make.rung(
        names.get(make.app.kind, "keep-alive"), Kind.IDLE, "idle, from nginx", listener.keepalive, SECONDS,
        Outcome(None, "the idle connection is closed", "closed"),
    )  # fmt: skip


class _Maker:
    """Makes the rungs of one app."""

    def __init__(self, app: App) -> None:
        self.app = app

    def time(self, name: str, what: str, value: Located[Any], outcome: Outcome, note: str = "") -> Rung:
        return self.rung(name, Kind.REQUEST, what, value, SECONDS, outcome, note)

    def rung(
        self, name: str, kind: Kind, what: str, value: Located[Any], unit: str, outcome: Outcome, note: str = "",
        reach: float | None = None,
    ) -> Rung:  # fmt: skip
        return Rung(Side.APP, self.app.label, name, kind, what, value, unit, outcome, note, reach)
