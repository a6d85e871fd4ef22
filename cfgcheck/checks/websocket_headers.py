"""Upgrade and Connection towards the upstream: missing where websockets go, and there where plain requests go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import App, AppKind
from cfgcheck.model.located import Located, UnknownValue
from cfgcheck.model.nginx import Location
from cfgcheck.model.nginx_blocks import as_statement
from cfgcheck.rules.changes import Change, Replace, Statement
from cfgcheck.rules.contract import Case, Hit
from cfgcheck.source.file import Span
from cfgcheck.syntax.nginx_tree import Directive

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
        added = parts if version.known else [*parts, "HTTP/1.1"]
        lines = [_LINES[part].format(connection=_connection(location)) for part in added]
        missing = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
        yield Hit(
            at=(upgrade if upgrade.value else None, location.passes),
            label=f"without {missing}",
            related=[(app, f"{app.facts.worker_class.get('the app')} worker") for app in apps[:1]],
            values={
                "parts": missing,
                "only_version": parts == ["HTTP/1.1"],
                "mapped": "Connection" in parts and _mapped(location),
                "lines": " ".join(f"{line};" for line in lines),
            },
            changes=list(_changes(location, added, lines)),
        )


_LINES = {
    "Upgrade": "proxy_set_header Upgrade $http_upgrade",
    "Connection": "proxy_set_header Connection {connection}",
    "HTTP/1.1": "proxy_http_version 1.1",
}
_MAP = ("map $http_upgrade $connection_upgrade {{", "{0}default upgrade;", "{0}''      close;", "}}")


def _connection(location: Location) -> str:
    """``upgrade`` where only websockets go; elsewhere a variable that is so for them alone."""
    known = _known_map(location)
    if known is not None:
        return f"${known}"
    return "upgrade" if _SEGMENT.search(location.path) else "$connection_upgrade"


def _known_map(location: Location) -> str | None:
    """A variable that yields ``upgrade`` for websockets, and something else for plain requests."""
    for name, table in location.server.proxy.maps.items():
        if table.source == "$http_upgrade" and (table.result_for("websocket") or "").lower() == "upgrade":
            return name if (table.result_for("") or "").lower() != "upgrade" else None
    return None


def _mapped(location: Location) -> bool:
    return _connection(location) == "$connection_upgrade" and _known_map(location) is None


def _changes(location: Location, parts: list[str], lines: list[str]) -> Iterator[Change]:
    """The lines in the location alone, and with them those headers that it would no longer inherit."""
    if "Connection" in parts and _mapped(location):
        if "connection_upgrade" in location.server.proxy.maps or location.server.directive.key != "server":
            return
        yield _map_in_front(location.server.directive)
    if "proxy_set_header" not in location.scope.own and parts != ["HTTP/1.1"]:
        yield from (Statement(location, line, beside=True) for line in _inherited(location, {p.lower() for p in parts}))
    yield from (Statement(location, line) for line in lines)


def _inherited(location: Location, without: set[str]) -> Iterator[str]:
    found = {}
    for header in location.header_set.value:
        line = as_statement(header, location.scope)
        found[line] = line.startswith("include") or header.key not in without
    return (line for line, wanted in found.items() if wanted)


def _map_in_front(server: Directive) -> Change:
    """The map above the server, and above the comments on it."""
    text = server.file.text
    begin = at = text.rfind("\n", 0, server.name.start) + 1
    indent = text[begin : server.name.start]
    while (above := text.rfind("\n", 0, at - 1) + 1) < at and text[above:at].lstrip().startswith("#"):
        at = above
    end = text.find("\n", server.name.start)
    ending = "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"
    blank = indent if not indent.strip() else ""
    written = ending.join(blank + line.format(_deeper(server, blank)) for line in _MAP)
    return Replace(Span(server.file, at, at), f"{written}{ending}{ending}")


def _deeper(server: Directive, indent: str) -> str:
    """By what a block is indented there."""
    first = next((one for one in server.block or () if one.file is server.file), None)
    text = server.file.text
    inner = text[text.rfind("\n", 0, first.name.start) + 1 : first.name.start] if first is not None else ""
    return inner[len(indent) :] if inner.startswith(indent) and not inner.strip() and inner != indent else "    "


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
