"""The kind of socket that closes each connection after its response."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.model.stack import Route
from cfgcheck.rules.changes import Change, Replace
from cfgcheck.rules.contract import Case
from cfgcheck.source.file import Span


def changes(case: Case, values: Mapping[str, Any]) -> Iterator[Change]:
    """Another name for the option that opens this listener; the address stays."""
    route: Route = case.subject
    assert route.app is not None and route.listener is not None
    for use in route.app.uses:
        at = use.span.text.find(use.name)
        if use.canonical == "http11-socket" and use.value.span == route.listener.address.span and at >= 0:
            start = use.span.start + at
            yield Replace(Span(use.span.file, start, start + len(use.name)), "http-socket")
