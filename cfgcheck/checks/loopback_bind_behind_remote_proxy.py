"""An app on loopback of another host than nginx's: what to write so that it listens where nginx comes in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import App, AppKind, Listener
from cfgcheck.model.located import Origin
from cfgcheck.model.stack import Route
from cfgcheck.rules.contract import Case, Hit


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    route: Route = case.subject
    assert route.peer is not None
    app, listener = route.nearest[0]
    target = route.peer.address.value
    led = target.is_loopback or target.is_wildcard
    address = listener.address.value
    host = target.host if target.is_ip and not led and not case.stack.host(app.host).inner else "0.0.0.0"
    port = address.port_text if led or address.port is not None else target.port_text
    yield Hit(
        values={
            "host": case.stack.host(app.host).shown,
            "own": case.stack.host(route.proxy.host).shown,
            "setting": _setting(app, listener, f"[{host}]:{port}" if ":" in host else f"{host}:{port}"),
            "led": led,
        }
    )


def _setting(app: App, listener: Listener, address: str) -> str:
    if listener.address.origin is Origin.CLI:
        return f"--{listener.option} {address}"
    return f'{listener.option} = "{address}"' if app.kind is AppKind.GUNICORN else f"{listener.option} = {address}"
