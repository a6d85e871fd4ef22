"""Whether the request at hand is too big for a limit on its way: said only where it is for certain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cfgcheck.model.app import AppKind
from cfgcheck.model.nginx_sent import PARAMETER_FAMILIES
from cfgcheck.model.stack import Route
from cfgcheck.trace.hop import Hop
from cfgcheck.trace.limits import Cut, Kind, Rung, Side, shown_size
from cfgcheck.trace.limits_app import IN_PIECES

_LINE_END = 2


def cuts_in_nginx(hop: Hop, rungs: Iterable[Rung]) -> Iterator[Cut]:
    """Limits of this nginx that the request is above. All header lines together are compared with the first buffer
    added: how lines share buffers is not reckoned."""
    request = hop.request
    lines = [f"{name}: {value}" for name, value in request.headers.items() if name != "host"]
    own = f"host: {request.host_header}"
    first = hop.server.setting("client_header_buffer_size").get(None) if hop.server is not None else None
    sizes: dict[Kind, tuple[int, int]] = {
        Kind.REQUEST_LINE: (_bytes(f"{request.method} {request.target} HTTP/1.1"), 0),
        Kind.HEADER_LINE: (max(map(_bytes, [own, *lines])), 0),
        Kind.HEADERS: (sum(_bytes(line) + _LINE_END for line in [own, *lines]), int(first or 1 << 30)),
        Kind.HEADER_COUNT: (len(lines) + 1, 0),
        Kind.BODY: (request.body, 0),
    }
    if hop.location is None:
        del sizes[Kind.BODY]  # the server answers before a location is chosen, and nobody looks at the length
    yield from _above(rungs, sizes)


def cuts_in_app(hop: Hop, route: Route, rungs: Sequence[Rung]) -> Iterator[Cut]:
    """Limits of the app that what nginx sends on is above. What is not known of it is left out, so that the size is
    the least that it can be."""
    if route.app is None:
        return
    request = hop.request
    sizes: dict[Kind, tuple[int, int]] = {Kind.BODY: (request.body, 0)}
    if route.app.kind is AppKind.UWSGI and route.passes.family in PARAMETER_FAMILIES:
        sizes[Kind.HEADERS] = (_packet(hop), 0)
    elif route.passes.family == "proxy":
        sizes |= _over_http(hop)
        whole = sizes[Kind.HEADERS][0] + sizes.get(Kind.REQUEST_LINE, (0, 0))[0] + _LINE_END
        if route.app.kind is AppKind.UWSGI:
            sizes[Kind.HEADERS] = (_translated(hop, whole), 0)
        elif route.app.kind is AppKind.WAITRESS:
            sizes[Kind.HEADERS] = (whole, 0)
        elif route.app.kind in IN_PIECES:
            del sizes[Kind.HEADERS]
    yield from _above(rungs, sizes)


def _over_http(hop: Hop) -> dict[Kind, tuple[int, int]]:
    lines = [f"{header.name}: {header.value.get('')}" for header in hop.headers]
    sizes = {
        Kind.HEADER_LINE: (max(map(_bytes, lines), default=0), 0),
        Kind.HEADERS: (sum(_bytes(line) + _LINE_END for line in lines), 0),
        Kind.HEADER_COUNT: (len(lines), 0),
    }
    if hop.uri.known:
        sizes[Kind.REQUEST_LINE] = (_bytes(f"{hop.request.method} {hop.uri.value} HTTP/1.1"), 0)
    return sizes


def _packet(hop: Hop) -> int:
    """Bytes of a uwsgi packet: two for the length of each name and of each value, and both (uwsgi protocol)."""
    return sum(4 + _bytes(header.name) + _bytes(header.value.get("")) for header in hop.headers)


_AROUND_URL = sum(4 + len(name) for name in ("REQUEST_METHOD", "REQUEST_URI", "PATH_INFO", "QUERY_STRING"))


def _translated(hop: Hop, raw: int) -> int:
    """Bytes that a request over HTTP takes in uWSGI's buffer, at least: all of it as it comes; and made into a uwsgi
    packet, in which path and query stand twice (seen: 2.0.30, http-socket and http). How much the headers take beside
    them there is not reckoned."""
    url = 2 * _bytes(hop.uri.value) - 1 if hop.uri.known else 0
    return max(raw, _AROUND_URL + url)


def _above(rungs: Iterable[Rung], sizes: dict[Kind, tuple[int, int]]) -> Iterator[Cut]:
    for rung in rungs:
        if rung.kind not in sizes or not rung.limit:
            continue
        size, spare = sizes[rung.kind]
        if size > rung.limit + spare:
            yield Cut(rung, size, _text(rung, size))


def _text(rung: Rung, size: int) -> str:
    limit = int(rung.limit or 0)
    if rung.kind is Kind.HEADER_COUNT:
        return f"{size} header lines are more than the {limit} that {rung.owner} takes ({rung.name})"
    what = {
        Kind.REQUEST_LINE: "the request line",
        Kind.HEADER_LINE: "a header line",
        Kind.HEADERS: "the headers" if rung.side is Side.NGINX else "what is sent on",
        Kind.BODY: "the body",
    }[rung.kind]
    have = "have" if rung.kind is Kind.HEADERS and rung.side is Side.NGINX else "has"
    return f"{what} {have} {shown_size(size)}, {rung.owner} takes {shown_size(limit)} ({rung.name})"


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))
