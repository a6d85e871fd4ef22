"""The way of one request through a stack: who takes it, what is passed on, and to whom."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from cfgcheck.load.destinations import Network
from cfgcheck.load.edges import ServerAddresses
from cfgcheck.model.address import Address
from cfgcheck.model.host import DoorwayKind
from cfgcheck.model.nginx import Location, Proxy
from cfgcheck.model.stack import Route, Stack
from cfgcheck.record import record, replace
from cfgcheck.trace.choosing import literal
from cfgcheck.trace.exchange import Arrival
from cfgcheck.trace.follow_proxy import follow_in
from cfgcheck.trace.hop import End, Hop, Step, Way
from cfgcheck.trace.request import Request
from cfgcheck.trace.servers import split_host

MOST_HOPS = 8
"""How many nginx in a row are followed; more are a loop."""
_MOST_TOLD = 4
"""Proxies whose ports are listed where nothing listens on the one asked for."""


def follow_request(stack: Stack, request: Request) -> Way:
    """The way of a request through the stack's proxies. Its ``hops`` are empty only where the stack has no proxy."""
    return _Following(stack, request).way()


@record(frozen=True, eq=False)
class _Candidate:
    """A proxy that takes the request first. ``rank``: the lower, the likelier; equal ones are as good."""

    hop: Hop
    rank: tuple[int, ...]


class _Following:
    def __init__(self, stack: Stack, request: Request) -> None:
        self.stack = stack
        self.request = request
        self._servers: ServerAddresses | None = None
        self._network: Network | None = None

    def way(self) -> Way:
        candidates = sorted(self._candidates(self.request), key=lambda one: one.rank)
        if not candidates:
            candidates = sorted(self._behind_an_edge(), key=lambda one: one.rank)
        if not candidates:
            return Way(tuple(self._nobody()))
        _, best = next(groupby(candidates, key=lambda one: one.rank))
        first, *others = [one.hop for one in best]
        return Way((first, *self._further(first)), tuple(others))

    # --------------------------------------------------------------------------------------------- the first nginx
    def _candidates(self, request: Request) -> Iterator[_Candidate]:
        for proxy in self.stack.proxies:
            best: _Candidate | None = None
            for arrival, how, step in self._arrivals(proxy, request):
                found = follow_in(proxy, arrival, self.stack.routes)
                if found is None:
                    continue
                hop, rank = found
                inner = bool(hop.server is not None and hop.server.edge is not None and hop.server.edge.seen)
                if step is not None:
                    hop = replace(hop, steps=(step, *hop.steps))
                refused = hop.status is None and (hop.end is End.NOBODY or _doubtful(hop))
                candidate = _Candidate(hop, (int(refused), how, int(inner), rank))
                if best is None or candidate.rank < best.rank:
                    best = candidate
            if best is not None:
                yield best

    def _arrivals(self, proxy: Proxy, request: Request) -> Iterator[tuple[Arrival, int, Step | None]]:
        """As what a request comes to a proxy: through a published port or a service, or straight to its port. With a
        number: 0 where that is how it is meant, more for ways that only a neighbour has."""
        host = self.stack.host(proxy.host)
        found = False
        for doorway in self.stack.doorways:
            if doorway.to != proxy.host or doorway.port != request.port:
                continue
            if doorway.kind is DoorwayKind.SERVICE and request.host not in doorway.names:
                continue
            found = True
            address = None if doorway.to_port is None else Address.tcp("", doorway.to_port)
            text = f"{doorway.kind.value} {request.port} leads to port {doorway.to_port or '?'} of {host.shown}"
            yield Arrival(request, _in_container(address)), 0, Step(text, doorway.span)
        if not found:
            inside = host.inner and not proxy.ingress and request.host not in host.names
            text = f"no published port {request.port} leads there: as seen from beside {host.shown}"
            yield Arrival(request), int(inside), Step(text) if inside else None

    def _behind_an_edge(self) -> Iterator[_Candidate]:
        """Where an edge ends TLS and nginx has plain HTTP only."""
        edge = self.stack.edge
        if self.request.scheme != "https" or edge is None or not edge.tls.get(False):
            return
        inner = replace(self.request, scheme="http", port=80)
        headers = {**self.request.headers, "host": self.request.host_header}
        step = Step(f"{edge.kind} ends TLS and passes plain HTTP to port 80", edge.span)
        for candidate in self._candidates(replace(inner, headers=headers)):
            hop = candidate.hop
            yield replace(candidate, hop=replace(hop, steps=(step, *hop.steps)))

    def _nobody(self) -> Iterator[Hop]:
        """A hop that says where the stack's proxies do listen, of the one that listens most."""
        asked = literal(self.request.host, self.request.port)
        ports = [(proxy, _ports(proxy, whole=asked is not None)) for proxy in self.stack.proxies]
        told = [f"{proxy.label} listens on {', '.join(found)}" for proxy, found in ports if found]
        more = "" if len(told) <= _MOST_TOLD else f" and {len(told) - _MOST_TOLD} more"
        others = f": {'; '.join(told[:_MOST_TOLD])}{more}" if told else ""
        where = f"port {self.request.port}" if asked is None else str(asked)
        because = f"no nginx of this stack listens on {where}{others}"
        for proxy, _ in sorted(ports, key=lambda one: -len(one[1]))[:1]:
            yield Hop(self.request, proxy, End.NOBODY, (Step(because, proxy.span),), because=because)

    # ------------------------------------------------------------------------------------------------ further hops
    def _further(self, first: Hop) -> Iterator[Hop]:
        """The nginx that the first one passes to, and so on."""
        hop = first
        seen = {id(first.location)}
        for _ in range(MOST_HOPS):
            found = self._next(hop)
            if found is None:
                return
            looped = found.location is not None and id(found.location) in seen
            if looped:
                found = replace(found, steps=(*found.steps, Step("it comes back to a location that it has been in")))
            yield found
            if looped:
                return
            seen.add(id(found.location))
            hop = found

    def _next(self, hop: Hop) -> Hop | None:
        if hop.end is not End.PASSES:
            return None
        for route in hop.routes:
            if route.app is not None or route.peer is None or not route.peer.address.known:
                continue
            address = route.peer.address.value
            if address.is_tcp and address.port is None:
                continue  # a placeholder: which of many ports it is nobody knows
            for proxy, address in self._behind(route, hop.location):
                found = follow_in(proxy, _onward(hop, route, address), self.stack.routes)
                if found is not None:
                    return found[0]
        return None

    def _behind(self, route: Route, location: Location | None) -> Iterator[tuple[Proxy, Address]]:
        """The other proxies that a connection to the route's peer may arrive at, and at which address of theirs."""
        if self._servers is None or self._network is None:
            self._servers, self._network = ServerAddresses(self.stack), Network(self.stack, {})
        assert route.peer is not None
        target = route.peer.address.value
        for destination in self._network.destinations(target, route.proxy).found:
            address = destination.address
            if destination.host != route.proxy.host and address.is_tcp:
                address = Address.tcp("0.0.0.0", address.port)
            servers = self._servers.behind(route.location, address, destination.host)
            for proxy in {id(server.proxy): server.proxy for server in servers}.values():
                yield proxy, address


def _doubtful(hop: Hop) -> bool:
    """Whether it was given up for a server that may listen on another port."""
    return hop.end is End.UNKNOWN and hop.server is not None and hop.location is None


def _ports(proxy: Proxy, *, whole: bool) -> list[str]:
    """The ports that it listens on, as written; ``whole`` addresses where one was asked for."""
    listens = (listen for server in proxy.servers for listen in server.listens)
    known = (listen.address.value for listen in listens if listen.address.known)
    return list(dict.fromkeys(str(one) if whole else one.port_text for one in known if one.is_tcp))


def _in_container(address: Address | None) -> Address | None:
    """From outside, a container's listener on every interface is reached."""
    return None if address is None else Address.tcp("0.0.0.0", address.port)


def _onward(hop: Hop, route: Route, address: Address) -> Arrival:
    """What the next nginx gets: the headers as sent."""
    headers: dict[str, str] = {}
    unknown: dict[str, str] = {}
    for header in hop.headers:
        name = header.name.lower()
        if header.value.known:
            headers.setdefault(name, header.value.value)
        else:
            unknown.setdefault(name, header.value.because)
    headers.pop("connection", None)
    target = hop.uri.get("/")
    body = hop.request.body
    request = Request(
        scheme="https" if route.passes.tls else "http",
        host=split_host(headers.get("host", "")) or "",
        port=address.port or 80,
        target=target,
        method=hop.request.method,
        headers=headers,
        body=body,
    )
    return Arrival(request, address, unknown, "" if hop.uri.known else hop.uri.because)


