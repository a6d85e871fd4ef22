"""A ``resolver`` that nothing asks: every target below it is literal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Location, Pass, Proxy, Scope, Upstream
from cfgcheck.rules.contract import Case, Hit
from cfgcheck.syntax.nginx_tree import Directive

_ASKS = re.compile(r"_by_lua|^(?:lua|js|acme|oidc|perl|passenger|pagespeed|otel|opentelemetry)_|^ssl_(?:stapling|ocsp)")
"""Other directives by which nginx may look names up: certificates' status, scripts, modules."""


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    proxy: Proxy = case.subject
    for upstream in proxy.upstreams.values():
        if upstream.resolver and upstream.directive is not None and not _resolves(upstream):
            yield _within(upstream, upstream.directive)
    if proxy.modules:
        return
    for scope, below in _scopes(proxy):
        yield from _judged(case, proxy, scope, below)


def _within(upstream: Upstream, directive: Directive) -> Hit:
    named = [peer for peer in upstream.peers if _named(peer.address)]
    return Hit(
        at=next((child for child in directive.block or () if child.key == "resolver"), upstream),
        label="nothing asks it",
        related=[(peer, "looked up once, when nginx starts") for peer in named[:1]],
        values={"within": True},
    )


def _judged(case: Case, proxy: Proxy, scope: Scope, below: list[Location]) -> Iterator[Hit | Unchecked]:
    passes = [location.passes for location in below if location.passes is not None]
    if not passes or any(one.variable for one in passes) or _asked(proxy, scope, below):
        return
    directive = scope.own["resolver"][0]
    gaps = [gap for level in _levels(below) for gap in level.gaps]
    if scope.kind == "http" and not proxy.complete:
        yield case.unchecked(f"other files of this nginx may need it: {proxy.incomplete_because}", directive)
    elif gaps:
        yield case.unchecked(f"`include {' '.join(gaps[0].values)}` was not read, and may need it", directive)
    elif directive.values != ["off"]:
        literal = next((one for one in passes if _looked_up(one)), None)
        related = [(literal, "looked up once, when nginx starts")] if literal is not None else []
        yield Hit(at=directive, label="nothing asks it", related=related, values={"within": False})


def _scopes(proxy: Proxy) -> list[tuple[Scope, list[Location]]]:
    """The levels that surely have a ``resolver``, with all locations below."""
    found: dict[int, tuple[Scope, list[Location]]] = {}
    for location in proxy.locations():
        for level in location.scope.levels():
            if "resolver" in level.own:
                found.setdefault(id(level), (level, []))[1].append(location)
    return [(level, below) for level, below in found.values() if not _doubtful(level)]


def _doubtful(scope: Scope) -> bool:
    return any(scope.conditional(directive) for directive in scope.own["resolver"])


def _levels(locations: Iterable[Location]) -> list[Scope]:
    """The levels of these locations, each once."""
    return list({id(level): level for location in locations for level in location.scope.levels()}.values())


def _asked(proxy: Proxy, scope: Scope, below: Iterable[Location]) -> bool:
    """Whether something else than a target looks names up below this level."""
    if scope.kind == "http" and any(_resolves(one) and not one.resolver for one in proxy.upstreams.values()):
        return True
    return any(_ASKS.search(name) for level in _levels(below) for name in _names(level))


def _names(scope: Scope) -> Iterator[str]:
    for name, directives in scope.own.items():
        yield name
        if name == "if":
            yield from (child.key for directive in directives for child in _block(directive))


def _block(directive: Directive) -> Iterable[Directive]:
    return directive.block or ()


def _resolves(upstream: Upstream) -> bool:
    return any(peer.resolve or peer.service for peer in upstream.peers)


def _looked_up(passes: Pass) -> bool:
    found = passes.upstream.get(None)
    return found is not None and any(_named(peer.address) for peer in found.peers)


def _named(address: Located[Any]) -> bool:
    return address.known and address.value.is_tcp and not address.value.is_ip
