"""Words as systemd splits them: quotes, C escapes, specifiers (``%i``) and variables (systemd.service(5), "Command
lines"; ``src/basic/extract-word.c``, ``src/shared/specifier.c``, ``src/basic/env-util.c``).

This is no shell: ``$NAME`` counts only as a word of its own, ``${NAME}`` anywhere; ``${NAME:-default}``, ``&&`` and
``|`` mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from cfgcheck.record import field, record
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.joined_value import Value
from cfgcheck.syntax.shell_word import Word
from cfgcheck.syntax.templates import FILLER

_BLANK = re.compile(r"[ \t\n\r]+")
_RUN = re.compile(rf"[^ \t\n\r'\"\\{FILLER}]+")
_IN_QUOTE = {quote: re.compile(rf"[^{quote}\\{FILLER}]+") for quote in ("'", '"')}
_FILLED = re.compile(f"{FILLER}+")
_ESCAPE = re.compile(r"\\(?:([abfnrtvs\\\"'])|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-3][0-7]{2}))")
_CHARACTERS = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "s": " ",
    "\\": "\\", '"': '"', "'": "'",
}  # fmt: skip
_SPECIFIER = re.compile(r"%([A-Za-z0-9%])")
_VARIABLE = re.compile(r"\$(?:(\$)|\{([^}:]*)(\})?)")
_BY_HAND = re.compile(r"<[A-Za-z][\w .-]{0,60}>")
_TEMPLATE = "a template placeholder stands there"
_LARGEST = 0x110000
_MOST_PIECES = 200
_LONGEST = 8192
"""Characters of a variable's value that is put into a word."""

Specifier = Callable[[str], "str | Piece | None"]
"""What a specifier's letter stands for: None where systemd knows none of that letter."""


@record(frozen=True)
class Piece:
    """A stretch of a word: text, or something that is not known (``because``), then as it is written."""

    text: str
    because: str = ""


@record(frozen=True)
class RawWord:
    """A word without its quotes. ``plain``: written without quotes and escapes."""

    pieces: tuple[Piece, ...]
    start: int
    end: int
    plain: bool = True

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


def pieces_of(value: Value) -> tuple[Piece, ...]:
    """A value that is not split into words, quotes and all."""
    made: list[Piece] = []
    at = 0
    for filled in _FILLED.finditer(value.text):
        made += _by_hand(value.text[at : filled.start()])
        made.append(Piece(value.span(*filled.span()).text, _TEMPLATE))
        at = filled.end()
    return (*made, *_by_hand(value.text[at:]))


class QuoteError(ValueError):
    """A quote that is never closed. ``offset``: where it opens."""

    def __init__(self, offset: int) -> None:
        super().__init__("a quote that is never closed")
        self.offset = offset


class BadSpecifier(ValueError):  # noqa: N818
    """A specifier that systemd does not know: it refuses the value."""


@record()
class _Building:
    start: int
    pieces: list[Piece] = field(default_factory=list)
    characters: list[str] = field(default_factory=list)
    plain: bool = True

    def unknown(self, written: str) -> None:
        self.flush()
        self.pieces.append(Piece(written, _TEMPLATE))

    def flush(self) -> None:
        if self.characters:
            self.pieces += _by_hand("".join(self.characters))
            self.characters = []

    def made(self, end: int) -> RawWord:
        self.flush()
        return RawWord(tuple(self.pieces), self.start, end, self.plain)


def _by_hand(text: str) -> Iterator[Piece]:
    """``<user>`` is what documentation leaves to its readers."""
    at = 0
    for found in _BY_HAND.finditer(text) if "<" in text else ():
        if found.start() > at:
            yield Piece(text[at : found.start()])
        yield Piece(found[0], _TEMPLATE)
        at = found.end()
    if at < len(text):
        yield Piece(text[at:])


def raw_words(value: Value, start: int = 0) -> Iterator[RawWord]:
    """The words of a value. Raises QuoteError where systemd says "Unbalanced quoting"."""
    text, at = value.text, start
    while True:
        blank = _BLANK.match(text, at)
        at = blank.end() if blank else at
        if at >= len(text):
            return
        word = _Building(at)
        while at < len(text) and text[at] not in " \t\n\r":
            at = _piece(value, word, at)
        yield word.made(at)


def _piece(value: Value, word: _Building, at: int) -> int:
    text = value.text
    if (run := _RUN.match(text, at)) is not None:
        word.characters.append(run[0])
        return run.end()
    if (filled := _FILLED.match(text, at)) is not None:
        word.unknown(value.span(*filled.span()).text)
        return filled.end()
    word.plain = False
    if text[at] == "\\":
        return _escaped(word, text, at)
    quote, opened = text[at], at
    at += 1
    while at < len(text) and text[at] != quote:
        if (run := _IN_QUOTE[quote].match(text, at)) is not None:
            word.characters.append(run[0])
            at = run.end()
        elif (filled := _FILLED.match(text, at)) is not None:
            word.unknown(value.span(*filled.span()).text)
            at = filled.end()
        else:
            at = _escaped(word, text, at)
    if at >= len(text):
        raise QuoteError(opened)
    return at + 1


def _escaped(word: _Building, text: str, at: int) -> int:
    """A backslash and what it stands for; unknown escapes stay as they are, with a warning of systemd."""
    found = _ESCAPE.match(text, at)
    if found is None:
        word.characters.append(text[at : at + 2])
        return at + 2
    if found[1]:
        word.characters.append(_CHARACTERS[found[1]])
        return found.end()
    number = int(found[5], 8) if found[5] else int(found[2] or found[3] or found[4], 16)
    known = 0 < number < _LARGEST and not 0xD800 <= number < 0xE000
    word.characters.append(chr(number) if known else found[0])
    return found.end()


def specified(pieces: tuple[Piece, ...], specifier: Specifier) -> list[Piece]:
    """The pieces with specifiers replaced. Raises BadSpecifier."""
    made: list[Piece] = []
    for piece in pieces:
        if piece.because or "%" not in piece.text:
            made.append(piece)
            continue
        at = 0
        for found in _SPECIFIER.finditer(piece.text):
            made.append(Piece(piece.text[at : found.start()]))
            value = "%" if found[1] == "%" else specifier(found[1])
            if len(made) > _MOST_PIECES:
                value = Piece(found[0], "there are too many specifiers to be followed")
            if value is None:
                raise BadSpecifier(found[0])
            made.append(Piece(value) if isinstance(value, str) else value)
            at = found.end()
        made.append(Piece(piece.text[at:]))
    return made


def expanded(pieces: list[Piece], environment: Environment) -> list[tuple[list[Piece], bool]]:
    """The words that one word becomes once its variables are replaced, and whether more or fewer may come of it."""
    whole = "".join(piece.text for piece in pieces)
    known = not any(piece.because for piece in pieces)
    if known and whole.startswith("$") and whole[1:2] not in ("$", "{"):
        return _split(whole, environment)
    made: list[Piece] = []
    for piece in pieces:
        if piece.because or "$" not in piece.text:
            made.append(piece)
            continue
        at = 0
        for found in _VARIABLE.finditer(piece.text):
            made.append(Piece(piece.text[at : found.start()]))
            if found[1]:
                made.append(Piece("$"))
            elif len(made) > _MOST_PIECES:
                made.append(Piece(found[0], "there are too many variables to be followed"))
            elif found[3]:
                made.append(_variable(found[2], found[0], environment))
            else:  # ``${NAME:-default}``, or a brace that is never closed: neither is a variable
                made.append(Piece(found[0]))
            at = found.end()
        made.append(Piece(piece.text[at:]))
    return [(made, False)]


def _variable(name: str, written: str, environment: Environment) -> Piece:
    if name in environment.values:
        value = environment.values[name]
        return Piece(value) if len(value) <= _LONGEST else Piece(written, f"{written} is too long to be followed")
    if name in environment.unknown:
        return Piece(written, environment.unknown[name])
    return Piece("") if environment.complete else Piece(written, f"it depends on the environment variable {name}")


def _split(written: str, environment: Environment) -> list[tuple[list[Piece], bool]]:
    """``$NAME`` alone: its value is split at blanks, with its quotes, and may be no word at all."""
    value = _variable(written[1:], written, environment)
    if value.because:
        return [([value], True)]
    words, at, text = [], 0, value.text
    pattern = re.compile(r"[ \t\n\r]*((?:[^ \t\n\r'\"\\]|'[^']*(?:'|\Z)|\"[^\"]*(?:\"|\Z)|\\.?)+)", re.DOTALL)
    while (found := pattern.match(text, at)) is not None and found.end() > at:
        words.append(([Piece(_unquoted(found[1]))], False))
        at = found.end()
    return words


def _unquoted(text: str) -> str:
    return re.sub(r"'([^']*)'?|\"([^\"]*)\"?|\\(.?)", lambda each: each[1] or each[2] or each[3] or "", text)


def word_of(pieces: list[Piece], value: Value, start: int, end: int, bare: bool = False) -> Word:
    """The pieces as one word, located."""
    template = "".join(piece.text for piece in pieces)
    because = next((piece.because for piece in pieces if piece.because), "")
    return Word(None if because else template, template, value.span(start, end), because, bare)
