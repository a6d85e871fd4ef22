"""Words of a ``command`` or ``entrypoint`` that is one text, as Docker Compose splits it.

Compose starts no shell: github.com/mattn/go-shellwords knows quotes and backslashes, and stops at the first operator of
a shell (``&&``, ``|``, ``>`` …) as if nothing followed. Seen with Docker Compose 2.40.3.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_RUN = re.compile(r"[^\\ \t\r\n`()\"';&|<>]+")
_SPACES = " \t\r\n"
_OPERATORS = ";&|<>"


class ComposeWord(NamedTuple):
    """``text`` and where it stands: ``start`` to ``end``. ``quoted``: some of it stood in quotes."""

    text: str
    start: int
    end: int
    quoted: bool


RawWord = ComposeWord


class ComposeWordsError(ValueError):
    """A text that Compose refuses."""


class ComposeWords(NamedTuple):
    """``stop``: where the operator stands that ends the reading, -1: none. ``invalid``: why Compose refuses
    the text, else "" (``words`` holds what can be told all the same)."""

    words: list[ComposeWord]
    stop: int = -1
    invalid: str = ""


class _Lexer:
    """One pass over a text. ``quote``: the quote that is open."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words: list[ComposeWord] = []
        self.parts: list[str] = []
        self.start = -1
        self.made = self.quoted = self.dollar = self.back = False
        self.quote = ""

    def read(self) -> ComposeWords:
        text, at = self.text, 0
        while at < len(text):
            character = text[at]
            run = _RUN.match(text, at)
            if run is not None:
                self._take(run[0], at)
                at = run.end()
            elif character == "\\" and self.quote != "'":
                if at + 1 == len(text):
                    return ComposeWords(self._all(at), -1, "a backslash at the end escapes nothing")
                self._take(text[at + 1], at)
                at += 2
            elif character in _OPERATORS and not (self.quote or self.dollar or self.back):
                if character == ">" and self.parts and self.parts[0][:1].isdigit():
                    self.made = False
                return ComposeWords(self._all(at), at)
            elif not self._special(character, at):
                return ComposeWords(self._all(at), -1, "a bracket stands outside of quotes")
            else:
                at += 1
        open_one = self.quote or self.dollar or self.back
        return ComposeWords(self._all(at), -1, "a quote or bracket is never closed" if open_one else "")

    def _special(self, character: str, at: int) -> bool:
        """Take a space, quote or bracket; False for a bracket that Compose refuses."""
        if character in _SPACES and not (self.quote or self.dollar or self.back):
            self._end(at)
            return True
        if character == "`" and not (self.quote or self.dollar):
            self.back = not self.back
        elif character == ")" and not (self.quote or self.back):
            self.dollar = not self.dollar
        elif character == "(" and not (self.quote or self.back):
            if self.dollar or not "".join(self.parts[-1:]).endswith("$"):
                return False
            self.dollar = True
        elif character in "\"'" and not self.dollar and self.quote in ("", character):
            self._toggle(character, at)
            return True
        self._take(character, at, made=character not in _SPACES)
        return True

    def _toggle(self, quote: str, at: int) -> None:
        self.start = at if self.start < 0 else self.start
        self.made = self.made or bool(self.quote)
        self.quote = "" if self.quote else quote
        self.quoted = True

    def _take(self, text: str, at: int, made: bool = True) -> None:
        self.start = at if self.start < 0 else self.start
        self.parts.append(text)
        self.made = self.made or made

    def _end(self, at: int) -> None:
        if self.made:
            self.words.append(ComposeWord("".join(self.parts), self.start, at, self.quoted))
            self.parts, self.start, self.made, self.quoted = [], -1, False, False

    def _all(self, at: int) -> list[ComposeWord]:
        self._end(at)
        return self.words


def split_compose(text: str) -> ComposeWords:
    """The words of a command line, and where or why the reading ends."""
    return _Lexer(text).read()


def split(text: str) -> list[ComposeWord]:
    """The words of a command line. Raises ComposeWordsError where Compose refuses it."""
    found = split_compose(text)
    if found.invalid:
        raise ComposeWordsError(found.invalid)
    return found.words
