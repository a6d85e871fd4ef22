"""Findings as SARIF 2.1.0, for code scanning services and editors.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cfgcheck import __version__
from cfgcheck.findings import Finding, Fix, Label, Severity, Unchecked
from cfgcheck.record import fields
from cfgcheck.report.places import clean, from_here
from cfgcheck.report.result import Result, in_reading_order
from cfgcheck.report.rule_page import RulePage, read_page, rule_files
from cfgcheck.report.text import readable_pattern, seen_words
from cfgcheck.rules.fingerprint import fingerprint
from cfgcheck.source.file import Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
FINGERPRINT = "cfgcheck/v1"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PRECISION = {"certain": "very-high", "likely": "high"}


def render(result: Result) -> str:
    return json.dumps(document(result), indent=2, ensure_ascii=False) + "\n"


def document(result: Result) -> dict[str, Any]:
    findings = in_reading_order(result.findings)
    rules = sorted({finding.rule for finding in findings})
    numbers = {rule: number for number, rule in enumerate(rules)}
    run = {
        "tool": {"driver": _driver(rules, findings)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The folder that cfgcheck was run in"}}},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [_notification(one) for one in result.unchecked],
            }
        ],
        "results": [_result(finding, numbers[finding.rule]) for finding in findings],
        "properties": {"summary": dict(fields(result.summary))},
    }
    _start_here(run, from_here(result.root))
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _start_here(run: Mapping[str, Any], prefix: str) -> None:
    """Make the paths relative to the current folder: code scanning takes them as from the top of the checkout."""
    holders = [*run["results"], *run["invocations"][0]["toolExecutionNotifications"]]
    for holder in holders if prefix else ():
        for location in (*holder.get("locations", ()), *holder.get("relatedLocations", ())):
            _move(location["physicalLocation"]["artifactLocation"], prefix)
        for fix in holder.get("fixes", ()) if prefix else ():
            for change in fix["artifactChanges"]:
                _move(change["artifactLocation"], prefix)


def _move(artifact: dict[str, str], prefix: str) -> None:
    if "uriBaseId" in artifact:
        artifact["uri"] = quote(prefix) + artifact["uri"]


def _driver(rules: list[str], findings: Iterable[Finding]) -> dict[str, Any]:
    files = rule_files() if rules else {}
    fired = {finding.rule: finding for finding in findings}
    return {
        "name": "cfgcheck",
        "semanticVersion": __version__,
        "rules": [_rule(fired[rule], _page(files.get(rule))) for rule in rules],
    }


def _page(path: Path | None) -> RulePage | None:
    from ruamel.yaml.error import YAMLError

    try:
        return read_page(path) if path else None
    except (OSError, ValueError, YAMLError):
        return None  # the findings are worth more than the rule's page


def _rule(finding: Finding, page: RulePage | None) -> dict[str, Any]:
    """What is told of a rule: its own page, or for one from another folder what its finding says."""
    words = finding.rule.replace("-", " ")
    level = _LEVELS[Severity.of(page.severity) if page else finding.severity]
    descriptor: dict[str, Any] = {
        "id": finding.rule,
        "name": "".join(word.capitalize() for word in finding.rule.split("-")),
        "shortDescription": {"text": words[:1].upper() + words[1:]},
        "defaultConfiguration": {"level": level},
        "properties": {
            "tags": [finding.category],
            "precision": _PRECISION[page.confidence if page else finding.confidence.value],
            "problem.severity": "recommendation" if level == "note" else level,
        },
    }
    if page:
        descriptor["fullDescription"] = {"text": page.summary}
        descriptor["help"] = {"text": _help(page)}
    return descriptor


def _help(page: RulePage) -> str:
    fix = f"To mend it: {page.fix_words}" if page.fix_words else ""
    return "\n\n".join(part for part in (page.why, fix, "\n".join(page.sources)) if part)


def _result(finding: Finding, number: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": number,
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(finding)},
        "locations": [_location(finding.primary)],
        "partialFingerprints": {FINGERPRINT: fingerprint(finding)},
        "properties": {"subject": clean(finding.subject), "confidence": finding.confidence.value},
    }
    if finding.related:
        result["relatedLocations"] = [
            {"id": index, **_location(label)} for index, label in enumerate(finding.related, 1)
        ]
    if finding.fix:
        result["fixes"] = [_fix(finding.fix)]
    return result


def _fix(fix: Fix) -> dict[str, Any]:
    changes: dict[str, dict[str, Any]] = {}
    for edit in fix.edits:
        change = changes.setdefault(
            edit.span.file.path, {"artifactLocation": _artifact(edit.span), "replacements": []}
        )
        replacement: dict[str, Any] = {"deletedRegion": _region(edit.span)}
        if edit.text:
            replacement["insertedContent"] = {"text": clean(edit.text)}
        change["replacements"].append(replacement)
    applicability = {"applicability": fix.applicability}
    return {
        "description": {"text": clean(fix.title)},
        "artifactChanges": list(changes.values()),
        "properties": applicability,
    }


def _message(finding: Finding) -> str:
    """What viewers show: the message, then what a client sees and how to mend it."""
    parts = [finding.message]
    symptom = finding.symptom
    if symptom and seen_words(symptom):
        parts.append(f"Client sees: {seen_words(symptom)}")
    if symptom and symptom.log:
        parts.append(f"Log says: {readable_pattern(symptom.log)}")
    if finding.remedy:
        parts.append(f"Mend: {finding.remedy}")
    return clean("\n".join(parts))


def _location(label: Label) -> dict[str, Any]:
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": _artifact(label.span)}}
    if label.span.file.text:
        location["physicalLocation"]["region"] = _region(label.span)
    if label.text:
        location["message"] = {"text": clean(label.text)}
    return location


def _region(span: Span) -> dict[str, int]:
    begin, end = span.begin, span.finish
    return {"startLine": begin.line, "startColumn": begin.column, "endLine": end.line, "endColumn": end.column}


def _artifact(span: Span) -> dict[str, str]:
    """The file's URI: relative to the folder checked, absolute where it lies outside of it."""
    path = quote(span.file.path.encode("utf-8", "surrogateescape"))
    return {"uri": f"file://{path}"} if path.startswith("/") else {"uri": path, "uriBaseId": ROOT}


def _notification(one: Unchecked) -> dict[str, Any]:
    notification: dict[str, Any] = {
        "level": "note",
        "message": {"text": clean(f"not checked for {one.subject}: {one.because}")},
        "associatedRule": {"id": one.rule},
    }
    if one.at:
        notification["locations"] = [_location(Label(one.at))]
    return notification
