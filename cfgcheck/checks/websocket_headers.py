"""Upgrade and Connection towards the upstream: missing where websockets go, and there where plain requests go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import App, AppKind
from cfgcheck.model.located import Located, UnknownValue
from cfgcheck.model.nginx import Location
from cfgcheck.rules.contract import Case, Hit

_SEGMENT = re.compile(r"(?:^|[/^(|])(?:wss?|websockets?|socket\\?\.io)(?=$|[/$)|?])", re.IGNORECASE)
"""A part of a location's path that names websockets."""

_LIKE_WEBSOCKETS = re.compile(
    r"(?i)w(?:eb)?s(?:ocket|$|[^a-z])|sock|cable|live|stream|channel|event|push|chat|realtime|rtc|hub|signal|mqtt|graphql"
    r"|echo|notif|kernel|term|console|vnc|lsp|hmr|sub"
)
"""Parts of a path by which a location may be meant for websockets alone."""


def check(case: Case, params: Mapping[str, Any]) -> Iterator[Hit | Unchecked]:
    """``params``: ``wanted`` is ``missing`` or ``unconditional``."""
    location: Location = case.subject
    if location.passes is None or location.passes.family != "proxy":
        return
    apps = [route.app for route in case.routes_of(location) if route.matched and route.app is not None]
    if apps:
        yield from _JUDGES[params["wanted"]](case, location, apps)


def _missing(case: Case, location: Location, apps: list[App]) -> Iterator[Hit]:
    upgrade = location.sends("Upgrade")
    named = _SEGMENT.search(location.path) is not None
    declared = case.stack.declared.takes_websockets(location)
    if not (declared or upgrade.value or (named and any(_speaks_asgi(app) for app in apps))):
        return
    parts = [] if upgrade.value else ["Upgrade"]
    if not _upgrades(location):
        parts.append("Connection")
    version = location.http_version
    if version.known and version.value == "1.0":
        parts.append("HTTP/1.1")
    if not parts and not version.known:
        raise UnknownValue(Located.unknown(version.because, version.span))
    if parts:
        # Where nginx's version would have to tell, to say it costs nothing.
        lines = parts if version.known else [*parts, "HTTP/1.1"]
        missing = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
        yield Hit(
            at=(upgrade if upgrade.value else None, location.passes),
            label=f"without {missing}",
            related=[(app, f"{app.facts.worker_class.get('the app')} worker") for app in apps[:1]],
            values={
                "parts": missing,
                "only_version": parts == ["HTTP/1.1"],
                "mapped": "Connection" in parts,
                "lines": " ".join(_LINES[part] for part in lines),
            },
        )


_LINES = {
    "Upgrade": "proxy_set_header Upgrade $http_upgrade;",
    "Connection": "proxy_set_header Connection $connection_upgrade;",
    "HTTP/1.1": "proxy_http_version 1.1;",
}


def _speaks_asgi(app: App) -> bool:
    """Whether the app's workers take websockets; unknown for a worker class of the project's own."""
    if app.kind is AppKind.GRANIAN:
        return app.settings["interface"].value != "wsgi" and bool(app.settings["websockets"].value)
    if app.kind is AppKind.GUNICORN:
        return app.facts.worker_class.value in ("asgi", "uvicorn")
    return app.kind in (AppKind.UVICORN, AppKind.HYPERCORN, AppKind.DAPHNE)


def _upgrades(location: Location) -> bool:
    """Whether Connection is ``upgrade`` for a request that asks for one."""
    written = location.header_value("Connection").value
    if written is None:
        return False
    if "$" not in written:
        return "upgrade" in written.lower()
    table = location.server.proxy.maps.get(written.removeprefix("$").strip("{}"))
    result = table.result_for("websocket") if table is not None and table.source == "$http_upgrade" else None
    return result is None or "$" in result or "upgrade" in result.lower()


def _unconditional(case: Case, location: Location, apps: list[App]) -> Iterator[Hit]:
    if location.modifier not in ("", "^~", "~", "~*", "@") or _LIKE_WEBSOCKETS.search(location.path):
        return
    connection = location.header_value("Connection")
    if (connection.value or "").strip().lower() != "upgrade" or case.stack.declared.takes_websockets(location):
        return
    yield Hit(at=connection, label="for plain requests too", related=[(location, "serves more than websockets")])


_JUDGES = {"missing": _missing, "unconditional": _unconditional}
