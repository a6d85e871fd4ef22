"""Taking out a line of a file that is made of them: uWSGI's ini, systemd's units, supervisord's configuration."""

from __future__ import annotations

from cfgcheck.findings import Edit
from cfgcheck.fix.layout import line_end, line_start, next_line
from cfgcheck.load.file_kinds import FileKind
from cfgcheck.source.file import SourceFile, Span


def logical_line(span: Span, kind: FileKind) -> list[Edit]:
    """The line that holds a place, with those that it goes on in. The last line of a file leaves no blank one."""
    file = span.file
    start, end = line_start(file, span.start), next_line(file, max(span.start, span.end - 1))
    if kind is FileKind.SYSTEMD:
        start, end = _continued(file, span.start)
    elif kind is FileKind.SUPERVISOR:
        start, end = _indented(file, start, end)
    if end == len(file.text) and not file.text.endswith("\n") and start:
        start = line_end(file, start - 1)
    return [Edit(Span(file, start, end), "")]


def _continued(file: SourceFile, place: int) -> tuple[int, int]:
    """systemd: a line that ends with a backslash goes on in the next one; comment lines in between don't end it."""
    begin = at = 0
    goes_on = False
    while at < len(file.text):
        line, at = file.text[at : line_end(file, at)], next_line(file, at)
        if not line.lstrip().startswith(("#", ";")):
            goes_on = line.endswith("\\")
        if not goes_on:
            if begin <= place < at:
                break
            begin = at
    return begin, at


def _indented(file: SourceFile, start: int, end: int) -> tuple[int, int]:
    """supervisord: a value goes on in lines that are indented."""
    while start > 0 and file.text[start : start + 1] in (" ", "\t"):
        start = line_start(file, start - 1)
    while file.text[end : end + 1] in (" ", "\t") and file.text[end : line_end(file, end)].strip():
        end = next_line(file, end)
    return start, end
