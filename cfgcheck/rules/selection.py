"""Which rules run: ``--select`` and ``--ignore``, by rule or category."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from cfgcheck.record import record
from cfgcheck.rules.catalogue import Catalogue, Rule
from cfgcheck.rules.errors import SelectionError
from cfgcheck.source.file import Span


class Choice(Protocol):
    """A rule or category that somebody named. ``span``: where, None on the command line."""

    @property
    def name(self) -> str: ...

    @property
    def span(self) -> Span | None: ...


class Choices(Protocol):
    """The settings that a selection is made of."""

    @property
    def select(self) -> Iterable[Choice]: ...

    @property
    def ignore(self) -> Iterable[Choice]: ...


@record(frozen=True)
class Selection:
    """The rules that run: those selected (all, when none is), without those ignored.

    Naming a rule weighs more than naming its category: ``--select missing-host --ignore header`` runs missing-host.
    """

    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()

    @classmethod
    def of(cls, catalogue: Catalogue, choices: Choices) -> Selection:
        """The selection that the settings state; raises SelectionError for a name that is no rule or category."""
        return cls(
            frozenset(_checked(catalogue, choices.select)),
            frozenset(_checked(catalogue, choices.ignore)),
        )

    def chosen(self, rule: Rule) -> bool:
        if rule.id in self.ignore:
            return False
        if rule.id in self.select:
            return True
        if rule.category in self.ignore:
            return False
        return not self.select or rule.category in self.select


def _checked(catalogue: Catalogue, choices: Iterable[Choice]) -> Iterator[str]:
    categories = set(catalogue.categories)
    for choice in choices:
        if choice.name not in catalogue and choice.name not in categories:
            where = str(choice.span) if choice.span is not None else ""
            raise SelectionError(choice.name, nearest(choice.name, [*catalogue, *categories]), where)
        yield choice.name


def nearest(name: str, known: Iterable[str]) -> str:
    """``did you mean `x`?``; "" when nothing is near."""
    import difflib

    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else ""
