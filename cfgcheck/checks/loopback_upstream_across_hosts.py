"""A loopback target on a host where nothing listens, while the app runs on another host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import App
from cfgcheck.model.host import Doorway, DoorwayKind
from cfgcheck.model.stack import Route, Stack
from cfgcheck.rules.contract import Case, Hit


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    route: Route = case.subject
    if not route.nearest:
        return
    app, listener = route.nearest[0]
    address = listener.address.value
    if not app.host or app.host in (route.proxy.host, *route.at):
        return
    theirs = case.stack.host(app.host)
    yield Hit(
        related=[(listener.address, f"{app.label} listens on {address}, {theirs.within}")],
        values={
            "app": app.label,
            "host": theirs.within,
            "own": case.stack.host(route.proxy.host).within,
            "reach": _reach(case.stack, route, app, address.port),
            "everywhere": f"0.0.0.0:{address.port_text}" if address.is_tcp and address.is_loopback else "",
        },
    )


def _reach(stack: Stack, route: Route, app: App, port: int | None) -> str:
    """Host and port by which nginx reaches the app; "" where it has no way."""
    ours, theirs = stack.host(route.proxy.host), stack.host(app.host)
    if port is None:
        return ""
    known = (door for door in stack.doorways if door.networks & ours.networks)
    service = next((door for door in known if _serves(door, app, port)), None)
    if service is not None:
        return f"{service.names[0]}:{service.port or port}"
    names = theirs.names if theirs.networks & ours.networks else ()
    name = next(iter((*theirs.addresses, *names) if not theirs.inner else (*names, *theirs.addresses)), "")
    if not name and not theirs.inner:
        name = theirs.name
    return f"{f'[{name}]' if ':' in name else name}:{port}" if name else ""


def _serves(door: Doorway, app: App, port: int) -> bool:
    return door.kind is DoorwayKind.SERVICE and door.to == app.host and door.to_port == port and bool(door.names)
