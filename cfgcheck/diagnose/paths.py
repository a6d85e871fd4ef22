"""Which locations of a server a logged path leads to: asked of the trace layer, many times over and still bounded."""

from __future__ import annotations

from cfgcheck.diagnose.lines import NUMBER
from cfgcheck.model.nginx import Location, Server
from cfgcheck.trace.exchange import Arrival, Exchange
from cfgcheck.trace.hop import End
from cfgcheck.trace.locations import Locations
from cfgcheck.trace.octets import octets
from cfgcheck.trace.patterns import Patterns
from cfgcheck.trace.phases import Phases
from cfgcheck.trace.request import Request
from cfgcheck.trace.undecided import Undecided
from cfgcheck.trace.uri import Target, read_target

MOST_LOOKUPS = 4000
"""Paths looked up in one diagnosis; what further ones lead to is not told. Their regular expressions share one
allowance of time, too (``ALL_MATCHES``)."""

_NUMBER = NUMBER.decode()
_IDS = ("000", "3f2b8c1e-9d47-4a6b-8e05-7c1d2f3a4b5c", "3f2b8c1e9d474a6b8e057c1d2f3a4b5c")
"""What may have stood where a path of a log has ``<n>``: a number, and ids as `tally` takes them out."""

Taken = frozenset[int]
"""``id`` of locations that may take a path."""


class Paths:
    """Look-ups for one configuration; each path of a server is looked up once."""

    def __init__(self) -> None:
        self._patterns = Patterns()
        self._locations: dict[int, Locations] = {}
        self._known: dict[tuple[int, str], Taken | None] = {}

    def taken(self, server: Server, path: str) -> Taken | None:
        """The locations that take a path as a log has it; None where that can't be told."""
        key = (id(server), path)
        if key not in self._known:
            if len(self._known) >= MOST_LOOKUPS:
                return None
            self._known[key] = self._looked_up(server, path)
        return self._known[key]

    def _looked_up(self, server: Server, path: str) -> Taken | None:
        found: set[int] = set()
        for ids in _IDS if _NUMBER in path else _IDS[:1]:
            takers = self._takers(server, path.replace(_NUMBER, ids))
            if takers is None:
                return None
            found |= takers
        return frozenset(found)

    def _takers(self, server: Server, path: str) -> Taken | None:
        """The location that is chosen for a path, and the one that passes it on after rewrites and ``try_files``:
        what these do may depend on headers and files, of which the log does not tell."""
        exchange = self._exchange(server, path)
        locations = self._locations.setdefault(id(server), Locations(server))
        if exchange is None or locations.templated:
            return None
        try:
            first = locations.find(exchange).location
        except Undecided:
            return None
        exchange.captures = ()
        exchange.assigned.clear()
        if Phases(exchange, locations).go().end is not End.PASSES:
            return None
        both = (first, exchange.location)
        if any(one is not None and one.optional for one in both):
            return None
        return frozenset(id(one) for one in both if one is not None)

    def _exchange(self, server: Server, path: str) -> Exchange | None:
        target = read_target(octets(path), merge_slashes=bool(server.setting("merge_slashes").get(True)))
        if target is None:
            return None
        return _arrived(server, path, target, self._patterns)


def _arrived(server: Server, path: str, target: Target, patterns: Patterns) -> Exchange:
    """A plain GET of the path: what a log tells no more of."""
    listen = server.listens[0] if server.listens else None
    tls = listen is not None and listen.tls
    address = listen.address.value if listen is not None and listen.address.known else None
    port = address.port if address is not None and address.port else 443 if tls else 80
    request = Request("https" if tls else "http", _name(server), port, path)
    exchange = Exchange(Arrival(request), server.proxy, listen, server, tls, patterns)
    exchange.uri, exchange.args, exchange.unparsed = target.uri, target.args, target.unparsed
    exchange.quoted, exchange.plus = target.quoted, target.plus
    return exchange


def _name(server: Server) -> str:
    return next((name.lower() for name in server.names if name[:1].isalnum()), "localhost")


def fits(location: Location, taken: Taken) -> bool:
    """Whether a route of that location may have served a path: an ``if`` or ``limit_except`` counts with the location
    that it stands in, and the other way round."""
    if id(location) in taken:
        return True
    return location.modifier in ("if", "limit_except") and id(location.parent) in taken
