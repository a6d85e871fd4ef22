"""A row of terminal cells that pieces of text are put on at columns, later ones over earlier ones."""

from __future__ import annotations

from cfgcheck.report.cells import cells
from cfgcheck.report.terminal import Terminal


class Row:
    """One line of output. ``put`` takes safe text; ``draw`` gives the line without trailing blanks."""

    __slots__ = ("_cells",)

    def __init__(self) -> None:
        self._cells: dict[int, tuple[str, str]] = {}

    def put(self, column: int, text: str, style: str = "") -> int:
        """Write at ``column`` (from 0); returns the column after the text."""
        if text.isascii():  # one column each: nearly always
            self._cells.update((column + index, (character, style)) for index, character in enumerate(text))
            return column + len(text)
        for shown, width in cells(text):
            if width == 0:
                before, its_style = self._cells.get(column - 1, ("", style))
                self._cells[max(column - 1, 0)] = (before + shown, its_style)
                continue
            self._cells[column] = (shown, style)
            for extra in range(1, width):
                self._cells[column + extra] = ("", style)
            column += width
        return column

    @property
    def end(self) -> int:
        return max(self._cells, default=-1) + 1

    def draw(self, terminal: Terminal) -> str:
        pieces: list[str] = []
        run, style = "", ""
        for column in range(self.end):
            shown, its_style = self._cells.get(column, (" ", ""))
            if its_style != style:
                pieces.append(terminal.paint(style, run))
                run, style = "", its_style
            run += shown
        pieces.append(terminal.paint(style, run))
        return "".join(pieces)
