"""The three passes in which uWSGI replaces ``$(X)``, ``@(file)`` and ``%(x)`` in the values that it has gathered
(core/utils.c ``uwsgi_apply_config_pass``, core/config.c ``uwsgi_manage_placeholder``; facts 7.04-7.06).

The scan is uWSGI's own, its oddities included: after a replacement it goes on from the *second* character, so what a
value begins with is not looked at again. Options that acted while they were read (``ini``, ``listen``, ``for``) are
past it: ``listen = %(backlog)`` is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cfgcheck.findings import Problem
from cfgcheck.load.uwsgi_number import strtoll
from cfgcheck.syntax.uwsgi_text import Part

if TYPE_CHECKING:
    from cfgcheck.load.uwsgi_expand import Expansion, Item

_LONGEST = 65_536
_BUDGET = 5_000_000
"""Characters scanned in one pass, before a configuration is taken for a bomb (placeholders that double and double)."""


def replace_all(run: Expansion) -> None:
    """Apply the passes to the stream of ``run``."""
    _Pass(run, "$").apply(lambda key, item: _environment(run, key))
    _Pass(run, "@").apply(lambda key, item: _file(run, key, item))
    _Pass(run, "%").apply(lambda key, item: _placeholder(run, key))


class _Pass:
    """One pass over all values, for one symbol."""

    def __init__(self, run: Expansion, symbol: str) -> None:
        self.run = run
        self.symbol = symbol
        self.opening = symbol + "("
        self.budget = _BUDGET

    def apply(self, hook: Callable[[str, Item], str | None]) -> None:
        for item in self.run.items:
            if item.value is not None and not item.configured and self.opening in item.value:
                self._replace(item, hook)

    def _replace(self, item: Item, hook: Callable[[str, Item], str | None]) -> None:
        value = item.value or ""
        position = 0
        while (found := self._next(value, position)) is not None:
            start, end = found
            self.budget -= end - position + 1
            with_ = hook(value[start:end], item)
            if with_ is None:
                position = end + 1
                continue
            value = value[: start - 2] + with_ + value[end + 1 :]
            item.value = value  # at once: what follows may refer to the very option it stands in
            position = 1
            if len(value) > _LONGEST or self.budget < 0:
                item.value = self._endless(item)
                return

    def _next(self, value: str, position: int) -> tuple[int, int] | None:
        """Where the next key in ``symbol(key)`` begins and ends."""
        while True:
            at = value.find(self.opening, position)
            if at < 0:
                return None
            found, position = self._key(value, at + 2)
            if found is not None:
                return found

    def _key(self, value: str, start: int) -> tuple[tuple[int, int] | None, int]:
        """The key that begins at ``start``, or None and where to look on."""
        depth = 0
        for at in range(start, len(value)):
            character = value[at]
            if character == self.symbol:
                self.budget -= at - start
                return None, at  # a symbol inside begins anew
            if character == "(":
                depth += 1
            elif character == ")":
                if depth:
                    depth -= 1
                elif at == start:
                    return None, at + 1
                else:
                    return (start, at), at
        return None, len(value)

    def _endless(self, item: Item) -> str:
        message = f"the value of {item.key} refers to itself: uWSGI never ends replacing it"
        self.run.problems.append(Problem("unparsable-file", message, item.entry.span, "take the circle out"))
        return self.run.parts.mark(Part(item.entry.value or "", "it refers to itself"))


def _environment(run: Expansion, name: str) -> str | None:
    """A variable's value; None, so left as written, where it is not set (facts 7.04b)."""
    known = run.around.environment
    if name in known.values:
        return known.values[name]
    if name in known.unknown:
        return run.parts.mark(Part(f"$({name})", known.unknown[name]))
    if known.complete:
        return None
    return run.parts.mark(Part(f"$({name})", f"the environment variable {name} is not known here"))


def _file(run: Expansion, name: str, item: Item) -> str | None:
    """A file's text without its last newline (core/uwsgi.c ``uwsgi_at_file_read``; facts 7.05)."""
    written, local = f"@({run.parts.written(name)})", run.parts.local(name)
    if local is None or "://" in local or local == "-":
        return run.parts.mark(Part(written, f"what {written} holds is known when uWSGI starts"))
    file = run.files.find(local, item.entry.value_span.file)
    if file is None:
        run.missing(name, item.entry.value_span)
        return run.parts.mark(Part(written, f"{written} was not found"))
    text = file.text[:_LONGEST].partition("\0")[0]
    return text[:-1] if text.endswith(("\n", "\r")) else text


def _placeholder(run: Expansion, key: str) -> str | None:
    """What ``%(key)`` stands for: the first option or placeholder of that name, or a sum of them (facts 7.06)."""
    if " " not in key:
        because = run.parts.because(key)
        return run.parts.mark(Part(f"%({run.parts.written(key)})", because)) if because else _exported(run, key)
    current: str | None = None
    sign = ""
    for word in key.split(" "):
        if word in ("+", "-", "*", "/"):
            sign = word
        elif word in ("++", "--"):
            if current is not None:
                current = _calculated(run, key, current, "1", word[0])
            sign = ""
        elif word:
            literal = (word.isascii() and word.isdigit()) or run.parts.because(word)
            value = word if literal else _exported(run, word) or ""
            current = _calculated(run, key, current or "", value, sign) if sign else (current or "") + value
            sign = ""
    return current


def _exported(run: Expansion, key: str) -> str | None:
    item = run.first(key)
    if item is not None and not item.maybe:
        return item.value
    if item is None and not run.opaque:
        return None
    because = item.maybe if item is not None else run.opaque
    return run.parts.mark(Part(f"%({key})", because))


def _calculated(run: Expansion, key: str, one: str, other: str, sign: str) -> str:
    because = run.parts.because(one) or run.parts.because(other)
    if not because:
        return _result(one, other, sign)
    here = run.parts.local(one), run.parts.local(other)
    local = None if here[0] is None or here[1] is None else _result(here[0], here[1], sign)
    return run.parts.mark(Part(f"%({run.parts.written(key)})", because, local))


def _result(one: str, other: str, sign: str) -> str:
    left, right = strtoll(one), strtoll(other)
    if sign == "/":
        result = 0 if right == 0 else abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
    else:
        result = {"+": left + right, "-": left - right, "*": left * right}[sign]
    return str((result + 2**63) % 2**64 - 2**63)
