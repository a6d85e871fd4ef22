"""Headers with an underscore in their names, which Gunicorn drops or refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import AppKind, Protocol
from cfgcheck.model.forwarded import allowed, heeds_header_settings, trusted
from cfgcheck.model.stack import Route
from cfgcheck.rules.contract import Case, Hit


def check(case: Case, params: Mapping[str, Any]) -> Iterator[Hit | Unchecked]:
    route: Route = case.subject
    app, listener = route.app, route.listener
    assert app is not None and listener is not None
    if app.kind is not AppKind.GUNICORN or route.passes.family != "proxy":
        return
    suspects = [header for header in route.location.headers if "_" in header.name and not header.cleared]
    if not suspects or listener.protocol.value is not Protocol.HTTP or not heeds_header_settings(app):
        return
    treatment = app.settings["header_map"]
    if treatment.value == "dangerous":
        return
    for header in route.location.header_set.value:
        if header in suspects and not (_may_override(route, header.name) and trusted(route, case.stack)):
            yield Hit(
                at=header,
                label="not a name that Gunicorn takes",
                related=[((treatment if treatment.span else app), f"header_map is {treatment.value}")],
                values={
                    "name": header.name,
                    "dashed": "-".join(part.capitalize() for part in header.name.split("_")),
                    "refused": treatment.value == "refuse",
                },
            )


def _may_override(route: Route, name: str) -> bool:
    """Whether a trusted peer may send that header all the same (``forwarder_headers``, Gunicorn 23 and later)."""
    assert route.app is not None
    if route.app.version.value < (23,):
        return False
    names = allowed(route.app.settings["forwarder_headers"])
    return "*" in names or name.upper() in names
