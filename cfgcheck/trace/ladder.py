"""The ladder of a request: every limit on its way in order, and which one it meets first."""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.model.nginx import Location
from cfgcheck.model.stack import Link, Route, Stack
from cfgcheck.record import record, replace
from cfgcheck.trace.hop import End, Hop, Way
from cfgcheck.trace.limits import Binding, Cut, Rung
from cfgcheck.trace.limits_app import app_side
from cfgcheck.trace.limits_binding import bindings, retried
from cfgcheck.trace.limits_edge import edge_side, stop_side
from cfgcheck.trace.limits_nginx import client_side, upstream_side
from cfgcheck.trace.limits_request import cuts_in_app, cuts_in_nginx
from cfgcheck.trace.request import Request

_REFUSED = 502
"""Where nothing listens (facts: gunicorn 1.x): refused, or no such file."""


@record(frozen=True, eq=False)
class Ladder:
    """What holds for a request on its way.

    ``request``: as the client sends it. ``rungs``: from the client to the app. ``bindings``: which of them are met
    first. ``cuts``: limits that this very request is above, the first one first. ``route``: the one that the rungs
    behind nginx are of; ``other_routes``: other peers that may get it. ``ends``: what becomes of it, one sentence;
    ``status``: what the client gets, where the configuration tells. ``fails``: it is cut off for certain.
    """

    request: Request | None
    way: Way
    rungs: tuple[Rung, ...]
    bindings: tuple[Binding, ...]
    cuts: tuple[Cut, ...]
    route: Route | None
    other_routes: tuple[Route, ...]
    ends: str
    status: int | None
    fails: bool


def ladder(stack: Stack, way: Way, request: Request | None = None) -> Ladder:
    """All limits of a request's way. ``way``: its last hop is the one that passes to an app, or ends it. ``request``:
    as the client sends it, where something before the first nginx changes it (ends TLS)."""
    way = _up_to_the_app(way)
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
    dead = route is not None and route.link in (Link.NO_LISTENER, Link.WRONG_PROTOCOL)
    found = () if last is None or dead else tuple(bindings(rungs, route, last.request.method))
    request = request or (way.hops[0].request if way.hops else None)
    return Ladder(request, way, tuple(rungs), found, tuple(cuts), route, others, *_ending(last, route, cuts, way))


def _up_to_the_app(way: Way) -> Way:
    """Without what lies behind a server that is asked only when an app is down (a page of a backup's)."""
    for number, hop in enumerate(way.hops):
        route = _chosen(hop)
        if route is not None and route.matched:
            return replace(way, hops=way.hops[: number + 1])
    return way


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
    yield from client_side(hop.server, hop.location, _owner(hop, way), _measured(hop))


def _measured(hop: Hop) -> list[Location]:
    """The locations at which nginx looks at the body's length: each one that is chosen for a path, by rewriting and
    redirecting inside, too, but no named one (seen with nginx 1.31.3)."""
    if hop.location is None or hop.server is None:
        return []
    places = {step.span.key for step in hop.steps if step.span is not None and not step.text.endswith("left out")}
    chosen = [one for one in hop.server.locations if one.span.key in places]
    found = [one for one in chosen or [hop.location] if not one.is_named]
    return found or [hop.location]


def _chosen(hop: Hop) -> Route | None:
    """The route to tell of: one that leads to an app, if there is any."""
    order = (Link.MATCHED, Link.WRONG_PROTOCOL, Link.UNKNOWN, Link.EXTERNAL, Link.NO_LISTENER)
    for link in order:
        for route in hop.routes:
            if route.link is link:
                return route
    return None


def _ending(hop: Hop | None, route: Route | None, cuts: list[Cut], way: Way) -> tuple[str, int | None, bool]:
    if hop is None:
        return "no nginx takes it", None, True
    if cuts:
        return cuts[0].text, cuts[0].rung.outcome.status, True
    if hop.end is End.NOBODY:
        because = hop.because or "no server listens there"
        if _may_listen(hop):
            return (
                f"whether nginx listens on port {hop.request.port} is not known: it has one that no file tells",
                None,
                False,
            )
        return because, hop.status, True
    if hop.end is End.UNKNOWN:
        return f"where it goes is not known: {hop.because}", None, False
    if hop.end is End.ANSWERS:
        what = f"{_owner(hop, way)} answers it itself"
        return (f"{what}: {hop.status}" if hop.status else what), hop.status, False
    if hop.end is End.FILES:
        return f"{_owner(hop, way)} serves it from files", hop.status, False
    return _passed(hop, route, _owner(hop, way))


def _may_listen(hop: Hop) -> bool:
    """Whether the proxy listens on a port that nobody knows: then it is not certain that nobody takes it."""
    listens = [listen.address for server in hop.proxy.servers for listen in server.listens]
    unclear = any(not one.known or (one.value.is_tcp and one.value.port is None) for one in listens)
    return hop.server is None and unclear


def _passed(hop: Hop, route: Route | None, owner: str) -> tuple[str, int | None, bool]:
    if route is None:
        return f"{owner} passes it on, where to is not known: {hop.because}".rstrip(": "), None, False
    peer = str(route.peer.address.value) if route.peer and route.peer.address.known else route.passes.host_text
    if route.link is Link.MATCHED and route.app is not None:
        return f"it reaches {route.app.label} at {peer}", None, False
    if route.link is Link.WRONG_PROTOCOL and route.app is not None and route.listener is not None:
        spoken = route.listener.protocol
        theirs = spoken.value.value if spoken.known else "something else"
        return (
            f"{route.app.label} at {peer} expects {theirs}, {owner} speaks {route.passes.protocol.value}",
            None,
            True,
        )
    if route.link is Link.NO_LISTENER:
        return f"nothing known listens at {peer}, where {owner} passes it", _REFUSED, True
    if route.link is Link.EXTERNAL:
        because = f": {route.because}" if route.because else ""
        return f"it leaves for {peer}, which is none of the apps here{because}", None, False
    return f"whether an app listens at {peer} is not known: {route.because}", None, False
