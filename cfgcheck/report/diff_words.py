"""What two versions of a stack differ in, in words that every format of the report has in common."""

from __future__ import annotations

from cfgcheck.compare.comparison import Change, Comparison
from cfgcheck.compare.thing import Fact, Thing, Unit
from cfgcheck.report.summary import counted
from cfgcheck.rules.values import seconds, size

NAMED = 3
"""So many things are named where one change holds for many; of the others the number is told."""

_KINDS = {"location": "location", "server": "server", "app": "app", "unit": "unit", "upstream": "upstream"}


def value(fact: Fact | None) -> str:
    """``60 s (default)``, ``$scheme``, ``unknown``; ``not set`` where there is no such thing on that side."""
    if fact is None:
        return "not set"
    if not fact.known:
        return str(fact.value) if fact.value else "unknown"
    text = _plain(fact)
    return text if fact.written else f"{text} (default)"


def _plain(fact: Fact) -> str:
    inner = fact.value
    if isinstance(inner, bool):
        return "on" if inner else "off"
    if fact.unit is Unit.SECONDS and isinstance(inner, (int, float)):
        return seconds(inner)
    if fact.unit is Unit.BYTES and isinstance(inner, int):
        return size(inner)
    if inner is None or inner == () or inner == "":
        return "none"
    return ", ".join(map(str, inner)) if isinstance(inner, tuple) else str(inner)


def arrow(change: Change) -> str:
    return f"{value(change.before)} → {value(change.after)}"


def place(change: Change) -> str:
    """Where the new value stands; of one that is gone or a default now, where the old one stood."""
    for fact, old in ((change.after, False), (change.before, True)):
        if fact is not None and fact.span is not None:
            return f"{'was ' if old else ''}{fact.span}"
    return ""


def things(all_of_them: tuple[Thing, ...]) -> str:
    """``shop.example.com /api/``; of many, the first few and how many more there are."""
    names = list(dict.fromkeys(thing.label for thing in all_of_them))
    if len(names) <= NAMED:
        return ", ".join(names)
    rest = counted(len(names) - NAMED, f"more {_KINDS.get(all_of_them[0].kind, all_of_them[0].kind)}")
    return f"{', '.join(names[:NAMED])} and {rest}"


def titled(thing: Thing) -> str:
    """``location shop.example.com /api/``, ``gunicorn web``."""
    return f"{thing.kind} {thing.label}" if thing.kind in ("location", "server") else thing.label


def arrives(thing: Thing) -> str:
    """Where the requests of a location go; "" for what passes none on."""
    fact = thing.facts.get("arrives at") or thing.facts.get("passes to")
    return value(fact) if fact is not None else ""


def conclusion(comparison: Comparison) -> str:
    """One sentence."""
    if comparison.nothing:
        kept = f"; {counted(comparison.kept, 'finding')} in both" if comparison.kept else ""
        return f"No difference in effect{kept}."
    effects = sum(len(one.changes) for one in comparison.differences)
    parts = [
        *([f"{counted(effects, 'change')} in effect"] if effects else []),
        *([f"{len(comparison.added)} added"] if comparison.added else []),
        *([f"{len(comparison.removed)} removed"] if comparison.removed else []),
        f"{counted(len(comparison.gained), 'finding')} gained, {len(comparison.lost)} lost, {comparison.kept} in both",
    ]
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}."
