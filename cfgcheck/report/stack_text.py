"""The resolved model for people: what passes where, what listens there, and what was not understood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cfgcheck.load.nginx_stock import is_stock
from cfgcheck.model.app import App, Listener
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Location, Proxy, Server
from cfgcheck.model.stack import Link, Route, Stack
from cfgcheck.model.version import Version
from cfgcheck.report.absence import absence
from cfgcheck.report.cells import wrap
from cfgcheck.report.stack_hosts import by_host, elsewhere, host_node, other_hosts
from cfgcheck.report.summary import counted
from cfgcheck.report.terminal import Terminal
from cfgcheck.report.tree import Node, draw
from cfgcheck.report.values import in_words
from cfgcheck.source.file import Span

_LINK_STYLES = {
    Link.MATCHED: "good",
    Link.NO_LISTENER: "error",
    Link.WRONG_PROTOCOL: "error",
    Link.EXTERNAL: "quiet",
    Link.UNKNOWN: "warning",
}


def render(stacks: Sequence[Stack], terminal: Terminal) -> str:
    blocks = ["\n".join(_stack(stack, terminal)) for stack in stacks]
    return "\n\n".join(blocks) + "\n"


def _stack(stack: Stack, terminal: Terminal) -> Iterator[str]:
    yield terminal.paint("strong", terminal.safe(f"Stack {stack.name}")) + terminal.safe(
        f": {counted(len(stack.files), 'file')}, {counted(len(stack.proxies), 'proxy', 'proxies')},"
        f" {counted(len(stack.apps), 'app')}, {counted(len(stack.routes), 'route')}"
    )
    routes = _by_location(stack.routes)
    roots = [_edge_node(stack)] if stack.edge else []
    for host, proxies, apps in by_host(stack):
        nodes = [_proxy_node(proxy, routes, stack) for proxy in proxies] + [_app_node(app, stack) for app in apps]
        roots += nodes if host is None else [host_node(host, stack, nodes)]
    others = other_hosts(stack)
    roots += [others] if others is not None else []
    for root in roots:
        yield ""
        yield from draw([root], terminal)
    if not roots:
        yield "No configuration of nginx or of an app server was found."
    missing = absence(stack)
    if missing:
        yield ""
        yield terminal.paint("strong", "No route leads to an app")
        for sentence in missing:
            yield from (f"  {line}" for line in wrap(terminal.safe(sentence), terminal.width - 2))
    unclear = _unclear(stack)
    if unclear.below:
        yield ""
        yield from draw([unclear], terminal)


def _by_location(routes: Sequence[Route]) -> dict[int, list[Route]]:
    found: dict[int, list[Route]] = {}
    for route in routes:
        found.setdefault(id(route.location), []).append(route)
    return found


def _edge_node(stack: Stack) -> Node:
    edge = stack.edge
    assert edge is not None
    node = Node(f"edge {edge.kind}", str(edge.span) if edge.span else "", "strong")
    node.add(f"idle {in_words(edge.idle, 's')}, response {in_words(edge.response, 's')}, TLS {in_words(edge.tls)}")
    return node


def _proxy_node(proxy: Proxy, routes: dict[int, list[Route]], stack: Stack) -> Node:
    node = Node(f"{proxy.label}{_version(proxy.version)}", _file(proxy.label, proxy.span), "strong")
    if not proxy.complete and proxy.incomplete_because:
        node.add(f"not the whole configuration: {proxy.incomplete_because}", style="quiet")
    for server in proxy.servers:
        _add_server(node, server, routes, stack)
    return node


def _add_server(node: Node, server: Server, routes: dict[int, list[Route]], stack: Stack) -> None:
    listens = [
        (str(listen.address.value) if listen.address.known else "?") + (" TLS" if listen.tls else "")
        for listen in server.listens
    ]
    names = " ".join(name or '""' for name in server.names) or "(no name)"
    on = f" on {', '.join(listens)}" if listens else ""
    child = node.add(f"server {names}{on}", str(server.span))
    for location in server.locations:
        _add_location(child, location, routes.get(id(location), []), stack)
    if not server.locations:
        child.add("no locations", style="quiet")


def _add_location(node: Node, location: Location, routes: Sequence[Route], stack: Stack) -> None:
    if location.passes is None:
        node.add(f"{location.label}  (not passed on)", str(location.span), "quiet")
        return
    passes = location.passes
    target = passes.directive.values[0] if passes.directive.values else passes.host_text
    child = node.add(f"{location.label}  {passes.verb} {target}", str(passes.span))
    child.add(f"gives up after {in_words(location.read_timeout, 's')}", style="quiet")
    for route in routes:
        _add_route(child, route, stack)


def _add_route(node: Node, route: Route, stack: Stack) -> None:
    if route.peer is None:
        node.add(f"unknown: {route.because}", style=_LINK_STYLES[route.link])
        return
    address = str(route.peer.address.value) if route.peer.address.known else "?"
    through = f"upstream {route.upstream.name}: " if route.upstream and not route.upstream.implicit else ""
    child = node.add(f"{through}{address}  {_link_words(route)}", style=_LINK_STYLES[route.link])
    listener = route.listener
    if route.app and listener:
        where = elsewhere(route.app, route, stack)
        child.add(f"{route.app.label}{where} at {_listener_words(listener)}", _place(listener.address))
    for app, near in route.nearest[:3]:
        where = elsewhere(app, route, stack)
        child.add(f"{app.label}{where} listens on {_address(near)}", _place(near.address), "quiet")


def _link_words(route: Route) -> str:
    because = f": {route.because}" if route.because else ""
    if route.link is Link.WRONG_PROTOCOL and route.listener:
        spoken = route.listener.protocol
        return f"wrong protocol: nginx speaks {route.passes.protocol.value}, the app {in_words(spoken)}"
    words = {
        Link.MATCHED: "linked to",
        Link.NO_LISTENER: "nothing known listens there",
        Link.WRONG_PROTOCOL: "wrong protocol",
        Link.EXTERNAL: f"external{because}",
        Link.UNKNOWN: f"unknown{because}",
    }
    return words[route.link]


def _address(listener: Listener) -> str:
    return str(listener.address.value) if listener.address.known else "an unknown address"


def _listener_words(listener: Listener) -> str:
    protocol = in_words(listener.protocol).removesuffix(" (default)")
    tls = " with TLS" if listener.tls.get(False) else ""
    place = f"{_address(listener)} ({listener.option})"
    return f"{place}, {protocol}{tls}, keep-alive {in_words(listener.keepalive, 's')}"


def _place(value: Located[Any]) -> str:
    return str(value.span) if value.span else ""


def _app_node(app: App, stack: Stack) -> Node:
    node = Node(f"{app.label}{_version(app.version)}", _file(app.label, app.span), "strong")
    reached = {id(route.listener) for route in stack.routes if route.app is app}
    for listener in app.listeners:
        unused = "" if id(listener) in reached else "  (no route leads here)"
        node.add(f"listens on {_listener_words(listener)}{unused}", _place(listener.address))
    facts = app.facts
    node.add(
        f"workers {in_words(facts.workers)} of class {in_words(facts.worker_class)}, threads {in_words(facts.threads)}"
    )
    node.add(f"request limit {in_words(facts.request_limit, 's')}, grace to stop {in_words(facts.grace, 's')}")
    for use in app.uses:
        if not use.canonical:
            node.add(f"unknown setting {use.name}", str(use.span), "warning")
    if app.opaque:
        node.add(f"more may be set: {app.opaque}", style="quiet")
    return node


def _file(label: str, span: Span) -> str:
    """The path, unless the label says it already."""
    if is_stock(span.file):
        return "main file of the image"
    return "" if span.file.path in label else span.file.path


def _version(version: Located[Version]) -> str:
    return f" {version.value}" if version.known else " (version not known)"


def _unclear(stack: Stack) -> Node:
    node = Node("Not understood", style="warning")
    for problem in stack.problems:
        node.add(problem.message, str(problem.span))
    if stack.incomplete:
        node.add(stack.incomplete)
    for app in stack.apps:
        for use in app.uses:
            if not use.value.known:
                node.add(f"{app.label}: {use.name}: {use.value.because}", str(use.span))
    return node
