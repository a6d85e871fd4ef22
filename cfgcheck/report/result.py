"""What one run gave: all that a report needs, whatever its format."""

from __future__ import annotations

from collections.abc import Iterable

from cfgcheck.findings import Finding, Severity, Unchecked
from cfgcheck.model.stack import Stack
from cfgcheck.record import record


@record(frozen=True)
class Summary:
    """What was looked at, and how much was found.

    ``links``: routes whose target and listener meet. ``rules``: rules that ran. ``suppressed``: findings that an
    ``ignore[…]`` comment silenced. ``unchecked``: checks that could not be made.
    ``error``, ``warning``, ``info``: findings by severity.
    """

    files: int = 0
    proxies: int = 0
    apps: int = 0
    routes: int = 0
    links: int = 0
    rules: int = 0
    suppressed: int = 0
    unchecked: int = 0
    error: int = 0
    warning: int = 0
    info: int = 0

    @property
    def findings(self) -> int:
        return self.error + self.warning + self.info


@record(frozen=True)
class Result:
    """Findings, checks that could not be made, and what was looked at.

    ``root`` is the folder that shown paths are relative to; ``notes`` are sentences about the run itself that a
    person should read.
    """

    findings: tuple[Finding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    summary: Summary = Summary()
    stacks: tuple[Stack, ...] = ()
    root: str = ""
    notes: tuple[str, ...] = ()


@record(frozen=True)
class Extras:
    """What is printed besides findings: checks that could not be made, counts by rule. ``infos``: findings that are
    only worth knowing are shown whole as well, not as a list."""

    unchecked: bool = False
    statistics: bool = False
    infos: bool = False


def count_severities(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings there are of each severity: the keys of ``Summary``."""
    counts = {severity.word: 0 for severity in Severity}
    for finding in findings:
        counts[finding.severity.word] += 1
    return counts


def in_reading_order(findings: Iterable[Finding]) -> list[Finding]:
    """By the file and place to change, the graver one first where two stand at one place."""
    return sorted(findings, key=lambda one: (*one.primary.span.key, -one.severity, one.rule, one.subject))
