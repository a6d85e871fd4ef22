"""A socket below /tmp where one of the two ends has a /tmp of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.address import normal_path
from cfgcheck.model.app import App, Listener
from cfgcheck.model.stack import Route
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.rules.changes import Change, Order, Replace
from cfgcheck.rules.contract import Case, Hit
from cfgcheck.source.file import Span

_NAME = re.compile(r"[\w.-]+\Z", re.ASCII)


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
        yield _hit(app, listener, unit, routes)
        return
    for route in routes:
        other = route.proxy.unit
        if other is not None and other.private_tmp.value:
            yield _hit(app, listener, other, routes)
            return


def _hit(app: App, listener: Listener, unit: Unit, routes: Sequence[Route]) -> Hit:
    target = next((route.passes for route in routes), None)
    folder = _folder(app)
    return Hit(
        at=(listener.address, listener),
        label="in a /tmp that only one of the two sees",
        related=[(unit.private_tmp, f"{unit.label} has a /tmp of its own"), (target, "nginx looks for it here")],
        values={
            "path": listener.address.value.path,
            "whose": unit.label,
            "name": folder or unit.name.removesuffix(".service"),
        },
        changes=_moved(app, listener, routes, folder),
    )


def _folder(app: App) -> str:
    """The folder below /run for the app's socket: one that its unit makes already, else one of the unit's name; "" for
    an app that no systemd unit starts."""
    unit = app.unit
    if unit is None or unit.manager is not Manager.SYSTEMD:
        return ""
    own = [made for made in unit.runtime_directories if made.span is not None and made.span.file in unit.files]
    made = next((made.value for made in own if made.known and made.value.startswith("/run/")), "")
    name = unit.name.removesuffix(".service")
    return made.removeprefix("/run/") or (name if _NAME.match(name) else "")


def _moved(app: App, listener: Listener, routes: Sequence[Route], folder: str) -> list[Change]:
    """Both ends at the new path, and its folder; nothing where one of the places does not hold the old path."""
    old = listener.address.value.path
    places = [_within(listener.address.span, old), *(_within(_target(route), old) for route in routes)]
    if not folder or app.unit is None or not routes or None in places:
        return []
    new = f"/run/{folder}/{old.rpartition('/')[2]}"
    moved: list[Change] = [Replace(place, new) for place in dict.fromkeys(places) if place is not None]
    made = any(made.get("") == f"/run/{folder}" for made in app.unit.runtime_directories)
    return moved if made else [Order(app.unit, "runtime_directory", folder), *moved]


def _target(route: Route) -> Span | None:
    """Where the socket's path stands: in the pass itself, or in the ``server`` of an ``upstream{}``."""
    if route.upstream is not None and not route.upstream.implicit:
        return route.peer.span if route.peer is not None else None
    return route.passes.span


def _within(span: Span | None, path: str) -> Span | None:
    """The path itself in what is written at a place; None where it is not there in one piece, and once."""
    if span is None or span.text.count(path) != 1:
        return None
    start = span.start + span.text.index(path)
    return Span(span.file, start, start + len(path))
