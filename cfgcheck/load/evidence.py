"""Whether "nothing listens there" may be said of a target, and what is shown beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cfgcheck.load.destinations import GATEWAYS
from cfgcheck.load.evidence_in_containers import Containers, likeness, resembles
from cfgcheck.model.address import Address
from cfgcheck.model.app import App, Listener, Protocol
from cfgcheck.model.host import DoorwayKind
from cfgcheck.model.stack import Link, Route, Stack
from cfgcheck.record import replace

Joint = tuple[App, Listener]

_COMPARED = 100
"""Listeners looked at for the nearest ones; of very many only the first, which keeps the work linear."""

_SHOWN = 4


def settled(routes: list[Route], stack: Stack) -> list[Route]:
    """The routes, with "nothing listens there" kept only where there is evidence: an app on the target's host that
    speaks the verb's protocol, whose address somebody wrote down, that lies near this nginx, and that no route reaches
    or may reach. Without such an app the target belongs to a server that cfgcheck has not seen.

    In containers and pods the evidence is another (``evidence_in_containers``): what runs in them is written down.

    For a target on loopback of a declared host an app of another declared host is evidence too, when it listens on
    that very port: what is loopback there is another machine here.
    """
    if not any(route.link is Link.NO_LISTENER for route in routes):
        return routes
    idle, containers = _Idle(routes, stack), Containers(stack)
    return [
        route
        if route.link is not Link.NO_LISTENER
        else containers.settle(route)
        if containers.hold(route)
        else _settle(route, idle, stack)
        for route in routes
    ]


def _settle(route: Route, idle: _Idle, stack: Stack) -> Route:
    target, host = _target(route), idle.host(route)
    near = idle.near(route, host) or idle.elsewhere(route, host)
    if not near:
        because = "no app was found whose written address is left without a proxy: another server may be meant"
        doors = _published(stack, host)
        if doors or target.host in GATEWAYS:
            because = f"nothing that was found publishes port {target.port_text} on this machine{doors}"
        return replace(route, link=Link.EXTERNAL, because=because)
    if stack.incomplete:
        return replace(route, link=Link.UNKNOWN, because=stack.incomplete)
    if route.location.optional or (route.peer is not None and route.peer.optional):
        return replace(route, link=Link.UNKNOWN, because=f"{target} stands in a template branch")
    inside = idle.inside(route)
    if inside:
        return replace(route, link=Link.UNKNOWN, because=inside)
    rival = idle.rival(route.passes.protocol, near)
    if rival:
        because = f"{near[0][0].label} may be what {rival} means, and another server what {target} means"
        return replace(route, link=Link.UNKNOWN, because=because)
    meant = resembles(target, near[0][1].address.value) or idle.sibling(route, near[0][0])
    if idle.crowded(route.passes.protocol, host) and not meant:
        because = f"more targets than {target} have no listener, and there are fewer apps without a proxy than targets"
        return replace(route, link=Link.UNKNOWN, because=because)
    if idle.optional(route, near[0]):
        because = f"{near[0][0].label} may be another way to start what this nginx reaches already"
        return replace(route, link=Link.UNKNOWN, because=because)
    return replace(route, nearest=near)


def _published(stack: Stack, host: str) -> str:
    """The ports of a host that do lead to an app, in words."""
    apps = {app.host: app for app in reversed(stack.apps)}
    doors = [door for door in stack.doorways if door.on == host and door.kind is DoorwayKind.PUBLISHED]
    led = [f"port {door.port} leads to {apps[door.to].label}" for door in doors if door.port and door.to in apps]
    return f": {', '.join(led[:_SHOWN])}" if led else ""


class _Idle:
    """The listeners of apps that no route reaches, by protocol and host."""

    def __init__(self, routes: list[Route], stack: Stack) -> None:
        reached = {id(route.app) for route in routes if route.app is not None}
        self.hosts = {address: host.name for host in stack.hosts.values() for address in host.addresses}
        self._find_hosts(stack)
        self.joints: dict[tuple[Protocol, str], list[Joint]] = {}
        self.by_port: dict[tuple[Protocol, int | None], list[Joint]] = {}
        self.apps: dict[tuple[Protocol, str], set[int]] = {}
        self.targets: dict[tuple[Protocol, str], set[str]] = {}
        self.rivals: dict[Protocol, list[Route]] = {}
        self.served = {id(route.proxy) for route in routes if route.app is not None}
        self.pools = {id(route.upstream) for route in routes if route.app is not None}
        self.crews = {(id(route.upstream), route.app.together) for route in routes if route.app is not None}
        self._near = _Neighbours(route.passes.span.file.path for route in routes)
        self.contained: dict[int | None, list[Joint]] = {}
        for app in stack.apps:
            if id(app) not in reached:
                self._add(app)
            if app.unit is not None and app.unit.contained:
                self._add_contained(app)
        for route in routes:
            self._count(route)

    def _find_hosts(self, stack: Stack) -> None:
        """An address that an app listens on is one of its host's."""
        for app in stack.apps:
            for listener in app.listeners:
                address = listener.address.get(None)
                if address is not None and address.is_ip and not (address.is_loopback or address.is_wildcard):
                    self.hosts.setdefault(address.host, app.host)

    def _add(self, app: App) -> None:
        for listener in app.listeners:
            if not (listener.address.known and listener.address.by_hand and listener.protocol.known):
                continue
            if listener.address.value.templated:
                continue
            protocol = listener.protocol.value
            self.joints.setdefault((protocol, app.host), []).append((app, listener))
            self.by_port.setdefault((protocol, listener.address.value.port), []).append((app, listener))
            self.apps.setdefault((protocol, app.host), set()).add(id(app))

    def _add_contained(self, app: App) -> None:
        for listener in app.listeners:
            if listener.address.known:
                port = listener.address.value.port if listener.address.value.is_tcp else None
                self.contained.setdefault(port, []).append((app, listener))

    def _count(self, route: Route) -> None:
        protocol = route.passes.protocol
        if route.link is Link.NO_LISTENER:
            self.targets.setdefault((protocol, self.host(route)), set()).add(_meant(route))
        elif route.link in (Link.UNKNOWN, Link.EXTERNAL) and not route.passes.tls:
            self.rivals.setdefault(protocol, []).append(route)

    def host(self, route: Route) -> str:
        return route.at[0] if route.at else self.hosts.get(_target(route).host, route.proxy.host)

    def near(self, route: Route, host: str) -> tuple[Joint, ...]:
        """The four listeners most like the target."""
        target = _target(route)
        where = route.passes.span.file.path
        joints = self.joints.get((route.passes.protocol, host), [])[:_COMPARED]
        joints = [joint for joint in joints if self._near.belongs(joint[0].span.file.path, where)]
        return tuple(sorted(joints, key=lambda joint: -likeness(target, joint[1].address.value))[:_SHOWN])

    def inside(self, route: Route) -> str:
        """An app of a container that may be meant, where nobody knows whether this nginx runs in one, too; "" when
        there is none."""
        if route.proxy.unit is not None:
            return ""
        target = _target(route)
        for app, listener in self.contained.get(target.port if target.is_tcp else None, ())[:_COMPARED]:
            if resembles(target, listener.address.value):
                return f"{app.label} listens there in a container, and where this nginx runs no file tells"
        return ""

    def elsewhere(self, route: Route, host: str) -> tuple[Joint, ...]:
        """Those of other declared hosts on the port of a target that is loopback here."""
        target = _target(route)
        if not host or not target.is_loopback:
            return ()
        joints = self.by_port.get((route.passes.protocol, target.port), [])[:_COMPARED]
        return tuple(joint for joint in joints if joint[0].host not in ("", host))[:_SHOWN]

    def rival(self, protocol: Protocol, near: tuple[Joint, ...]) -> str:
        """Another target that may be meant for one of these apps; "" when there is none."""
        ports = {listener.address.value.port for _, listener in near}
        for route in self.rivals.get(protocol, [])[:_COMPARED]:
            if route.peer is None or not route.peer.address.known:
                return route.passes.host_text or "another target"
            target = route.peer.address.value
            named = target.is_tcp and not target.is_ip and "." not in target.host
            if target.templated or named or (target.is_tcp and target.port in ports):
                return str(target)
        return ""

    def optional(self, route: Route, joint: Joint) -> bool:
        """Whether an app may be one of several to choose from (``gunicorn.dev.py`` beside ``gunicorn.prod.py``): this
        nginx reaches another one, and nothing says that the two run together or that the target means this one."""
        app, listener = joint
        if id(route.proxy) not in self.served or id(route.upstream) in self.pools or app.together:
            return False
        return not resembles(_target(route), listener.address.value)

    def sibling(self, route: Route, app: App) -> bool:
        """Whether the target's upstream reaches another app that is started together with this one."""
        return bool(app.together) and (id(route.upstream), app.together) in self.crews

    def crowded(self, protocol: Protocol, host: str) -> bool:
        """Whether more targets than apps are left over on a host."""
        return len(self.targets.get((protocol, host), ())) > len(self.apps.get((protocol, host), ()))


def _meant(route: Route) -> str:
    """What a target stands for: all servers of one ``upstream{}`` are meant for one app."""
    named = route.upstream is not None and not route.upstream.implicit
    return f"upstream {route.upstream.name}" if named and route.upstream is not None else str(_target(route))


class _Neighbours:
    """Which app lies near which nginx, by folders: of several deployments in one tree each has its own."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._above = {folder for path in set(paths) for folder in _folders(path)}
        self._nearest: dict[str, str] = {}

    def belongs(self, app: str, proxy: str) -> bool:
        """Whether no other nginx shares more folders with the app's file."""
        folder = app.rpartition("/")[0]
        if folder not in self._nearest:
            self._nearest[folder] = next((each for each in _folders(app) if each in self._above), "")
        nearest = self._nearest[folder]
        return not nearest or proxy.startswith(nearest + "/")


def _folders(path: str) -> Iterator[str]:
    """The folders of a file, the innermost first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
    yield ""


def _target(route: Route) -> Address:
    assert route.peer is not None
    return route.peer.address.value
