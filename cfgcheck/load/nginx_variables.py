"""What nginx variables may hold at a location: by ``set``, by ``map`` and its like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cfgcheck.load.nginx_text import masked, split_variables, variables_of
from cfgcheck.model.nginx import Location, Scope, VariableMap
from cfgcheck.syntax.nginx_tree import Directive

MAP_BLOCKS = frozenset({"map", "geo", "split_clients"})
_MOST = 32
"""Texts that one target is followed to; more are not listed."""
_DEEPEST = 8
"""Variables that hold variables that hold …"""
_MOST_IN_A_TEXT = 1000
"""Variables in one text; one with more is no address."""

_PARAMETERS = frozenset({"default", "hostnames", "volatile", "include", "ranges", "proxy", "delete", "proxy_recursive"})


class Texts(NamedTuple):
    """What a text with variables may come to. ``complete``: nothing else is possible. ``computed``: names of the
    variables that remain in it because nobody can tell their value (``$host``)."""

    values: tuple[str, ...]
    complete: bool


def read_map(directive: Directive, children: Iterable[Directive]) -> VariableMap | None:
    """A ``map``, ``geo`` or ``split_clients`` block; None when it names no variable."""
    words = directive.values
    if not words or not words[-1].startswith("$"):
        return None
    source = words[0] if len(words) > 1 else "$remote_addr"
    otherwise = "*" if directive.key == "split_clients" else "default"
    entries: list[tuple[str, str]] = []
    default: str | None = None
    is_open = False
    for child in children:
        is_open = is_open or child.branch != directive.branch or child.templated or child.key == "include"
        if not child.args:
            continue
        if child.key == otherwise:
            default = child.args[0].value
        elif child.key not in _PARAMETERS:
            entries.append((child.key, child.args[0].value))
    name = words[-1].lstrip("$").lower()
    return VariableMap(directive.key, name, source, tuple(entries), default, is_open, directive)


class Assigned(NamedTuple):
    """What ``set`` gives a variable at one level; ``certain``: one of the values, whatever happens."""

    values: tuple[str, ...]
    certain: bool


class Variables:
    """The variables of one nginx: ``maps`` by name, ``set`` found where it stands."""

    def __init__(self, maps: Mapping[str, VariableMap]) -> None:
        self._maps = maps
        self._levels: dict[int, dict[str, Assigned]] = {}

    def texts(self, text: str, location: Location) -> Texts:
        """All that a masked text may come to at a location. Variables of unknown value stay as they are written."""
        return self._expand(text, location, ())

    def _expand(self, text: str, location: Location, within: tuple[str, ...]) -> Texts:
        parts = split_variables(text)
        if len(parts) > 2 * _MOST_IN_A_TEXT:
            return Texts((text,), False)
        values: tuple[str, ...] = (parts[0],)
        complete = True
        for at in range(1, len(parts), 2):
            found = self._value(parts[at], location, within)
            values = tuple(left + right + parts[at + 1] for left in values for right in found.values)
            complete = complete and found.complete and len(values) <= _MOST
            values = values[:_MOST]
        return Texts(tuple(dict.fromkeys(values)), complete)

    def _value(self, name: str, location: Location, within: tuple[str, ...]) -> Texts:
        as_written = Texts((f"${{{name}}}",), True)
        name = name.lower()
        if name in within or len(within) >= _DEEPEST:
            return as_written
        found = self._assigned(name, location)
        if found is None:
            return as_written
        values: list[str] = []
        complete = found.complete
        for value in found.values[:_MOST]:
            inner = self._expand(value, location, (*within, name))
            values += inner.values
            complete = complete and inner.complete
        return Texts(tuple(dict.fromkeys(values)), complete)

    def _assigned(self, name: str, location: Location) -> Texts | None:
        """What ``set`` gives it on the way of a request to ``location``, else what its table has.

        A request runs the server's rewrite directives and those of the one location that it ends in; outer locations'
        are not run. Named and internal ones are reached from other locations, whose variables it brings along.
        """
        values: list[str] = []
        for scope in _run_levels(location):
            found = self._level(scope).get(name)
            if found is not None:
                values += found.values
                if found.certain:
                    return Texts(tuple(values), True)
        if location.is_named or "internal" in location.scope.own:
            values += self._elsewhere(name, location)
        table = self._maps.get(name)
        if table is not None:
            return Texts((*values, *table.results), not table.open)
        return Texts(tuple(values), False) if values else None

    def _level(self, scope: Scope) -> dict[str, Assigned]:
        key = id(scope)
        if key not in self._levels:
            self._levels[key] = assignments(scope)
        return self._levels[key]

    def _elsewhere(self, name: str, location: Location) -> list[str]:
        found: list[str] = []
        for other in location.server.locations[:_MOST]:
            assigned = self._level(other.scope).get(name)
            if assigned is not None and other is not location:
                found += assigned.values
        return found


def _run_levels(location: Location) -> list[Scope]:
    """The levels whose rewrite directives a request to this location runs, the last one first."""
    scopes = [location.scope]
    if location.modifier in ("if", "limit_except") and location.parent is not None:
        scopes.append(location.parent.scope)
    if location.server.scope is not scopes[-1]:
        scopes.append(location.server.scope)
    return scopes


def assignments(scope: Scope) -> dict[str, Assigned]:
    """The variables that ``set`` gives values to at one level.

    A ``set`` in an ``if``, in a template branch or behind a ``break`` or ``rewrite`` may not be run, and where Lua or
    a subrequest sets variables as well, nothing is certain.
    """
    if "set" not in scope.own and "if" not in scope.own:
        return {}
    level = _Level()
    scripted = any("_by_lua" in name or name == "auth_request_set" for name in scope.own)
    stopped = False
    for child in scope.children:
        key = child.key
        if key == "set":
            level.assign(child, sure=not (stopped or scripted or scope.conditional(child)))
        elif key == "if":
            for inner in child.block or ():
                level.assign(inner, sure=False)
        elif key in ("break", "return") or (key == "rewrite" and child.values[-1:] in (["break"], ["last"])):
            stopped = True
    return level.found


class _Level:
    """The assignments of one level while they are read. ``users``: which variables were computed from which."""

    def __init__(self) -> None:
        self.found: dict[str, Assigned] = {}
        self.users: dict[str, list[str]] = {}

    def assign(self, directive: Directive, *, sure: bool) -> None:
        if directive.key != "set" or len(directive.args) != 2:
            return
        name = directive.args[0].value.lstrip("$").lower()
        value = masked(directive.args[1])
        before = self.found.get(name, Assigned((), False))
        # What was computed from this variable further up had an earlier value of it.
        for user in self.users.pop(name, ()):
            self.found[user] = Assigned(self.found[user].values, False)
        if sure:
            self.found[name] = Assigned((value,), True)
        elif value not in before.values and len(before.values) < _MOST:
            self.found[name] = Assigned((*before.values, value), before.certain)
        for variable in variables_of(value) if "$" in value else ():
            self.users.setdefault(variable.lower(), []).append(name)
