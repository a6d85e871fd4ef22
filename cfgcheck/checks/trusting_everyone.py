"""A trust list of ``*`` where others than nginx can connect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import App, Listener
from cfgcheck.model.exposure import published
from cfgcheck.model.forwarded import allowed, trust_list
from cfgcheck.model.stack import Route
from cfgcheck.rules.contract import Case, Hit


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    listener: Listener = case.subject
    routes = [route for route in case.routes_of(listener) if route.matched and route.app is not None]
    app = routes[0].app if routes else None
    name = trust_list(app) if app is not None else ""
    if app is None or not name or not _open(case, listener, app, routes):
        return
    setting = app.settings[name]
    if not setting.known and all(use.canonical != name for use in app.uses):
        return
    if "*" in allowed(setting):
        door = published(case.stack, app, listener)
        label = "believes whoever connects"
        yield Hit(
            at=(setting, listener.address, app),
            label=label if setting.span else f"open to the network, and {app.label} {label}",
            related=[
                (door, "open to the networks of the machine"),
                (listener.address, "open to the network" if door is None else "what the published port leads to"),
                (routes[0].passes, "nginx itself comes this way"),
            ],
            values={"port": "" if door is None else str(door.port or "random")},
        )


def _open(case: Case, listener: Listener, app: App, routes: Sequence[Route]) -> bool:
    """Whether others than nginx reach it: nginx is on the same machine or a declared one, not in the same network of
    containers, or the port is published."""
    exposed = case.stack.declared.app(app.name).exposed
    if exposed is not None and exposed.value:
        return True
    if case.stack.host(app.host).inner:
        at_hand = app.unit is not None and app.unit.development
        return not at_hand and published(case.stack, app, listener) is not None
    return any(_by_address(route) for route in routes)


def _by_address(route: Route) -> bool:
    assert route.peer is not None
    target = route.peer.address.value
    return target.is_ip or target.is_loopback or target.is_wildcard or "." in target.host
