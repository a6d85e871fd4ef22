"""Which location takes a path.

``ngx_http_core_find_location`` of nginx's sources; http://nginx.org/en/docs/http/ngx_http_core_module.html#location.
"""

from __future__ import annotations

from cfgcheck.model.nginx import Location, Server
from cfgcheck.record import record
from cfgcheck.trace.exchange import Exchange
from cfgcheck.trace.octets import octets

_MATCHING = frozenset({"", "=", "^~", "~", "~*"})


@record(frozen=True, eq=False)
class Found:
    """``redirect``: the path lacks the slash at the end of a location that passes on: nginx answers 301."""

    location: Location | None
    redirect: bool = False


class _Level:
    """The locations that stand directly in a server or in another location."""

    def __init__(self) -> None:
        self.exact: dict[str, Location] = {}
        self.prefixes: dict[str, Location] = {}
        self.patterns: list[Location] = []
        self.lengths: list[int] | None = None

    def add(self, location: Location) -> None:
        path = octets(location.path)
        if location.is_regex:
            self.patterns.append(location)
        elif location.is_exact:
            self.exact.setdefault(path, location)
        else:
            self.prefixes.setdefault(path, location)

    def redirecting(self, path: str) -> Location | None:
        """The location for ``path`` + ``/``, where it is one that passes on."""
        both = self.exact.get(path + "/"), self.prefixes.get(path + "/")
        if not any(one is not None and one.passes is not None for one in both):
            return None
        return both[0] or both[1]

    def longest(self, path: str) -> Location | None:
        if self.lengths is None:
            self.lengths = sorted({len(prefix) for prefix in self.prefixes}, reverse=True)
        return next((found for length in self.lengths if (found := self.prefixes.get(path[:length])) is not None), None)


class Locations:
    """The locations of one server, ready for look-ups."""

    def __init__(self, server: Server) -> None:
        self.named: dict[str, Location] = {}
        self.own: Location | None = None
        """The level of a fragment that passes on by itself."""
        self.templated: list[Location] = []
        self._levels: dict[int, _Level] = {}
        for location in server.locations:
            self._add(location)

    def _add(self, location: Location) -> None:
        if location.is_named:
            self.named.setdefault(location.path, location)
        elif location.modifier == "server":
            self.own = location
        elif location.modifier in _MATCHING:
            if location.directive.templated:
                self.templated.append(location)
            else:
                self._levels.setdefault(id(location.parent) if location.parent else 0, _Level()).add(location)

    def find(self, exchange: Exchange) -> Found:
        """The location for the exchange's path. A pattern that matches leaves its groups there. Raises Undecided."""
        start: Location | None = None
        best: Location | None = self.own
        while True:
            trail: list[tuple[_Level, bool]] = []
            settled = self._descend(exchange.uri, start, trail)
            if isinstance(settled, Found):
                # Below a pattern nginx forgets that it wanted to redirect.
                return Found(settled.location, settled.redirect and start is None)
            best = settled or best
            hit = _by_pattern(exchange, trail)
            if hit is None:
                return Found(best)
            start = best = hit

    def _descend(self, path: str, start: Location | None, trail: list[tuple[_Level, bool]]) -> Found | Location | None:
        """From one level down along the longest prefixes. ``trail``: the levels passed, and whether patterns don't
        count there (``^~``)."""
        location, best = start, None
        while (level := self._levels.get(id(location) if location else 0)) is not None:
            if (exact := level.exact.get(path)) is not None:
                return Found(exact)
            longest = level.longest(path)
            if longest is None or octets(longest.path) != path:
                redirecting = level.redirecting(path)
                if redirecting is not None:
                    return Found(redirecting, redirect=True)
            trail.append((level, longest is not None and longest.modifier == "^~"))
            if longest is None:
                break
            location = best = longest
        return best


def _by_pattern(exchange: Exchange, trail: list[tuple[_Level, bool]]) -> Location | None:
    """The first pattern that matches, the innermost level first."""
    for level, skipped in reversed(trail):
        for location in () if skipped else level.patterns:
            span = location.directive.args_span
            if exchange.matches(location.path, exchange.uri, span, caseless=location.modifier == "~*"):
                return location
    return None
