"""The name under which an app finds a request header that ``uwsgi_param`` sets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.model.nginx import Header, Location
from cfgcheck.rules.changes import Change, Replace
from cfgcheck.rules.contract import Case
from cfgcheck.source.file import Span

_NAME = re.compile(r"[A-Z0-9_]+\Z")


def changes(case: Case, values: Mapping[str, Any]) -> Iterator[Change]:
    """The right name in the place of the one written, where it is not set as well."""
    location: Location = case.subject
    header: Header = case.element
    name = header.name.upper().replace("-", "_")
    name = name if name.startswith("HTTP_") else f"HTTP_{name}"
    written = header.directive.args[0]
    if not written.templated and _NAME.match(name) and not location.headers_named(name):
        yield Replace(Span(header.directive.file, written.start, written.end), name)
