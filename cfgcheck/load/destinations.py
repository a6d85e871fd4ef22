"""Where a connection to an address arrives: on which hosts of the stack, and at which of their ports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from cfgcheck.model.address import Address
from cfgcheck.model.host import Doorway, DoorwayKind, Host, HostKind
from cfgcheck.model.nginx import Proxy
from cfgcheck.model.stack import Stack
from cfgcheck.record import record

NAMED = "\0any"
"""A single-label name that no carrier tells of: it is whichever lone app listens on every interface on that port."""

GATEWAYS = frozenset({"host.docker.internal", "gateway.docker.internal", "host.containers.internal"})
"""Names by which a container reaches its machine."""


@record(frozen=True)
class Destination:
    """One host that a connection arrives at.

    ``address``: what a listener there has to match; ``inside``: the connection comes from the host itself, so that
    listeners on loopback take it. ``doorway``: what led there, None for none. ``named``: the proxy means the host by
    its name or address, not as its own.
    """

    host: str
    address: Address
    inside: bool = False
    doorway: Doorway | None = None
    named: bool = False


@record(frozen=True)
class Destinations:
    """``found``: in order; ``choice``: they are deployments of which one at a time is meant. ``external``,
    ``unknown``: why there is none, "" where there is."""

    found: tuple[Destination, ...] = ()
    choice: bool = False
    external: str = ""
    unknown: str = ""


class Network:
    """All hosts and doorways of a stack, found by name, address and port."""

    def __init__(self, stack: Stack, listened_on: dict[str, str]) -> None:
        self.stack = stack
        self._listened_on = listened_on
        self._by_address = {address: host.name for host in stack.hosts.values() for address in host.addresses}
        self._by_name: dict[str, list[Host]] = {}
        for host in stack.hosts.values():
            for name in dict.fromkeys(host.names):
                self._by_name.setdefault(name.lower(), []).append(host)
        self._services: dict[str, list[Doorway]] = {}
        self._published: dict[tuple[str, int | None], list[Doorway]] = {}
        for doorway in stack.doorways:
            if doorway.kind is DoorwayKind.PUBLISHED:
                self._published.setdefault((doorway.on, doorway.port), []).append(doorway)
            for name in dict.fromkeys(doorway.names):
                self._services.setdefault(name.lower(), []).append(doorway)

    def destinations(self, target: Address, proxy: Proxy) -> Destinations:
        """Where a connection of ``proxy`` to ``target`` arrives."""
        if not target.is_tcp or (target.templated and not self._is_called(target.host)):
            return Destinations((Destination(proxy.host, target, inside=True),))
        if target.is_loopback or target.is_wildcard:
            return self._chosen([Destination(proxy.host, target, inside=True), *self._led_on(proxy, target)])
        if target.host in GATEWAYS:
            return self._chosen([Destination("", target, named=True), *self._led_on(proxy, target, on="")])
        by_address = self._by_address.get(target.host, self._listened_on.get(target.host))
        if by_address is not None:
            same = by_address == proxy.host
            led = self._led_on(proxy, target, on=by_address)
            return self._chosen([Destination(by_address, target, inside=same, named=True), *led])
        if target.is_ip:
            return Destinations(external=f"{target.host} belongs to no known host")
        return self._by_its_name(target, proxy)

    def _is_called(self, name: str) -> bool:
        """Whether a host or service has this name: of a target with a placeholder, then only the port has it."""
        return name in self._by_name or name in self._services

    def _led_on(self, proxy: Proxy, target: Address, on: str | None = None) -> Iterator[Destination]:
        """Ports of a host that lead to others. A container's own loopback has none."""
        host = proxy.host if on is None else on
        fitting = [
            doorway for doorway in self._published.get((host, target.port), ()) if _takes(doorway.address, target)
        ]
        for doorway in _nearest(fitting, proxy):
            yield Destination(doorway.to, Address.tcp(target.host, doorway.to_port), doorway=doorway, named=True)

    def _chosen(self, found: list[Destination]) -> Destinations:
        """Hosts of several deployments are choices: each is another place that the whole may run at."""
        projects = {self.stack.host(one.host).project for one in found}
        return Destinations(tuple(found), len(projects - {""}) > 1)

    def _by_its_name(self, target: Address, proxy: Proxy) -> Destinations:
        own = self.stack.hosts.get(proxy.host)
        if not proxy.host and proxy.unit is not None and proxy.unit.contained and target.host in self._by_name:
            # Docker's name server is not asked there (documentation; no Docker was at hand to see it).
            because = f"{proxy.unit.label} is on the machine's network: where {target.host} leads there is not known"
            return Destinations(unknown=because)
        hosts = self._by_name.get(target.host, [])
        services = self._services.get(target.host, [])
        if own is not None and own.kind in (HostKind.CONTAINER, HostKind.POD):
            seen = [host for host in hosts if host.aliases.get(target.host, host.networks) & own.networks]
            doors = [doorway for doorway in services if doorway.networks & own.networks]
            if not seen and not doors and hosts and any(host.project == own.project for host in hosts):
                return Destinations(unknown=f"{target.host} and {own.label or own.name} share no network")
        else:
            seen, doors = _nearest(hosts, proxy), _nearest(services, proxy)
        found = [Destination(host.name, target, named=True) for host in seen]
        found += [_through(doorway, target) for doorway in doors if _leads(doorway, target)]
        if not found and doors:
            because = f"the service {target.host} has no port {target.port_text}"
            return Destinations(unknown=because)
        if found:
            return self._chosen(found)
        if "." in target.host:
            return Destinations(external=f"{target.host} belongs to no known host")
        if own is not None and own.kind is not HostKind.DECLARED and not target.templated:
            return Destinations(external=f"no container or service that was found is called {target.host}")
        return Destinations((Destination(NAMED, target, named=True),))


def _through(doorway: Doorway, target: Address) -> Destination:
    return Destination(doorway.to, Address.tcp(target.host, doorway.to_port), doorway=doorway, named=True)


def _leads(doorway: Doorway, target: Address) -> bool:
    return doorway.port is None or target.port is None or doorway.port == target.port


def _takes(published: str, target: Address) -> bool:
    """Whether a connection to ``target`` arrives at a port published at an address of its host ("" for all)."""
    if not published or target.is_wildcard or Address.tcp(published, None).is_wildcard:
        return True
    return published == target.host or (target.is_localhost_name and published in ("127.0.0.1", "::1"))


_Placed = TypeVar("_Placed", Host, Doorway)


def _nearest(things: Iterable[_Placed], proxy: Proxy) -> list[_Placed]:
    """Of several deployments in one tree those whose files lie nearest to the proxy's."""
    found = list(things)
    if len(found) < 2:
        return found
    where = proxy.span.file.path
    scores = [common_folders(where, thing.span.file.path) if thing.span is not None else 0 for thing in found]
    best = max(scores)
    return [thing for thing, score in zip(found, scores, strict=True) if score == best]


def common_folders(one: str, other: str) -> int:
    """How many of the folders of two paths are the same, from the root on."""
    count = 0
    for left, right in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if left != right:
            break
        count += 1
    return count
