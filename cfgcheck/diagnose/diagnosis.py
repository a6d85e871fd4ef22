"""What logs told, and what the configuration says to it: all that a report needs."""

from __future__ import annotations

from collections.abc import Iterable

from cfgcheck.diagnose.kinds import Kind, Weight
from cfgcheck.findings import Finding, Unchecked
from cfgcheck.record import record

Counted = tuple[tuple[str, int], ...]
"""Values with how many lines hold them, most first."""


@record(frozen=True)
class Tops:
    """The values met most. ``others``: lines whose value was not counted apart."""

    values: Counted = ()
    others: int = 0


@record(frozen=True, eq=False)
class Explanation:
    """A finding that explains a group. ``likely``: why it is not certain that these lines are its, else ""."""

    finding: Finding
    likely: str = ""


@record(frozen=True, eq=False)
class Group:
    """Lines of one kind that have one explanation.

    ``first`` and ``last``: ``2026-11-21 09:12:02``, as the log has it, "" where no line tells a time. ``meaning``: what
    the detail of the lines means (a decoded number). ``verdict``: what follows where no finding explains the lines for
    certain. ``unchecked``: checks that might explain them and could not be made.
    """

    kind: Kind
    title: str
    count: int
    first: str
    last: str
    servers: Tops
    upstreams: Tops
    paths: Tops
    hosts: Tops
    sources: Tops
    details: Tops
    sample: str
    text: str
    meaning: tuple[str, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    verdict: str = ""
    unchecked: tuple[Unchecked, ...] = ()

    @property
    def trouble(self) -> bool:
        return self.kind.weight > Weight.NOTE


@record(frozen=True)
class StatusCount:
    """Answers of one status in access logs."""

    status: int
    count: int
    paths: Tops


@record(frozen=True)
class Looked:
    """What was read. ``logs``: names; ``size``: bytes, unpacked; ``stack``: the paths of the configuration, empty for
    none; ``files``, ``routes``, ``apps``: how much of it."""

    logs: tuple[str, ...] = ()
    size: int = 0
    stack: tuple[str, ...] = ()
    files: int = 0
    routes: int = 0
    apps: int = 0


@record(frozen=True, eq=False)
class Diagnosis:
    """``problems``: logs that could not be read, or not whole."""

    groups: tuple[Group, ...]
    statuses: tuple[StatusCount, ...] = ()
    looked: Looked = Looked()
    problems: tuple[str, ...] = ()

    @property
    def trouble(self) -> bool:
        return any(group.trouble for group in self.groups) or any(one.status >= 500 for one in self.statuses)


def gravest_first(groups: Iterable[Group]) -> list[Group]:
    """What is no trouble last; else by how many lines there are, what takes a site down before the rest."""
    return sorted(groups, key=lambda one: (not one.trouble, -one.count, -one.kind.weight, one.kind.name, one.first))
