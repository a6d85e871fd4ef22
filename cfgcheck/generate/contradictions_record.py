"""A contradiction in a spec."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from cfgcheck.record import record

if TYPE_CHECKING:
    from collections.abc import Iterable

Place = tuple[str | int, ...]


@record(frozen=True)
class Contradiction:
    """``place``: the key that is complained of; ``others``: those that it does not go with."""

    place: Place
    text: str
    others: tuple[Place, ...] = ()


def meant(word: str, known: Iterable[str]) -> str:
    """``; did you mean `…`?`` or nothing."""
    close = get_close_matches(word, list(known), 1, 0.7)
    return f"; did you mean `{close[0]}`?" if close else ""
