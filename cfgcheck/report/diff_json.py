"""What two versions of a stack differ in, for programs: ``cfgcheck.diff/1``, described by
``docs/schemas/diff-1.json``."""

from __future__ import annotations

import json
from typing import Any

from cfgcheck import __version__
from cfgcheck.compare.comparison import Change, Comparison
from cfgcheck.compare.thing import Fact, Thing
from cfgcheck.findings import Finding
from cfgcheck.report.places import clean, place_of, start_of

FORMAT = "cfgcheck.diff/1"


def render(comparison: Comparison) -> str:
    return json.dumps(document(comparison), indent=2, ensure_ascii=False) + "\n"


def document(comparison: Comparison) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": __version__,
        "changed": [
            {
                "things": [_thing(thing) for thing in difference.things],
                "changes": [_change(change) for change in difference.changes],
            }
            for difference in comparison.differences
        ],
        "added": [_thing(thing) for thing in comparison.added],
        "removed": [_thing(thing) for thing in comparison.removed],
        "findings": {
            "gained": [_finding(finding) for finding in comparison.gained],
            "lost": [_finding(finding) for finding in comparison.lost],
            "kept": comparison.kept,
        },
    }


def _thing(thing: Thing) -> dict[str, Any]:
    return {"kind": thing.kind, "label": clean(thing.label), "at": start_of(thing.span) if thing.span else None}


def _change(change: Change) -> dict[str, Any]:
    return {"name": clean(change.name), "before": _fact(change.before), "after": _fact(change.after)}


def _fact(fact: Fact | None) -> dict[str, Any] | None:
    if fact is None:
        return None
    value = fact.value
    if isinstance(value, tuple):
        value = [clean(str(one)) for one in value]
    return {
        "value": clean(value) if isinstance(value, str) else value,
        "known": fact.known,
        "default": not fact.written,
        "unit": fact.unit.value or None,
        "at": start_of(fact.span) if fact.span else None,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.word,
        "message": clean(finding.message),
        "subject": clean(finding.subject),
        "primary": place_of(finding.primary),
    }
