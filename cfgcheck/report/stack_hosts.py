"""The hosts of a stack for people: what runs on each, and which doors lead there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfgcheck.model.app import App
from cfgcheck.model.host import Doorway, DoorwayKind, Host, HostKind
from cfgcheck.model.nginx import Proxy
from cfgcheck.model.stack import Route, Stack
from cfgcheck.report.tree import Node


def by_host(stack: Stack) -> Iterator[tuple[Host | None, list[Proxy], list[App]]]:
    """Each host on which something that is read runs, the machine first; None for the machine where there is nothing
    else."""
    proxies: dict[str, list[Proxy]] = {}
    apps: dict[str, list[App]] = {}
    for proxy in stack.proxies:
        proxies.setdefault(proxy.host, []).append(proxy)
    for app in stack.apps:
        apps.setdefault(app.host, []).append(app)
    busy = [name for name in dict.fromkeys(["", *stack.hosts]) if name in proxies or name in apps]
    for name in busy:
        yield (None if busy == [""] else stack.host(name)), proxies.get(name, []), apps.get(name, [])


def other_hosts(stack: Stack) -> Node | None:
    """Hosts on which nothing that is read was found, and why; None where there is none."""
    busy = {proxy.host for proxy in stack.proxies} | {app.host for app in stack.apps}
    others = [host for host in stack.hosts.values() if host.name not in busy]
    if not others:
        return None
    node = Node("Nothing that cfgcheck reads was found in", style="strong")
    lines = ((label(host), host.unseen, str(host.span) if host.span is not None else "") for host in others)
    for name, why, place in dict.fromkeys(lines):
        node.add(f"{name}: {why}" if why else name, place, "quiet")
    return node


def label(host: Host) -> str:
    """``container web of shop``."""
    if host.label:
        return host.label
    return "this machine" if host.kind is HostKind.MACHINE else f"{host.kind.value} {host.name}"


def host_node(host: Host, stack: Stack, below: Sequence[Node]) -> Node:
    """A host, its doors, and what runs on it."""
    projects = {other.project for other in stack.hosts.values() if other.project}
    of = f" of {host.project}" if len(projects) > 1 and host.project else ""
    node = Node(label(host) + of, str(host.span) if host.span is not None else "", "strong")
    for doorway in stack.doorways:
        if doorway.to == host.name:
            node.add(_doorway(doorway, stack), str(doorway.span) if doorway.span is not None else "", "quiet")
    if host.unseen:
        node.add(f"not all is known: {host.unseen}", style="warning")
    node.below += below
    return node


def _doorway(doorway: Doorway, stack: Stack) -> str:
    port = "an unknown port" if doorway.port is None else f"port {doorway.port}"
    inner = "an unknown port" if doorway.to_port is None else str(doorway.to_port)
    if doorway.kind is DoorwayKind.SERVICE:
        return f"{port} of the service {doorway.names[0] if doorway.names else ''} leads to {inner} here"
    at = f" ({doorway.address} only)" if doorway.address else ""
    return f"{port} of {label(stack.host(doorway.on))}{at} leads to {inner} here"


def elsewhere(app: App, route: Route, stack: Stack) -> str:
    """`` on container web``, where that is not nginx's own host."""
    return "" if app.host == route.proxy.host else f" on {label(stack.host(app.host))}"
