"""A target where nothing listens: what stands nearest, and what to write on which side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Severity, Unchecked
from cfgcheck.model.address import Address
from cfgcheck.model.app import App, AppKind, Listener
from cfgcheck.model.located import Origin
from cfgcheck.model.stack import Link, Route
from cfgcheck.rules.contract import Case, Hit

_SHOWN = 2


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    route: Route = case.subject
    if not route.nearest or route.peer is None:
        return
    app, listener = route.nearest[0]
    target = route.peer.address.value
    pooled = _pooled(route, case)
    tried_once = route.location.family_setting("next_upstream")
    yield Hit(
        related=[(one.address, f"{its.label} listens on {one.address.value}") for its, one in route.nearest[:_SHOWN]],
        values={
            "near": str(listener.address.value),
            "app": app.label,
            "nginx_side": nginx_side(route, listener.address.value),
            "app_side": app_side(app, listener, target),
            "pooled": pooled,
            "retried": not (tried_once.known and "off" in tried_once.value),
        },
        severity=Severity.WARNING if pooled else None,
    )


def _pooled(route: Route, case: Case) -> bool:
    """Whether other servers of the upstream take the requests: then mostly a line in the log is left to see."""
    others = (other for other in case.routes_of(route.upstream) if other.location is route.location)
    return any(other.peer is not route.peer and other.link is not Link.NO_LISTENER for other in others)


def nginx_side(route: Route, near: Address) -> str:
    """The statement that would reach the nearest listener."""
    assert route.peer is not None and route.upstream is not None
    host = near.host
    if near.is_wildcard:
        target = route.peer.address.value
        fits = target.is_tcp and not target.is_wildcard and (near.family == 6 or target.family != 6)
        host = target.host if fits else "::1" if near.family == 6 else "127.0.0.1"
    host = f"[{host}]" if ":" in host else host
    address = str(near) if near.is_unix else f"{host}:{near.port_text}"
    if not route.upstream.implicit:
        return f"server {address};"
    passes = route.passes
    scheme = f"{'https' if passes.tls else 'http'}://" if passes.family == "proxy" else ""
    uri = (f":{passes.uri}" if near.is_unix else passes.uri) if passes.uri else ""
    return f"{passes.verb} {scheme}{address}{uri};"


def app_side(app: App, listener: Listener, target: Address) -> str:
    """The setting with which the app would listen where nginx looks."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    address = target.path if target.is_unix else f"{host}:{target.port_text}"
    if app.kind is AppKind.GUNICORN and target.is_unix:
        address = f"unix:{address}"
    if listener.address.origin is Origin.CLI:
        return f"--{listener.option} {address}"
    return f'{listener.option} = "{address}"' if app.kind is AppKind.GUNICORN else f"{listener.option} = {address}"
