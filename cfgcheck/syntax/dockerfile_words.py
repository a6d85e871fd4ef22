"""Words of Dockerfile instructions as BuildKit has them (``frontend/dockerfile/shell``): split at blanks, quotes taken
off, ``$NAME`` and ``${NAME:-default}`` replaced.

It is not the shell's own language: a variable's value is never split, and ``$(…)`` means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from cfgcheck.record import record
from cfgcheck.syntax.templates import FILLER

PLACEHOLDER = "a template placeholder stands there"

_BLANKS = " \t\r\n\v\f"
_NAME = re.compile(r"[^\W\d]\w*|[0-9]+|[@*#?$!-]")
_MODIFIER = re.compile(r":?[-+?]|##?|%%?|//?")
_PLAIN = re.compile(r"[^'\"$\\`}]+")
_IN_QUOTES = re.compile(r"[^\"$\\`]+")
_LONGEST = 65536
_DEEPEST = 16


@record(frozen=True)
class Expanded:
    """A word's value, None where it is not known; ``because`` then says why."""

    value: str | None
    because: str = ""


Lookup = Callable[[str], Expanded | None]
"""The value of a variable; None for one that is not set."""


def raw_words(text: str, escape: str = "\\", start: int = 0) -> list[tuple[int, int]]:
    """Where the words of a text stand, quotes and all: blanks within quotes or behind the escape character do not end
    a word."""
    found: list[tuple[int, int]] = []
    at, size = start, len(text)
    while at < size:
        if text[at] in _BLANKS:
            at += 1
            continue
        end = word_end(text, at, escape)
        found.append((at, end))
        at = end
    return found


def word_end(text: str, at: int, escape: str = "\\") -> int:
    """Where the word ends that begins at ``at``."""
    quote, size = "", len(text)
    while at < size:
        char = text[at]
        if char == escape and quote != "'":
            at += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in _BLANKS:
            return at
        at += 1
    return min(at, size)


def expand(raw: str, lookup: Lookup, escape: str = "\\") -> Expanded:
    """One word without its quotes, variables replaced."""
    expander = _Expander(raw, lookup, escape)
    value, _ = expander.until("", 0, 0)
    if expander.because:
        return Expanded(None, expander.because)
    return Expanded(value)


def unquoted(raw: str, escape: str = "\\") -> str:
    """One word without its quotes; variables stay as they are written."""
    return expand(raw, lambda name: Expanded("${" + name + "}"), escape).value or ""


class _Expander:
    def __init__(self, text: str, lookup: Lookup, escape: str) -> None:
        self.text = text
        self.lookup = lookup
        self.escape = escape
        self.because = PLACEHOLDER if FILLER in text else ""
        self.size = 0

    def until(self, stop: str, at: int, depth: int) -> tuple[str, int]:
        """The value of what stands from ``at`` on up to the character ``stop``, and where that is."""
        text, parts = self.text, list[str]()
        while at < len(text) and text[at] != stop:
            char = text[at]
            if char == "'":
                end = text.find("'", at + 1)
                end = len(text) if end < 0 else end
                parts.append(text[at + 1 : end])
                at = end + 1
            elif char == '"':
                at = self._double(parts, at + 1, depth)
            elif char == "$":
                at = self._dollar(parts, at + 1, depth)
            elif char == self.escape:
                parts.append(text[at + 1 : at + 2])
                at += 2
            else:
                run = _PLAIN.match(text, at)
                end = run.end() if run else at + 1
                parts.append(text[at:end])
                at = end
        return self._joined(parts), min(at, len(text))

    def _joined(self, parts: list[str]) -> str:
        value = "".join(parts)
        self.size += len(value)
        if self.size > _LONGEST:
            self.because = self.because or f"its value is longer than {_LONGEST:,} characters"
            return ""
        return value

    def _double(self, parts: list[str], at: int, depth: int) -> int:
        text = self.text
        while at < len(text) and text[at] != '"':
            char = text[at]
            if char == "$":
                at = self._dollar(parts, at + 1, depth)
            elif char == self.escape:
                escaped = text[at + 1 : at + 2]
                parts.append(escaped if escaped in ('"', "$", self.escape) else char + escaped)
                at += 2
            else:
                run = _IN_QUOTES.match(text, at)
                end = run.end() if run else at + 1
                parts.append(text[at:end])
                at = end
        return at + 1

    def _dollar(self, parts: list[str], at: int, depth: int) -> int:
        """What stands behind a ``$``."""
        braced = self.text.startswith("{", at)
        name = _NAME.match(self.text, at + 1 if braced else at)
        if name is None:
            parts.append("$")
            return at
        if not braced:
            parts.append(self._value(self._looked_up(name[0]), name[0]))
            return name.end()
        if self.text.startswith("}", name.end()):
            parts.append(self._value(self._looked_up(name[0]), name[0]))
            return name.end() + 1
        modifier = _MODIFIER.match(self.text, name.end())
        if modifier is None or depth >= _DEEPEST:
            self.because = self.because or f"cfgcheck does not evaluate {self.text[at - 1 : at + 40]}"
            return len(self.text)
        return self._modified(parts, name[0], modifier[0], modifier.end(), depth)

    def _modified(self, parts: list[str], name: str, modifier: str, at: int, depth: int) -> int:
        before, self.because = self.because, ""
        word, end = self.until("}", at, depth + 1)
        own, self.because = self.because, before
        value = self._looked_up(name)
        is_set = value is not None and (not modifier.startswith(":") or value.value != "")
        kind = modifier[-1]
        if kind in "-+":
            unsure = value is not None and value.value is None
            if unsure and (modifier.startswith(":") or kind == "-"):
                self._value(value, name)
            elif is_set != (kind == "-"):
                self.because = self.because or own
                parts.append(word)
            elif kind == "-":
                parts.append(self._value(value, name))
        elif kind == "?":
            parts.append(self._value(value, name))
        else:
            self.because = self.because or f"cfgcheck does not evaluate ${{{name}{modifier}…}}"
        return end + 1

    def _looked_up(self, name: str) -> Expanded | None:
        """``$1``, ``$@`` and the like are never set."""
        return self.lookup(name) if name[0].isalpha() or name[0] == "_" else None

    def _value(self, value: Expanded | None, name: str) -> str:
        if value is None:
            return ""
        if value.value is None:
            self.because = self.because or value.because or f"it depends on the variable {name}"
            return ""
        return value.value
