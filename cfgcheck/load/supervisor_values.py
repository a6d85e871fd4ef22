"""Values of supervisord's options: ``%(NAME)s`` replaced, then as text, words, numbers or variables (supervisor 4,
``options.py`` and ``datatypes.py``)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from cfgcheck.load.systemd_values import SIGNALS
from cfgcheck.model.located import Located
from cfgcheck.record import field, record
from cfgcheck.source.file import Span
from cfgcheck.syntax.joined_value import Value
from cfgcheck.syntax.shell_word import Word
from cfgcheck.syntax.shlex_words import PlainLexer
from cfgcheck.syntax.templates import FILLER

_TOKEN = re.compile(rf"%(?:(%)|\((\w+)\)([#0 +-]*\d{{0,3}})([sdi])|([#0 +-]*\d{{0,3}}[sra])|)|({FILLER}+)")
_BY_HAND = re.compile(r"<[A-Za-z][\w .-]{0,60}>")
_TEMPLATE: Final = "a template placeholder stands there"
_LONGEST: Final = 262_144
"""Characters that a value is expanded to at most."""

_MOST_PAIRS: Final = 500
_NAMES = frozenset(f"SIG{name}" for name in SIGNALS.values())


@record(frozen=True)
class Unknown:
    """What an expansion stands for is not known, and why."""

    because: str


Expansions = Mapping[str, "str | int | Unknown"]


@record(frozen=True)
class Hole:
    """A part of a text that is not known, as it is written."""

    written: str
    because: str
    expansion: bool = False


@record()
class Expanded:
    """A value with its expansions replaced; each part that is not known is one ``FILLER``, in the order of ``holes``.

    ``moves``: offsets in ``text`` with the offset in the value that each comes from, and whether it was replaced there.
    ``refused``: why supervisord refuses it, else "". ``size``: of all that was put in.
    """

    value: Value
    text: str = ""
    holes: list[Hole] = field(default_factory=list)
    moves: list[tuple[int, int, bool]] = field(default_factory=list)
    refused: str = ""
    size: int = 0

    def span(self, start: int, end: int) -> Span:
        return self.value.span(self._offset(start, False), self._offset(end, True))

    def _offset(self, at: int, ending: bool) -> int:
        index = max(bisect_right(self.moves, (at - ending, len(self.value.text) + 1)) - 1, 0)
        text, source, replaced = self.moves[index]
        if not replaced:
            return source + at - text
        # Within what stands in place of an expansion, all of that is meant.
        return self.moves[index + 1][1] if ending else source

    def located(self) -> Located[str]:
        """The text as a value."""
        span = self.value.place
        if self.refused:
            return Located.unknown(self.refused, span, self.value.text)
        if self.holes:
            return Located.unknown(self.holes[0].because, span, filled(self.text, iter(self.holes)))
        return Located.read(self.text, span, text=self.text)

    def words(self) -> tuple[Word, ...]:
        """As ``shlex.split`` has them. Raises ShellSyntaxError."""
        found = PlainLexer(self.text, self.span).words()
        if not self.holes:
            return tuple(found)
        holes = iter(self.holes)
        return tuple(_with_holes(word, holes) for word in found)


def _with_holes(word: Word, holes: Iterator[Hole]) -> Word:
    count = word.template.count(FILLER)
    if not count:
        return word
    own = list(islice(holes, count))
    bare = any(hole.expansion for hole in own) and not any(quote in word.span.text for quote in "'\"")
    template = filled(word.template, iter(own))
    return Word(None, template, word.span, own[0].because if own else "", bare)


def filled(text: str, holes: Iterator[Hole]) -> str:
    """A text with what is written in place of each part that is not known."""
    return re.sub(FILLER, lambda _: next(holes, Hole("", "")).written, text)


def expand(value: Value, expansions: Expansions) -> Expanded:
    """``%(NAME)s`` as Python's ``%`` operator replaces it."""
    made = Expanded(value)
    parts: list[str] = []
    at = length = 0
    for token in _TOKEN.finditer(value.text):
        plain, replacement = value.text[at : token.start()], _replacement(token, expansions, made)
        for piece, start in ((plain, at), (replacement, token.start())):
            if piece:
                made.moves.append((length, start, piece is replacement))
                parts.append(piece)
                length += len(piece)
        at = token.end()
    made.moves.append((length, at, False))
    parts.append(value.text[at:])
    made.text = "".join(parts)
    return made


def _replacement(token: re.Match[str], expansions: Expansions, made: Expanded) -> str:
    if token[6]:
        made.holes.append(Hole(made.value.span(*token.span()).text, _TEMPLATE))
        return FILLER
    if token[1]:
        return "%"
    if token[5]:
        made.holes.append(Hole(token[0], f"supervisord puts all that it knows in place of {token[0]}"))
        return FILLER
    if not token[2]:
        made.refused = made.refused or "a percent sign has to be written %%"
        return "%"
    name = token[2]
    found = expansions.get(name)
    if found is None and name.startswith("ENV_"):
        found = Unknown(f"it depends on the environment variable {name[4:]}")
    if found is None:
        made.refused = made.refused or f"it knows no %({name}){token[4]}"
        return token[0]
    if isinstance(found, Unknown):
        made.holes.append(Hole(token[0], found.because, True))
        return FILLER
    if token[4] != "s" and not isinstance(found, int):
        made.refused = made.refused or f"%({name}){token[4]} is no number"
        return token[0]
    made.size += len(str(found))
    if made.size > _LONGEST:
        made.holes.append(Hole(token[0], "what it expands to is too long to be followed", True))
        return FILLER
    return f"%{token[3]}{token[4]}" % found


_WORD = rf"[\w/.+():\-{FILLER}]"
_PAIR_TOKEN = re.compile(
    rf"[ \t\r\n]+|#[^\n]*\n?|({_WORD}(?:{_WORD}|['\"]|#[^\n]*\n?)*|\"[^\"]*\"|'[^']*')|(['\"])|(.)",
    re.ASCII | re.DOTALL,
)
_IN_WORD = re.compile(r"#[^\n]*\n?")


@record(frozen=True)
class Pair:
    """``KEY="value"``. ``value``: None where it is not known, ``because`` then says why."""

    name: str
    value: str | None
    span: Span
    because: str = ""


class PairError(ValueError):
    """A text that supervisord does not take for ``KEY="value",…``. ``offset``: in the expanded text."""

    def __init__(self, offset: int) -> None:
        super().__init__("no pairs")
        self.offset = offset


def pairs(expanded: Expanded) -> list[Pair]:
    """``KEY="value",OTHER="value"`` as ``datatypes.dict_of_key_value_pairs`` has it: words by threes, and what stands
    after each third is passed over; no more than the first 500. Raises PairError."""
    text = expanded.text
    tokens: list[tuple[str, int, int]] = []
    for token in _PAIR_TOKEN.finditer(text):
        if token[2]:
            raise PairError(token.start())
        if token[1] or token[3]:
            quoted = token[0][0] in "'\""
            tokens.append((token[0] if quoted else _IN_WORD.sub("", token[0]), *token.span()))
    holes = iter(expanded.holes)
    found = []
    for at in range(0, min(len(tokens), 4 * _MOST_PAIRS), 4):
        if len(tokens) < at + 3 or tokens[at + 1][0] != "=":
            raise PairError(tokens[at][1])
        (name, _, _), (value, start, end) = tokens[at], tokens[at + 2]
        unnamed = list(islice(holes, name.count(FILLER)))
        own = list(islice(holes, value.count(FILLER)))
        known = None if own else value.strip("'\"")
        if not unnamed:
            found.append(Pair(name, known, expanded.span(start, end), own[0].because if own else ""))
    return found


def signal_of(text: str) -> str | None:
    """A signal by name without SIG, from a name in any case or a number."""
    bare = text.strip().upper()
    if re.match(r"[0-9]{1,3}\Z", bare):
        return SIGNALS.get(int(bare))
    name = bare if bare.startswith("SIG") else f"SIG{bare}"
    return name.removeprefix("SIG") if name in _NAMES else None


def boolean(text: str) -> bool | None:
    lower = text.lower()
    return True if lower in ("yes", "true", "on", "1") else False if lower in ("no", "false", "off", "0") else None


def whole(text: str) -> int | None:
    return int(text) if re.match(r"\s*\+?[0-9]{1,12}\s*\Z", text) else None


def octal_of(text: str) -> int | None:
    found = re.match(r"\s*(?:0[oO])?([0-7]{1,6})\s*\Z", text)
    return int(found[1], 8) if found else None
