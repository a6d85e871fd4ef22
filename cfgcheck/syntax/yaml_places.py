"""Where each character of a scalar's text stands in its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfgcheck.source.file import SourceFile, Span

if TYPE_CHECKING:
    from cfgcheck.syntax.yaml_nodes import Scalar

_LONGEST_ESCAPE = {"x": 2, "u": 4, "U": 8}
_BLANK = " \t\r\n"


class Places:
    """For each character of a text, where what stands for it begins and ends in the file. ``whole``: where all of it
    stands. Without ``starts`` nobody knows where the single characters stand."""

    __slots__ = ("ends", "file", "starts", "whole")

    def __init__(self, whole: Span, starts: list[int], ends: list[int]) -> None:
        self.file: SourceFile = whole.file
        self.whole = whole
        self.starts = starts
        self.ends = ends

    def span(self, start: int, end: int) -> Span:
        """Where a stretch of the text stands; never empty."""
        if not self.starts:
            return self.whole
        first = min(max(start, 0), len(self.starts) - 1)
        last = min(max(end - 1, first), len(self.starts) - 1)
        return self.file.span(self.starts[first], max(self.ends[last], self.starts[first] + 1))


def places_of(scalar: Scalar) -> Places:
    """The places of a scalar's text."""
    whole, text = scalar.span, scalar.text
    begin, raw = whole.start, whole.text
    if scalar.content is not None:
        begin, raw = scalar.content.start, scalar.content.text
    elif scalar.style:
        begin, raw = begin + 1, raw[1:-1]
    if raw == text:
        return Places(whole, list(range(begin, begin + len(raw))), list(range(begin + 1, begin + len(raw) + 1)))
    starts, ends = _aligned(text, raw, scalar.style)
    if len(starts) < len(text.rstrip("\n")):
        return Places(whole, [], [])
    return Places(whole, [begin + at for at in starts], [begin + at for at in ends])


def _aligned(text: str, raw: str, style: str) -> tuple[list[int], list[int]]:
    """For each character of ``text`` where in ``raw`` it is written; fewer when the two do not fit."""
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for index, character in enumerate(text):
        blank = character in _BLANK
        while at < len(raw) and raw[at] in _BLANK and not (blank and raw[at] == character):
            if blank and _turns(raw, at, text, index):
                break
            at += 1
        if at >= len(raw):
            break
        end = _one(raw, at, style, character)
        if end == at:
            break
        starts.append(at)
        ends.append(end)
        at = end
    return starts, ends


def _turns(raw: str, at: int, text: str, index: int) -> bool:
    """Whether the line end written here is the blank that stands in the text (folding)."""
    return raw[at] == "\n" and text[index] == " "


def _one(raw: str, at: int, style: str, character: str) -> int:
    """Where what is written for one character ends; ``at`` when it is not written there."""
    if style == '"' and raw[at] == "\\" and at + 1 < len(raw):
        return min(at + 2 + _LONGEST_ESCAPE.get(raw[at + 1], 0), len(raw))
    if style == "'" and raw.startswith("''", at) and character == "'":
        return at + 2
    if raw[at] == character or (character in _BLANK and raw[at] in _BLANK):
        return at + 1
    return at
