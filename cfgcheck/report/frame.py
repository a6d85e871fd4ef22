"""A code frame: the lines of one file that a finding speaks of, with what it says of them beneath."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfgcheck.findings import Label
from cfgcheck.record import record
from cfgcheck.report.canvas import Row
from cfgcheck.report.cells import width_of, wrap
from cfgcheck.report.excerpt import Excerpt, excerpt
from cfgcheck.report.terminal import Terminal
from cfgcheck.source.file import SourceFile

_LONGEST = 6
"""Lines shown of one span; the middle of a longer one is left out."""


@record(frozen=True)
class Mark:
    """A label of one file with how it is drawn; lines from 1, offsets trimmed to visible text."""

    first: int
    last: int
    start: int
    end: int
    text: str
    style: str
    primary: bool

    @property
    def block(self) -> bool:
        return self.first != self.last


def mark(label: Label, style: str, *, primary: bool) -> Mark:
    text, start, end = label.span.file.text, label.span.start, label.span.end
    start, end = min(max(start, 0), len(text)), min(max(end, start, 0), len(text))
    while end > start and text[end - 1].isspace():
        end -= 1
    position = label.span.file.position
    first, last = position(start).line, position(max(start, end - 1)).line
    return Mark(first, last, start, end, label.text, style, primary)


def frame(file: SourceFile, marks: Sequence[Mark], terminal: Terminal, gutter: int) -> list[str]:
    """The frame's lines, the head with the path and the place of the first mark among them.

    ``gutter``: columns for line numbers, the same for all frames of a finding.
    """
    head = marks[0]
    place = f"{terminal.safe(file.path)}:{head.first}:{head.start - file.line_starts[head.first - 1] + 1}"
    if not file.text:
        place = terminal.safe(file.path)
    corner = terminal.paint("frame", terminal.glyph("╭─", "-->"))
    lines = [f"{' ' * (gutter + 1)}{corner} {place}"]
    if not file.text:
        said = [line for one in marks for line in wrap(terminal.safe(one.text), terminal.width - gutter - 3)]
        return lines + [_bar(terminal, gutter) + line for line in said]
    drawing = _Drawing(file, marks, terminal, gutter)
    return lines + list(drawing.lines())


def _bar(terminal: Terminal, gutter: int, number: int | None = None) -> str:
    shown = "" if number is None else str(number)
    return terminal.paint("frame", f"{shown:>{gutter}} {terminal.glyph('│', '|')} ")


class _Drawing:
    """Draws the lines of one frame, from the top down."""

    def __init__(self, file: SourceFile, marks: Sequence[Mark], terminal: Terminal, gutter: int) -> None:
        self.file = file
        self.terminal = terminal
        self.gutter = gutter
        self.blocks = _apart([one for one in marks if one.block])
        self.marks = [one if one in self.blocks or not one.block else _first_line(file, one) for one in marks]
        self.indent = 2 if self.blocks else 0
        self.width = max(terminal.width - gutter - 3 - self.indent, 16)

    def lines(self) -> Iterator[str]:
        before = 0
        for number in _shown_lines(self.marks, len(self.file.line_starts)):
            if before and number > before + 1:
                yield self._gap(before)
            yield from self._line(number)
            before = number

    def _gap(self, after: int) -> str:
        inside = self._block_at(after)
        dots = self.terminal.glyph("⋮", ":")
        rail = self.terminal.paint(inside.style, dots) if inside and inside.last > after else ""
        return self.terminal.paint("frame", f"{dots:>{self.gutter}}") + (f"   {rail}" if rail else "")

    def _line(self, number: int) -> Iterator[str]:
        here = [one for one in self.marks if one.first == number and one not in self.blocks]
        here.sort(key=lambda one: (one.start, one.end))
        focus = _focus(here)
        block = self._block_at(number)
        if focus is None and block and number == block.first:
            focus = (block.start, block.start + 8)
        part = excerpt(self.file, number, self.width, focus, unicode=self.terminal.unicode)
        yield (_bar(self.terminal, self.gutter, number) + self._rail(block, number) + part.text).rstrip()
        for row in _annotations(here, part, self.width, self.terminal):
            yield _bar(self.terminal, self.gutter) + self._rail(block, number, below=True) + row.draw(self.terminal)
        if block and number == block.last:
            yield from self._block_end(block)

    def _block_at(self, number: int) -> Mark | None:
        return next((one for one in self.blocks if one.first <= number <= one.last), None)

    def _rail(self, block: Mark | None, number: int, *, below: bool = False) -> str:
        if not self.indent:
            return ""
        if block is None:
            return "  "
        glyph = self.terminal.glyph
        rail = glyph("╭", "/") if number == block.first and not below else glyph("│", "|")
        return self.terminal.paint(block.style, rail) + " "

    def _block_end(self, block: Mark) -> Iterator[str]:
        arm = self.terminal.glyph("╰─", "\\_")
        text = wrap(self.terminal.safe(block.text), self.width - 2) or [""]
        for index, line in enumerate(text):
            start = arm if index == 0 else "  "
            yield (_bar(self.terminal, self.gutter) + self.terminal.paint(block.style, f"{start} {line}")).rstrip()


def _apart(blocks: list[Mark]) -> list[Mark]:
    """Spans of several lines that don't share a line with another one: one rail is enough for them."""
    kept: list[Mark] = []
    for one in sorted(blocks, key=lambda block: (not block.primary, block.first)):
        if all(one.last < other.first or other.last < one.first for other in kept):
            kept.append(one)
    return kept


def _first_line(file: SourceFile, one: Mark) -> Mark:
    """A span of several lines that has no rail of its own: its first line stands for it."""
    end = file.line_starts[one.first] if one.first < len(file.line_starts) else len(file.text)
    while end > one.start + 1 and file.text[end - 1].isspace():
        end -= 1
    return Mark(one.first, one.first, one.start, end, one.text, one.style, one.primary)


def _shown_lines(marks: Sequence[Mark], total: int) -> list[int]:
    wanted: set[int] = set()
    for one in marks:
        if one.last - one.first < _LONGEST:
            wanted.update(range(one.first, one.last + 1))
        else:
            wanted.update(range(one.first, one.first + _LONGEST - 2))
            wanted.add(one.last)
    # One line between two others says more than an ellipsis.
    wanted.update([line + 1 for line in wanted if line + 2 in wanted])
    return sorted(line for line in wanted if 1 <= line <= total)


def _focus(marks: Sequence[Mark]) -> tuple[int, int] | None:
    if not marks:
        return None
    primary = next((one for one in marks if one.primary), marks[0])
    return primary.start, max(primary.end, primary.start + 1)


@record(frozen=True)
class _Underline:
    start: int
    end: int
    text: str
    style: str


def _annotations(marks: Sequence[Mark], part: Excerpt, width: int, terminal: Terminal) -> list[Row]:
    """The rows beneath a line: all its underlines, the last one's label beside them, the others' hanging below."""
    if not marks:
        return []
    under = Row()
    lines: list[_Underline] = []
    for one in sorted(marks, key=lambda mark: mark.primary):
        start = min(part.column(one.start), width)
        end = max(part.column(one.end), start + 1)
        under.put(start, ("^" if one.primary else "-") * (end - start), one.style)
        lines.append(_Underline(start, end, terminal.safe(one.text), one.style))
    lines.sort(key=lambda line: (line.start, line.end))
    waiting = [line for line in lines if line.text]
    if waiting and waiting[-1].end == under.end and under.end + 1 + width_of(waiting[-1].text) <= width:
        last = waiting.pop()
        under.put(under.end + 1, last.text, last.style)
    return [under, *_hanging(waiting, width, terminal)]


def _hanging(waiting: list[_Underline], width: int, terminal: Terminal) -> Iterator[Row]:
    arm = terminal.glyph("╰ ", "` ")
    while waiting:
        line = waiting.pop()
        column = line.start
        room = width - column - 2
        if width_of(line.text) > room and room < 30:
            column = max(0, min(column, width - 2 - min(width_of(line.text), 30)))
        for index, piece in enumerate(wrap(line.text, width - column - 2)):
            row = Row()
            for other in waiting:
                if other.start < column:
                    row.put(other.start, terminal.glyph("│", "|"), other.style)
            row.put(column, (arm if index == 0 else "  ") + piece, line.style)
            yield row
