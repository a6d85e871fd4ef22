"""The routes that a request may take from a location: those of the link, narrowed to a computed target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfgcheck.load.nginx_address import Target
from cfgcheck.load.nginx_text import key_of
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Location, Proxy, Upstream
from cfgcheck.model.stack import Route
from cfgcheck.record import replace


def passed_to(
    proxy: Proxy, location: Location, target: Located[Target] | None, routes: Sequence[Route]
) -> tuple[tuple[Route, ...], str]:
    """The routes, those to backups last; and, where they are not the whole truth, why."""
    own = [route for route in routes if route.location is location]
    if target is None or all(route.upstream is not None for route in own):
        return _backups_last(own), ""
    if not target.known:
        return _backups_last(own), f"where it is passed to: {target.because}"
    found = list(_computed(proxy, own[0], target.value, routes)) if own else []
    if found:
        return _backups_last(found), ""
    return _backups_last(own), f"it is passed to {target.text}, which no other location passes to"


def _backups_last(routes: Sequence[Route]) -> tuple[Route, ...]:
    return tuple(sorted(routes, key=lambda route: route.peer is not None and route.peer.backup))


def _computed(proxy: Proxy, own: Route, target: Target, routes: Sequence[Route]) -> Iterator[Route]:
    """Routes of other locations to the same upstream or address, as this location's."""
    upstream = proxy.upstreams.get(key_of(target.host)) if not target.port else None
    seen: set[tuple[int, int]] = set()
    for route in routes:
        if route.proxy is not proxy or route.peer is None or route.passes.protocol is not own.passes.protocol:
            continue
        if not _same(route, upstream, target):
            continue
        key = (id(route.peer), id(route.listener))
        if key not in seen:
            seen.add(key)
            yield replace(route, server=own.server, location=own.location, passes=own.passes, choice=0)


def _same(route: Route, upstream: Upstream | None, target: Target) -> bool:
    if upstream is not None:
        return route.upstream is upstream
    peer = route.peer
    return peer is not None and peer.address.known and route.upstream is not None and route.upstream.implicit and (
        peer.address.value == target.address
    )
