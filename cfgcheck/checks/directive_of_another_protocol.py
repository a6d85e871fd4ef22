"""Directives of one family (``proxy_read_timeout``) where only another one (``uwsgi_pass``) is in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cfgcheck.model.nginx import Location, Proxy, Scope
from cfgcheck.rules.changes import Change, Replace
from cfgcheck.rules.contract import Case, Hit
from cfgcheck.source.file import Span
from cfgcheck.syntax.nginx_tree import Directive

FAMILIES = ("proxy", "uwsgi", "fastcgi", "scgi", "grpc")


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit]:
    """One hit for each directive that no location below its level can use, although one passes on with another
    family to an app that was found, and leaves the same setting of that family at its default.
    ``params["settings"]``: the names, without their family, that mean the same in each."""
    proxy: Proxy = case.subject
    settings = frozenset(params["settings"])
    if not _mixed(proxy, settings):
        return
    below = _families_below(proxy)
    seen: set[int] = set()
    for location in proxy.locations():
        if location.passes is None or not any(route.matched for route in case.routes_of(location)):
            continue
        for scope in _levels(location):
            for directive in _stray(scope, settings, below[id(scope)]):
                if id(directive) not in seen and not _set(location, directive):
                    seen.add(id(directive))
                    yield _hit(location, directive, below[id(scope)])


def _mixed(proxy: Proxy, settings: frozenset[str]) -> bool:
    """Whether directives of a family are set that some location does not pass on with: mostly there is one family."""
    locations = list(proxy.locations())
    used = {location.passes.family for location in locations if location.passes is not None}
    scopes = {id(scope): scope for location in locations for scope in (location.scope, location.server.scope)}
    names = {name for scope in (*scopes.values(), proxy.scope) for name in scope.own}
    names.update(name for server in proxy.servers if server.scope.parent for name in server.scope.parent.own)
    parts = (name.partition("_") for name in names)
    return any(family in FAMILIES and setting in settings and used != {family} for family, _, setting in parts)


def _families_below(proxy: Proxy) -> dict[int, set[str]]:
    """By level: the families that locations at or below it pass on with."""
    below: dict[int, set[str]] = {}
    for location in proxy.locations():
        for scope in _levels(location):
            families = below.setdefault(id(scope), set())
            if location.passes is not None:
                families.add(location.passes.family)
    return below


def _levels(location: Location) -> Iterator[Scope]:
    scope: Scope | None = location.scope
    while scope is not None:
        yield scope
        scope = scope.parent


def _stray(scope: Scope, settings: frozenset[str], families: set[str]) -> Iterator[Directive]:
    for name, directives in scope.own.items():
        family, _, setting = name.partition("_")
        if family in FAMILIES and setting in settings and family not in families:
            yield from directives


def _set(location: Location, directive: Directive) -> bool:
    """Whether the same setting of the family in use is set as well, so that nothing is missing."""
    return location.family_setting(directive.key.partition("_")[2]).by_hand


def _hit(location: Location, directive: Directive, families: set[str]) -> Hit:
    passes = location.passes
    assert passes is not None
    right = f"{passes.family}_{directive.key.partition('_')[2]}"
    return Hit(
        at=directive,
        label=f"{passes.verb} does not look at this",
        related=[(passes, f"{location.label} passes on with {passes.verb}")],
        values={"wrong": directive.key, "right": right, "verb": passes.verb, "value": " ".join(directive.values)},
        changes=[_renamed(directive, right)] if len(families) == 1 and not directive.templated else [],
    )


def _renamed(directive: Directive, name: str) -> Change:
    """Whoever inherits it passes on with this one family: the value goes where it was meant to."""
    return Replace(Span(directive.file, directive.name.start, directive.name.end), name)
