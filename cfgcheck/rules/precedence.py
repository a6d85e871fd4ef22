"""Of two rules that speak of the same thing, the specific one speaks; and what is said twice is said once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cfgcheck.findings import Finding
from cfgcheck.record import field, record, replace
from cfgcheck.source.file import Span


@record(frozen=True)
class Fired:
    """A finding, and what is needed to compare it with others.

    ``things``: the objects that its subject is or is part of, the subject's own first; the element alone for a rule
    with ``each``. ``over``: rules that it silences.
    """

    finding: Finding
    things: tuple[Any, ...] = ()
    over: frozenset[str] = field(default_factory=frozenset)


def without_superseded(fired: list[Fired]) -> list[Fired]:
    """Drop findings of general rules where a specific one has the same place or speaks of the same thing."""
    spans: set[tuple[str, Span]] = set()
    heads: set[tuple[str, int]] = set()
    lineages: set[tuple[str, int]] = set()
    for one in fired:
        for name in one.over:
            spans.add((name, one.finding.primary.span))
            heads.update((name, id(thing)) for thing in one.things[:1])
            lineages.update((name, id(thing)) for thing in one.things if thing is not None)
    if not spans:
        return fired
    return [one for one in fired if not _superseded(one, spans, heads, lineages)]


def _superseded(
    one: Fired, spans: set[tuple[str, Span]], heads: set[tuple[str, int]], lineages: set[tuple[str, int]]
) -> bool:
    rule = one.finding.rule
    return (
        (rule, one.finding.primary.span) in spans
        or any((rule, id(thing)) in heads for thing in one.things if thing is not None)
        or any((rule, id(thing)) in lineages for thing in one.things[:1])
    )


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Findings with the same rule, places and message as one, the gravest; the other subjects stand in ``also``."""
    kept: dict[tuple[object, ...], Finding] = {}
    others: dict[tuple[object, ...], dict[str, None]] = {}
    repairs: dict[tuple[object, ...], list[Any]] = {}
    for finding in findings:
        related = tuple(label.span.key for label in finding.related)
        key = (finding.rule, finding.primary.span.key, related, finding.message)
        before = kept.setdefault(key, finding)
        if finding.severity > before.severity:
            kept[key], finding = finding, before
        if finding is kept[key]:
            continue
        if finding.subject != kept[key].subject:
            others.setdefault(key, {})[finding.subject] = None
        repairs.setdefault(key, []).extend(finding.repairs)
    return [_with(one, others.get(key, ()), repairs.get(key, ())) for key, one in kept.items()]


def _with(finding: Finding, also: Iterable[str], repairs: Iterable[Any]) -> Finding:
    """A finding that stands for others, too."""
    if not (also or repairs):
        return finding
    return replace(finding, also=tuple(also), repairs=(*finding.repairs, *repairs))


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """By path, place and rule, whatever the order of judging."""
    return sorted(findings, key=lambda one: (*one.primary.span.key, one.rule, one.subject, one.message))
