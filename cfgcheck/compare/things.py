"""The things of a stack, by which one version of it is laid beside another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cfgcheck.compare import facts
from cfgcheck.compare.thing import Thing
from cfgcheck.model.nginx import Location, Proxy, Server
from cfgcheck.model.stack import Route, Stack
from cfgcheck.rules.subjects import place


def things_of(stacks: Iterable[Stack]) -> list[Thing]:
    """All of them, what contains others before these."""
    return [thing for stack in stacks for thing in _of_stack(stack)]


def _of_stack(stack: Stack) -> Iterator[Thing]:
    if stack.edge is not None:
        yield Thing("edge", (), (), f"edge {stack.edge.kind}", facts.of_edge(stack.edge), place(stack.edge))
    routes: dict[int, list[Route]] = {}
    for route in stack.routes:
        routes.setdefault(id(route.location), []).append(route)
    for proxy in stack.proxies:
        yield from _of_proxy(proxy, routes)
    for app in stack.apps:
        loose = (app.kind.value,)
        yield Thing("app", (app.label, app.host), loose, app.label, facts.of_app(app), place(app))
    for unit in stack.units:
        yield Thing("unit", (unit.label, unit.host), (), unit.label, facts.of_unit(unit), place(unit))


def _of_proxy(proxy: Proxy, routes: dict[int, list[Route]]) -> Iterator[Thing]:
    name = (proxy.label, proxy.host)
    yield Thing("nginx", name, (), proxy.label, facts.of_proxy(proxy), place(proxy))
    for server in proxy.servers:
        yield from _of_server(server, routes)
    for upstream in proxy.upstreams.values():
        if not upstream.implicit:
            yield Thing("upstream", (upstream.name,), (), upstream.label, facts.of_upstream(upstream), place(upstream))


def _of_server(server: Server, routes: dict[int, list[Route]]) -> Iterator[Thing]:
    name, ports = "server " + (" ".join(sorted(server.names)) or server.label), _ports(server)
    label = f"{server.label} ({ports})" if ports else server.label
    yield Thing("server", (name, ports), (name,), label, facts.of_server(server), place(server))
    for location in server.locations:
        path = "/".join(_path(location))
        told = facts.of_location(location, routes.get(id(location), []))
        label = f"{server.label} {location.label}"
        yield Thing("location", (name, ports, path), (name, path), label, told, place(location))


def _path(location: Location | None) -> list[str]:
    return [] if location is None else [*_path(location.parent), location.label]


def _ports(server: Server) -> str:
    found = {listen.address.value.port_text for listen in server.listens if listen.address.known}
    return " ".join(sorted(found - {""}))
