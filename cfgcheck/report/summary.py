"""What was looked at, what was found, and what could not be checked, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from cfgcheck.findings import Finding, Severity, Unchecked
from cfgcheck.report.cells import wrap
from cfgcheck.report.result import Result, Summary, in_reading_order
from cfgcheck.report.terminal import Terminal

_MOST_LISTED = 200
"""Checks that are listed for one reason."""


def counted(number: int, one: str, many: str = "") -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def conclusion(result: Result, terminal: Terminal, *, listed: bool) -> list[str]:
    """The last lines of a report. ``listed``: the checks that could not be made were printed above."""
    summary = result.summary
    lines = [_verdict(summary, terminal)]
    lines += wrap(terminal.safe(_looked_at(summary)), terminal.width)
    if summary.unchecked and not listed:
        tell = f"{counted(summary.unchecked, 'check')} could not be made; --show-unchecked says why."
        lines += wrap(tell, terminal.width)
    if mendable := _mendable(result.findings):
        lines += wrap(mendable, terminal.width)
    for note in result.notes:
        lines += wrap(terminal.safe(note), terminal.width)
    return lines


def _mendable(findings: Iterable[Finding]) -> str:
    """How many the program can mend: ``3 can be mended by `cfgcheck fix`, 2 more with `--unsafe`.``"""
    kinds = Counter(finding.fix.applicability for finding in findings if finding.fix)
    safe, unsafe = kinds["safe"], kinds["unsafe"]
    if not safe:
        return f"{unsafe} can be mended by `cfgcheck fix --unsafe`." if unsafe else ""
    return f"{safe} can be mended by `cfgcheck fix`" + (f", {unsafe} more with `--unsafe`." if unsafe else ".")


def _verdict(summary: Summary, terminal: Terminal) -> str:
    if not summary.findings:
        if not summary.files:
            return terminal.paint("warning", "Nothing to check: no configuration of nginx or of an app server found.")
        return terminal.paint("good", "No problems.")
    parts = [
        terminal.paint("error", counted(summary.error, "error")) if summary.error else "",
        terminal.paint("warning", counted(summary.warning, "warning")) if summary.warning else "",
        terminal.paint("info", f"{summary.info} info") if summary.info else "",
    ]
    return f"Found {_listing([part for part in parts if part])}."


def _looked_at(summary: Summary) -> str:
    seen = [
        counted(summary.proxies, "proxy", "proxies"),
        counted(summary.apps, "app"),
        f"{counted(summary.routes, 'route')} ({summary.links} linked)" if summary.routes else "no routes",
    ]
    ran = f"{counted(summary.rules, 'rule')} run"
    suppressed = f", {counted(summary.suppressed, 'finding')} suppressed" if summary.suppressed else ""
    return f"Looked at {counted(summary.files, 'file')}: {_listing(seen)}; {ran}{suppressed}."


def _listing(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def worth_knowing(findings: Iterable[Finding], terminal: Terminal) -> Iterator[str]:
    """Findings of the lowest severity as a list, one entry for each rule and message, with the first place."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in in_reading_order(findings):
        groups.setdefault((finding.rule, finding.message), []).append(finding)
    yield terminal.paint("strong", "Worth knowing")
    for group in groups.values():
        first, more = group[0], len(group) - 1
        places = f" (and {counted(more, 'more place')})" if more else ""
        word = f"{first.severity.word}[{first.rule}]"
        text = f"{word} {first.primary.span}: {first.message}{places}"
        head, *rest = wrap(terminal.safe(text), terminal.width - 4)
        yield "  " + head.replace(word, terminal.paint(first.severity.word, word), 1)
        for line in rest:
            yield "    " + line
    yield from _hanging("cfgcheck explain RULE tells more; --fail-on info shows them whole.", 2, terminal, "quiet")


def statistics(findings: Iterable[Finding], terminal: Terminal) -> Iterator[str]:
    """How often each rule fired, the most frequent first."""
    counts: Counter[tuple[str, Severity]] = Counter((one.rule, one.severity) for one in findings)
    width = len(str(max(counts.values())))
    yield terminal.paint("strong", "Findings by rule")
    for (rule, severity), count in sorted(counts.items(), key=lambda item: (-item[1], -item[0][1], item[0][0])):
        word = terminal.paint(severity.word, severity.word.ljust(7))
        yield f"  {count:>{width}}  {word}  {rule}"


def unchecked_list(unchecked: Iterable[Unchecked], terminal: Terminal) -> Iterator[str]:
    """Checks that could not be made, by reason: what keeps most of them back stands first."""
    reasons: dict[str, list[Unchecked]] = {}
    for one in unchecked:
        reasons.setdefault(one.because, []).append(one)
    yield terminal.paint("strong", "Not checked")
    for reason, checks in sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0])):
        yield from _hanging(f"because {reason}", 2, terminal)
        told: dict[tuple[str, str], list[Unchecked]] = {}
        for one in sorted(checks, key=lambda one: (one.rule, one.subject)):
            told.setdefault((one.rule, one.subject), []).append(one)
        for (rule, subject), same in list(told.items())[:_MOST_LISTED]:
            at = same[0].at
            where = f" ({at})" if at and at.file.text else ""
            more = f" and {counted(len(same) - 1, 'more place')}" if len(same) > 1 else ""
            yield from _hanging(f"{rule}: {subject}{where}{more}", 4, terminal, "quiet")
        if len(told) > _MOST_LISTED:
            yield f"    and {len(told) - _MOST_LISTED} more, which --format json lists"


def _hanging(text: str, indent: int, terminal: Terminal, style: str = "") -> Iterator[str]:
    """Wrapped text whose further lines are indented by 2 more."""
    for index, line in enumerate(wrap(terminal.safe(text), terminal.width - indent - 2)):
        yield " " * (indent if index == 0 else indent + 2) + terminal.paint(style, line)
