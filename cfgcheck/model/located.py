"""Values that know where they come from, and values that are not known."""

from __future__ import annotations

from enum import Enum
from typing import Generic, TypeVar, cast

from cfgcheck.source.file import Span

T = TypeVar("T")
S = TypeVar("S")


class Origin(Enum):
    """Where a value was decided."""

    FILE = "file"
    CLI = "cli"
    ENV = "env"
    INHERITED = "inherited"
    DEFAULT = "default"
    DECLARED = "declared"
    UNKNOWN = "unknown"


class UnknownValue(Exception):  # noqa: N818  (not a mistake of anybody: a third truth value)
    """Raised by touching a value that is not known. ``located`` tells which, and why."""

    def __init__(self, located: Located[object]) -> None:
        super().__init__(located.because)
        self.located = located


class Located(Generic[T]):
    """A value, its place and its origin. Two are equal when their values are: place does not count.

    ``because`` says why a value is unknown, or for a default, for which versions it holds and who says so.
    ``text`` is what is written there, where that matters: two unknown values with the same template placeholder
    (``{{ port }}`` on both sides) are the same value although nobody knows which.
    """

    __slots__ = ("_value", "because", "origin", "span", "text")

    def __init__(
        self, value: T, origin: Origin, span: Span | None = None, because: str = "", text: str = ""
    ) -> None:
        self._value = value
        self.origin = origin
        self.span = span
        self.because = because
        self.text = text

    @classmethod
    def read(cls, value: T, span: Span | None, origin: Origin = Origin.FILE, text: str = "") -> Located[T]:
        """A value that stands in a file, on a command line (``Origin.CLI``) or in an environment (``Origin.ENV``)."""
        return cls(value, origin, span, "", text)

    @classmethod
    def default(cls, value: T, because: str = "") -> Located[T]:
        """A value that nobody wrote. ``because``: versions and source, such as ``nginx ≥ 1.29.7, CHANGES``."""
        return cls(value, Origin.DEFAULT, None, because)

    @classmethod
    def declared(cls, value: T, span: Span | None = None) -> Located[T]:
        """A value from cfgcheck's own settings."""
        return cls(value, Origin.DECLARED, span)

    @classmethod
    def unknown(cls, because: str, span: Span | None = None, text: str = "") -> Located[T]:
        return cls(cast("T", None), Origin.UNKNOWN, span, because, text)

    @property
    def known(self) -> bool:
        return self.origin is not Origin.UNKNOWN

    @property
    def value(self) -> T:
        """The value; raises UnknownValue when it is not known."""
        if self.origin is Origin.UNKNOWN:
            raise UnknownValue(cast("Located[object]", self))
        return self._value

    def get(self, otherwise: S) -> T | S:
        """The value, or ``otherwise`` when it is not known."""
        return otherwise if self.origin is Origin.UNKNOWN else self._value

    @property
    def by_hand(self) -> bool:
        """Whether somebody wrote it: in a file, on a command line, in an environment or in cfgcheck's settings."""
        return self.origin is not Origin.DEFAULT and self.origin is not Origin.UNKNOWN

    def with_value(self, value: S) -> Located[S]:
        """The same place and origin with another value: for what is derived from this one alone."""
        return Located(value, self.origin, self.span, self.because, self.text)

    def as_unknown(self, because: str) -> Located[T]:
        return Located.unknown(because, self.span, self.text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Located):
            return NotImplemented
        if self.known != other.known:
            return False
        if not self.known:
            return bool(self.text) and self.text == other.text
        return bool(self._value == other._value)

    def __hash__(self) -> int:
        return hash(self.text if not self.known else self._value)

    def __repr__(self) -> str:
        if not self.known:
            return f"Located.unknown({self.because!r})"
        return f"Located({self._value!r}, {self.origin.value}{f', {self.span}' if self.span else ''})"
