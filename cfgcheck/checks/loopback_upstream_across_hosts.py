"""A loopback target on a host where nothing listens, while the app runs on another host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import App, AppKind, Listener
from cfgcheck.model.exposure import published
from cfgcheck.model.forwarded import trust_list, trusted_peers
from cfgcheck.model.host import Doorway, DoorwayKind
from cfgcheck.model.retarget import retargeted
from cfgcheck.model.stack import Route, Stack
from cfgcheck.rules.changes import Change, Replace, Setting
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
    reach = _reach(case.stack, route, app, address.port)
    trust = _trust(case.stack, route, app, listener)
    yield Hit(
        related=[(listener.address, f"{app.label} listens on {address}, {theirs.within}")],
        values={
            "app": app.label,
            "host": theirs.within,
            "own": case.stack.host(route.proxy.host).within,
            "reach": reach,
            "everywhere": f"0.0.0.0:{address.port_text}" if address.is_tcp and address.is_loopback else "",
            "trust": f"{trust.name} to {trust.value}" if trust is not None else "",
        },
        changes=_changes(case.stack, route, reach, trust),
    )


def _changes(stack: Stack, route: Route, reach: str, trust: Setting | None) -> list[Change]:
    """The app's name in nginx; where the app listens on loopback in a container, every address of that; and its trust
    in a peer that is not on loopback any more. Nothing where several apps may be meant, or where that would open an app
    of a machine to others."""
    app, listener = route.nearest[0]
    if not reach or route.upstream is None or route.peer is None or len({id(one) for one, _ in route.nearest}) > 1:
        return []
    target = retargeted(route.passes, route.upstream, route.peer, reach)
    if target is None:
        return []
    changes: list[Change] = [Replace(*target)]
    if listener.address.value.is_loopback:
        opened = _opened_up(app, listener) if stack.host(app.host).inner else None
        if opened is None:
            return []
        changes.append(opened)
    return [*changes, trust] if trust is not None else changes


def _opened_up(app: App, listener: Listener) -> Setting | None:
    """What lets an app's only listener be reached from other hosts."""
    address = f"0.0.0.0:{listener.address.value.port_text}"
    if len(app.listeners) != 1:
        return None
    if app.kind in (AppKind.GUNICORN, AppKind.UWSGI):
        return Setting(app, "bind" if app.kind is AppKind.GUNICORN else listener.option, [address])
    return Setting(app, "host", "0.0.0.0") if app.kind is AppKind.UVICORN else None


def _trust(stack: Stack, route: Route, app: App, listener: Listener) -> Setting | None:
    """What lets the app go on believing nginx's headers, once nginx comes from its own address; None where it need not
    change, or where nobody knows that address."""
    name = trust_list(app)
    if not name or not any(header.key.startswith("x-forwarded-") for header in route.location.headers):
        return None
    entries = trusted_peers(app).sure
    ours = stack.host(route.proxy.host)
    if "*" in entries or any(address in entries for address in ours.addresses):
        return None
    if ours.addresses:
        return Setting(app, name, ",".join([*entries, ours.addresses[0]]))
    hidden = stack.host(app.host).inner and published(stack, app, listener) is None
    return Setting(app, name, "*") if hidden else None


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
