"""A ``keepalive`` that does nothing: what it lacks in the location, or away with it where it never can do anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.model.nginx import Location
from cfgcheck.model.nginx_blocks import block_with
from cfgcheck.model.stack import Route
from cfgcheck.rules.changes import Change, Remove, Statement
from cfgcheck.rules.contract import Case


def changes(case: Case, values: Mapping[str, Any]) -> Iterator[Change]:
    route: Route = case.subject
    if _useless(route):
        place = route.upstream.keepalive.span if route.upstream is not None else None
        if place is not None and all(_useless(other) for other in case.routes_of(route.upstream)):
            yield Remove(place)
        return
    yield from _completed(route.location)


def _useless(route: Route) -> bool:
    """Whether no connection can ever be kept on this way: the protocol has none, or the app closes every one."""
    return route.passes.family != "proxy" or (
        route.listener is not None and route.matched and route.listener.keepalive.get(0.0) is None
    )


def _completed(location: Location) -> Iterator[Change]:
    """Nothing where somebody sends a Connection header on purpose: websockets need theirs."""
    header = location.header("Connection")
    if header is not None and (header.value or "").lower() != "close":
        if not header.cleared:
            return
    elif (block := block_with(location, "proxy_set_header")) is None:
        return
    else:
        yield Statement(block, 'proxy_set_header Connection ""')
    if location.http_version.value != "1.1":
        yield Statement(location, "proxy_http_version 1.1")
