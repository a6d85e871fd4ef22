"""A loopback target on a host where nothing listens, while the app runs on another host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.stack import Route
from cfgcheck.rules.contract import Case, Hit


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    route: Route = case.subject
    if not route.nearest:
        return
    app, listener = route.nearest[0]
    address = listener.address.value
    if not app.host or app.host == route.proxy.host:
        return
    known = case.stack.hosts[app.host].addresses if app.host in case.stack.hosts else ()
    host = known[0] if known else app.host
    yield Hit(
        related=[(listener.address, f"{app.label} listens on {address}, on host {app.host}")],
        values={
            "app": app.label,
            "host": app.host,
            "reach": f"{f'[{host}]' if ':' in host else host}:{address.port_text}",
            "loopback": address.is_loopback,
        },
    )
