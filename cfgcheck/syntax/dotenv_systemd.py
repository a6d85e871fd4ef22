"""Environment files as systemd reads them for ``EnvironmentFile=`` (systemd.exec(5); ``src/basic/env-file.c``).

Comment lines begin with ``#`` or ``;``; there are no comments behind a value, no ``export`` and no variables in values.
A value may go on after a backslash at the end of its line, and quoted over several lines.
"""

from __future__ import annotations

import re

from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.dotenv_variable import Variable, variable

_BLANKS = re.compile(r"[ \t\r\n]*+")
_COMMENT = re.compile(r"[^\n\r]*+")
_COMMENT_BEFORE_254 = re.compile(r"(?:[^\n\r\\]++|\\.)*+", re.DOTALL)
_KEY = re.compile(r"[^\n\r=]*+")
_PLAIN = re.compile(r"(?:[^\n\r\\]++|\\.)*+", re.DOTALL)
_SINGLE = re.compile(r"'([^']*+)(?:'|\Z)")
_DOUBLE = re.compile(r"\"((?:[^\"\\]++|\\.)*+)(?:\"|\\?\Z)", re.DOTALL)
_BEFORE = re.compile(r"[ \t]*+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
_IN_DOUBLE = frozenset('"\\`$')
_AFTER_COMMENT = "systemd before 254 takes this line for a part of the comment above it"


def read_systemd_environment(file: SourceFile) -> list[Variable]:
    """The variables in order. Lines without ``=`` and names that are none are passed over, as systemd does it."""
    text = file.text
    found: list[Variable] = []
    at, doubtful = 1 if text.startswith("\ufeff") else 0, 0
    while (at := _end(_BLANKS, text, at)) < len(text):
        if text[at] in "#;":
            start, at = at, _end(_COMMENT, text, at)
            if text[at - 1] == "\\" and at > doubtful:
                doubtful = _end(_COMMENT_BEFORE_254, text, start)
            continue
        # The first character belongs to the name, whatever it is.
        end = _end(_KEY, text, at + 1)
        if end >= len(text) or text[end] != "=":
            at = end
            continue
        name = at, at + len(text[at:end].rstrip(" \t"))
        at, made = _value(file, name, end + 1)
        if _NAME.match(made.name):
            found.append(made if name[0] >= doubtful else variable(file, name, (end + 1, at), None, _AFTER_COMMENT))
    return found


def _value(file: SourceFile, name: tuple[int, int], at: int) -> tuple[int, Variable]:
    """Where a value ends, and its variable. Quotes count until the first character that stands outside of them."""
    text, parts = file.text, []
    begin = stop = at = _end(_BEFORE, text, at)
    while at < len(text) and text[at] not in "\r\n":
        if (single := _SINGLE.match(text, at)) is not None:
            parts.append(single[1])
            at = stop = single.end()
        elif (double := _DOUBLE.match(text, at)) is not None:
            parts.append(_ESCAPED.sub(_in_double, double[1]))
            at = stop = double.end()
        else:
            plain = text[at : _end(_PLAIN, text, at)]
            at += len(plain) or 1
            cut = at == len(text) - 1 and text[at] == "\\"
            bare = plain if cut else plain.rstrip(" \t")
            at += cut  # a backslash that nothing follows: blanks in front of it stay
            if len(bare) < len(plain) and bare.endswith("\\") and (len(bare) - len(bare.rstrip("\\"))) % 2:
                bare = plain[: len(bare) + 1]
            stop = at - cut - len(plain) + len(bare)
            parts.append(_ESCAPED.sub(lambda pair: "" if pair[1] in "\r\n" else pair[1], bare))
            break
        at = _end(_BEFORE, text, at)
    return at, variable(file, name, (begin, stop), "".join(parts))


def _in_double(pair: re.Match[str]) -> str:
    if pair[1] in _IN_DOUBLE:
        return pair[1]
    return "" if pair[1] == "\n" else pair[0]


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at
