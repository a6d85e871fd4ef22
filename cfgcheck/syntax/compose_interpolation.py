"""The text of a scalar of a compose file, with its variables replaced, each character located."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.dotenv_interpolation import Interpolated, Lookup, closings, interpolate
from cfgcheck.syntax.yaml_nodes import Scalar
from cfgcheck.syntax.yaml_places import Places, places_of

MARK = "\ue001"
"""Stands for a part that is not known, so that what is around it can be read."""

BECAUSE_TEMPLATE = "a template placeholder stands there"

PLACEHOLDER = re.compile(r"\{\{[^\n]*?\}\}|\{%[^\n]*?%\}|<%[^\n]*?%>")
_REFERENCE = re.compile(r"\$(?:\$|[A-Za-z_][A-Za-z0-9_]*|(\{))")


@record(frozen=True)
class Text:
    """``value``: None where it is not known, ``because`` then says why. ``template``: with what is not known as it is
    written; ``marked``: with one ``MARK`` for each such part. ``defaults``: variables whose default was taken.
    ``invalid``: why Compose refuses it, else "". ``parts``: what is written for each mark, in order."""

    scalar: Scalar
    value: str | None
    template: str
    marked: str
    because: str = ""
    invalid: str = ""
    defaults: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    places: Places | None = None

    def locate(self, start: int, end: int) -> Span:
        """Where a stretch of ``marked`` stands (of ``value``, where that is known); never empty."""
        places = self.places or places_of(self.scalar)
        return places.span(start, end)

    def filled(self, marked: str, before: int = 0) -> str:
        """A stretch of ``marked``, with what is written in place of the marks; ``before``: marks in front of it."""
        parts = iter(self.parts[before:])
        return re.sub(MARK, lambda mark: next(parts, mark[0]), marked)


def text_of(scalar: Scalar, lookup: Lookup, literal: bool = False) -> Text:
    """``literal``: ``$`` means nothing there."""
    text = scalar.text
    if not scalar.templated and (literal or "$" not in text):
        return Text(scalar, text, text, text)
    made = _Pieces(scalar)
    at = 0
    for start, end in _pieces(text, scalar.templated, literal):
        made.plain(at, start)
        if text[start] == "$" and not (scalar.templated and PLACEHOLDER.search(text, start, end)):
            made.replaced(start, end, interpolate(text[start:end], lookup))
        else:
            made.unknown(start, end, text[start:end], BECAUSE_TEMPLATE)
        at = end
    made.plain(at, len(text))
    return made.text()


def _pieces(text: str, templated: bool, literal: bool) -> Iterator[tuple[int, int]]:
    """Where variables and placeholders stand, none within another."""
    closed = {} if literal else closings(text)
    at = 0
    pattern = _both(templated, literal)
    while (found := pattern.search(text, at)) is not None:
        at = found.end()
        if found[0] == "${":
            at = closed.get(found.start(), found.end() - 1) + 1
        yield found.start(), at


_PATTERNS: dict[tuple[bool, bool], re.Pattern[str]] = {}


def _both(templated: bool, literal: bool) -> re.Pattern[str]:
    key = (templated, literal)
    if key not in _PATTERNS:
        parts = [PLACEHOLDER.pattern] * templated + [_REFERENCE.pattern + r"|\$"] * (not literal)
        _PATTERNS[key] = re.compile("|".join(parts))
    return _PATTERNS[key]


class _Pieces:
    """A text in the making, and for each of its characters where it stands."""

    def __init__(self, scalar: Scalar) -> None:
        self.scalar = scalar
        self.source = places_of(scalar)
        self.marked: list[str] = []
        self.templates: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.parts: list[str] = []
        self.defaults: list[str] = []
        self.because = ""
        self.invalid = ""

    def plain(self, start: int, end: int) -> None:
        text = self.scalar.text[start:end]
        self.marked.append(text)
        self.templates.append(text)
        if self.source.starts:
            size = len(self.source.starts)
            self.starts += (self.source.starts[min(at, size - 1)] for at in range(start, end))
            self.ends += (self.source.ends[min(at, size - 1)] for at in range(start, end))

    def replaced(self, start: int, end: int, made: Interpolated) -> None:
        self.defaults += made.defaults
        self.invalid = self.invalid or made.invalid
        if made.value is None:
            self.unknown(start, end, made.template, made.because or made.invalid)
            return
        self.marked.append(made.value)
        self.templates.append(made.value)
        self._place(start, end, len(made.value))

    def unknown(self, start: int, end: int, written: str, because: str) -> None:
        self.because = self.because or because
        self.marked.append(MARK)
        self.templates.append(written)
        self.parts.append(written)
        self._place(start, end, 1)

    def _place(self, start: int, end: int, count: int) -> None:
        if self.source.starts:
            span = self.source.span(start, end)
            self.starts += [span.start] * count
            self.ends += [span.end] * count

    def text(self) -> Text:
        marked, template = "".join(self.marked), "".join(self.templates)
        value = None if self.because or self.invalid else marked
        places = Places(self.scalar.span, self.starts, self.ends)
        return Text(
            self.scalar, value, template, marked, self.because or self.invalid, self.invalid, tuple(self.defaults),
            tuple(self.parts), places,
        )  # fmt: skip
