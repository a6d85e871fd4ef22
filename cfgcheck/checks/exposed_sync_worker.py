"""Sync workers that slow clients reach: past nginx, or through a location that does not buffer requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import App, Listener
from cfgcheck.model.exposure import published
from cfgcheck.model.located import UnknownValue
from cfgcheck.model.stack import Route, Stack
from cfgcheck.rules.contract import Case, Hit


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    app: App = case.subject
    routes = [route for route in case.routes_of(app) if route.matched]
    for route in routes:
        try:
            yield from _unbuffered(route)
        except UnknownValue as unknown:
            yield case.unchecked(unknown.located.because, unknown.located)
    reached = {id(route.listener) for route in routes}
    for listener in app.listeners:
        if not listener.address.known:
            continue
        address = listener.address.value
        if address.is_tcp and not address.is_loopback:
            yield from _exposed(case, app, listener, id(listener) in reached)


def _unbuffered(route: Route) -> Iterator[Hit]:
    if route.passes.family not in ("proxy", "uwsgi"):
        return
    setting = route.location.family_setting("request_buffering")
    if not setting.value and setting.by_hand:
        name = f"{route.passes.family}_request_buffering"
        yield Hit(
            at=(setting, route.passes),
            label="hands on the body as slowly as the client sends it",
            related=[(route.passes, "to a sync worker"), _works(route.app)],
            values={"exposed": False, "name": name, "address": ""},
        )


def _exposed(case: Case, app: App, listener: Listener, reached: bool) -> Iterator[Hit | Unchecked]:
    """Whether others than nginx come in can't be seen: it must be declared."""
    declared = case.stack.declared
    exposed = declared.app(app.name).exposed
    if declared.firewall is not None and declared.firewall.value:
        return
    if exposed is not None and exposed.value:
        yield Hit(
            at=(listener.address, app),
            label="clients connect here themselves",
            related=[(exposed, "declared here"), _works(app)],
            values={"exposed": True, "name": "", "address": str(listener.address.value)},
        )
    elif exposed is None and not reached and not _inner(case.stack, app, listener):
        yield case.unchecked("nobody says what stands before it: `exposed` in [[app]] would", listener.address)


def _inner(stack: Stack, app: App, listener: Listener) -> bool:
    """Whether only the other containers reach the port: a container or pod that does not publish it to others."""
    return stack.host(app.host).inner and published(stack, app, listener) is None


def _works(app: App | None) -> tuple[Any, str]:
    return (app.settings["worker_class"] if app else None), "a sync worker waits for the whole request"
