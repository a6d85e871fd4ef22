"""Findings for programs: ``cfgcheck.findings/1``, described by ``docs/schemas/findings-1.json``."""

from __future__ import annotations

import json
from typing import Any

from cfgcheck import __version__
from cfgcheck.findings import Finding, Fix, Symptom, Unchecked
from cfgcheck.record import fields
from cfgcheck.report.places import clean, place_of, point, start_of
from cfgcheck.report.result import Result, in_reading_order
from cfgcheck.rules.fingerprint import fingerprint

FORMAT = "cfgcheck.findings/1"


def render(result: Result) -> str:
    return json.dumps(document(result), indent=2, ensure_ascii=False) + "\n"


def document(result: Result) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": __version__,
        "findings": [_finding(finding) for finding in in_reading_order(result.findings)],
        "unchecked": [_unchecked(one) for one in result.unchecked],
        "summary": dict(fields(result.summary)),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "category": finding.category,
        "severity": finding.severity.word,
        "confidence": finding.confidence.value,
        "message": clean(finding.message),
        "subject": clean(finding.subject),
        "symptom": _symptom(finding.symptom),
        "primary": place_of(finding.primary),
        "related": [place_of(label) for label in finding.related],
        "fix": _fix(finding.fix),
        "fingerprint": fingerprint(finding),
        "help": clean(finding.help),
    }


def _fix(fix: Fix | None) -> dict[str, Any] | None:
    if fix is None:
        return None
    edits = [{**start_of(edit.span), "end": point(edit.span.finish), "text": clean(edit.text)} for edit in fix.edits]
    return {"applicability": fix.applicability, "title": clean(fix.title), "edits": edits}


def _symptom(symptom: Symptom | None) -> dict[str, Any] | None:
    if symptom is None:
        return None
    return {"status": symptom.status, "when": clean(symptom.when), "log": symptom.log}


def _unchecked(one: Unchecked) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "subject": clean(one.subject),
        "because": clean(one.because),
        "at": start_of(one.at) if one.at else None,
    }
