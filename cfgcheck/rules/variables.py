"""Where the variables are set that stand in a place that a finding shows: a bind that is ``$PORT`` is decided there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cfgcheck.findings import Label
from cfgcheck.source.file import Span

_READ = re.compile(
    r"\$\{?([A-Za-z_]\w*)|(?:environ(?:\.get)?|getenv|config|env(?:\.\w+)?)[\[(]\s*[\"']([A-Za-z_]\w*)[\"']", re.ASCII
)
_MOST = 2
_LONGEST = 120
"""Characters of a place that is one value: a whole command may read any number of variables."""


def around(subject: Any, lineage: Iterable[Any]) -> Iterator[Any]:
    """What a finding about ``subject`` may show, as far as it has variables."""
    yield from lineage
    yield getattr(subject, "proxy", None)
    yield from (app for app, _ in getattr(subject, "nearest", ()))


def variable_labels(things: Iterable[Any], labels: Iterable[Label]) -> tuple[Label, ...]:
    """A label for each variable that is read where a label points, and set in another place."""
    shown, things = list(labels), list(things)
    sources = [each for thing in things if (each := getattr(thing, "variables", None))]
    if not sources:
        return ()
    whole = {thing.span for thing in things if getattr(thing, "variables", None)}
    found: dict[Span, Label] = {}
    for label in shown:
        if label.span in whole:
            continue  # a whole command, of which any variable may be beside the point
        for name in _names(label.span):
            span = _set_at(name, sources)
            if span is not None and not any(_overlap(span, other.span) for other in shown):
                found.setdefault(span, Label(span, f"sets {name}"))
    return tuple(found.values())[:_MOST]


def _names(span: Span) -> list[str]:
    text = span.text
    if len(text) > _LONGEST or "\n" in text or not ("$" in text or "env" in text):
        return []
    return list(dict.fromkeys(found[1] or found[2] for found in _READ.finditer(text)))


def _set_at(name: str, sources: Iterable[Mapping[str, Span]]) -> Span | None:
    return next((source[name] for source in sources if name in source), None)


def _overlap(one: Span, other: Span) -> bool:
    return one.file.path == other.file.path and one.start < other.end and other.start < one.end
