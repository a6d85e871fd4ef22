"""Settings of an app server's file: derived ones, and those of the spec in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from cfgcheck.generate.plan_records import Figure, Setting, Value
from cfgcheck.record import replace

BECAUSE = "from the spec"

Own = Mapping[str, bool | int | float | str]
Writer = Callable[[Value], str]


def setting(name: str, value: Value, because: str = "", write: Writer = str) -> Setting:
    """A setting in the words of its language."""
    return Setting(name, Figure(value, write(value), because))


def titled(title: str, settings: Iterable[Setting]) -> list[Setting]:
    """The settings with a comment above the first."""
    made = list(settings)
    return [replace(made[0], title=title), *made[1:]] if made else []


def with_own(settings: Iterable[Setting], own: Own, write: Writer) -> tuple[Setting, ...]:
    """The derived settings with those of the spec in place of their namesakes, all others of it at the end."""
    taken: set[str] = set()
    made = [_own(one, own, taken, write) for one in settings]
    rest = [setting(name, own[name], "", write) for name in sorted(own) if name not in taken]
    return (*made, *titled("Set in the spec", rest))


def _own(one: Setting, own: Own, taken: set[str], write: Writer) -> Setting:
    if one.name not in own:
        return one
    taken.add(one.name)
    return replace(one, figure=Figure(own[one.name], write(own[one.name]), BECAUSE))
