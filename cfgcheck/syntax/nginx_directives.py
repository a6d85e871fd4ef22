"""What nginx's modules declare of their directives: contexts and argument counts (data/nginx-directives.json)."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from typing import NamedTuple

from cfgcheck import resources


class Form(NamedTuple):
    """One way to use a directive.

    ``contexts``: ``main``, ``events``, ``http``, ``server``, ``location``, ``upstream``, ``server/if``,
    ``location/if``, ``limit_except``, ``stream``, ``stream/server``, ``stream/upstream``, ``mail``, ``mail/server``.
    ``counts``: allowed numbers of arguments; ``at_least``: or this many and more, None without such a form.
    ``flag``: exactly one argument, ``on`` or ``off``. ``block``: braces follow.
    """

    contexts: frozenset[str]
    counts: frozenset[int]
    at_least: int | None
    flag: bool
    block: bool

    def takes(self, count: int) -> bool:
        if self.flag:
            return count == 1
        return count in self.counts or (self.at_least is not None and count >= self.at_least)


class _Table(NamedTuple):
    directives: dict[str, list[list[str]]]
    known: frozenset[str]
    prefixes: tuple[str, ...]


@cache
def _table() -> _Table:
    with resources.data("nginx-directives.json").open(encoding="utf-8") as stream:
        read = json.load(stream)
    return _Table(read["directives"], frozenset(read["known"]), tuple(read["prefixes"]))


def names() -> list[str]:
    """All directives whose forms are known."""
    return list(_table().directives)


def known(name: str) -> bool:
    """Whether the forms of a directive are known."""
    return name in _table().directives


def heard_of(name: str) -> bool:
    """Whether some module is known to have such a directive: also NGINX Plus, and third-party modules."""
    table = _table()
    return name in table.directives or name in table.known or name.startswith(table.prefixes) or "_by_lua" in name


@cache
def forms(name: str) -> tuple[Form, ...]:
    """The ways to use a directive; empty when it isn't known."""
    return tuple(_form(*row) for row in _table().directives.get(name, ()))


def _form(contexts: str, arguments: str) -> Form:
    words = arguments.split()
    more = [int(word[:-1]) for word in words if word.endswith("+")]
    return Form(
        frozenset(contexts.split()),
        frozenset(int(word) for word in words if word.isdigit()),
        min(more, default=None),
        "flag" in words,
        "block" in words,
    )


@lru_cache(maxsize=4096)
def accepts(name: str, count: int, block: bool) -> bool:
    """Whether some form of a known directive takes ``count`` arguments and a block or none."""
    return any(form.block == block and form.takes(count) for form in forms(name))
