"""What two versions of a stack differ in, as a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cfgcheck.compare.comparison import Comparison
from cfgcheck.findings import Finding
from cfgcheck.report import diff_words as words
from cfgcheck.report.cells import plain

_MARKS = re.compile(r"([\\`*_{}\[\]<>|~#@!])")


def render(comparison: Comparison) -> str:
    return "\n".join(_lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    yield f"**{_text(words.conclusion(comparison))}**"
    if comparison.differences:
        yield ""
        yield "| | setting | before | after | where |"
        yield "|---|---|---|---|---|"
    for difference in comparison.differences:
        name = _text(words.things(difference.things))
        for change in difference.changes:
            cells = (change.name, words.value(change.before), words.value(change.after), words.place(change))
            yield f"| {name} | {' | '.join(map(_code, cells))} |"
            name = ""
    for title, things in (("Added", comparison.added), ("Removed", comparison.removed)):
        if things:
            yield from ("", f"{title}:", "")
        for thing in things:
            leads = words.arrives(thing)
            end = f" → {_text(leads)}" if leads else ""
            yield f"- {_text(words.titled(thing))}{end} {_code(str(thing.span or ''))}"
    yield from _findings("Findings gained", comparison.gained)
    yield from _findings("Findings lost", comparison.lost)


def _findings(title: str, findings: Sequence[Finding]) -> Iterator[str]:
    if findings:
        yield from ("", f"{title}:", "")
    for finding in sorted(findings, key=lambda one: (-one.severity, *one.primary.span.key)):
        place = _code(str(finding.primary.span))
        yield f"- {finding.severity.word} {_code(finding.rule)} {place}: {_text(finding.message)}"


def _text(text: str) -> str:
    """Nothing in it is taken for a mark, a mention or the end of a cell."""
    return _MARKS.sub(r"\\\1", plain(text))


def _code(text: str) -> str:
    """A piece of code within a cell; with as many back-ticks around it as it needs."""
    shown = plain(text).replace("|", "\\|")
    if not shown:
        return ""
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
