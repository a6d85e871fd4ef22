"""The scheme of a pass that speaks TLS where the app speaks plain text, or the reverse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.model.nginx import Pass
from cfgcheck.model.stack import Route
from cfgcheck.rules.changes import Change, Replace
from cfgcheck.rules.contract import Case
from cfgcheck.source.file import Span

_SCHEMES = {"proxy": ("http://", "https://"), "grpc": ("grpc://", "grpcs://"), "uwsgi": ("uwsgi://", "suwsgi://")}
_TAKEN_FOR_GRANTED = frozenset({"uwsgi", "grpc"})
"""Families whose plain scheme need not be written."""


def changes(case: Case, values: Mapping[str, Any]) -> Iterator[Change]:
    """Nothing where another server of the same upstream speaks what nginx speaks."""
    route: Route = case.subject
    passes = route.passes
    ways = [way for way in case.routes_of(route.location) if way.passes is passes]
    if passes.variable or passes.directive.templated or route.proxy.ingress or passes.family not in _SCHEMES:
        return
    if all(way.listener is not None and way.listener.tls.value != passes.tls for way in ways):
        yield from _swapped(passes)


def _swapped(passes: Pass) -> Iterator[Change]:
    old, new = _SCHEMES[passes.family][:: -1 if passes.tls else 1]
    text = passes.span.text
    start = passes.span.start + (text[:1] in ("'", '"'))
    if text.lstrip("'\"")[: len(old)].lower() == old:
        yield Replace(Span(passes.span.file, start, start + len(old)), new)
    elif passes.family in _TAKEN_FOR_GRANTED and not passes.tls:
        yield Replace(Span(passes.span.file, start, start), new)
