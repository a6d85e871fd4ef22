"""The ladder of a request: every limit on its way in order, and which one it meets first."""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.model.stack import Link, Route, Stack
from cfgcheck.record import record
from cfgcheck.trace.hop import End, Hop, Way
from cfgcheck.trace.limits import Binding, Cut, Rung
from cfgcheck.trace.limits_app import app_side
from cfgcheck.trace.limits_binding import bindings, retried
from cfgcheck.trace.limits_edge import edge_side, stop_side
from cfgcheck.trace.limits_nginx import client_side, upstream_side
from cfgcheck.trace.limits_request import cuts_in_app, cuts_in_nginx

_REFUSED = 502
"""Where nothing listens (facts: gunicorn 1.x): refused, or no such file."""


@record(frozen=True, eq=False)
class Ladder:
    """What holds for a request on its way.

    ``rungs``: from the client to the app. ``cuts``: limits that this very request is above, the first one first.
    ``route``: the one that the rungs behind nginx are of; ``other_routes``: other peers that may get it.
    ``ends``: what becomes of it, one sentence; ``status``: what the client gets, where the configuration tells.
    ``fails``: it is cut off for certain.
    """

    way: Way
    rungs: tuple[Rung, ...]
    bindings: tuple[Binding, ...]
    cuts: tuple[Cut, ...]
    route: Route | None
    other_routes: tuple[Route, ...]
    ends: str
    status: int | None
    fails: bool


def ladder(stack: Stack, way: Way) -> Ladder:
    """All limits of a request's way. ``way``: its last hop is the one that passes to an app, or ends it."""
    rungs: list[Rung] = []
    cuts: list[Cut] = []
    for hop in way.hops:
        inside = list(_in_nginx(hop, way))
        cuts += cuts_in_nginx(hop, inside)
        rungs += inside
        if (outward := _chosen(hop)) is not None:
            rungs += upstream_side(outward, hop.request.method, _owner(hop, way))
    last = way.hops[-1] if way.hops else None
    route = _chosen(last) if last is not None else None
    if last is not None and route is not None and route.app is not None and route.link is Link.MATCHED:
        behind = list(app_side(stack, route))
        cuts += cuts_in_app(last, route, behind)
        rungs += retried(behind, route, last.request.method)
        rungs += stop_side(route.app)
    others = tuple(one for one in (last.routes if last is not None else ()) if one is not route)
    found = tuple(bindings(rungs, route, last.request.method)) if last is not None else ()
    return Ladder(way, tuple(rungs), found, tuple(cuts), route, others, *_ending(last, route, cuts))


def _owner(hop: Hop, way: Way) -> str:
    """What this nginx is called: just that where there is one on the way."""
    label = hop.proxy.label
    if len(way.hops) == 1 and not hop.proxy.ingress:
        return "nginx"
    shared = sum(1 for one in way.hops if one.proxy.label == label) > 1
    return f"{label}, {hop.server.label}" if shared and hop.server is not None else label


def _in_nginx(hop: Hop, way: Way) -> Iterator[Rung]:
    if hop.server is None:
        return
    if hop is way.hops[0] and hop.server.edge is not None:
        yield from edge_side(hop.server.edge)
    yield from client_side(hop.server, hop.location, _owner(hop, way))


def _chosen(hop: Hop) -> Route | None:
    """The route to tell of: one that leads to an app, if there is any."""
    order = (Link.MATCHED, Link.WRONG_PROTOCOL, Link.UNKNOWN, Link.EXTERNAL, Link.NO_LISTENER)
    for link in order:
        for route in hop.routes:
            if route.link is link:
                return route
    return None


def _ending(hop: Hop | None, route: Route | None, cuts: list[Cut]) -> tuple[str, int | None, bool]:
    if hop is None:
        return "no nginx takes it", None, True
    if cuts:
        return cuts[0].text, cuts[0].rung.outcome.status, True
    if hop.end is End.NOBODY:
        return hop.because or "no server listens there", hop.status, True
    if hop.end is End.UNKNOWN:
        return f"where it goes is not known: {hop.because}", None, False
    if hop.end is End.ANSWERS:
        what = f"{hop.proxy.label} answers it itself"
        return (f"{what}: {hop.status}" if hop.status else what), hop.status, False
    if hop.end is End.FILES:
        return f"{hop.proxy.label} serves it from files", hop.status, False
    return _passed(hop, route)


def _passed(hop: Hop, route: Route | None) -> tuple[str, int | None, bool]:
    if route is None:
        return f"{hop.proxy.label} passes it on, where to is not known: {hop.because}".rstrip(": "), None, False
    peer = str(route.peer.address.value) if route.peer and route.peer.address.known else route.passes.host_text
    if route.link is Link.MATCHED and route.app is not None:
        return f"it reaches {route.app.label} at {peer}", None, False
    if route.link is Link.WRONG_PROTOCOL and route.app is not None and route.listener is not None:
        spoken = route.listener.protocol
        theirs = spoken.value.value if spoken.known else "something else"
        return (
            f"{route.app.label} at {peer} expects {theirs}, {hop.proxy.label} speaks {route.passes.protocol.value}",
            None,
            True,
        )
    if route.link is Link.NO_LISTENER:
        return f"nothing known listens at {peer}, where {hop.proxy.label} passes it", _REFUSED, True
    if route.link is Link.EXTERNAL:
        because = f": {route.because}" if route.because else ""
        return f"it leaves for {peer}, which is none of the apps here{because}", None, False
    return f"whether an app listens at {peer} is not known: {route.because}", None, False
