"""Changes to one text: pieces that are put in the place of others, all at once."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import NamedTuple


class Piece(NamedTuple):
    """``text`` in the place of the characters from ``start`` (inclusive) to ``end`` (exclusive)."""

    start: int
    end: int
    text: str


class Overlap(Exception):  # noqa: N818  (nobody's mistake: the second change has to wait)
    """Two pieces that can't both be put in."""


def settled(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces in the order of the text, each once; what is taken out twice goes in its larger piece.

    Of several that insert at one place, the order is the given one. Errors: Overlap.
    """
    found: list[Piece] = []
    for piece in sorted(dict.fromkeys(pieces), key=lambda one: (one.start, one.end)):
        if not found or piece.start >= found[-1].end:
            found.append(piece)
        elif not _swallows(found[-1], piece):
            if not _swallows(piece, found[-1]):
                raise Overlap
            found[-1] = piece
    return found


def _swallows(one: Piece, other: Piece) -> bool:
    return not (one.text or other.text) and one.start <= other.start and other.end <= one.end


class Taken:
    """Places of one text that are taken: what touches the same characters, or inserts at the same place, has to
    wait."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []

    def free(self, piece: Piece) -> bool:
        at = bisect_left(self._pieces, piece.start, key=_start)
        if at and self._pieces[at - 1].end > piece.start:
            return False
        after = self._pieces[at] if at < len(self._pieces) else None
        return after is None or (after.start >= piece.end and after.start != piece.start)

    def take(self, piece: Piece) -> None:
        insort(self._pieces, piece, key=_start)


def _start(piece: Piece) -> int:
    return piece.start


def applied(text: str, pieces: Iterable[Piece]) -> str:
    """The text with settled pieces put in."""
    parts, at = [], 0
    for piece in pieces:
        parts += [text[at : piece.start], piece.text]
        at = piece.end
    return "".join([*parts, text[at:]])
