"""nginx statements as text, with arguments that nginx reads back exactly as they were meant.

The grammar is that of ``cfgcheck.syntax.nginx_tokens``. A ``$`` always begins a variable: nginx knows no escape for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cfgcheck.generate.escapes import UnwritableError
from cfgcheck.generate.plan_records import Statement

_BARE = re.compile(r"[A-Za-z0-9_/.:@*+,=~^!?&()|<>\[\]$%-]+\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_TAG = re.compile(r"\{[{%#]|<%")
"""What readers of templates would take for one of theirs."""

_WIDTH = 110


def statement(one: Statement, indent: str = "") -> str:
    """One directive with its reason behind it, or above it where the line would be too long."""
    written = f"{indent}{head(one.name, one.words)};"
    if len(one.words) > 3 and len(written) > _WIDTH:
        written = _in_lines(one, indent)
    if not one.because:
        return written
    line = f"{written}  # {one.because}"
    return line if len(line) <= _WIDTH else f"{indent}# {one.because}\n{written}"


def _in_lines(one: Statement, indent: str) -> str:
    """One argument a line; the name of a log format stays beside its directive."""
    beside = 1 if one.name == "log_format" else 0
    first = indent + head(one.name, one.words[:beside])
    return "".join([first, *(f"\n{indent}    {word(each)}" for each in one.words[beside:]), ";"])


def head(name: str, words: Sequence[str]) -> str:
    """What stands before a block's brace."""
    return " ".join(map(word, [name, *words]))


def word(text: str) -> str:
    """One argument, in quotes where it needs them. ``UnwritableError`` for what no quotes can hold."""
    if _CONTROL.search(text):
        raise UnwritableError("nginx can't be told a text with control characters")
    if _TAG.search(text):
        raise UnwritableError(f"`{text}` looks like a template's placeholder, and nginx has no other way to write it")
    if _BARE.match(text):
        return text
    quote = "'" if '"' in text and "'" not in text else '"'
    return quote + re.sub(rf"[\\{quote}]", r"\\\g<0>", text) + quote
