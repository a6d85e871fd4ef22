"""TLS versions that nginx offers to an upstream against those that Gunicorn speaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import App, Listener
from cfgcheck.model.located import Located
from cfgcheck.model.stack import Route
from cfgcheck.rules.contract import Case, Hit

_MODERN = ("TLSv1.2", "TLSv1.3")

_ONLY: Mapping[str, str] = {
    "3": "TLSv1",
    "TLSv1": "TLSv1",
    "4": "TLSv1.1",
    "TLSv1_1": "TLSv1.1",
    "5": "TLSv1.2",
    "TLSv1_2": "TLSv1.2",
}
"""``ssl_version`` up to Gunicorn 20.1 → the only version spoken: names, and the numbers of Python's ``ssl`` module."""


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    route: Route = case.subject
    assert route.app is not None and route.listener is not None
    offered = route.location.setting(f"{route.passes.family}_ssl_protocols").value
    spoken, decided_by = _spoken(route.app, route.listener)
    if not offered or not spoken or set(offered) & set(spoken):
        return
    yield Hit(
        related=[(decided_by, f"{route.app.label} speaks {' and '.join(spoken)} only")],
        values={"offered": ", ".join(offered), "spoken": " and ".join(spoken), "answered": set(offered) & set(_MODERN)},
    )


def _spoken(app: App, listener: Listener) -> tuple[tuple[str, ...], Located[Any]]:
    """What Gunicorn speaks, and what decides it; an empty tuple where it takes whatever OpenSSL offers."""
    if app.version.value >= (21,):
        return _MODERN, listener.tls if listener.tls.span else listener.address
    setting = app.settings["ssl_version"]
    only = _ONLY.get(str(setting.value).removeprefix("PROTOCOL_"))
    return ((only,) if only else ()), setting
