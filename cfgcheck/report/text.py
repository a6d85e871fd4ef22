"""Findings for people: both ends of each in a code frame, what a client sees, how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus

from cfgcheck.findings import Finding, Label, Severity, Symptom
from cfgcheck.report.cells import wrap
from cfgcheck.report.frame import Mark, frame, mark
from cfgcheck.report.result import Extras, Result, in_reading_order
from cfgcheck.report.summary import conclusion, counted, statistics, unchecked_list, worth_knowing
from cfgcheck.report.terminal import Terminal
from cfgcheck.source.file import SourceFile

_LISTED = 20
"""Of findings that say the very same of several places one is shown whole, and so many further places are listed."""

_NOTE_COLUMN = 13
"""Columns that a note's name takes (``client sees:`` and a blank)."""

_NARROW = 20
"""With less room than this beside its name, a note begins below it."""


_NO_EXTRAS = Extras()


def render(result: Result, terminal: Terminal, extras: Extras = _NO_EXTRAS) -> str:
    """The whole report, ending in a line break."""
    lowest = Severity.INFO if extras.infos else Severity.WARNING
    loud = [finding for finding in result.findings if finding.severity >= lowest]
    blocks = ["\n".join(block) for block in _findings(loud, terminal)]
    if quiet := [finding for finding in result.findings if finding.severity < lowest]:
        blocks.append("\n".join(worth_knowing(quiet, terminal)))
    if extras.unchecked and result.unchecked:
        blocks.append("\n".join(unchecked_list(result.unchecked, terminal)))
    if extras.statistics and result.findings:
        blocks.append("\n".join(statistics(result.findings, terminal)))
    blocks.append("\n".join(conclusion(result, terminal, listed=extras.unchecked)))
    return "\n\n".join(blocks) + "\n"


def _findings(findings: Iterable[Finding], terminal: Terminal) -> Iterator[list[str]]:
    """A block of lines for each finding that is shown whole."""
    groups: dict[tuple[str, Severity, str, str], list[Finding]] = {}
    for finding in _gravest_first(findings):
        groups.setdefault((finding.rule, finding.severity, finding.message, finding.remedy), []).append(finding)
    for first, *alike in groups.values():
        yield [*_finding(first, terminal), *_places(alike, terminal)]


def _gravest_first(findings: Iterable[Finding]) -> list[Finding]:
    """In reading order, but errors before warnings: what makes the outage stands first."""
    return sorted(in_reading_order(findings), key=lambda one: -one.severity)


def _places(alike: Sequence[Finding], terminal: Terminal) -> Iterator[str]:
    if alike:
        yield f"  The same at {counted(len(alike), 'more place')}:"
    for finding in alike[:_LISTED]:
        place = terminal.safe(str(finding.primary.span))
        yield f"    {place}  {terminal.paint('quiet', terminal.safe(finding.subject))}".rstrip()
    if len(alike) > _LISTED:
        yield f"    and {len(alike) - _LISTED} more, which --format json lists"


def _finding(finding: Finding, terminal: Terminal) -> Iterator[str]:
    yield from _head(finding, terminal)
    groups = _by_file(finding, terminal)
    gutter = max(len(str(_last_number(marks))) for _, marks in groups)
    for file, marks in groups:
        yield from frame(file, marks, terminal, gutter)
    yield from _notes(finding, terminal, gutter)


def _head(finding: Finding, terminal: Terminal) -> Iterator[str]:
    word = f"{finding.severity.word}[{finding.rule}]"
    first, *more = wrap(terminal.safe(finding.message), terminal.width - 2, len(word)) or [""]
    yield (terminal.paint(finding.severity.word, word) + terminal.paint("strong", f": {first}".rstrip()))
    for line in more:
        yield "  " + terminal.paint("strong", line)
    subjects = [finding.subject, *finding.also]
    said = (finding.message, finding.primary.span.file.path)
    shown = [subject for subject in subjects if subject and not any(subject in text for text in said)][:4]
    if not shown:
        return
    hidden = len(subjects) - len(shown)
    text = ", ".join(shown) + (f" and {hidden} more" if hidden > 0 and len(shown) == 4 else "")
    for line in wrap(terminal.safe(text), terminal.width - 2):
        yield "  " + terminal.paint("quiet", line)


def _by_file(finding: Finding, terminal: Terminal) -> list[tuple[SourceFile, list[Mark]]]:
    """The finding's marks by file, the primary one's file first, and in each file by place."""
    groups: dict[str, tuple[SourceFile, list[Mark]]] = {}
    labels: list[tuple[Label, bool]] = [(finding.primary, True), *((label, False) for label in finding.related)]
    for label, primary in labels:
        file = label.span.file.whole
        style = finding.severity.word if primary else "related"
        groups.setdefault(file.path, (file, []))[1].append(mark(label, style, primary=primary))
    return list(groups.values())


def _last_number(marks: Sequence[Mark]) -> int:
    return max(one.last for one in marks)


def _notes(finding: Finding, terminal: Terminal, gutter: int) -> Iterator[str]:
    bullet = " " * (gutter + 1) + terminal.paint("frame", "=") + " "
    indent = gutter + 3
    beside = terminal.width - indent - _NOTE_COLUMN >= _NARROW
    column = _NOTE_COLUMN if beside else 2
    for name, text in _note_texts(finding):
        lines = list(_laid_out(terminal.safe(text), terminal.width - indent - column))
        label = terminal.paint("strong", f"{name}:".ljust(column))
        if beside:
            label += lines.pop(0) if lines else ""
        yield (bullet + label).rstrip()
        for line in lines:
            yield " " * (indent + column) + line


def _laid_out(text: str, width: int) -> Iterator[str]:
    """Wrapped prose. Code in backticks that is more than one statement, or a block, stands on lines of its own, ready
    to be copied."""
    begin = 0
    for code in _CODE.finditer(text):
        statements = _statements(code[1])
        if len(statements) > 1 or (statements and statements[0].endswith("}")):
            yield from wrap(text[begin : code.start()].rstrip(" .,") + ":", width)
            for statement in statements:
                yield from (f"  {line}" for line in wrap(statement, width - 2))
            begin = code.end() + len(text[code.end() :]) - len(text[code.end() :].lstrip(" .,;"))
    yield from wrap(text[begin:], width)


def _statements(code: str) -> list[str]:
    """The directives and blocks of nginx that a piece of code is made of; empty for anything else."""
    if len(code) > _LONGEST_CODE:
        return []
    found = [statement.strip() for statement in _STATEMENT.findall(code)]
    return found if " ".join(found) == " ".join(code.split()) else []


_CODE = re.compile(r"`([^`]+)`")
_QUOTED = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""
_STATEMENT = re.compile(rf"(?:{_QUOTED}|[^;{{}}\"'])+(?:;|\{{(?:{_QUOTED}|[^{{}}\"'])*\}})")
"""A directive of nginx, or a block of such; semicolons and braces in quotes are text."""
_LONGEST_CODE = 2_000


def _note_texts(finding: Finding) -> Iterator[tuple[str, str]]:
    symptom = finding.symptom
    if symptom:
        seen = seen_words(symptom)
        if seen:
            yield "client sees", seen
        if symptom.log:
            yield "log says", readable_pattern(symptom.log)
    if finding.remedy:
        yield "mend", finding.remedy + _marker(finding)
    if finding.help:
        yield "see", finding.help


def _marker(finding: Finding) -> str:
    """Says that the program can do it."""
    if finding.fix is None:
        return ""
    return " [fix]" if finding.fix.applicability == "safe" else " [fix:unsafe]"


def seen_words(symptom: Symptom) -> str:
    """What a client sees, and of which requests: ``502 Bad Gateway when the worker has just closed …``."""
    return " when ".join(part for part in (status_words(symptom.status), symptom.when.strip()) if part)


def status_words(status: int | None) -> str:
    if not status:
        return ""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


_CHOICE = re.compile(r"(?<!\\)\((?:\?:)?((?:[^()|\\]|\\.)*)(?:\|(?:[^()\\]|\\.)*)?(?<!\\)\)\??")
_DEEPEST_CHOICE = 4
_ESCAPED = re.compile(r"\\([^\w\s])")
_ANYTHING = re.compile(r"(?<!\\)(?:\\[dSw]|\.|\[\^?[^\]]*\])[*+]\??")


def readable_pattern(pattern: str) -> str:
    """A regular expression for a log line as a person would quote the line: ``…`` for what varies, the first of
    several wordings."""
    text = pattern.strip().removeprefix("^").removesuffix("$")
    for _ in range(_DEEPEST_CHOICE):
        text = _CHOICE.sub(r"\1", text)  # the innermost ones first
    text = _ANYTHING.sub("…", text)
    return _ESCAPED.sub(r"\1", text)
