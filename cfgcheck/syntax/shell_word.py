"""One word of a command line, located, and a word in the making."""

from __future__ import annotations

import re
from collections.abc import Callable

from cfgcheck.record import record
from cfgcheck.source.file import SourceFile, Span

FIELD_END = "\0"
"""Stands where a variable's value ends one word and begins the next."""

_SPACES = re.compile(r"[ \t\n]+")

Locate = Callable[[int, int], Span]
"""Where a stretch of the command's text stands in its file."""


@record(frozen=True)
class Word:
    """One word of a command.

    ``value``: None where it is not known, ``because`` then says why. ``template``: the value with ``${NAME}`` (or what
    is written) in place of each part that is not known; the same as ``value`` for a known word. ``bare``: an unknown
    part stands outside quotes, so the word may as well be none or several. ``variables``: variables whose default in
    the text (``${NAME:-default}``) was taken because nobody sets them.
    """

    value: str | None
    template: str
    span: Span
    because: str = ""
    bare: bool = False
    variables: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        return self.value is not None

    def fields(self) -> list[Word]:
        """What becomes of it outside quotes: each of its spaces ends a word."""
        if self.value is None or (self.value and not _SPACES.search(self.value)):
            return [self]
        return [Word(text, text, self.span, "", False, self.variables) for text in _SPACES.split(self.value) if text]


class ShellSyntaxError(ValueError):
    """A quote that is not closed, or a backslash at the end. ``offset``: where it stands."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def in_file(file: SourceFile, offset: int = 0) -> Locate:
    """Locates a command that stands in ``file`` in one piece, from ``offset`` on."""

    def locate(start: int, end: int) -> Span:
        return Span(file, offset + start, offset + end)

    return locate


class Builder:
    """A word in the making. ``split``: whether the spaces of unquoted variables end words (not so in assignments)."""

    __slots__ = ("bare", "because", "known", "parts", "quoted", "split", "splits", "start", "variables")

    def __init__(self, start: int, split: bool = True) -> None:
        self.start = start
        self.split = split
        self.parts: list[str] = []
        self.known = True
        self.quoted = False
        self.bare = False
        self.splits = False
        self.because = ""
        self.variables: list[str] = []

    def unknown(self, template: str, because: str, quoted: bool) -> None:
        self.parts.append(template)
        self.known = False
        self.because = self.because or because
        self.bare = self.bare or not quoted

    def expand(self, value: str, quoted: bool) -> None:
        """Append the value of a variable. Outside quotes each of its spaces ends a word."""
        quoted = quoted or not self.split
        fields = value if quoted else _SPACES.sub(FIELD_END, value)
        self.splits = self.splits or (not quoted and (not value or fields != value))
        self.parts.append(fields)

    def word(self, end: int, locate: Locate) -> Word:
        text = "".join(self.parts)
        value = text if self.known else None
        return Word(value, text, locate(self.start, end), self.because, self.bare, tuple(self.variables))

    def words(self, end: int, locate: Locate) -> list[Word]:
        """None where it is nothing but empty variables; several where a variable with spaces makes them of it: those
        all stand at the same place."""
        if not self.splits:
            return [self.word(end, locate)] if self.parts or self.quoted else []
        place = locate(self.start, end)
        variables = tuple(self.variables)
        texts = [text for text in "".join(self.parts).split(FIELD_END) if text] or [""] * self.quoted
        if not self.known:
            return [Word(None, text, place, self.because, self.bare, variables) for text in texts]
        return [Word(text, text, place, "", False, variables) for text in texts]
