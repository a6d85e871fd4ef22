"""An app on loopback of another host than nginx's: what to write so that it listens where nginx comes in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.address import Address
from cfgcheck.model.listening import listen_on
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
    port = address.port if led or address.port is not None else target.port
    yield Hit(
        values={
            "host": case.stack.host(app.host).shown,
            "own": case.stack.host(route.proxy.host).shown,
            "setting": listen_on(app, listener, Address.tcp(host, port)),
            "led": led,
        }
    )
