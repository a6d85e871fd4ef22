"""Where the keys and values of a TOML text stand: the standard library's reader does not tell.

Only for texts that ``tomllib`` has accepted: nothing is validated here.
"""

from __future__ import annotations

import re

from cfgcheck.record import record

KeyPath = tuple[str | int, ...]
"""Keys from the top; a number is an index in an array."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*+")
_KEY_PART = re.compile(r"""[ \t]*+(?:([A-Za-z0-9_-]++)|"((?:[^"\\\n]|\\.)*+)"|'([^'\n]*+)')[ \t]*+""")
_SCALAR = re.compile(
    r'"""(?:[^"\\]|\\[\s\S]|"{1,2}(?!"))*+"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*+'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*+"'
    r"|'[^'\n]*+'"
    r"|[^\s,\]}#]++(?:[ ]\d\d:\d\d[^\s,\]}#]*+)?"
)


@record(frozen=True)
class Place:
    """Offsets of a key (for an array's element: of its value) and of its value."""

    key_start: int
    key_end: int
    start: int
    end: int


def places(text: str) -> dict[KeyPath, Place]:
    """The place of every table, key and array element."""
    return _Scan(text).run()


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[KeyPath, Place] = {}
        self.tables: dict[KeyPath, int] = {}

    def run(self) -> dict[KeyPath, Place]:
        prefix: KeyPath = ()
        self._skip()
        while self.at < len(self.text):
            before = self.at
            if self.text[self.at] == "[":
                prefix = self._header()
            else:
                self._pair(prefix)
            self._skip()
            if self.at == before:  # not TOML after all
                break
        return self.found

    def _skip(self) -> None:
        blank = _BLANK.match(self.text, self.at)
        self.at = blank.end() if blank else self.at

    def _key(self) -> tuple[str, ...]:
        parts: list[str] = []
        while part := _KEY_PART.match(self.text, self.at):
            parts.append(next(group for group in part.groups() if group is not None))
            self.at = part.end()
            if self.text[self.at : self.at + 1] != ".":
                break
            self.at += 1
        return tuple(parts)

    def _header(self) -> KeyPath:
        start = self.at
        array = self.text.startswith("[[", self.at)
        self.at += 2 if array else 1
        keys = self._key()
        self.at += 2 if array else 1
        path: KeyPath = ()
        for index, key in enumerate(keys):
            path = (*path, key)
            another = array and index == len(keys) - 1
            if path in self.tables and not another:  # what follows belongs to the array's last table
                path = (*path, self.tables[path] - 1)
        if array:
            self.tables[path] = self.tables.get(path, 0) + 1
            path = (*path, self.tables[path] - 1)
        self.found.setdefault(path, Place(start, self.at, start, self.at))
        return path

    def _pair(self, prefix: KeyPath) -> None:
        """``key = value``, the value with all that is nested in it (without recursion)."""
        opened: list[tuple[KeyPath, Place, int]] = []
        path, key_start, key_end = self._before_value(prefix)
        while True:
            self._skip()
            start = self.at
            sign = self.text[start : start + 1]
            if sign in ("[", "{"):
                self.at += 1
                opened.append((path, Place(key_start, key_end, start, start), -1 if sign == "{" else 0))
            else:
                scalar = _SCALAR.match(self.text, start)
                self.at = scalar.end() if scalar else start + 1
                self._note(path, key_start, key_end, start)
            following = self._following(opened)
            if following is None:
                return
            path, key_start, key_end = following

    def _before_value(self, prefix: KeyPath) -> tuple[KeyPath, int, int]:
        start = self.at
        path = (*prefix, *self._key())
        end = start + len(self.text[start : self.at].rstrip())
        self.at += 1  # the equals sign
        return path, start, end

    def _note(self, path: KeyPath, key_start: int, key_end: int, start: int) -> None:
        key = (key_start, key_end) if key_start >= 0 else (start, self.at)
        self.found[path] = Place(*key, start, self.at)

    def _following(self, opened: list[tuple[KeyPath, Place, int]]) -> tuple[KeyPath, int, int] | None:
        """The next element or key inside what is open; closes what ends here. None: the whole value has ended."""
        while opened:
            path, place, index = opened[-1]
            self._skip()
            if self.text.startswith(",", self.at):
                self.at += 1
                self._skip()
            sign = self.text[self.at : self.at + 1]
            if sign in ("]", "}", ""):
                self.at += 1
                opened.pop()
                self._note(path, place.key_start, place.key_end, place.start)
                continue
            if index < 0:
                return self._before_value(path)
            opened[-1] = (path, place, index + 1)
            return (*path, index), -1, -1
        return None
