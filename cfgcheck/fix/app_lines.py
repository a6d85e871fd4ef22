"""New lines beside others, and whole lines that go, in files that may stand inside other files."""

from __future__ import annotations

from cfgcheck.findings import Edit
from cfgcheck.fix.layout import line_break, line_end, line_start, next_line
from cfgcheck.source.file import SourceFile, Span


def lead_of(file: SourceFile, at: int) -> str:
    """The blanks that a line begins with, in the outermost file."""
    line = file.whole.text[line_start(file.whole, at) : line_end(file.whole, at)]
    return line[: len(line) - len(line.lstrip(" \t"))]


def new_line_after(file: SourceFile, start: int, end: int, line: str) -> Edit:
    """A new line behind that in which something ends, as far in as that in which it starts."""
    at = line_end(file.whole, end)
    return Edit(Span(file, at, at), f"{line_break(file.whole, start)}{lead_of(file, start)}{line}")


def new_line_before(file: SourceFile, start: int, line: str) -> Edit:
    """A new line in front of that in which something starts."""
    at = line_start(file.whole, start)
    return Edit(Span(file, at, at), f"{lead_of(file, start)}{line}{line_break(file.whole, start)}")


def whole_lines(file: SourceFile, start: int, end: int) -> Edit:
    """Something goes, and its lines if nothing but a comment stands beside it."""
    text = file.whole.text
    begin, stop = line_start(file.whole, start), line_end(file.whole, end)
    rest = text[end:stop].strip()
    if text[begin:start].strip() or (rest and rest[0] not in "#;"):
        if rest.startswith(";"):
            return Edit(Span(file, start, end + text[end:stop].index(";") + 1), "")
        return Edit(Span(file, start, end), "")
    after = next_line(file.whole, end)
    if after == len(text) and not text.endswith("\n") and begin:
        begin = line_end(file.whole, begin - 1)
        after = stop
    return Edit(Span(file, begin, after), "")
