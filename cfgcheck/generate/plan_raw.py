"""Raw directives of the spec: each takes the place of what was derived under its name, or is added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cfgcheck.generate.plan_records import Group, Statement
from cfgcheck.record import replace

BECAUSE = "from the spec"

_REPEATABLE = frozenset(
    {"proxy_set_header", "uwsgi_param", "add_header", "error_page", "set_real_ip_from", "include", "log_format"}
)
"""Directives that stand many times: only one with the same first argument is replaced."""

Raw = Mapping[str, Sequence[str | int]]


def raw_statements(raw: Raw) -> list[Statement]:
    """In the order of their names: that of the spec's keys must not matter."""
    return [Statement(name, tuple(str(word) for word in raw[name]), BECAUSE) for name in sorted(raw)]


def with_raw(groups: Iterable[Group], raw: Raw) -> tuple[Group, ...]:
    """Groups of statements with the raw ones in their place; those that replace nothing make a group at the end."""
    wanted = raw_statements(raw)
    placed: set[str] = set()
    made = [replace(group, statements=tuple(_replaced(group.statements, wanted, placed))) for group in groups]
    rest = tuple(one for one in wanted if one.name not in placed)
    made = [group for group in made if group.statements]
    return (*made, Group("", rest)) if rest else tuple(made)


def with_raw_statements(statements: Iterable[Statement], raw: Raw) -> tuple[Statement, ...]:
    """The same for a block whose statements are one group."""
    groups = with_raw([Group("", tuple(statements))], raw)
    return tuple(one for group in groups for one in group.statements)


def _replaced(old: Iterable[Statement], wanted: Sequence[Statement], placed: set[str]) -> Iterable[Statement]:
    for statement in old:
        instead = next((one for one in wanted if _same(one, statement)), None)
        if instead is None:
            yield statement
        elif instead.name not in placed:
            placed.add(instead.name)
            yield instead


def _same(one: Statement, other: Statement) -> bool:
    return one.name == other.name and (one.name not in _REPEATABLE or one.words[:1] == other.words[:1])
