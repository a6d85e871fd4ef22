"""A spec in the making: plain values by key, each with its place. The model validates it at the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from cfgcheck.generate.importing.result import Key, Left
from cfgcheck.generate.spec import Spec
from cfgcheck.source.file import SourceFile, Span

_LONGEST = 70
_NOWHERE = Span(SourceFile("", ""), 0, 0)


class Draft:
    """``spans``: by key, where its value stands. ``left``: what could not be carried over."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self.spans: dict[Key, Span] = {}
        self.left: list[Left] = []

    def put(self, key: Key, value: Any, span: Span | None = None) -> None:
        """Set ``key``; None is nothing to set."""
        if value is None:
            return
        table = self.data
        for name in key[:-1]:
            table = table.setdefault(name, {})
        table[key[-1]] = value
        if span is not None:
            self.spans[key] = span

    def get(self, key: Key) -> Any:
        """The value at ``key``; None where nothing is."""
        found: Any = self.data
        for name in key:
            if not isinstance(found, dict) or name not in found:
                return None
            found = found[name]
        return found

    def drop(self, key: Key) -> Any:
        """Take ``key`` out again, and give its value."""
        table = self.get(key[:-1])
        if not isinstance(table, dict) or key[-1] not in table:
            return None
        value = table.pop(key[-1])
        if not table and len(key) > 1 and key[:-1] != ("services",):
            self.drop(key[:-1])
        return value

    def leave(self, span: Span | None, what: str, why: str) -> None:
        """Note that something is not carried over; each thing once."""
        left = Left(span or _NOWHERE, short(what), why)
        if left not in self.left:
            self.left.append(left)

    def span_of(self, key: Key) -> Span | None:
        """Where ``key``'s value comes from, or that of what it stands in."""
        for length in range(len(key), 0, -1):
            if key[:length] in self.spans:
                return self.spans[key[:length]]
        return None

    def spec(self) -> Spec:
        """The spec. What the model refuses is left behind, with the model's reason."""
        for _ in range(200):
            try:
                return Spec.model_validate(self.data)
            except ValidationError as error:
                refused: list[Key] = []
                for one in error.errors(include_url=False):
                    key = self._existing(one["loc"])
                    # What a value stood in may be gone already.
                    if key and not any(one["loc"][: len(gone)] == gone for gone in refused):
                        refused.append(key)
                        self._refuse(key, str(one["msg"]))
                if not refused:
                    raise
        raise AssertionError("values are dropped until none is refused")

    def _refuse(self, key: Key, message: str) -> None:
        """Drop what the model does not take."""
        span = self.span_of(key)
        value = self.drop(key)
        why = message.removeprefix("Value error, ")
        what = f"`{key[-1]}`" if isinstance(value, dict) else f"`{key[-1]}: {_shown(value)}`"
        self.leave(span, what, f"a spec can't say that: {why}")

    def _existing(self, place: Iterable[int | str]) -> Key:
        """The key of ``place`` as far as there is something: the rest names parts of unions and of lists."""
        key: Key = ()
        for step in place:
            if not isinstance(step, str) or self.get((*key, step)) is None:
                break
            key = (*key, step)
        return key


def short(text: str) -> str:
    """One line of a text, not too long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…" + ("`" if line.startswith("`") else "")


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
