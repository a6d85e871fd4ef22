"""Lines of a text as people lay them out: indentation, line endings, what stands alone on a line, comments above."""

from __future__ import annotations

from cfgcheck.source.file import SourceFile

_BLANKS = " \t"
_COMMENT_SIGNS = "#"
DEFAULT_INDENT = "    "


def line_start(file: SourceFile, offset: int) -> int:
    """Where the line of an offset begins; behind a byte order mark."""
    start = file.text.rfind("\n", 0, offset) + 1
    return start + 1 if start == 0 and file.text.startswith("\ufeff") else start


def line_end(file: SourceFile, offset: int) -> int:
    """Where the line of an offset ends: before its line break, or at the end of the text."""
    end = file.text.find("\n", offset)
    if end < 0:
        return len(file.text)
    return end - 1 if end and file.text[end - 1] == "\r" else end


def next_line(file: SourceFile, offset: int) -> int:
    """Where the line after that of an offset begins, or the end of the text."""
    end = file.text.find("\n", offset)
    return len(file.text) if end < 0 else end + 1


def indentation(file: SourceFile, offset: int) -> str:
    """The blanks that the line of an offset begins with."""
    start = line_start(file, offset)
    end = start
    while file.text[end : end + 1] in (" ", "\t"):
        end += 1
    return file.text[start:end]


def line_break(file: SourceFile, offset: int = 0) -> str:
    """How lines end in a file: as the first one from an offset on, or else the first of all, does."""
    end = file.text.find("\n", offset)
    end = file.text.find("\n") if end < 0 else end
    return "\r\n" if end > 0 and file.text[end - 1] == "\r" else "\n"


def begins_line(file: SourceFile, offset: int) -> bool:
    """Whether nothing but blanks stands before an offset on its line."""
    return not file.text[line_start(file, offset) : offset].strip(_BLANKS)


def ends_line(file: SourceFile, offset: int) -> bool:
    """Whether nothing but blanks and a comment follows an offset on its line."""
    rest = file.text[offset : line_end(file, offset)].strip(_BLANKS)
    return not rest or rest[0] in _COMMENT_SIGNS


def above_comments(file: SourceFile, offset: int) -> int:
    """The begin of the line of an offset, or of the first of the comment lines right above it."""
    start = line_start(file, offset)
    while start > 0:
        above = line_start(file, start - 1)
        line = file.text[above:start].strip()
        if above == start or line[:1] not in _COMMENT_SIGNS or not line:
            break
        start = above
    return start


def step(outer: str, inner: str) -> str:
    """What an inner line is indented by further than its outer one; "" where that tells nothing."""
    return inner[len(outer) :] if len(inner) > len(outer) and inner.startswith(outer) else ""
