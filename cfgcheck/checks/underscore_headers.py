"""Headers with an underscore in their names, which Gunicorn, Daphne and waitress drop or refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import App, AppKind, Protocol
from cfgcheck.model.forwarded import allowed, heeds_header_settings, trusted
from cfgcheck.model.nginx import Header, Location
from cfgcheck.model.stack import Route
from cfgcheck.rules.changes import Change, Replace
from cfgcheck.rules.contract import Case, Hit
from cfgcheck.source.file import Span

_NAME = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\Z")

_ALWAYS = (AppKind.DAPHNE, AppKind.WAITRESS)
"""They drop such headers in every version looked at (seen with Daphne 4.2.3 and waitress 3.0.2)."""


def check(case: Case, params: Mapping[str, Any]) -> Iterator[Hit | Unchecked]:
    route: Route = case.subject
    app, listener = route.app, route.listener
    assert app is not None and listener is not None
    if route.passes.family != "proxy":
        return
    suspects = [header for header in route.location.headers if "_" in header.name and not header.cleared]
    if suspects and app.kind in _ALWAYS:
        yield from (
            _hit(header, route, (app, "drops such headers"), app, refused=False)
            for header in route.location.header_set.value
            if header in suspects
        )
    if app.kind is not AppKind.GUNICORN:
        return
    if not suspects or listener.protocol.value is not Protocol.HTTP or not heeds_header_settings(app):
        return
    treatment = app.settings["header_map"]
    if treatment.value == "dangerous":
        return
    for header in route.location.header_set.value:
        if header in suspects and not (_may_override(route, header.name) and trusted(route, case.stack)):
            why = ((treatment if treatment.span else app), f"header_map is {treatment.value}")
            yield _hit(header, route, why, app, refused=treatment.value == "refuse")


def _hit(header: Header, route: Route, why: tuple[Any, str], app: App, refused: bool) -> Hit:
    dashed = "-".join(part.capitalize() for part in header.name.split("_"))
    return Hit(
        at=header,
        label=f"not a name that {app.server} takes",
        related=[why],
        values={
            "name": header.name,
            "dashed": dashed,
            "refused": refused,
        },
        changes=list(_renamed(header, dashed, route.location)),
    )


def _renamed(header: Header, dashed: str, location: Location) -> Iterator[Change]:
    """The other name, where it is a name at all and nothing is sent under it yet."""
    name = header.directive.args[0]
    if not name.templated and _NAME.match(dashed) and not location.headers_named(dashed):
        yield Replace(Span(header.directive.file, name.start, name.end), dashed)


def _may_override(route: Route, name: str) -> bool:
    """Whether a trusted peer may send that header all the same (``forwarder_headers``, Gunicorn 23 and later)."""
    assert route.app is not None
    if route.app.version.value < (23,):
        return False
    names = allowed(route.app.settings["forwarder_headers"])
    return "*" in names or name.upper() in names
