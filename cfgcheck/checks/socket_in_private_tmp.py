"""A socket below /tmp where one of the two ends has a /tmp of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.address import normal_path
from cfgcheck.model.app import App, Listener
from cfgcheck.model.stack import Route
from cfgcheck.model.unit import Unit
from cfgcheck.rules.contract import Case, Hit


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    app: App = case.subject
    listener: Listener = case.element
    address = listener.address.value
    if not address.is_unix or address.abstract or listener.handed:
        return
    if not normal_path(address.path).startswith(("/tmp/", "/var/tmp/")):
        return
    routes, unit = case.routes_of(listener), app.unit
    if unit is not None and any(route.proxy.unit is unit for route in routes):
        return
    if unit is not None and unit.private_tmp.value:
        yield _hit(listener, unit, routes)
        return
    for route in routes:
        other = route.proxy.unit
        if other is not None and other.private_tmp.value:
            yield _hit(listener, other, [route])
            return


def _hit(listener: Listener, unit: Unit, routes: Iterable[Route]) -> Hit:
    target = next((route.passes for route in routes), None)
    return Hit(
        at=(listener.address, listener),
        label="in a /tmp that only one of the two sees",
        related=[(unit.private_tmp, f"{unit.label} has a /tmp of its own"), (target, "nginx looks for it here")],
        values={"path": listener.address.value.path, "whose": unit.label, "name": unit.name.removesuffix(".service")},
    )
