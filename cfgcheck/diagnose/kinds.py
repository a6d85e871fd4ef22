"""What a line of a log can tell: the kinds of trouble, and what each of them means."""

from __future__ import annotations

import re
from enum import IntEnum

from cfgcheck.record import record


class Weight(IntEnum):
    """How much a kind of line matters. Only notes are no trouble."""

    NOTE = 1
    TROUBLE = 2
    OUTAGE = 3
    """Whoever asks gets an error while it lasts, or nobody is served."""


class Source(IntEnum):
    """Who writes such lines."""

    NGINX = 1
    APP = 2
    SYSTEM = 3


@record(frozen=True, eq=False)
class Kind:
    """One kind of line.

    ``name``: a kebab-case noun phrase, stable for programs. ``title``: what happened, for people. ``pattern``: matched
    (searched for) in the line's own message, without time and level. ``seen``: what a client gets. ``agrees``: what to
    look for when no configuration explains it. ``rules``: rules whose findings explain it beside those whose own log
    pattern fits. ``detail``: the name of what the first group of the pattern holds, "" for none.
    """

    name: str
    title: str
    pattern: re.Pattern[bytes]
    source: Source
    weight: Weight
    seen: str
    agrees: str
    rules: tuple[str, ...] = ()
    detail: str = ""


def nginx(
    name: str, pattern: str, title: str, seen: str, agrees: str, *, rules: str = "", weight: Weight = Weight.TROUBLE,
    detail: str = "",
) -> Kind:  # fmt: skip
    return _kind(Source.NGINX, name, pattern, title, seen, agrees, rules, weight, detail)


def app(
    name: str, pattern: str, title: str, seen: str, agrees: str, *, rules: str = "", weight: Weight = Weight.TROUBLE,
    detail: str = "",
) -> Kind:  # fmt: skip
    return _kind(Source.APP, name, pattern, title, seen, agrees, rules, weight, detail)


def system(
    name: str, pattern: str, title: str, seen: str, agrees: str, *, rules: str = "", weight: Weight = Weight.TROUBLE,
    detail: str = "",
) -> Kind:  # fmt: skip
    return _kind(Source.SYSTEM, name, pattern, title, seen, agrees, rules, weight, detail)


def _kind(
    source: Source, name: str, pattern: str, title: str, seen: str, agrees: str, rules: str, weight: Weight, detail: str
) -> Kind:
    compiled = re.compile(pattern.encode())
    return Kind(name, title, compiled, source, weight, seen, " ".join(agrees.split()), tuple(rules.split()), detail)
