"""A target where nothing listens: what stands nearest, and what to write on which side."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Severity, Unchecked
from cfgcheck.model.address import Address
from cfgcheck.model.app import App
from cfgcheck.model.host import Doorway
from cfgcheck.model.listening import listen_on
from cfgcheck.model.retarget import retargeted
from cfgcheck.model.stack import Link, Route, Stack
from cfgcheck.rules.changes import Change, Replace
from cfgcheck.rules.contract import Case, Hit
from cfgcheck.source.file import Span

_SHOWN = 2


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    route: Route = case.subject
    if not route.nearest or route.peer is None:
        return
    app, listener = route.nearest[0]
    door = _door(case.stack, route, app)
    pooled = _pooled(route, case)
    tried_once = route.location.family_setting("next_upstream")
    shown = [(one.address, f"{its.label} listens on {one.address.value}") for its, one in route.nearest[:_SHOWN]]
    yield Hit(
        related=[*([(door, f"leads to port {door.to_port}")] if door is not None else []), *shown],
        values={
            "near": str(listener.address.value),
            "app": app.label,
            "where": _where(case.stack, route, door),
            "nginx_side": _led(door, listener.address.value) or nginx_side(route, listener.address.value),
            "app_side": listen_on(app, listener, _wanted(case.stack, route, app, door)),
            "led": door is not None,
            "pooled": pooled,
            "retried": not (tried_once.known and "off" in tried_once.value),
        },
        severity=Severity.WARNING if pooled else None,
        changes=_led_right(door, listener.address.value) if door is not None else _changes(route),
    )


def _changes(route: Route) -> list[Change]:
    """The nearest listener's address in nginx; nothing where several apps may be meant, where it speaks otherwise, or
    where the pool has that server already."""
    assert route.peer is not None and route.upstream is not None
    listener = route.nearest[0][1]
    if len({id(app) for app, _ in route.nearest}) > 1 or listener.protocol.get(None) is not route.passes.protocol:
        return []
    if listener.tls.get(not route.passes.tls) is not route.passes.tls or route.proxy.ingress:
        return []
    address = _reached_at(route, listener.address.value)
    if any(str(peer.address.value) == address for peer in route.upstream.peers if peer.address.known):
        return []
    found = retargeted(route.passes, route.upstream, route.peer, address)
    return [Replace(*found)] if found is not None else []


def _led_right(door: Doorway, near: Address) -> list[Change]:
    """The right port where a port is led on: in ``9000:8000`` of a container, in ``targetPort`` of a Service."""
    if door.span is None or door.to_port is None or near.port is None:
        return []
    pattern = rf"targetPort:[ \t]*[\"']?({door.to_port})\b" if door.names else rf":({door.to_port})(?:/tcp)?[\"']?\Z"
    found = re.findall(pattern, door.span.text)
    place = re.search(pattern, door.span.text)
    if place is None or len(found) > 1:
        return []
    start = door.span.start + place.start(1)
    return [Replace(Span(door.span.file, start, start + len(place[1])), str(near.port))]


def _door(stack: Stack, route: Route, app: App) -> Doorway | None:
    """What leads the target's port on to another port of the app's host: a published port, a Service."""
    assert route.peer is not None
    if app.host not in route.at:
        return None
    target = route.peer.address.value
    fitting = (door for door in stack.doorways if door.to == app.host and door.port == target.port and door.to_port)
    for door in fitting:
        if target.host in door.names if door.names else stack.host(route.proxy.host).inner is False:
            return door
    return None


def _where(stack: Stack, route: Route, door: Doorway | None) -> str:
    """The place where nobody listens, where the target does not name it: `port 8000 of container web`."""
    if door is not None:
        return f"which leads to port {door.to_port} of {stack.host(door.to).shown}, "
    own = stack.host(route.proxy.host)
    return f"in {own.shown}, " if own.inner and route.at == (own.name,) else ""


def _wanted(stack: Stack, route: Route, app: App, door: Doorway | None) -> Address:
    """Where the app would have to listen. From another host it is reached on every address of its own."""
    assert route.peer is not None
    target = route.peer.address.value
    if not target.is_tcp or (app.host == route.proxy.host and (target.is_ip or target.is_localhost_name)):
        return target
    if target.is_ip and not target.is_loopback and not stack.host(app.host).inner:
        return target
    return Address.tcp("0.0.0.0", door.to_port if door is not None else target.port)


def _led(door: Doorway | None, near: Address) -> str:
    """Where a port is led on, it is led to the wrong one: what to write there."""
    if door is None or near.port is None:
        return ""
    return f"targetPort: {near.port}" if door.names else f"{door.port}:{near.port}"


def _pooled(route: Route, case: Case) -> bool:
    """Whether other servers of the upstream take the requests: then mostly a line in the log is left to see."""
    others = (other for other in case.routes_of(route.upstream) if other.location is route.location)
    return any(other.peer is not route.peer and other.link is not Link.NO_LISTENER for other in others)


def nginx_side(route: Route, near: Address) -> str:
    """The statement that would reach the nearest listener; of an Ingress, the port of its backend."""
    assert route.peer is not None and route.upstream is not None
    if route.proxy.ingress:
        return f"number: {near.port_text}"
    address = _reached_at(route, near)
    if not route.upstream.implicit:
        return f"server {address};"
    passes = route.passes
    scheme = f"{'https' if passes.tls else 'http'}://" if passes.family == "proxy" else ""
    uri = (f":{passes.uri}" if near.is_unix else passes.uri) if passes.uri else ""
    return f"{passes.verb} {scheme}{address}{uri};"


def _reached_at(route: Route, near: Address) -> str:
    """The address at which nginx reaches a listener."""
    assert route.peer is not None
    if near.is_unix:
        return str(near)
    host = near.host
    if near.is_wildcard:
        target = route.peer.address.value
        fits = target.is_tcp and not target.is_wildcard and (near.family == 6 or target.family != 6)
        host = target.host if fits else "::1" if near.family == 6 else "127.0.0.1"
    return f"{f'[{host}]' if ':' in host else host}:{near.port_text}"
