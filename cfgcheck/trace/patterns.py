"""Regular expressions as nginx runs them (PCRE, on bytes), bounded in time and memory.

The package ``regex`` runs them; its dialect is not quite PCRE's. So a pattern is rewritten where the two differ, and
refused where that can't be done (https://www.pcre.org/current/doc/html/pcre2pattern.html).
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from cfgcheck.trace.octets import octets
from cfgcheck.trace.undecided import Undecided

if TYPE_CHECKING:
    from regex import Match, Pattern

    from cfgcheck.source.file import Span

ONE_MATCH = 0.25
"""Seconds for one match."""
ALL_MATCHES = 2.0
"""Seconds for all matches of one request."""

_LONGEST = 8192
_DEEPEST = 100
_LARGEST = 20_000
"""What a pattern may grow to when its repeats are written out: the package needs memory for each of them."""

_REPEAT = re.compile(r"\{(\d{1,5})(?:(,)(\d{0,5}))?\}")
_FLAGS = re.compile(r"\(\?[imsx]*(?:-[imsx]+)?[:)]")
_CALL = re.compile(r"\(\?(?:R|[+-]?\d+|&\w+|P>\w+|P=\w+)\)")
_NAMED = re.compile(r"\(\?(?:P?<(?P<a>[A-Za-z_]\w*)>|'(?P<b>[A-Za-z_]\w*)')")
_GROUP = re.compile(r"\(\?(?:[:=!>|]|<[=!])")
_CONDITION = re.compile(r"\(\?\((?:\d+|<\w+>|'\w+')\)")
_BACK_NAME = re.compile(r"\\k(?:<(\w+)>|'(\w+)'|\{(\w+)\})")
_HEX = re.compile(r"\\x(?:([0-9A-Fa-f]{2})(?![0-9A-Fa-f])|([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,2})\})")
_CLASS_NAME = re.compile(
    r"\[:\^?(?:alpha|digit|alnum|upper|lower|space|blank|punct|print|graph|cntrl|word|xdigit|ascii):\]"
)
_SAME = frozenset("dDwWsSbBAnrtfahR")
_IN_CLASS = frozenset("dDwWsSnrtfah")
_OTHERWISE = {"z": r"\Z", "Z": r"(?=\n?\Z)", "e": r"\x1b"}


class Unreadable(ValueError):  # noqa: N818  (the pattern may be quite right)
    """A pattern that can't be judged here. The text says what is in it."""


class Patterns:
    """Runs patterns for one request; compiled ones are kept, and time is shared out among all."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, bool], Pattern[str] | str] = {}
        self._left = ALL_MATCHES

    def search(self, pattern: str, text: str, span: Span | None = None, *, caseless: bool = False) -> Match[str] | None:
        """The first match of a pattern (as written in the configuration) in a text of bytes.

        Raises Undecided where the pattern can't be compiled here or takes too long.
        """
        found = self._pattern(pattern, caseless)
        if isinstance(found, str):
            raise Undecided(f"the regular expression `{_short(pattern)}` can't be judged here: {found}", span)
        if self._left <= 0:
            raise Undecided("the regular expressions of this configuration take too long", span)
        started = time.perf_counter()
        try:
            return found.search(text, timeout=min(ONE_MATCH, self._left), concurrent=False)
        except (TimeoutError, MemoryError, RecursionError):
            because = f"the regular expression `{_short(pattern)}` takes too long (more than {ONE_MATCH} s)"
            raise Undecided(because, span) from None
        finally:
            self._left -= time.perf_counter() - started

    def _pattern(self, pattern: str, caseless: bool) -> Pattern[str] | str:
        key = (pattern, caseless)
        if key not in self._compiled:
            self._compiled[key] = _compile(pattern, caseless)
        return self._compiled[key]


def _short(pattern: str) -> str:
    return pattern if len(pattern) <= 80 else pattern[:77] + "..."


def _compile(pattern: str, caseless: bool) -> Pattern[str] | str:
    import regex

    flags = regex.VERSION1 | regex.ASCII | (regex.IGNORECASE if caseless else 0)
    try:
        return regex.compile(translated(octets(pattern)), flags, cache_pattern=False)
    except Unreadable as problem:
        return str(problem)
    except (regex.error, ValueError, OverflowError, KeyError, IndexError, TypeError) as problem:
        return f"{problem}"
    except (RecursionError, MemoryError):
        return "it is too deeply nested"


def translated(pattern: str) -> str:
    """A pattern of PCRE as the package ``regex`` (its version 1) takes it. Raises Unreadable."""
    if len(pattern) > _LONGEST:
        raise Unreadable("it is very long")
    return _Translation(pattern).whole()


class _Translation:
    """One pattern being rewritten. ``sizes``: of each open group what it has grown to, and its last item's size."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.out: list[str] = []
        self.sizes: list[list[int]] = [[0, 0]]

    def whole(self) -> str:
        while self.at < len(self.pattern):
            self.next()
        return "".join(self.out)

    def take(self, length: int, text: str | None = None, size: int = 1) -> None:
        """Move on; ``text`` is what stands for it. ``size`` 0: it is no item of its own."""
        self.out.append(self.pattern[self.at : self.at + length] if text is None else text)
        self.at += length
        if size:
            self.item(size)

    def item(self, size: int) -> None:
        level = self.sizes[-1]
        level[0] += size
        level[1] = size
        if level[0] > _LARGEST:
            raise Unreadable("its repeats make it very large")

    def next(self) -> None:
        sign = self.pattern[self.at]
        if sign == "\\":
            self.escape()
        elif sign == "[":
            self.char_class()
        elif sign == "(":
            self.open()
        elif sign == ")":
            self.close()
        elif sign == "{":
            self.brace()
        else:
            self.take(1)

    def escape(self) -> None:
        follows = self.pattern[self.at + 1 : self.at + 2]
        if name := _BACK_NAME.match(self.pattern, self.at):
            self.take(len(name[0]), f"(?P={name[1] or name[2] or name[3]})")
        elif digits := _HEX.match(self.pattern, self.at):
            self.take(len(digits[0]), f"\\x{(digits[1] or digits[2] or digits[3]).rjust(2, '0')}")
        elif follows in _OTHERWISE:
            self.take(2, _OTHERWISE[follows])
        elif follows in _SAME or follows.isdigit() or (follows and not (follows.isascii() and follows.isalpha())):
            self.take(2)
        else:
            raise Unreadable(f"`\\{follows}` is not known here")

    def open(self) -> None:
        rest = self.pattern
        if rest.startswith("(*", self.at):
            raise Unreadable("`(*` is not known here")
        if not rest.startswith("(?", self.at):
            self.deeper(1)
        elif rest.startswith("(?#", self.at):
            end = rest.find(")", self.at)
            self.take((end if end >= 0 else len(rest)) + 1 - self.at, "", 0)
        elif flags := _FLAGS.match(rest, self.at):
            if flags[0].endswith(")"):
                self.take(len(flags[0]), size=0)
            else:
                self.deeper(len(flags[0]))
        elif call := _CALL.match(rest, self.at):
            self.take(len(call[0]))
        elif named := _NAMED.match(rest, self.at):
            self.deeper(len(named[0]), f"(?P<{named['a'] or named['b']}>")
        elif other := _GROUP.match(rest, self.at) or _CONDITION.match(rest, self.at):
            self.deeper(len(other[0]))
        else:
            raise Unreadable(f"`{rest[self.at : self.at + 4]}` is not known here")

    def deeper(self, length: int, text: str | None = None) -> None:
        if len(self.sizes) > _DEEPEST:
            raise Unreadable("it is too deeply nested")
        self.take(length, text, 0)
        self.sizes.append([0, 0])

    def close(self) -> None:
        if len(self.sizes) == 1:
            raise Unreadable("a parenthesis too many")
        size, _ = self.sizes.pop()
        self.take(1, size=max(1, size))

    def brace(self) -> None:
        repeat = _REPEAT.match(self.pattern, self.at)
        if repeat is None:
            if self.pattern.startswith("{,", self.at):
                raise Unreadable("`{,` means different things to different versions of PCRE")
            self.take(1, "\\{")
            return
        most = max(int(repeat[1]), int(repeat[3] or 0))
        last = self.sizes[-1][1]
        self.take(len(repeat[0]), size=0)
        self.item(max(1, last * most))

    def char_class(self) -> None:
        """A class; signs that mean sets to the package are escaped."""
        self.take(1, size=0)
        if self.pattern.startswith("^", self.at):
            self.take(1, size=0)
        first = True
        while self.at < len(self.pattern):
            sign = self.pattern[self.at]
            if sign == "]" and not first:
                self.take(1)
                return
            self.in_class(sign)
            first = False
        raise Unreadable("a `]` is missing")

    def in_class(self, sign: str) -> None:
        name = _CLASS_NAME.match(self.pattern, self.at)
        digits = _HEX.match(self.pattern, self.at)
        follows = self.pattern[self.at + 1 : self.at + 2]
        if name is not None:
            self.take(len(name[0]), size=0)
        elif digits is not None:
            self.take(len(digits[0]), f"\\x{(digits[1] or digits[2] or digits[3]).rjust(2, '0')}", 0)
        elif sign == "\\" and follows == "b":
            self.take(2, "\\x08", 0)
        elif sign == "\\" and follows == "e":
            self.take(2, "\\x1b", 0)
        elif sign == "\\":
            if follows not in _IN_CLASS and follows.isascii() and follows.isalpha():
                raise Unreadable(f"`\\{follows}` is not known here")
            self.take(2, size=0)
        elif sign == "-" and follows == "-":
            self.take(2, "-\\-", 0)
        elif sign in "[]&|~^":
            self.take(1, "\\" + sign, 0)
        else:
            self.take(1, size=0)
