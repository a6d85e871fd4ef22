"""Join the two ends: for each target of each location, the listener that a connection arrives at."""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.load.edges import ServerAddresses, put_edges
from cfgcheck.load.evidence import settled
from cfgcheck.load.match import Match, reaches
from cfgcheck.model.address import Address
from cfgcheck.model.app import App, Listener
from cfgcheck.model.nginx import Location, Pass, Peer, Proxy, Upstream
from cfgcheck.model.stack import Link, Route, Stack
from cfgcheck.record import record, replace

Joint = tuple[App, Listener]


@record(frozen=True)
class _End:
    """Where one location's traffic goes to."""

    proxy: Proxy
    location: Location
    passes: Pass
    upstream: Upstream | None
    peer: Peer | None


def link(stack: Stack) -> None:
    """Fill ``stack.routes``."""
    index = _Listeners(stack)
    routes: list[Route] = []
    for proxy in stack.proxies:
        for end in _ends(proxy):
            routes.extend(_routes(end, index, len(routes) + 1))
    stack.routes = settled(routes, stack)
    put_edges(stack, index.servers)


def _ends(proxy: Proxy) -> Iterator[_End]:
    for location in proxy.locations():
        passes = location.passes
        if passes is None:
            continue
        if not passes.upstream.known:
            yield _End(proxy, location, passes, None, None)
            continue
        upstream = passes.upstream.value
        for peer in upstream.peers:
            if not peer.down:
                yield _End(proxy, location, passes, upstream, peer)


class _Listeners:
    """All listeners of a stack, found by port or by socket name, so that joining stays linear."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.by_port: dict[str, list[Joint]] = {}
        self.vague: list[Joint] = []
        self.unix: dict[str, list[Joint]] = {}
        self.inherited: list[Joint] = []
        self.hosts_listened_on: dict[str, str] = {}
        self.servers = ServerAddresses(stack)
        self.host_by_address = {address: host.name for host in stack.hosts.values() for address in host.addresses}
        for app in stack.apps:
            for listener in app.listeners:
                self._add(app, listener)

    def _add(self, app: App, listener: Listener) -> None:
        joint = (app, listener)
        if not listener.address.known:
            self.vague.append(joint)
            return
        address = listener.address.value
        if address.is_unix:
            key = "" if address.templated else _last(address.path)
            self.unix.setdefault(key, []).append(joint)
        elif address.is_tcp:
            self.hosts_listened_on.setdefault(address.host, app.host)
            key = "" if address.port is None else str(address.port)
            self.by_port.setdefault(key, []).append(joint)
        else:
            self.inherited.append(joint)

    def candidates(self, target: Address) -> list[Joint]:
        if target.is_unix:
            everything = target.templated
            table, key = self.unix, _last(target.path)
        else:
            everything = target.port is None
            table, key = self.by_port, str(target.port)
        if everything:
            return [joint for joints in table.values() for joint in joints]
        return table.get(key, []) + table.get("", [])


def _last(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1]


def _routes(end: _End, index: _Listeners, number: int) -> list[Route]:
    route = Route(end.proxy, end.location.server, end.location, end.passes, end.upstream, end.peer, Link.UNKNOWN)
    if end.peer is None:
        return [replace(route, because=end.passes.upstream.because or "the target is not known")]
    if not end.peer.address.known:
        return [replace(route, because=end.peer.address.because or "the target's address is not known")]
    target = end.peer.address.value
    host = _host_of(target, end.proxy, index)
    if host is None:
        return [replace(route, link=Link.EXTERNAL, because=f"{target.host or target} belongs to no known host")]
    matched, doubtful = _matches(target, host, index)
    if matched:
        because = _perhaps_another(route, matched, host, index)
        return [replace(route, because=because)] if because else _joined(route, matched, number)
    if doubtful:
        return [replace(route, because=doubtful)]
    if target.templated:
        return [replace(route, because=f"{target} is filled in from a template")]
    if host == NAMED:
        return [replace(route, link=Link.EXTERNAL, because=f"no app that was found answers to the name {target.host}")]
    if index.servers.behind(end.location, target, host):
        return [replace(route, link=Link.EXTERNAL, because=f"another server of nginx listens on {target}")]
    return [replace(route, link=Link.NO_LISTENER)]


NAMED = "\0any"
"""A single-label name (a container, a service): it is whichever host has a matching listener on every interface."""


def _host_of(target: Address, proxy: Proxy, index: _Listeners) -> str | None:
    """The host that ``target`` lies on, seen from ``proxy``; None when it belongs to nobody known."""
    if not target.is_tcp or target.is_loopback or target.is_wildcard or target.templated:
        return proxy.host
    declared = index.host_by_address.get(target.host)
    if declared is not None:
        return declared
    if target.host in index.hosts_listened_on:
        return index.hosts_listened_on[target.host]
    return NAMED if not target.is_ip and "." not in target.host else None


def _matches(target: Address, host: str, index: _Listeners) -> tuple[list[Joint], str]:
    """The listeners that take a connection to ``target``; or else why that can't be told ("" when it can)."""
    matched: list[Joint] = []
    doubtful = ""
    for app, listener in index.candidates(target):
        if host not in (NAMED, app.host):
            continue
        verdict = _reaches(target, listener.address.value, host)
        if verdict is Match.YES:
            matched.append((app, listener))
        elif verdict is Match.UNKNOWN and not doubtful:
            doubtful = f"{target} and {listener.address.value} can't be compared: a placeholder or a name stands there"
    if matched:
        return matched, ""
    if not doubtful and host != NAMED:
        doubtful = _vague(host, index)
    return [], doubtful


def _reaches(target: Address, listener: Address, host: str) -> Match:
    """On another host than the proxy's, the listener must face the network."""
    if not target.is_tcp or target.is_loopback or target.is_wildcard or not listener.is_tcp:
        return reaches(target, listener)
    if target.templated:
        return reaches(target, listener)
    if listener.is_loopback:
        return Match.NO
    if listener.is_wildcard or listener.host == target.host:
        if listener.family == 4 and target.family == 6:
            return Match.NO
        return reaches(replace(target, host=listener.host), listener)
    return Match.NO if listener.is_ip and target.is_ip else Match.UNKNOWN


def _vague(host: str, index: _Listeners) -> str:
    for app, listener in index.vague:
        if app.host == host:
            return f"where {app.label} listens is not known: {listener.address.because}"
    for app, _ in index.inherited:
        if app.host == host:
            return f"{app.label} takes its socket from a manager (socket activation)"
    return ""


def _perhaps_another(route: Route, matched: list[Joint], host: str, index: _Listeners) -> str:
    """Where all that was found speaks another protocol: an app whose address is not known and that may be the one."""
    if any(_speaks(route, listener) is not Match.NO for _, listener in matched):
        return ""
    found = {id(app) for app, _ in matched}
    for app, listener in index.vague:
        if host in (NAMED, app.host) and id(app) not in found and _speaks(route, listener) is not Match.NO:
            return f"where {app.label} listens is not known: {listener.address.because}"
    return ""


def _joined(route: Route, matched: list[Joint], number: int) -> list[Route]:
    """Routes to the listeners that speak the verb's protocol, else to the ones that don't."""
    assert route.peer is not None
    speaking = [joint for joint in matched if _speaks(route, joint[1]) is not Match.NO]
    chosen = _closest(route, speaking or matched)
    choice = number if len(chosen) > 1 else 0
    return [
        replace(route, link=_verdict(route, listener), app=app, listener=listener, choice=choice)
        for app, listener in chosen
    ]


def _verdict(route: Route, listener: Listener) -> Link:
    return Link.WRONG_PROTOCOL if _speaks(route, listener) is Match.NO else Link.MATCHED


def _speaks(route: Route, listener: Listener) -> Match:
    protocol = listener.protocol
    if not protocol.known:
        return Match.UNKNOWN
    return Match.YES if protocol.value is route.passes.protocol else Match.NO


def _closest(route: Route, joints: list[Joint]) -> list[Joint]:
    """Of several apps on one address those whose files lie nearest to the proxy's; one joint an app."""
    where = route.passes.span.file.path
    scored = [(_common_folders(where, app.span.file.path), app, listener) for app, listener in joints]
    best = max(score for score, _, _ in scored)
    chosen: dict[int, Joint] = {}
    for score, app, listener in scored:
        if score == best:
            chosen.setdefault(id(app), (app, listener))
    return list(chosen.values())


def _common_folders(one: str, other: str) -> int:
    count = 0
    for left, right in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if left != right:
            break
        count += 1
    return count
