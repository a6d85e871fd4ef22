"""What a request meets on its way, as findings call it."""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.findings import Finding
from cfgcheck.model.stack import Route
from cfgcheck.trace.hop import Way


def on_the_way(findings: tuple[Finding, ...], way: Way) -> list[Finding]:
    """The findings about servers, locations, upstreams, routes and apps of this way."""
    names = set(_names(way))
    return [one for one in findings if one.subject in names or not names.isdisjoint(one.also)]


def _names(way: Way) -> Iterator[str]:
    for hop in way.hops:
        yield hop.proxy.label
        if hop.server is not None:
            yield hop.server.label
        location = hop.location
        if location is not None:
            yield f"{location.server.label} {location.label}"
        for route in hop.routes:
            yield from _of_route(route)


def _of_route(route: Route) -> Iterator[str]:
    yield route.label
    if route.upstream is not None:
        yield route.upstream.label
        if route.peer is not None and route.peer.address.known:
            yield f"{route.upstream.label} → {route.peer.address.value}"
    if route.app is not None:
        yield route.app.label
        yield from (unit.label for unit in (route.app.unit.outward if route.app.unit is not None else ()))
        if route.listener is not None and route.listener.address.known:
            yield f"{route.app.label} on {route.listener.address.value}"
