"""An app on loopback of another host than nginx's: what to write so that it listens where nginx comes in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.address import Address
from cfgcheck.model.app import App, AppKind, Listener
from cfgcheck.model.exposure import published
from cfgcheck.model.listening import listen_on
from cfgcheck.model.stack import Route
from cfgcheck.record import replace
from cfgcheck.rules.changes import Change, Setting
from cfgcheck.rules.contract import Case, Hit

_HOST_ALONE = (AppKind.UVICORN, AppKind.GRANIAN, AppKind.DAPHNE)
_BELIEVERS = (AppKind.GUNICORN, AppKind.UVICORN)


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    route: Route = case.subject
    assert route.peer is not None
    app, listener = route.nearest[0]
    target = route.peer.address.value
    led = target.is_loopback or target.is_wildcard
    address = listener.address.value
    host = target.host if target.is_ip and not led and not case.stack.host(app.host).inner else "0.0.0.0"
    port = address.port if led or address.port is not None else target.port
    wanted = Address.tcp(host, port)
    trusted = _trusted(case, route, app, replace(listener, address=listener.address.with_value(wanted)))
    yield Hit(
        values={
            "host": case.stack.host(app.host).shown,
            "own": case.stack.host(route.proxy.host).shown,
            "setting": listen_on(app, listener, wanted),
            "led": led,
            "trusted": trusted,
        },
        changes=[*_changes(app, listener, wanted, trusted)],
    )


def _changes(app: App, listener: Listener, wanted: Address, trusted: str) -> Iterator[Change]:
    """Where it is the only one of its kind; what a manager opens and hands over is not the app's to choose."""
    if listener.handed or len([one for one in app.listeners if one.option == listener.option]) > 1:
        return
    if app.kind in _HOST_ALONE:
        yield Setting(app, "host", wanted.host)
    else:
        yield Setting(app, "listen" if app.kind is AppKind.WAITRESS else listener.option, str(wanted))
    if trusted:
        yield Setting(app, "forwarded_allow_ips", trusted)


def _trusted(case: Case, route: Route, app: App, listener: Listener) -> str:
    """Whose headers the app is to believe from then on, if nginx sends any; "" where that is as it should be already,
    or nobody knows."""
    if app.kind not in _BELIEVERS or app.settings["forwarded_allow_ips"].by_hand:
        return ""
    sent = route.location.header_set
    if not sent.known or not any(one.key.startswith("x-forwarded-") and not one.cleared for one in sent.value):
        return ""
    nginx = case.stack.host(route.proxy.host)
    if nginx.addresses:
        return ",".join(("127.0.0.1", nginx.addresses[0]))
    inside = nginx.inner and case.stack.host(app.host).inner
    return "*" if inside and published(case.stack, app, listener) is None else ""
