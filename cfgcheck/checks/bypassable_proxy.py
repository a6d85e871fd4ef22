"""Apps that can be reached around nginx: on every address of their machine, or on a published port."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import App, Listener
from cfgcheck.model.exposure import published
from cfgcheck.model.host import Doorway
from cfgcheck.model.stack import Route
from cfgcheck.rules.contract import Case, Hit


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    listener: Listener = case.subject
    routes = [route for route in case.routes_of(listener) if route.matched and route.app is not None]
    app = routes[0].app if routes else None
    if app is None or (app.unit is not None and app.unit.development):
        return
    door = published(case.stack, app, listener)
    if door is not None:
        yield _through(case, door, routes, app)
    elif not case.stack.host(app.host).inner and listener.address.value.is_wildcard and listener.address.by_hand:
        near = next((route for route in routes if _by_loopback(route, app)), None)
        if near is not None:
            yield Hit(
                at=listener.address,
                label="reached by every network of this machine",
                related=[(near.peer, "nginx needs loopback only")],
                values={"port": "", "needed": False, "inside": "", "outside": ""},
            )


def _by_loopback(route: Route, app: App) -> bool:
    assert route.peer is not None
    target = route.peer.address.value
    return route.proxy.host == app.host and (target.is_loopback or target.is_wildcard)


def _through(case: Case, door: Doorway, routes: Sequence[Route], app: App) -> Hit:
    outside = next((route for route in routes if not case.stack.host(route.proxy.host).inner), None)
    needs = "nginx needs it for this machine only" if outside is not None else "nginx does not need it"
    return Hit(
        at=(door, app),
        label="reached by every network of the machine",
        related=[((outside or routes[0]).peer, needs)],
        values={
            "port": "a random port" if door.port is None else f"port {door.port}",
            "needed": outside is not None,
            "inside": str(door.to_port),
            "outside": str(door.port),
        },
    )
