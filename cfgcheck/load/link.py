"""Join the two ends: for each target of each location, the listener that a connection arrives at."""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.load.destinations import NAMED, Destination, Destinations, Network, common_folders
from cfgcheck.load.edges import ServerAddresses, put_edges
from cfgcheck.load.evidence import settled
from cfgcheck.load.match import Match, reaches
from cfgcheck.model.address import Address, normal_path
from cfgcheck.model.app import App, Listener
from cfgcheck.model.nginx import Location, Pass, Peer, Proxy, Upstream
from cfgcheck.model.stack import Link, Route, Stack
from cfgcheck.model.unit import Place
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
    put_edges(stack, index.servers, index.network)


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
    """All listeners of a stack, found by host and port, or by socket name, so that joining stays linear."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.by_port: dict[tuple[str, str], list[Joint]] = {}
        self.lone: dict[str, list[Joint]] = {}
        self.vague: dict[str, list[Joint]] = {}
        self.unix: dict[str, list[Joint]] = {}
        self.inherited: dict[str, list[Joint]] = {}
        listened_on: dict[str, str] = {}
        for app in stack.apps:
            for listener in app.listeners:
                self._add(app, listener, listened_on)
        self.servers = ServerAddresses(stack)
        self.network = Network(stack, listened_on)

    def _add(self, app: App, listener: Listener, listened_on: dict[str, str]) -> None:
        joint = (app, listener)
        if not listener.address.known:
            self.vague.setdefault(app.host, []).append(joint)
            return
        address = listener.address.value
        if address.is_unix:
            key = "" if address.templated else _last(address.path)
            self.unix.setdefault(key, []).append(joint)
        elif address.is_tcp:
            if not (address.is_wildcard or address.is_loopback):
                listened_on.setdefault(address.host, app.host)
            key = "" if address.port is None else str(address.port)
            self.by_port.setdefault((app.host, key), []).append(joint)
            if app.unit is None or not app.unit.contained:
                self.lone.setdefault(key, []).append(joint)
        else:
            self.inherited.setdefault(app.host, []).append(joint)

    def unix_candidates(self, target: Address) -> list[Joint]:
        if target.templated:
            return [joint for joints in self.unix.values() for joint in joints]
        return self.unix.get(_last(target.path), []) + self.unix.get("", [])

    def candidates(self, host: str, target: Address) -> list[Joint]:
        if host == NAMED:
            table = self.lone
            if target.port is None:
                return [joint for joints in table.values() for joint in joints]
            return table.get(str(target.port), []) + table.get("", [])
        if target.port is None:
            return [joint for (own, _), joints in self.by_port.items() if own == host for joint in joints]
        return self.by_port.get((host, str(target.port)), []) + self.by_port.get((host, ""), [])


def _last(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1]


def _routes(end: _End, index: _Listeners, number: int) -> list[Route]:
    route = Route(end.proxy, end.location.server, end.location, end.passes, end.upstream, end.peer, Link.UNKNOWN)
    if end.peer is None:
        return [replace(route, because=end.passes.upstream.because or "the target is not known")]
    if not end.peer.address.known:
        return [replace(route, because=end.peer.address.because or "the target's address is not known")]
    target = end.peer.address.value
    if target.is_unix:
        return _unix_routes(route, target, index, number)
    reached = index.network.destinations(target, end.proxy)
    if not reached.found:
        link = Link.EXTERNAL if reached.external else Link.UNKNOWN
        return [replace(route, link=link, because=reached.external or reached.unknown)]
    return _tcp_routes(route, target, reached, index, number)


def _tcp_routes(
    route: Route, target: Address, reached: Destinations, index: _Listeners, number: int
) -> list[Route]:
    found: list[Route] = []
    doubts: list[str] = []
    for destination in reached.found:
        matched, doubtful = _matches(destination, index)
        if matched:
            because = _perhaps_another(route, matched, destination.host, index)
            if because:
                doubts.append(because)
            else:
                found += _joined(route, matched, number)
        elif doubtful:
            doubts.append(doubtful)
    if found:
        several = reached.choice and len(found) > 1
        return [replace(each, choice=number) for each in found] if several else found
    if doubts:
        return [replace(route, because=doubts[0])]
    return [_nothing(route, target, reached.found, index)]


def _nothing(route: Route, target: Address, reached: tuple[Destination, ...], index: _Listeners) -> Route:
    """Nothing that was found listens there."""
    if target.templated:
        return replace(route, because=f"{target} is filled in from a template")
    if any(destination.host == NAMED for destination in reached):
        return replace(route, link=Link.EXTERNAL, because=f"no app that was found answers to the name {target.host}")
    taken = next((why for one in reached if (why := _handed_over(one.address, one.host, index))), "")
    if taken:
        return replace(route, because=taken)
    for destination in reached:
        address = destination.address
        if destination.host != route.proxy.host and address.is_tcp:
            address = Address.tcp("0.0.0.0", address.port)
        if index.servers.behind(route.location, address, destination.host):
            return replace(route, link=Link.EXTERNAL, because=f"another server of nginx listens on {target}")
    for destination in reached:
        unseen = index.stack.host(destination.host).unseen
        if unseen and destination.host:
            return replace(route, because=unseen)
    return replace(route, link=Link.NO_LISTENER, at=tuple(dict.fromkeys(one.host for one in reached)))


def _matches(destination: Destination, index: _Listeners) -> tuple[list[Joint], str]:
    """The listeners that take a connection; or else why that can't be told ("" when it can)."""
    matched: list[Joint] = []
    doubtful = ""
    host, target = destination.host, destination.address
    for app, listener in index.candidates(host, target):
        verdict = _reaches(target, listener.address.value, destination)
        if verdict is Match.YES:
            matched.append((app, listener))
        elif verdict is Match.UNKNOWN and not doubtful:
            doubtful = f"{target} and {listener.address.value} can't be compared: a placeholder or a name stands there"
    if matched:
        return matched, ""
    if not doubtful and host != NAMED:
        doubtful = _vague(host, index)
    if not doubtful and host and index.stack.host(host).unseen and destination.named:
        matched = _perhaps_inside(destination, index)
    return matched, doubtful


def _perhaps_inside(destination: Destination, index: _Listeners) -> list[Joint]:
    """What runs in a container of an image that is not built here may be an app that only its config file tells of."""
    joints = index.candidates(NAMED, destination.address)
    return [
        (app, listener)
        for app, listener in joints
        if app.unit is None and _reaches(destination.address, listener.address.value, destination) is Match.YES
    ]


def _reaches(target: Address, listener: Address, destination: Destination) -> Match:
    """From another host, the listener must face the network."""
    if destination.inside or target.templated or not (target.is_tcp and listener.is_tcp):
        return reaches(target, listener)
    if listener.is_loopback:
        return Match.NO
    if destination.doorway is not None or listener.is_wildcard or listener.host == target.host:
        if destination.doorway is None and listener.family == 4 and target.family == 6:
            return Match.NO
        return reaches(replace(target, host=listener.host), listener)
    return Match.NO if listener.is_ip and target.is_ip else Match.UNKNOWN


def _unix_routes(route: Route, target: Address, index: _Listeners, number: int) -> list[Route]:
    matched: list[Joint] = []
    doubtful = ""
    for app, listener in index.unix_candidates(target):
        verdict = _same_socket(target, route.proxy, listener.address.value, app)
        if verdict is Match.YES:
            matched.append((app, listener))
        elif verdict is Match.UNKNOWN and not doubtful:
            doubtful = f"{target} and {listener.address.value} can't be compared: a placeholder stands there"
    host = route.proxy.host
    if matched:
        because = _perhaps_another(route, matched, host, index)
        return [replace(route, because=because)] if because else _joined(route, matched, number)
    doubtful = doubtful or _vague(host, index)
    if doubtful:
        return [replace(route, because=doubtful)]
    if target.templated:
        return [replace(route, because=f"{target} is filled in from a template")]
    taken = _handed_over(target, host, index)
    if taken:
        return [replace(route, because=taken)]
    if index.servers.behind(route.location, target, host):
        return [replace(route, link=Link.EXTERNAL, because=f"another server of nginx listens on {target}")]
    if host and index.stack.host(host).unseen:
        return [replace(route, because=index.stack.host(host).unseen)]
    return [replace(route, link=Link.NO_LISTENER, at=(host,))]


def _handed_over(target: Address, host: str, index: _Listeners) -> str:
    """Why a socket that a manager opens takes the connection; "" where none does."""
    for address, unit in index.stack.handed:
        if unit.host == host and address.known and reaches(target, address.value) is Match.YES:
            return f"a socket unit opens it for {unit.label}, and what that runs is not known"
    return ""


def _same_socket(target: Address, proxy: Proxy, listener: Address, app: App) -> Match:
    """Whether both paths are one file. In containers that depends on what is mounted where."""
    ours, theirs = proxy.unit, app.unit
    contained = (ours is not None and ours.contained) or (theirs is not None and theirs.contained)
    verdict = reaches(target, listener)
    if not contained:
        return verdict if proxy.host == app.host else Match.NO
    if target.templated or listener.templated or target.abstract or listener.abstract:
        return verdict
    path = normal_path(listener.path)
    if not path.startswith("/"):
        if not app.folder.startswith("/"):
            return verdict if ours is theirs else Match.NO
        path = normal_path(f"{app.folder}/{path}")
    wanted = normal_path(target.path)
    here = ours.place(wanted) if ours is not None else Place("machine", wanted)
    there = theirs.place(path) if theirs is not None else Place("machine", path)
    return Match.YES if here == there else Match.NO


def _vague(host: str, index: _Listeners) -> str:
    for app, listener in index.vague.get(host, ()):
        return f"where {app.label} listens is not known: {listener.address.because}"
    for app, _ in index.inherited.get(host, ()):
        return f"{app.label} takes its socket from a manager (socket activation)"
    return ""


def _perhaps_another(route: Route, matched: list[Joint], host: str, index: _Listeners) -> str:
    """Where all that was found speaks another protocol: an app whose address is not known and that may be the one."""
    if any(_speaks(route, listener) is not Match.NO for _, listener in matched):
        return ""
    found = {id(app) for app, _ in matched}
    vague = index.vague.get(host, ()) if host != NAMED else [one for each in index.vague.values() for one in each]
    for app, listener in vague:
        if id(app) not in found and _speaks(route, listener) is not Match.NO:
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
    scored = [(common_folders(where, app.span.file.path), app, listener) for app, listener in joints]
    best = max(score for score, _, _ in scored)
    chosen: dict[int, Joint] = {}
    for score, app, listener in scored:
        if score == best:
            chosen.setdefault(id(app), (app, listener))
    return list(chosen.values())
