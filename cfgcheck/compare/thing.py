"""One thing of a stack, flattened into named facts that can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from cfgcheck.record import record
from cfgcheck.source.file import Span


class Unit(Enum):
    """What a fact counts."""

    NONE = ""
    SECONDS = "seconds"
    BYTES = "bytes"


@record(frozen=True)
class Fact:
    """One value in effect.

    ``value``: plain (texts, numbers, tuples of them), None for *none*. ``known``: whether files tell it; ``written``:
    somebody wrote it, it is no default. ``span``: where it is decided, None where no file does.
    """

    value: Any
    known: bool = True
    written: bool = True
    unit: Unit = Unit.NONE
    span: Span | None = None

    def same(self, other: Fact) -> bool:
        """Whether the effect is the same: where it is decided, and by whom, does not count."""
        return self.known == other.known and (not self.known or bool(self.value == other.value))


@record(frozen=True, eq=False)
class Thing:
    """``kind``: ``nginx``, ``server``, ``location``, ``upstream``, ``app``, ``unit``, ``edge``. ``key``: what it is
    known by among its kind, from one version to the next; ``loose``: a weaker key, for what was given another name or
    place. ``label``: for people."""

    kind: str
    key: tuple[str, ...]
    loose: tuple[str, ...]
    label: str
    facts: Mapping[str, Fact]
    span: Span | None = None
