"""The commands of ``ExecStart=``: words as systemd splits them, variables replaced (systemd.service(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cfgcheck.findings import Problem
from cfgcheck.load.systemd_settings import UnitSettings
from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.joined_value import Value
from cfgcheck.syntax.shell_word import Word
from cfgcheck.syntax.systemd_unit import Setting
from cfgcheck.syntax.systemd_words import (
    BadSpecifier,
    Piece,
    QuoteError,
    RawWord,
    expanded,
    raw_words,
    specified,
    word_of,
)

_PREFIXES = "-@:+!|"
_MOST_WORDS = 20_000
_LONGEST = 262_144
"""Characters; beyond them no variables are replaced."""


@record(frozen=True)
class ExecCommand:
    """One command. ``privileged``: it runs as root, whatever ``User=`` says (``+``, ``!``)."""

    words: tuple[Word, ...]
    span: Span
    privileged: bool = False


class CommandReader:
    """Reads the commands of one unit. ``problems``: what systemd refuses."""

    def __init__(self, settings: UnitSettings, environment: Environment) -> None:
        self.settings = settings
        self.environment = environment
        self.problems: list[Problem] = []

    def read(self, setting: Setting) -> list[ExecCommand]:
        value = setting.value
        found: list[ExecCommand] = []
        try:
            for group in _commands(value):
                command = self._command(value, group)
                if command is not None:
                    found.append(command)
        except QuoteError as error:
            span = value.span(error.offset, len(value.text))
            self._refuse("systemd refuses the unit: this quote is never closed", span, "close the quote")
        except BadSpecifier as error:
            message = f"systemd refuses the unit: it knows no specifier {error}"
            self._refuse(message, value.place, "write %% for a percent sign")
        return found

    def _refuse(self, message: str, span: Span, hint: str) -> None:
        if not self.settings.template:
            self.problems.append(Problem("unparsable-file", message, span, hint))

    def _command(self, value: Value, group: list[RawWord]) -> ExecCommand | None:
        first, rest = group[0], group[1:]
        text = first.text
        prefixes = text[: len(text) - len(text.lstrip(_PREFIXES))]
        start = first.start + (len(prefixes) if first.plain else 0)
        path = word_of(
            specified(_without(first.pieces, len(prefixes)), self.settings.specifiers), value, start, first.end
        )
        if path.value is not None and not self._path(path):
            return None
        if "@" in prefixes:
            rest = rest[1:]
        words = [path]
        size = 0
        for raw in rest[:_MOST_WORDS]:
            made = list(self._words(value, raw, ":" not in prefixes and size < _LONGEST))
            size += sum(len(word.template) for word in made)
            words += made
        span = value.span(group[0].start, group[-1].end)
        return ExecCommand(tuple(words), span, "+" in prefixes or "!" in prefixes)

    def _path(self, path: Word) -> bool:
        """Whether systemd takes it for a program: an absolute path or a plain name."""
        text = path.value or ""
        if text.startswith("/") or (text and "/" not in text):
            return True
        message = "systemd refuses the unit: the program is neither an absolute path nor a plain name"
        if "$" in text:
            message += "; it replaces no variables there"
        self._refuse(message, path.span, "write the absolute path of the program")
        return False

    def _words(self, value: Value, raw: RawWord, variables: bool) -> Iterator[Word]:
        pieces = specified(raw.pieces, self.settings.specifiers)
        if not variables:
            yield word_of(pieces, value, raw.start, raw.end)
            return
        for each, bare in expanded(pieces, self.environment):
            yield word_of(each, value, raw.start, raw.end, bare)


def _without(pieces: tuple[Piece, ...], count: int) -> tuple[Piece, ...]:
    """The pieces without their first ``count`` characters."""
    made = []
    for piece in pieces:
        cut = min(count, len(piece.text))
        count -= cut
        made.append(Piece(piece.text[cut:], piece.because))
    return tuple(made)


_SEMICOLON = re.compile(r"\\?;(?=[ \t\n\r]|\Z)")


def _commands(value: Value) -> Iterator[list[RawWord]]:
    """The words of each command; a ``;`` that stands alone begins the next one."""
    group: list[RawWord] = []
    for word in raw_words(value):
        written = _SEMICOLON.fullmatch(value.text[word.start : word.end])
        if written is None:
            group.append(word)
        elif written[0] == ";" or not group:
            if group:
                yield group
            group = []
        else:
            group.append(RawWord((Piece(";"),), word.start, word.end, plain=False))
    if group:
        yield group
