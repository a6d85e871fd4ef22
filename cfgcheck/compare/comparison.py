"""Two versions of a stack laid beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cfgcheck.compare.thing import Fact, Thing
from cfgcheck.compare.things import things_of
from cfgcheck.findings import Finding
from cfgcheck.model.stack import Stack
from cfgcheck.record import record


@record(frozen=True)
class Change:
    """A fact with another value. None: there is no such fact on that side (a header that is no longer sent)."""

    name: str
    before: Fact | None
    after: Fact | None


@record(frozen=True, eq=False)
class Difference:
    """Changes that several things of one kind have alike. ``things``: as they are now."""

    things: tuple[Thing, ...]
    changes: tuple[Change, ...]


@record(frozen=True, eq=False)
class Comparison:
    """``added``, ``removed``: things that only one version has (of one that contains others, it alone).
    ``gained``, ``lost``: findings that only the new, or only the old version has."""

    added: tuple[Thing, ...]
    removed: tuple[Thing, ...]
    differences: tuple[Difference, ...]
    gained: tuple[Finding, ...]
    lost: tuple[Finding, ...]
    kept: int

    @property
    def nothing(self) -> bool:
        return not (self.added or self.removed or self.differences or self.gained or self.lost)


Version = tuple[Sequence[Stack], Sequence[Finding]]
"""What was read, and what the rules say of it."""


def compare(before: Version, after: Version) -> Comparison:
    """What changes in effect from ``before`` to ``after``."""
    old, new = things_of(before[0]), things_of(after[0])
    pairs, removed, added = _paired(old, new)
    gained, lost, kept = _findings(before[1], after[1])
    return Comparison(_outer(added), _outer(removed), tuple(_differences(pairs)), gained, lost, kept)


def _paired(old: Sequence[Thing], new: Sequence[Thing]) -> tuple[list[tuple[Thing, Thing]], list[Thing], list[Thing]]:
    """What is one thing in both, by its key; of what is left, by its loose key, where that is one on either side."""
    pairs: list[tuple[Thing, Thing]] = []
    left, right = list(old), list(new)
    for strict in (True, False):
        theirs: dict[object, list[Thing]] = {}
        for thing in right:
            theirs.setdefault(_key(thing, strict), []).append(thing)
        unpaired = []
        counts: dict[object, int] = {}
        for thing in left:
            counts[_key(thing, strict)] = counts.get(_key(thing, strict), 0) + 1
        for thing in left:
            key = _key(thing, strict)
            found = theirs.get(key, [])
            if found and (strict or (len(found) == 1 and counts[key] == 1 and thing.loose)):
                pairs.append((thing, found.pop(0)))
            else:
                unpaired.append(thing)
        left, right = unpaired, [thing for things in theirs.values() for thing in things]
    order = {id(thing): number for number, thing in enumerate(new)}
    pairs.sort(key=lambda pair: order[id(pair[1])])
    return pairs, left, sorted(right, key=lambda thing: order[id(thing)])


def _key(thing: Thing, strict: bool) -> tuple[object, ...]:
    return (thing.kind, thing.key if strict else thing.loose)


def _outer(things: Sequence[Thing]) -> tuple[Thing, ...]:
    """Without the locations of servers that are among them."""
    servers = {thing.key for thing in things if thing.kind == "server"}
    return tuple(thing for thing in things if thing.kind != "location" or thing.key[:2] not in servers)


def _differences(pairs: Iterable[tuple[Thing, Thing]]) -> list[Difference]:
    """A change that many things of a kind have alike (something set for all of ``http``) is told once, with those
    that just the same things have."""
    alike: dict[object, tuple[Change, list[Thing]]] = {}
    for before, after in pairs:
        for change in _changes(before, after):
            shape = (after.kind, change.name, _shape(change.before), _shape(change.after))
            alike.setdefault(shape, (change, []))[1].append(after)
    groups: dict[object, tuple[list[Thing], list[Change]]] = {}
    for change, things in alike.values():
        groups.setdefault(tuple(map(id, things)), (things, []))[1].append(change)
    return [Difference(tuple(things), tuple(changes)) for things, changes in groups.values()]


def _shape(fact: Fact | None) -> object:
    return None if fact is None else (fact.known, repr(fact.value), fact.written)


def _changes(before: Thing, after: Thing) -> Iterable[Change]:
    for name in dict.fromkeys((*before.facts, *after.facts)):
        old, new = before.facts.get(name), after.facts.get(name)
        if old is None or new is None or not old.same(new):
            yield Change(name, old, new)


def _findings(
    before: Iterable[Finding], after: Iterable[Finding]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...], int]:
    """By rule and subject: a finding whose figures changed is the same one, unless it is graver or milder now."""
    old: dict[object, list[Finding]] = {}
    for finding in before:
        old.setdefault(_of(finding), []).append(finding)
    gained, kept = [], 0
    for finding in after:
        same = old.get(_of(finding))
        if same:
            same.pop()
            kept += 1
        else:
            gained.append(finding)
    return tuple(gained), tuple(one for rest in old.values() for one in rest), kept


def _of(finding: Finding) -> tuple[object, ...]:
    return (finding.rule, finding.symbol, finding.severity)
