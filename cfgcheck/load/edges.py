"""What stands in front of each server of nginx: what is declared, or another nginx of the stack that passes to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfgcheck.load.destinations import Network
from cfgcheck.load.match import Match, reaches
from cfgcheck.model.address import Address
from cfgcheck.model.edge import Edge
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Location, Server
from cfgcheck.model.stack import Route, Stack

_NONE_KEPT: Located[float | None] = Located.default(None, "the outer nginx keeps no connections to this one")


class ServerAddresses:
    """Where the nginx servers of a stack themselves listen: one may pass to another."""

    def __init__(self, stack: Stack) -> None:
        self._found: dict[tuple[str, str], list[tuple[Server, Address]]] = {}
        for proxy in stack.proxies:
            for server in proxy.servers:
                for listen in server.listens:
                    if listen.address.known and not listen.implied:
                        address = listen.address.value
                        self._found.setdefault((proxy.host, _key(address)), []).append((server, address))

    def behind(self, location: Location, target: Address, host: str) -> Sequence[Server]:
        """The servers of nginx on ``host`` that a connection from ``location`` to ``target`` may arrive at; the
        location's own server is none of them: that would be a loop."""
        listening = self._found.get((host, _key(target)), ())
        return [
            server
            for server, address in listening
            if server is not location.server and reaches(target, address) is not Match.NO
        ]


def _key(address: Address) -> str:
    return address.path.rstrip("/").rsplit("/", 1)[-1] if address.is_unix else str(address.port)


def put_edges(stack: Stack, servers: ServerAddresses, network: Network) -> None:
    """Set ``server.edge`` everywhere. The declared edge stands in front of all servers but those that an nginx of the
    stack passes to."""
    for proxy in stack.proxies:
        for server in proxy.servers:
            server.edge = stack.edge
    for route in stack.routes:
        if route.app is None and route.peer is not None and route.peer.address.known and route.location.passes:
            for server in _behind(route, servers, network):
                server.edge = _outer(route)


def _behind(route: Route, servers: ServerAddresses, network: Network) -> Iterator[Server]:
    assert route.peer is not None
    for destination in network.destinations(route.peer.address.value, route.proxy).found:
        address, host = destination.address, destination.host
        if host != route.proxy.host and address.is_tcp:
            address = Address.tcp("0.0.0.0", address.port)
        yield from servers.behind(route.location, address, host)


def _outer(route: Route) -> Edge:
    """An outer nginx as an edge. Its own edge, where it has one, ends TLS for both."""
    location = route.location
    kept = location.keeps_connections
    idle: Located[float | None] = kept.as_unknown(kept.because) if not kept.known else _NONE_KEPT  # type: ignore[assignment]
    if kept.known and kept.value and route.upstream is not None:
        timeout = route.upstream.keepalive_timeout
        idle = timeout.with_value(timeout.get(None)) if timeout.known else timeout  # type: ignore[assignment]
    read: Located[float | None] = location.read_timeout  # type: ignore[assignment]
    strips = tuple(header.name for header in location.headers if "$http_" not in header.value)
    span = route.passes.span
    kind = f"{'Ingress' if route.proxy.ingress else 'nginx of'} {route.proxy.name}"
    return Edge(kind, idle, read, _tls(route), strips, seen=True, limit=location.named("read_timeout"), span=span)


def _tls(route: Route) -> Located[bool]:
    """Whether clients speak TLS to the outer nginx, or to what stands before that."""
    own, before = route.server.tls, route.server.edge
    return before.tls if before is not None and not own.get(True) and before.tls.get(False) else own
