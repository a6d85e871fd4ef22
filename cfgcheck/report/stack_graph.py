"""A stack as a graph: hosts hold nginx and apps, routes lead from the one to the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cfgcheck.model.app import App
from cfgcheck.model.nginx import Proxy
from cfgcheck.model.stack import Link, Route, Stack
from cfgcheck.record import field, record
from cfgcheck.report.stack_hosts import by_host, label
from cfgcheck.report.summary import counted

_LISTED = 4
"""Lines of one label; what is more is counted."""


@record()
class Node:
    """``kind``: edge, nginx, app, outside. ``lines``: of its label, the name first."""

    name: str
    kind: str
    lines: list[str]


@record()
class Arrow:
    """``kind``: joined, broken, external, unknown."""

    start: str
    end: str
    kind: str
    lines: list[str]


@record()
class Cluster:
    """A host, or the stack itself (``title`` "")."""

    name: str
    title: str
    nodes: list[Node] = field(default_factory=list)


@record()
class Graph:
    clusters: list[Cluster] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)


_KINDS = {
    Link.MATCHED: "joined",
    Link.WRONG_PROTOCOL: "broken",
    Link.NO_LISTENER: "broken",
    Link.EXTERNAL: "external",
    Link.UNKNOWN: "unknown",
}


_SAID = {
    Link.NO_LISTENER: " (nothing listens)",
    Link.WRONG_PROTOCOL: " (wrong protocol)",
    Link.UNKNOWN: " (unknown)",
}


def graph_of(stacks: Sequence[Stack]) -> Graph:
    """All stacks in one graph."""
    graph = Graph()
    for number, stack in enumerate(stacks):
        _add(graph, stack, f"s{number}_")
    return graph


def _add(graph: Graph, stack: Stack, prefix: str) -> None:
    names: dict[int, str] = {}
    for number, (host, proxies, apps) in enumerate(by_host(stack)):
        if not proxies and not apps:
            continue
        cluster = Cluster(f"{prefix}h{number}", label(host) if host is not None else "")
        for proxy in proxies:
            names[id(proxy)] = f"{prefix}n{len(names)}"
            cluster.nodes.append(Node(names[id(proxy)], "nginx", _proxy_lines(proxy)))
        for app in apps:
            names[id(app)] = f"{prefix}n{len(names)}"
            cluster.nodes.append(Node(names[id(app)], "app", _app_lines(app)))
        graph.clusters.append(cluster)
    _add_edge(graph, stack, prefix, names)
    _add_routes(graph, stack, prefix, names)


def _add_edge(graph: Graph, stack: Stack, prefix: str, names: dict[int, str]) -> None:
    if stack.edge is None:
        return
    graph.nodes.append(Node(f"{prefix}edge", "edge", [stack.edge.kind]))
    for proxy in stack.proxies:
        if any(server.edge is stack.edge for server in proxy.servers):
            graph.arrows.append(Arrow(f"{prefix}edge", names[id(proxy)], "joined", []))


def _add_routes(graph: Graph, stack: Stack, prefix: str, names: dict[int, str]) -> None:
    ends: dict[str, str] = {}
    arrows: dict[tuple[str, str, str], list[str]] = {}
    for route in stack.routes:
        if route.app is not None:
            end = names[id(route.app)]
        else:
            text = _target(route)
            if text not in ends:
                ends[text] = f"{prefix}t{len(ends)}"
                graph.nodes.append(Node(ends[text], "outside", [text]))
            end = ends[text]
        key = (names[id(route.proxy)], end, _KINDS[route.link])
        arrows.setdefault(key, []).append(_step(route))
    graph.arrows += [Arrow(*key, _listed(lines)) for key, lines in arrows.items()]


def _target(route: Route) -> str:
    if route.peer is not None and route.peer.address.known:
        return str(route.peer.address.value)
    return route.passes.host_text or "?"


def _step(route: Route) -> str:
    name = route.server.names[0] if route.server.names and route.server.names[0] not in ("", "_") else ""
    return f"{name}{route.location.label}{_SAID.get(route.link, '')}"


def _listed(lines: Iterable[str]) -> list[str]:
    every = list(dict.fromkeys(lines))
    more = len(every) - _LISTED
    return [*every[:_LISTED], f"and {more} more"] if more > 1 else every


def _proxy_lines(proxy: Proxy) -> list[str]:
    listens = {str(one.address.value) for server in proxy.servers for one in server.listens if one.address.known}
    return [proxy.label, *_listed(sorted(listens)), counted(len(proxy.servers), "server")]


def _app_lines(app: App) -> list[str]:
    listens = [str(one.address.value) for one in app.listeners if one.address.known]
    workers = app.facts.workers.get(None)
    return [app.label, *_listed(listens), *([counted(workers, "worker")] if isinstance(workers, int) else [])]
