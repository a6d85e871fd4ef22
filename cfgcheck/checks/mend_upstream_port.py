"""The name of an ``upstream{}`` without the port that nginx refuses behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.model.nginx import Location
from cfgcheck.rules.changes import Change, Replace
from cfgcheck.rules.contract import Case
from cfgcheck.source.file import Span


def changes(case: Case, values: Mapping[str, Any]) -> Iterator[Change]:
    location: Location = case.subject
    passes = location.passes
    if passes is None or passes.variable or passes.directive.templated:
        return
    at = passes.span.text.find(passes.host_text)
    port = passes.host_text.removeprefix(passes.host)
    if at >= 0 and port.startswith(":"):
        start = passes.span.start + at + len(passes.host)
        yield Replace(Span(passes.span.file, start, start + len(port)), "")
