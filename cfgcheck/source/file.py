"""One text that was read: its bytes as characters, and where its lines begin."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple


class Position(NamedTuple):
    """A place as people count: both numbers start at 1; columns count characters, not bytes."""

    line: int
    column: int


class SourceFile:
    """A file (or standard input) whose text is linted.

    ``path`` is how the file is shown: relative to the folder checked, with forward slashes.
    ``text`` is the decoded text: bytes that are not UTF-8 are kept as surrogate escapes, a byte order mark and
    carriage returns stay in place, so that offsets rebuild the file byte for byte.
    ``whole``: the file itself, for one that stands inside another (a key of a ConfigMap): under its path and at its
    offsets, all else blank.
    """

    __slots__ = ("_line_starts", "path", "text", "whole")

    def __init__(self, path: str, text: str, whole: SourceFile | None = None) -> None:
        self.path = path
        self.text = text
        self.whole: SourceFile = whole if whole is not None else self
        self._line_starts: list[int] | None = None

    @property
    def line_starts(self) -> list[int]:
        """The offset of each line's first character. Only ``\\n`` ends a line, as the servers have it."""
        if self._line_starts is None:
            starts = [0]
            find = self.text.find
            at = find("\n")
            while at >= 0:
                starts.append(at + 1)
                at = find("\n", at + 1)
            self._line_starts = starts
        return self._line_starts

    def position(self, offset: int) -> Position:
        """The line and column of an offset; offsets beyond the text are taken as its end."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self.line_starts, offset)
        return Position(line, offset - self.line_starts[line - 1] + 1)

    def line_text(self, line: int) -> str:
        """Line number ``line`` (from 1) without its line ending; empty when there is no such line."""
        starts = self.line_starts
        if not 1 <= line <= len(starts):
            return ""
        end = starts[line] if line < len(starts) else len(self.text)
        return self.text[starts[line - 1] : end].rstrip("\r\n")

    def span(self, start: int, end: int) -> Span:
        return Span(self, start, end)

    def __repr__(self) -> str:
        return f"SourceFile({self.path!r})"


class Span:
    """A stretch of one file, as character offsets: ``start`` inclusive, ``end`` exclusive."""

    __slots__ = ("end", "file", "start")

    def __init__(self, file: SourceFile, start: int, end: int) -> None:
        self.file = file
        self.start = start
        self.end = end

    @property
    def text(self) -> str:
        return self.file.text[self.start : self.end]

    @property
    def begin(self) -> Position:
        return self.file.position(self.start)

    @property
    def finish(self) -> Position:
        return self.file.position(self.end)

    @property
    def key(self) -> tuple[str, int, int]:
        """What two spans of one run are compared and sorted by."""
        return (self.file.path, self.start, self.end)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Span) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        line, column = self.begin
        return f"{self.file.path}:{line}:{column}"

    def __repr__(self) -> str:
        return f"Span({self}, {self.text!r})"
