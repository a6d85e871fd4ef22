"""``$NAME`` and ``${NAME:-default}`` as Docker Compose replaces them (compose-go, ``template/template.go``)."""

from __future__ import annotations

import re
from collections.abc import Callable

from cfgcheck.record import record

_REFERENCE = re.compile(r"\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(\}|:?[-?+])|)")
_BRACE = re.compile(r"\$\{|\}")
_DEEPEST = 8
_LONGEST = 65_536
"""Characters that a value is replaced by at most."""

Lookup = Callable[[str], "str | Unknown | None"]
"""What a variable holds: None where it is not set."""


@record(frozen=True)
class Unknown:
    """A variable's value that nobody knows, and why."""

    because: str


@record(frozen=True)
class Interpolated:
    """``value``: None where it is not known, ``because`` then says why. ``template``: with each part that is not known
    as it is written. ``invalid``: why Compose refuses the text, else "". ``defaults``: whose default was taken.
    """

    value: str | None
    template: str
    because: str = ""
    invalid: str = ""
    defaults: tuple[str, ...] = ()


class _Builder:
    """What has been replaced so far."""

    def __init__(self, complete: bool) -> None:
        self.complete = complete
        self.parts: list[str] = []
        self.because = ""
        self.invalid = ""
        self.defaults: list[str] = []
        self.size = 0

    def put(self, written: str, value: str) -> None:
        """``value`` in place of what is written."""
        self.size += len(value)
        if self.size > _LONGEST:
            self.unknown(written, "what it expands to is too long to be followed")
        else:
            self.parts.append(value)

    def unknown(self, written: str, because: str) -> None:
        self.parts.append(written)
        self.because = self.because or because

    def result(self) -> Interpolated:
        text = "".join(self.parts)
        value = None if self.because or self.invalid else text
        return Interpolated(value, text, self.because, self.invalid, tuple(self.defaults))


def interpolate(text: str, lookup: Lookup, complete: bool = False, depth: int = 0) -> Interpolated:
    """``text`` with its variables replaced. ``complete``: a variable that ``lookup`` does not know is not set, and so
    is empty; otherwise nobody knows what it holds. A default is taken either way."""
    made, at, opened = _Builder(complete), 0, closings(text) if "${" in text else {}
    while (found := _REFERENCE.search(text, at)) is not None:
        made.parts.append(text[at : found.start()])
        at = found.end()
        if found[1]:
            made.parts.append("$")
        elif found[2]:
            _plain(made, found[0], found[2], lookup)
        elif found[3] and found[4] == "}":
            _plain(made, found[0], found[3], lookup)
        elif found[3] and found.start() in opened:
            end = opened[found.start()]
            _choice(made, text[found.start() : end + 1], found, text[at:end], lookup, depth)
            at = end + 1
        else:
            made.invalid = made.invalid or f"`{text[found.start() : found.start() + 20]}` is no variable"
            made.parts.append("$")
            at = found.start() + 1
    made.parts.append(text[at:])
    return made.result()


def _plain(made: _Builder, written: str, name: str, lookup: Lookup) -> None:
    value = lookup(name)
    if isinstance(value, Unknown):
        made.unknown(written, value.because)
    elif value is None and not made.complete:
        made.unknown(written, f"it depends on the environment variable {name}")
    else:
        made.put(written, value or "")


def _choice(made: _Builder, written: str, found: re.Match[str], other: str, lookup: Lookup, depth: int) -> None:
    """``${NAME:-other}`` and its kin."""
    name, operator = found[3], found[4]
    value = lookup(name)
    if isinstance(value, Unknown):
        made.unknown(written, value.because)
        return
    there = bool(value) if operator.startswith(":") else value is not None
    if operator.endswith("?"):
        if there:
            made.put(written, value or "")
        else:
            made.unknown(written, f"it needs the environment variable {name}")
    elif there and operator.endswith("-"):
        made.put(written, value or "")
    elif there or operator.endswith("-"):
        _inner(made, written, other, lookup, depth)
        made.defaults.append(name)


def _inner(made: _Builder, written: str, other: str, lookup: Lookup, depth: int) -> None:
    if depth >= _DEEPEST:
        made.unknown(written, f"it is nested more than {_DEEPEST} deep")
        return
    inner = interpolate(other, lookup, made.complete, depth + 1)
    made.invalid = made.invalid or inner.invalid
    made.defaults += inner.defaults
    if inner.value is None:
        made.unknown(written, inner.because)
    else:
        made.put(written, inner.value)


def closings(text: str) -> dict[int, int]:
    """Where the brace stands that closes each ``${``."""
    opened: list[int] = []
    found: dict[int, int] = {}
    for brace in _BRACE.finditer(text):
        if brace[0] == "${":
            opened.append(brace.start())
        elif opened:
            found[opened.pop()] = brace.start()
    return found
