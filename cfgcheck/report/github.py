"""Findings as workflow commands, which a GitHub Actions run turns into annotations.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions#setting-an-error-message
"""

from __future__ import annotations

from cfgcheck.findings import Finding, Severity
from cfgcheck.report.cells import plain
from cfgcheck.report.places import clean, from_here, moved
from cfgcheck.report.result import Result, in_reading_order
from cfgcheck.report.text import seen_words

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(result: Result) -> str:
    prefix = from_here(result.root)
    return "".join(_command(finding, prefix) + "\n" for finding in in_reading_order(result.findings))


def _command(finding: Finding, prefix: str) -> str:
    span = finding.primary.span
    begin, end = span.begin, span.finish
    properties = {"file": moved(span.file.path, prefix), "line": begin.line, "endLine": max(end.line, begin.line)}
    if begin.line == end.line:  # columns of two lines would be taken for columns of one
        properties |= {"col": begin.column, "endColumn": max(end.column, begin.column)}
    properties["title"] = f"cfgcheck: {finding.rule}"
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {listed}::{_data(_message(finding))}"


def _message(finding: Finding) -> str:
    """The message, the other ends with their places (an annotation has one), symptom and remedy."""
    lines = [finding.message]
    lines += [f"{label.span}: {label.text}" for label in finding.related if label.text]
    if finding.symptom and seen_words(finding.symptom):
        lines.append(f"Client sees: {seen_words(finding.symptom)}")
    if finding.remedy:
        lines.append(f"Mend: {finding.remedy}")
    return "\n".join(lines)


def _data(text: str) -> str:
    """Names may hold what a terminal obeys, and a log is often read in one."""
    lines = (line.split("\r") for line in clean(text).split("\n"))
    return "%0A".join("%0D".join(plain(part).replace("%", "%25") for part in line) for line in lines)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
