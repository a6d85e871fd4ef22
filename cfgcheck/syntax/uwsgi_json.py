"""uWSGI's JSON configurations: ``{"uwsgi": {"socket": ":3031", "env": ["A=1", "B=2"]}}`` (core/json.c; facts 7.14).

Read with its own small scanner, because places are needed and nothing may recurse on the depth of the input.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from cfgcheck.findings import Problem
from cfgcheck.syntax.uwsgi_entry import Entry, Reading
from cfgcheck.syntax.uwsgi_text import MagicText

_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<number>-?\d+(?P<real>[.eE][\d.eE+-]*)?)|(?P<word>true|false|null)'
    r"|(?P<mark>[{}\[\],:])"
)
_BLANK = re.compile(r"[ \t\r\n]*")
_WORDS = {"true": "1", "false": "0", "null": "0"}
_REAL = "one JSON library of uWSGI leaves out numbers with a fraction, the other does not"


class _Broken(Exception):  # noqa: N818
    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class _Token:
    """One token: ``kind`` is ``string``, ``number``, ``word``, a bracket, a comma or a colon, or ``end``."""

    __slots__ = ("end", "kind", "real", "start", "text")

    def __init__(self, kind: str, text: str, start: int, real: bool = False) -> None:
        self.kind = kind
        self.text = text
        self.start = start
        self.end = start + len(text)
        self.real = real

    @property
    def scalar(self) -> bool:
        return self.kind in ("string", "number", "word")


def read_json(text: MagicText, section: str = "uwsgi") -> Reading:
    """The options of the object ``section``; a list is an option several times."""
    reading = Reading()
    scanner = _Scanner(text.text)
    try:
        for outer, key, token in scanner.options():
            if _string(outer) == section:
                reading.entries.append(_entry(text, key, token))
    except _Broken as broken:
        reading.entries.clear()
        span = text.span(broken.offset, broken.offset + 1)
        reading.problems.append(Problem("unparsable-file", f"not valid JSON: {broken}", span))
    reading.lost = bool(reading.problems)
    return reading


def _entry(text: MagicText, key: _Token, token: _Token) -> Entry:
    value = _string(token) if token.kind == "string" else _WORDS.get(token.text, token.text)
    entry = Entry(_string(key), value, text.span(key.start + 1, key.end - 1), text.span(token.start, token.end))
    entry.unknown = _REAL if token.real else ""
    return entry


def _string(token: _Token) -> str:
    try:
        return str(json.loads(token.text, strict=False))
    except ValueError as error:
        raise _Broken("a bad escape in a string", token.start) from error


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while True:
        blank = _BLANK.match(text, position)
        position = blank.end() if blank else position
        if position >= len(text) or text[position] == "\0":
            yield _Token("end", "", min(position, len(text)))
            return
        found = _TOKEN.match(text, position)
        if not found:
            raise _Broken(f"{text[position]!r} can't stand here", position)
        kind = str(found.lastgroup if found.lastgroup != "real" else "number")
        word, real = found.group(), found.group("real") is not None
        yield _Token(word if kind == "mark" else kind, word, position, real)
        position = found.end()


class _Scanner:
    """Goes through the containers with a stack of its own."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.stack: list[str] = []
        self.outer: _Token | None = None
        self.inner: _Token | None = None

    def options(self) -> Iterator[tuple[_Token, _Token, _Token]]:
        """Every scalar in an object of the outermost object, or in a list there: outer key, key, value."""
        token = next(self.tokens)
        if token.kind != "{":
            raise _Broken("an object is expected", token.start)
        self.stack.append("{")
        token = next(self.tokens)
        while self.stack:
            if token.kind == self._closing():
                self.stack.pop()
                token = self._following()
                continue
            if self.stack[-1] == "{":
                token = self._keyed(token)
            if token.kind in ("{", "["):
                self.stack.append(token.kind)
                token = next(self.tokens)
                continue
            if not token.scalar:
                raise _Broken("a value is expected", token.start)
            if self.outer and self.inner and self.stack in (["{", "{"], ["{", "{", "["]):
                yield self.outer, self.inner, token
            token = self._following()

    def _closing(self) -> str:
        return "}" if self.stack[-1] == "{" else "]"

    def _keyed(self, token: _Token) -> _Token:
        """Take a key and its colon; the first token of the value comes back."""
        if token.kind != "string":
            raise _Broken("a key in double quotes is expected", token.start)
        if len(self.stack) == 1:
            self.outer, self.inner = token, None
        elif len(self.stack) == 2:
            self.inner = token
        colon = next(self.tokens)
        if colon.kind != ":":
            raise _Broken("a colon is expected", colon.start)
        return next(self.tokens)

    def _following(self) -> _Token:
        """What follows a value: the next item behind a comma, the end of the container, or the end of the text."""
        token = next(self.tokens)
        if not self.stack:
            if token.kind != "end":
                raise _Broken("something stands behind the end", token.start)
        elif token.kind == ",":
            comma, token = token, next(self.tokens)
            if token.kind in ("}", "]"):
                raise _Broken("a comma before the closing bracket", comma.start)
        elif token.kind != self._closing():
            raise _Broken("a comma or a closing bracket is expected", token.start)
        return token
