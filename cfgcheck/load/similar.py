"""The known name that a misspelt one probably means."""

from __future__ import annotations

from collections.abc import Iterable

_ALIKE = 0.74
_ENDINGS = ("s", "es")
_SHORTEST, _LONGEST = 5, 60
_LETTERS_A_SLIP = 4
"""One letter in so many may be wrong."""

MOST = 100
"""Names that are looked up for one app: each costs a comparison with every known name (2 ms for uWSGI's 1250)."""


class Similar:
    """Finds the nearest of ``known`` names. ``joint``: the character between their words (``-`` or ``_``)."""

    def __init__(self, known: Iterable[str], joint: str) -> None:
        self._known = known
        self._joint = joint
        self._asked: dict[str, str] = {}

    def to(self, name: str) -> str:
        """The known name that ``name`` is a slip of, or "" when it is like none."""
        if name not in self._asked:
            self._asked[name] = self._found(name) if len(self._asked) < MOST else ""
        return self._asked[name]

    def _found(self, name: str) -> str:
        wanted = name.partition(":")[0].strip().lower().replace("_", "-").strip("-").replace("-", self._joint)
        if not _SHORTEST <= len(wanted) <= _LONGEST:
            return ""
        from difflib import get_close_matches

        close = get_close_matches(wanted, list(self._known), 5, _ALIKE)
        slips = {other: _slips(wanted, other) for other in close if self._word_by_word(wanted, other)}
        nearest = min(slips, key=lambda other: slips[other], default="")
        return nearest if nearest and slips[nearest] <= min(2, len(wanted) // _LETTERS_A_SLIP) else ""

    def _word_by_word(self, one: str, other: str) -> bool:
        """Whether no word is quite another one: ``log-path`` is no slip of ``log-date``."""
        pairs = list(zip(one.split(self._joint), other.split(self._joint), strict=False))
        if one.count(self._joint) != other.count(self._joint):
            return True
        return all(_slips(its, others) <= max(1, len(its) // _LETTERS_A_SLIP) for its, others in pairs)


def _slips(one: str, other: str) -> int:
    """The letters that are wrong; a plural's ending is one slip."""
    return 1 if any(other == one + ending for ending in _ENDINGS) else _distance(one, other)


def _distance(one: str, other: str) -> int:
    """How many letters have to be put in, taken out or replaced to make one word of the other."""
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        before, row[0] = row[0], at
        for place, its in enumerate(other, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (letter != its))
    return row[-1]
