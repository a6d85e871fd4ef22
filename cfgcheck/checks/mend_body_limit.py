"""nginx's limit of request bodies, made that of the app."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.model.stack import Route
from cfgcheck.model.units import in_bytes
from cfgcheck.rules.changes import Change, Statement
from cfgcheck.rules.contract import Case


def changes(case: Case, values: Mapping[str, Any]) -> Iterator[Change]:
    """In the location alone: others may lead to apps with limits of their own."""
    route: Route = case.subject
    assert route.app is not None
    declared = case.stack.declared.app(route.app.name)
    most = declared.max_body.value if declared.max_body is not None else None
    admitted = route.location.body_limit.value
    if most is None or admitted is None or admitted >= most:
        most = route.app.facts.body_limit.value
    if most:
        yield Statement(route.location, f"client_max_body_size {in_bytes(most)}")
