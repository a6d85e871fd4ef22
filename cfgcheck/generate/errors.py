"""What is wrong with a spec. Apart from the model, so that whoever only catches it need not load pydantic."""

from __future__ import annotations

from collections.abc import Iterable

from cfgcheck.settings import SettingsError
from cfgcheck.source.file import Span


class Mistake:
    """``span``: where it stands; None where that is no place in the file (the file itself can't be read).

    ``others``: the places that it does not go with.
    """

    __slots__ = ("others", "span", "text")

    def __init__(self, span: Span | None, text: str, others: tuple[Span, ...] = ()) -> None:
        self.span = span
        self.text = text
        self.others = others

    def __str__(self) -> str:
        if self.span is None:
            return self.text
        seen = f" (see also {', '.join(map(str, self.others))})" if self.others else ""
        return f"{self.span}: {self.text}{seen}"


class SpecError(SettingsError):
    """A spec that can't be used. ``mistakes``: all of them, in the order of the file; ``str()`` has a line for each."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        placed = {str(one): one for one in mistakes}
        self.mistakes = tuple(sorted(placed.values(), key=lambda one: one.span.start if one.span else -1))
        super().__init__("\n".join(map(str, self.mistakes)))
