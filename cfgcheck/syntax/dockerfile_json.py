"""The exec form: a JSON array of strings, each word located."""

from __future__ import annotations

import re

from cfgcheck.syntax.dockerfile_words import PLACEHOLDER
from cfgcheck.syntax.shell_words import Locate, Word
from cfgcheck.syntax.templates import FILLER

_STRING = re.compile(r'"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"')
_SPACE = re.compile(r"[ \t\r\n]*")


def read_array(text: str, locate: Locate) -> tuple[Word, ...] | None:
    """The words of an array of strings, their quotes part of their places; None when ``text`` is anything else."""
    words: list[Word] = []
    at = _after_space(text, 1)
    if text.startswith("]", at):
        return () if not text[at + 1 :].strip(" \t\r\n") else None
    while True:
        string = _STRING.match(text, at)
        if string is None:
            return None
        words.append(_word(string, text, locate))
        at = _after_space(text, string.end())
        if text.startswith("]", at):
            return tuple(words) if not text[at + 1 :].strip(" \t\r\n") else None
        if not text.startswith(",", at):
            return None
        at = _after_space(text, at + 1)


def is_other_array(text: str) -> bool:
    """Whether ``text`` is a JSON array of other things than strings."""
    import json

    try:
        return isinstance(json.loads(text), list)
    except (ValueError, RecursionError):
        return False


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _word(string: re.Match[str], text: str, locate: Locate) -> Word:
    value = string[1]
    if "\\" in value:
        import json

        value = json.loads(string[0])
    span = locate(string.start(), string.end())
    if FILLER in value:
        return Word(None, span.text[1:-1], span, PLACEHOLDER)
    return Word(value, value, span)
