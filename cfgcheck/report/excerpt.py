"""The part of a source line that fits a terminal, and which columns its characters take there."""

from __future__ import annotations

from collections.abc import Sequence

from cfgcheck.record import record
from cfgcheck.report.cells import TAB, cell
from cfgcheck.source.file import SourceFile


@record(frozen=True)
class Excerpt:
    """``text`` is safe to print; ``columns[i]`` is where character ``first + i`` of the file begins (one entry more
    than characters, for the end)."""

    text: str
    first: int
    columns: Sequence[int]

    def column(self, offset: int) -> int:
        """The column of a file offset; offsets that were cut away fall on the nearer end."""
        return self.columns[min(max(offset - self.first, 0), len(self.columns) - 1)]


def line_bounds(file: SourceFile, line: int) -> tuple[int, int]:
    """Offsets of a line's first character and of its line ending."""
    starts = file.line_starts
    start = starts[line - 1]
    end = starts[line] - 1 if line < len(starts) else len(file.text)
    while end > start and file.text[end - 1] == "\r":
        end -= 1
    return start, end


def excerpt(file: SourceFile, line: int, width: int, focus: tuple[int, int] | None, *, unicode: bool) -> Excerpt:
    """Line ``line`` in at most ``width`` columns, cut around ``focus`` (file offsets) where it is longer.

    A line of megabytes costs no more than what is shown of it.
    """
    start, end = line_bounds(file, line)
    if end - start <= width:
        whole = file.text[start:end]
        if whole.isascii() and whole.isprintable():  # nearly always
            return Excerpt(whole, start, range(len(whole) + 1))
    shown = _fitting(file.text, start, end, width, unicode)
    if shown == end:
        return _render(file.text, start, end, "", "", unicode)
    mark = "…" if unicode else "..."
    room = width - 2 * len(mark)
    first = start if focus is None else max(start, min(_window_start(start, focus, room), end - room))
    last = _fitting(file.text, first, end, room, unicode)
    return _render(file.text, first, last, mark if first > start else "", mark if last < end else "", unicode)


def _window_start(start: int, focus: tuple[int, int], room: int) -> int:
    """Where to begin so that the focus is seen, with some text before it where there is room."""
    before = max((room - (focus[1] - focus[0])) // 2, min(8, room // 4))
    return max(start, focus[0] - before)


def _fitting(text: str, start: int, end: int, width: int, unicode: bool) -> int:
    """The offset up to which ``text[start:end]`` fits ``width`` columns."""
    if end - start > width * 4:  # whatever it holds, no more than this can matter
        end = start + width * 4
        cut = True
    else:
        cut = False
    used = 0
    for offset in range(start, end):
        used += cell(text[offset], unicode=unicode)[1]
        if used > width:
            return offset
    return end - 1 if cut else end


def _render(text: str, first: int, last: int, before: str, after: str, unicode: bool) -> Excerpt:
    pieces, columns, column = [before], [], len(before)
    for offset in range(first, last):
        shown, width = cell(text[offset], unicode=unicode)
        pieces.append(shown if text[offset] != "\t" else TAB)
        columns.append(column)
        column += width
    columns.append(column)
    return Excerpt("".join(pieces) + after, first, tuple(columns))
