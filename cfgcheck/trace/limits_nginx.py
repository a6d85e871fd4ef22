"""What an nginx admits from its clients, and how long it waits for the server behind it.

What the client gets: facts gunicorn "Status codes" (504 of nginx's own timers, 502 of refused connections and too big
response headers), 5.5 (400, 414), 5.8 (413). That a client that is too slow gets no answer at all, though the access
log says 408, was seen with nginx 1.31.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, inf
from typing import Any

from cfgcheck.model.located import Located, Origin
from cfgcheck.model.nginx import Location, Proxy, Server
from cfgcheck.model.nginx_written import named
from cfgcheck.model.stack import Route
from cfgcheck.trace.limits import BYTES, SECONDS, Kind, Outcome, Rung, Side

_UNREPEATED = frozenset({"POST", "LOCK", "PATCH"})
_CLOSED = Outcome(None, "the connection is closed without an answer (408 in the access log)", "closed")
_IDLE = Outcome(None, "the idle connection is closed", "closed")
_UPSTREAM_IDLE = "upstream keepalive_timeout"


def client_side(server: Server, location: Location | None, owner: str, passed: Sequence[Location]) -> Iterator[Rung]:
    """What a request meets before nginx passes it on. ``passed``: the locations chosen for it on the way."""
    make = _Maker(server.proxy, owner)
    scope = location or server
    yield make.time(
        "client_header_timeout", Kind.HEADER_TIME, "to send the header", server.setting("client_header_timeout"),
        _CLOSED,
    )  # fmt: skip
    yield from _header_buffers(make, server)
    yield from _body(make, scope, passed)
    yield make.time(
        "send_timeout", Kind.SEND, "between two writes", scope.setting("send_timeout"),
        Outcome(None, "the connection is closed: a response cut short", "closed"),
    )  # fmt: skip
    yield make.time(
        "keepalive_timeout", Kind.IDLE, "idle, towards clients", scope.setting("keepalive_timeout"), _IDLE,
    )  # fmt: skip


def _header_buffers(make: _Maker, server: Server) -> Iterator[Rung]:
    buffers, line = "large_client_header_buffers", server.request_line_limit
    yield make.size(
        buffers, Kind.REQUEST_LINE, "request line (URL)", line, Outcome(414),
        reach=line.value - 2 if line.known else None,
    )  # fmt: skip
    own = server.header_line_limit
    yield make.size(
        buffers, Kind.HEADER_LINE, "one header line", own, Outcome(400),
        reach=own.value - 2 if own.known else None,
    )  # fmt: skip
    yield make.size(buffers, Kind.HEADERS, "all header lines", server.header_limit, Outcome(400))
    most = server.setting("max_headers")
    if most.span is not None or (most.known and most.value):
        yield make.rung("max_headers", Kind.HEADER_COUNT, "header lines", most, "", Outcome(400))


def _body(make: _Maker, scope: Server | Location, passed: Sequence[Location]) -> Iterator[Rung]:
    size = scope.setting("client_max_body_size")
    own: Located[Any] = size.with_value(size.value or None) if size.known else size
    limits: list[Located[Any]] = [one.body_limit for one in passed] or [own]
    limit = next((one for one in limits if not one.known), None)
    note = ""
    if limit is None:
        limit = min(limits, key=lambda one: one.value or inf)
        if limit.value != own.value:
            note = f"of a location on the way; {own.value or 'no limit'} of the last one does not count"
    yield make.size("client_max_body_size", Kind.BODY, "body", limit, Outcome(413), note)
    yield make.time(
        "client_body_timeout", Kind.BODY_TIME, "between two reads", scope.setting("client_body_timeout"),
        _CLOSED,
    )  # fmt: skip


def upstream_side(route: Route, method: str, owner: str) -> Iterator[Rung]:
    """What holds between nginx and the server that it passes to."""
    location, make = route.location, _Maker(route.proxy, owner)
    family = route.passes.family
    tries, total = tries_of(route, method), location.family_setting("next_upstream_timeout")
    if tries != 1 or (total.by_hand and total.known and total.value):
        yield _retries(make, route, tries, method)
    if route.peer is not None and (not route.peer.max_conns.known or route.peer.max_conns.value):
        yield make.rung(
            "max_conns", Kind.CONCURRENCY, "connections to this server", route.peer.max_conns, "", Outcome(502)
        )  # fmt: skip
    yield make.time(
        f"{family}_connect_timeout", Kind.CONNECT, "to connect", location.connect_timeout,
        Outcome(504, "504; refused: 502 at once"),
    )  # fmt: skip
    yield make.time(
        f"{family}_send_timeout", Kind.SEND, "between two writes", location.send_timeout,
        Outcome(504),
    )  # fmt: skip
    yield _read(make, route, method)
    yield make.size(
        f"{family}_buffer_size", Kind.RESPONSE_HEADERS, "response's header", location.family_setting("buffer_size"),
        Outcome(502),
    )  # fmt: skip
    yield from _kept(make, route)


def _read(make: _Maker, route: Route, method: str) -> Rung:
    read = route.location.read_timeout
    times = rounds(route, method, read.get(0)) if read.known else 1
    return make.time(
        f"{route.passes.family}_read_timeout", Kind.RESPONSE, "between two reads", read,
        Outcome(504, "504; a response that has begun is cut short"),
        reach=read.value * times if read.known else None,
        note=f"a {method} goes to the next server then, {times} in all: {read.value * times:g} s" if times > 1 else "",
    )  # fmt: skip


def _retries(make: _Maker, route: Route, tries: int | None, method: str) -> Rung:
    family, location = route.passes.family, route.location
    limit: Located[Any] = location.family_setting("next_upstream_tries")
    value: Located[Any]
    if tries is None:
        value = Located.unknown("how many servers there are is not known", route.passes.span)
    elif limit.known and limit.value and limit.by_hand:
        value = limit.with_value(tries)
    else:
        value = Located.read(tries, route.upstream.span if route.upstream else None)
    total = location.family_setting("next_upstream_timeout").get(0)
    note = f"none after {total:g} s ({family}_next_upstream_timeout)" if total else ""
    return make.rung(
        f"{family}_next_upstream", Kind.RETRIES, f"servers that a {method} may try", value, "",
        Outcome(None, "the last one's error"), note,
    )  # fmt: skip


def _kept(make: _Maker, route: Route) -> Iterator[Rung]:
    """Idle connections to the app; none for the protocols that keep none (facts: uwsgi 6.01)."""
    upstream, location = route.upstream, route.location
    if upstream is None or route.passes.family not in ("proxy", "grpc", "fastcgi"):
        return
    kept = location.keeps_connections
    value: Located[Any]
    if not kept.known:
        value = kept.as_unknown(kept.because)
    elif kept.value:
        value = upstream.keepalive_timeout
    else:
        value = Located(None, kept.origin, kept.span, kept.because or "a connection for each request")
    yield make.rung(
        _UPSTREAM_IDLE, Kind.IDLE, "idle, towards upstream", value, SECONDS, _IDLE,
    )  # fmt: skip


def repeats(route: Route, method: str, on: str = "timeout") -> bool:
    """Whether a request that failed in that way is sent to another server: not a POST, LOCK or PATCH that was already
    on its way (facts: gunicorn 4.1, 4.1b, 9.8e)."""
    conditions = route.location.family_setting("next_upstream").get(())
    if "off" in conditions or on not in conditions:
        return False
    return method not in _UNREPEATED or "non_idempotent" in conditions


def tries_of(route: Route, method: str) -> int | None:
    """How many servers a request that fails is tried on, at most; None: not known. Backups count, too."""
    if route.upstream is None or any(peer.optional for peer in route.upstream.peers):
        return None
    number = sum(1 for peer in route.upstream.peers if not peer.down)
    limit = route.location.family_setting("next_upstream_tries").get(0)
    return max(1, min(number, limit) if limit else number)


def rounds(route: Route, method: str, each: float, on: str = "timeout") -> int:
    """How many times a wait of ``each`` seconds comes one after the other (facts: gunicorn 9.9): as often as there
    are servers, until ``next_upstream_timeout`` is over."""
    if not repeats(route, method, on):
        return 1
    tries = tries_of(route, method) or 1
    total = route.location.family_setting("next_upstream_timeout").get(0)
    return min(tries, max(1, ceil(total / each))) if total and each else tries


class _Maker:
    """Makes the rungs of one nginx."""

    def __init__(self, proxy: Proxy, owner: str) -> None:
        self.proxy = proxy
        self.owner = owner

    def time(
        self, name: str, kind: Kind, what: str, value: Located[Any], outcome: Outcome, note: str = "",
        reach: float | None = None,
    ) -> Rung:  # fmt: skip
        return self.rung(name, kind, what, value, SECONDS, outcome, note, reach)

    def size(
        self, name: str, kind: Kind, what: str, value: Located[Any], outcome: Outcome, note: str = "",
        reach: float | None = None,
    ) -> Rung:  # fmt: skip
        return self.rung(name, kind, what, value, BYTES, outcome, note, reach)

    def rung(
        self, name: str, kind: Kind, what: str, value: Located[Any], unit: str, outcome: Outcome, note: str = "",
        reach: float | None = None,
    ) -> Rung:  # fmt: skip
        shown = named(name, ingress=True) if self.proxy.ingress and value.by_hand else name
        unsure = self.proxy.incomplete_because if value.origin is Origin.DEFAULT else ""
        return Rung(Side.NGINX, self.owner, shown, kind, what, value, unit, outcome, note, reach, unsure)
