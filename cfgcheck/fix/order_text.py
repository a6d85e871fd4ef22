"""Lines of a text: where they begin and end, and how a new one is written between them."""

from __future__ import annotations

from cfgcheck.findings import Edit
from cfgcheck.source.file import SourceFile, Span


def line_begin(text: str, at: int) -> int:
    """Where the line of an offset begins; a byte order mark stands before the first one."""
    begin = text.rfind("\n", 0, at) + 1
    return begin + 1 if begin == 0 and text.startswith("\ufeff") else begin


def line_end(text: str, at: int) -> int:
    """Where the line of an offset ends, its line ending not counted."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return end - 1 if end > at and text[end - 1] == "\r" else end


def indentation(text: str, at: int) -> str:
    """The blanks that the line of an offset begins with."""
    line = text[line_begin(text, at) : line_end(text, at)]
    return line[: len(line) - len(line.lstrip(" \t"))]


def newline(text: str, near: int) -> str:
    """The line ending in use at an offset: that of its line, else that of the one before."""
    end = text.find("\n", near)
    end = end if end >= 0 else text.rfind("\n", 0, near)
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"


def replaced(file: SourceFile, start: int, end: int, text: str) -> Edit:
    return Edit(Span(file, start, end), text)


def line_after(file: SourceFile, at: int, *lines: str) -> Edit:
    """New lines after the line of an offset. A file whose last line has no line ending stays so."""
    end = line_end(file.text, at)
    ending = newline(file.text, at)
    return replaced(file, end, end, "".join(f"{ending}{line}" for line in lines))


def line_before(file: SourceFile, at: int, *lines: str) -> Edit:
    """New lines in front of the line of an offset."""
    begin = line_begin(file.text, at)
    ending = newline(file.text, at)
    return replaced(file, begin, begin, "".join(f"{line}{ending}" for line in lines))
