"""Mistakes in a settings file, told so that one can mend them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from cfgcheck.settings.schema import keys_at

_WANTED = {
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "list_type": "must be a list, such as [\"…\"]",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "greater_than": "must be above 0",
}  # fmt: skip


def sentence(error: Any) -> str:
    """One of pydantic's errors in a sentence that names the key."""
    loc: tuple[str | int, ...] = error["loc"]
    kind: str = error["type"]
    if kind == "extra_forbidden":
        return f'unknown key "{loc[-1]}"{_table(loc[:-1])}{meant(str(loc[-1]), keys_at(loc[:-1]))}'
    if kind == "missing":
        return f'"{loc[-1]}" is missing{_table(loc[:-1])}'
    name = ".".join(str(step) for step in loc if not isinstance(step, int))
    if kind == "literal_error":
        expected = str(error["ctx"]["expected"]).replace("'", '"')
        return f'"{name}" must be {expected}{meant(str(error["input"]), _words(expected))}'
    if kind == "value_error":
        return f'"{name}" {error["ctx"]["error"]}'
    return f'"{name}" {_WANTED.get(kind) or error["msg"].lower()}'


def meant(word: str, known: list[str]) -> str:
    """``; did you mean "…"?`` or nothing."""
    close = get_close_matches(word.lower().replace("_", "-"), known, 1, 0.6)
    return f'; did you mean "{close[0]}"?' if close else ""


def _table(path: tuple[str | int, ...]) -> str:
    steps = [str(step) for step in path if not isinstance(step, int)]
    return f" in [{'.'.join(steps)}]" if steps else ""


def _words(expected: str) -> list[str]:
    return [word.strip('" ') for word in expected.replace(" or ", ",").split(",")]
