"""Procfiles: one process type and its command a line."""

from __future__ import annotations

import re

from cfgcheck.findings import Problem
from cfgcheck.record import record
from cfgcheck.source.file import SourceFile, Span

_LINE = re.compile(r"[ \t]*([A-Za-z0-9_-]+)[ \t]*:[ \t]*")
_TEMPLATE_LINE = re.compile(r"(?:\{%.*%\}|<%.*%>|\{#.*#\}|\{\{.*\}\})[ \t]*\Z")


@record(frozen=True)
class Process:
    """A process type: its name, and where its command stands."""

    name: str
    name_span: Span
    command: Span


def read_procfile(file: SourceFile) -> tuple[list[Process], list[Problem]]:
    """The processes of a Procfile in order, and the lines that are none.

    As Foreman and Honcho read it: ``NAME: COMMAND``, names of letters, digits, ``_`` and ``-``; lines that begin
    with ``#`` and empty lines are comments. They skip any other line without a word, so it is reported.
    """
    found: list[Process] = []
    problems: list[Problem] = []
    starts = file.line_starts
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(file.text)
        if number == 0 and file.text.startswith("\ufeff"):
            start += 1
        line = file.text[start:end].rstrip()
        bare = line.lstrip()
        if not bare or bare.startswith("#") or _TEMPLATE_LINE.match(bare):
            continue
        head = _LINE.match(line)
        if head and head.end() < len(line):
            name = file.span(start + head.start(1), start + head.end(1))
            found.append(Process(head[1], name, file.span(start + head.end(), start + len(line))))
        else:
            place = file.span(start + len(line) - len(bare), start + len(line))
            problems.append(_refused(head[1] if head else "", place))
    return found, problems


def _refused(name: str, place: Span) -> Problem:
    if name:
        return Problem("unparsable-file", f"process {name} has no command", place, "write its command after the colon")
    message = "this line is no process: it is skipped without a word"
    return Problem("unparsable-file", message, place, "write NAME: COMMAND, or begin the line with #")
