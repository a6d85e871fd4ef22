"""One Host line of several: the others go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.model.nginx import Header, Location
from cfgcheck.rules.changes import Change, Remove
from cfgcheck.rules.contract import Case


def changes(case: Case, values: Mapping[str, Any]) -> Iterator[Change]:
    """An included line stays, as other locations may have it from there; else the one that says ``$host``, else the
    first. Nothing where two included ones would stay."""
    location: Location = case.subject
    lines = [header for header in location.headers_named("Host") if not header.cleared]
    included = [header for header in lines if header.directive.file is not location.directive.file]
    if len(included) > 1 or len(lines) < 2:
        return
    kept = included[0] if included else next((header for header in lines if _says_host(header)), lines[0])
    yield from (Remove(header.span) for header in lines if header is not kept)


def _says_host(header: Header) -> bool:
    return header.value in ("$host", "${host}")
