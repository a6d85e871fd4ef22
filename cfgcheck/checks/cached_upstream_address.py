"""Names of targets that nginx looks up once, though their addresses change while it runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cfgcheck.findings import Severity, Unchecked
from cfgcheck.model.host import Doorway, Host, HostKind
from cfgcheck.model.located import UnknownValue
from cfgcheck.model.name_server import manager_of, name_server
from cfgcheck.model.nginx import Location, Pass, Peer, Proxy, Upstream
from cfgcheck.model.stack import Stack
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.rules.changes import Change, Replace, Statement
from cfgcheck.rules.contract import Case, Hit
from cfgcheck.source.file import Span

_CLOUD = re.compile(
    r"\.(?:elb\.amazonaws\.com|elb\.[a-z0-9-]+\.amazonaws\.com|execute-api\.[a-z0-9-]+\.amazonaws\.com|cloudfront\.net"
    r"|awsglobalaccelerator\.com|herokuapp\.com|azurewebsites\.net|azureedge\.net|trafficmanager\.net|azurefd\.net"
    r"|run\.app|appspot\.com|onrender\.com|fly\.dev|vercel\.app|ondigitalocean\.app)\Z"
)
"""Ends of names whose addresses their operators change without notice."""

_RESOLVES = (1, 27, 3)
"""From this version on a server of an upstream may have ``resolve``."""


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    """Once for each name of each nginx; of several deployments with the same nginx files the gravest counts."""
    found: dict[object, Hit] = {}
    for proxy in case.stack.proxies:
        if not proxy.ingress:
            for hit in _of_proxy(case.stack, proxy):
                known = found.setdefault(hit.at.span.key, hit)
                if known.severity is None and hit.severity is not None:
                    found[hit.at.span.key] = hit
    return found.values()


def _of_proxy(stack: Stack, proxy: Proxy) -> Iterator[Hit]:
    seen: set[str] = set()
    for location in proxy.locations():
        for peer in _literal(location):
            address = peer.address.get(None)
            if address is None or not address.is_tcp or address.is_ip or address.is_localhost_name or address.templated:
                continue
            if address.host not in seen:
                seen.add(address.host)
                yield from _judged(stack, proxy, location, peer)


def _literal(location: Location) -> Iterable[Peer]:
    """The servers behind a location whose names are looked up when nginx starts, and only then."""
    passes = location.passes
    upstream = passes.upstream.get(None) if passes is not None else None
    if passes is None or upstream is None or (upstream.implicit and passes.variable):
        return ()
    return [peer for peer in upstream.peers if not (peer.down or peer.resolve or peer.service)]


def _judged(stack: Stack, proxy: Proxy, location: Location, peer: Peer) -> Iterator[Hit]:
    name = peer.address.value.host
    passes = location.passes
    assert passes is not None
    moved = _moved(stack, proxy, name)
    if moved is None:
        return
    what, grave, place = moved
    yield Hit(
        at=peer,
        label="looked up once, when nginx starts",
        related=[(place, what)] if place is not None else [],
        values={"name": name, "what": what, "again": _again(proxy, passes, peer)},
        severity=Severity.WARNING if grave else None,
        changes=_changes(proxy, name),
    )


def _changes(proxy: Proxy, name: str) -> list[Change]:
    """Every place where this nginx passes to the name, or none: one that stays literal would be found next."""
    asked = name_server(proxy)
    if not asked or ("." not in name and manager_of(proxy) is Manager.KUBERNETES):
        return []  # a cluster's name server knows names in full only
    changes: list[Change] = []
    for location in proxy.locations():
        for peer in _literal(location):
            if peer.address.known and peer.address.value.host == name:
                ways = _of_location(location, peer, asked)
                if not ways:
                    return []
                changes += ways
    return list(dict.fromkeys(changes))


def _of_location(location: Location, peer: Peer, asked: str) -> list[Change]:
    passes = location.passes
    assert passes is not None
    upstream = passes.upstream.value
    if not upstream.implicit:
        return _in_upstream(location, upstream, peer, asked)
    if passes.family != "proxy" or passes.uri or passes.directive.templated or not _takes_variable(location):
        return []
    resolver = [] if location.setting("resolver").get(()) else [Statement(location.server, _resolver(asked))]
    target = Statement(location, f"set $target {passes.span.text}")
    return [*resolver, target, Replace(passes.span, "$target")]


def _takes_variable(location: Location) -> bool:
    """Whether a ``set`` is surely carried out, the name is free, and nobody misses ``proxy_redirect default``, which
    does nothing for a computed target: an app that is told the client's Host redirects to that."""
    own = location.scope.own
    steps = ("rewrite", "if", "break", "return", "set")
    if location.modifier == "if" or any(step in own for step in steps) or "target" in location.server.proxy.maps:
        return False
    redirects = (one for scope in location.scope.levels() for one in scope.own.get("proxy_redirect", ()))
    return bool(location.sends("Host").get(False)) and not any(one.values == ["default"] for one in redirects)


def _in_upstream(location: Location, upstream: Upstream, peer: Peer, asked: str) -> list[Change]:
    if not _resolves(location.server.proxy):
        return []
    changes: list[Change] = [Replace(Span(peer.span.file, peer.span.end, peer.span.end), " resolve")]
    if not upstream.zone:
        changes.append(Statement(upstream, f"zone {upstream.name} 64k"))
    if not upstream.resolver and not location.server.setting("resolver").get(()):
        changes.append(Statement(upstream, _resolver(asked)))
    return changes


def _resolver(asked: str) -> str:
    return f"resolver {asked} valid=10s"


def _again(proxy: Proxy, passes: Pass, peer: Peer) -> str:
    """What to write so that nginx looks the name up again."""
    address, upstream = peer.address.value, passes.upstream.value
    host = address.host if address.port in (None, 443 if passes.tls else 80) else f"{address.host}:{address.port_text}"
    asked = name_server(proxy) or "ADDRESS"
    name = address.host.partition(".")[0] if upstream.implicit else upstream.name
    server = f"`upstream {name} {{ zone {name} 64k; resolver {asked} valid=10s; server {host} resolve; }}`"
    if _resolves(proxy):
        return server
    if passes.family != "proxy" or not upstream.implicit:
        return f"{server} with nginx 1.27.3 or later"
    target = f"{'https' if passes.tls else 'http'}://{host}"
    computed = f"`resolver {asked} valid=10s; set $target {target}; proxy_pass $target;`"
    return f"{computed}; or, with nginx 1.27.3 or later, {server}"


def _moved(stack: Stack, proxy: Proxy, name: str) -> tuple[str, bool, Any] | None:
    """What changes the name's address, whether that comes to pass without nginx being made anew, and where it is
    told of; None where the address stays, or nobody knows the name."""
    if _CLOUD.search(name):
        return "names of this kind change their addresses at any time", True, None
    own = stack.host(proxy.host)
    # A name of a container means nothing on the machine: an nginx of which nobody knows where it runs is its neighbour.
    lone = proxy.unit is None and not proxy.host
    hosts = [host for host in stack.hosts.values() if name in host.names and (lone or host.networks & own.networks)]
    moving = [host for host in hosts if host.kind is HostKind.CONTAINER and not host.fixed]
    if moving and len(moving) == len(hosts):
        return _of_container(stack, moving[0])
    doors = [door for door in stack.doorways if name in door.names and (lone or door.networks & own.networks)]
    if doors and all(door.changing for door in doors):
        return _of_headless(stack, doors[0])
    return None


def _of_container(stack: Stack, host: Host) -> tuple[str, bool, Any]:
    label = host.shown
    units = _units(stack, host.name)
    for unit in units:
        if unit.replicas.get(1) > 1:
            return f"{label} has {unit.replicas.value} containers, which come and go", True, unit.replicas
        if unit.recreated_apart:
            return f"{label} is replaced by itself, and then has another address", True, unit
    return f"{label} may have another address once it is made anew", False, units[0] if units else host


def _of_headless(stack: Stack, door: Doorway) -> tuple[str, bool, Any]:
    units = _units(stack, door.to)
    grave = any(unit.recreated_apart or unit.replicas.get(1) > 1 for unit in units)
    return "the name of a headless Service stands for its pods' own addresses, which change", grave, door


def _units(stack: Stack, host: str) -> list[Unit]:
    return [unit for unit in stack.units if unit.host == host]


def _resolves(proxy: Proxy) -> bool:
    try:
        return proxy.version.value >= _RESOLVES
    except UnknownValue:
        return False
