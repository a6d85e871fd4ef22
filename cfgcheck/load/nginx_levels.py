"""The statements in effect at one level of a configuration, includes replaced by what they include."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from cfgcheck.syntax.nginx_tree import Directive

Expand = Callable[[Iterable[Directive]], Iterable[Directive]]
"""Statements to statements: each include replaced; one of which nothing is known stays."""

_NONE: frozenset[int] = frozenset()


class Level(NamedTuple):
    """``optional``: ids of statements that a conditional include brought (those of the block itself tell by their
    branch). ``gaps``: includes that were not read."""

    children: Sequence[Directive]
    optional: frozenset[int] = _NONE
    gaps: tuple[Directive, ...] = ()


def level_of(directive: Directive, expand: Expand) -> Level:
    block = directive.block or ()
    if not any(child.name.value == "include" for child in block):
        return Level(block)
    children: list[Directive] = []
    optional: set[int] = set()
    for child in block:
        if child.name.value != "include":
            children.append(child)
            continue
        included = list(expand((child,)))
        children += included
        if child.branch != 0 and child.branch != directive.branch:
            optional.update(id(one) for one in included)
    gaps = tuple(child for child in children if child.name.value == "include")
    return Level(children, frozenset(optional), gaps)


def holds_servers(kind: str, gap: Directive) -> bool:
    """Whether an include that was not read is one for whole servers or locations (``conf.d/*.conf``), not for
    settings of this level."""
    return kind in ("main", "http", "server") and any(sign in value for value in gap.values for sign in "*?[")
