"""What two versions of a stack differ in, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfgcheck.compare.comparison import Comparison, Difference
from cfgcheck.compare.thing import Thing
from cfgcheck.findings import Finding
from cfgcheck.report import diff_words as words
from cfgcheck.report.cells import width_of, wrap
from cfgcheck.report.terminal import Terminal


def render(comparison: Comparison, terminal: Terminal) -> str:
    blocks = [*_blocks(comparison, terminal), [terminal.paint("strong", words.conclusion(comparison))]]
    return "\n\n".join("\n".join(lines) for lines in blocks) + "\n"


def _blocks(comparison: Comparison, terminal: Terminal) -> Iterator[list[str]]:
    for difference in comparison.differences:
        yield list(_difference(difference, terminal))
    for mark, things in (("+", comparison.added), ("-", comparison.removed)):
        if things:
            yield list(_things(mark, things, terminal))
    for title, mark, findings in (
        ("Findings gained", "+", comparison.gained),
        ("Findings lost", "-", comparison.lost),
    ):
        if findings:
            yield list(_findings(title, mark, findings, terminal))


def _difference(difference: Difference, terminal: Terminal) -> Iterator[str]:
    yield terminal.paint("strong", terminal.safe(words.things(difference.things)))
    names = [terminal.safe(change.name) for change in difference.changes]
    column = min(max(map(width_of, names)), terminal.width // 2)
    for name, change in zip(names, difference.changes, strict=True):
        place = terminal.safe(words.place(change))
        pad = " " * max(column - width_of(name), 0)
        text = terminal.safe(words.arrow(change).replace("→", terminal.glyph("→", "->")))
        lines = wrap(text, terminal.width - column - 4) or [""]
        beside = f"  {terminal.paint('quiet', place)}" if place and len(lines) == 1 else ""
        yield f"  {name}{pad}  {lines[0]}{beside}"
        yield from (" " * (column + 4) + line for line in lines[1:])
        if len(lines) > 1 and place:
            yield " " * (column + 4) + terminal.paint("quiet", place)


def _things(mark: str, things: Sequence[Thing], terminal: Terminal) -> Iterator[str]:
    yield terminal.paint("strong", "Added" if mark == "+" else "Removed")
    for thing in things:
        leads = words.arrives(thing)
        ends = f" {terminal.glyph('→', '->')} {terminal.safe(leads)}" if leads else ""
        place = f"  {terminal.paint('quiet', terminal.safe(str(thing.span)))}" if thing.span else ""
        yield f"  {mark} {terminal.safe(words.titled(thing))}{ends}{place}"


def _findings(title: str, mark: str, findings: Sequence[Finding], terminal: Terminal) -> Iterator[str]:
    yield terminal.paint("strong", title)
    for finding in sorted(findings, key=lambda one: (-one.severity, *one.primary.span.key)):
        head = f"{terminal.paint(finding.severity.word, finding.severity.word)}[{finding.rule}]"
        yield f"  {mark} {head} {terminal.safe(str(finding.primary.span))}"
        yield from (f"      {line}" for line in wrap(terminal.safe(finding.message), terminal.width - 6))
