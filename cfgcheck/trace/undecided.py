"""What can't be told about a request, as an exception: it ends the following of it, with the reason."""

from __future__ import annotations

from typing import TypeVar

from cfgcheck.model.located import Located
from cfgcheck.source.file import Span

T = TypeVar("T")


class Undecided(Exception):  # noqa: N818  (nobody's mistake: a third answer)
    """It depends on what no file tells. ``because``: on what; ``span``: the statement that asks."""

    def __init__(self, because: str, span: Span | None = None) -> None:
        super().__init__(because)
        self.because = because
        self.span = span


def need(value: Located[T]) -> T:
    """The value; where it is not known, the way of the request isn't either."""
    if not value.known:
        raise Undecided(value.because, value.span)
    return value.value
