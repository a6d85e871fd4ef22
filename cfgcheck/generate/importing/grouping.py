"""Which servers and which app server make one service: an application behind its own domain names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cfgcheck.generate.importing.application import module_of
from cfgcheck.generate.importing.draft import Draft
from cfgcheck.model.app import App, Listener
from cfgcheck.model.nginx import Proxy, Server
from cfgcheck.model.stack import Link, Route, Stack
from cfgcheck.record import field, record
from cfgcheck.source.file import Span

_EXAMPLES = frozenset({"example", "examples", "sample", "samples"})


@record(eq=False)
class Found:
    """One service as it was found. ``servers``: those whose requests it takes, and those that lead to these.
    ``routes``: to the app, or to where it should be."""

    app: App
    listener: Listener | None = None
    proxy: Proxy | None = None
    servers: list[Server] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)


def group(stacks: Sequence[Stack], draft: Draft) -> list[Found]:
    """The services of all stacks. What fits into none is left behind."""
    found: dict[int, Found] = {}
    real = any(not _is_example(route.server.span) for stack in stacks for route in stack.routes)
    for stack in stacks:
        _group(stack, found, draft, real)
    _forget_taken(found.values(), draft)
    return list(found.values())


def _is_example(span: Span) -> bool:
    """Whether it stands in a folder of examples."""
    return any(part.lower() in _EXAMPLES for part in span.file.path.split("/")[:-1])


def _forget_taken(found: Iterable[Found], draft: Draft) -> None:
    """An app that another stack has a service for is not left behind, though nothing leads to it in this one."""
    taken = {(one.app.span.key, one.app.label) for one in found}
    draft.left = [left for left in draft.left if (left.span.key, left.what) not in taken]


def _group(stack: Stack, found: dict[int, Found], draft: Draft, real: bool) -> None:
    """``real``: servers in folders of examples don't count, as there are others."""
    lonely = [app for app in stack.apps if not any(route.app is app for route in stack.routes)]
    spoken_for: set[int] = set()
    bare: list[Server] = []
    for proxy in stack.proxies:
        for server in proxy.servers:
            routes = [route for route in stack.routes if route.server is server]
            if _refuses(server):
                continue
            if real and _is_example(server.span):
                draft.leave(server.span, f"`server` for {server.label}", "it stands in a folder of examples")
                continue
            app = _main_app(routes, lonely, draft)
            if app is None:
                bare.append(server)
                continue
            one = found.setdefault(id(app), Found(app))
            _add(one, server, routes, draft)
            spoken_for |= {id(route.app) for route in routes if route.app is not None}
    for server in bare:
        _attach(server, [one for one in found.values() if one.servers], stack, draft)
    _add_lonely(stack, found, spoken_for, draft)


def _main_app(routes: Sequence[Route], lonely: Sequence[App], draft: Draft) -> App | None:
    """The app that takes ``/``, or most of the server's routes."""
    linked = [route for route in routes if route.app is not None]
    if linked:
        root = [route for route in linked if route.location.path == "/" and route.location.is_prefix]
        return (root or sorted(linked, key=lambda route: -_count(linked, route.app)))[0].app
    for route in routes:
        if route.nearest:
            return route.nearest[0][0]
    broken = [route for route in routes if route.link in (Link.NO_LISTENER, Link.UNKNOWN)]
    if not broken or len({_package(app) for app in lonely}) != 1:
        return None
    return next((app for app in lonely if app.unit is not None), lonely[0])


def _package(app: App) -> str:
    """``shop`` of ``shop.wsgi:application``: apps that share it are choices."""
    return str(module_of(app).get("")).partition(":")[0].partition(".")[0]


def _count(routes: Iterable[Route], app: App | None) -> int:
    return sum(1 for route in routes if route.app is app)


def _add(one: Found, server: Server, routes: Sequence[Route], draft: Draft) -> None:
    one.servers.append(server)
    one.proxy = one.proxy or server.proxy
    peers: set[int] = set()
    for route in routes:
        if route.app is one.app or (route.app is None and route.link is not Link.EXTERNAL):
            one.routes.append(route)
            one.listener = one.listener or (route.listener if route.app is one.app else None)
            peers.add(id(route.location))
    for route in routes:
        if route in one.routes:
            continue
        if id(route.location) in peers and route.peer is not None:
            draft.leave(route.peer.span, f"`{route.peer.span.text}`", "a service has one app server; use its workers")
        elif route.choice:
            continue
        else:
            where = "another app" if route.app is not None else "another server"
            why = f"passes to {where}; all of a domain's requests go to one app"
            draft.leave(route.location.span, f"`location {route.location.label}`", why)


def _attach(server: Server, services: Sequence[Found], stack: Stack, draft: Draft) -> None:
    """A server that passes nothing to an app: one that redirects to a service's, or a stranger."""
    if set(server.names) <= {"", "_"} and redirects(server):
        for one in services:
            one.servers.append(server)
        return
    for one in services:
        if set(server.names) & {name for other in one.servers for name in other.names if name not in ("", "_")}:
            one.servers.append(server)
            return
    routes = [route for route in stack.routes if route.server is server]
    if routes:
        draft.leave(routes[0].span, f"`{routes[0].passes.directive.key} {routes[0].passes.host_text}`", _why(routes[0]))
    else:
        draft.leave(server.span, f"`server` for {server.label}", "no app stands behind it")


def redirects(server: Server) -> bool:
    """Whether what comes to it on a plain port is sent to https."""
    if all(listen.tls for listen in server.listens):
        return False
    said = [one for one in server.directive.walk() if one.key in ("return", "rewrite")]
    return any("https://" in value for one in said for value in one.values)


def _why(route: Route) -> str:
    if route.link is Link.EXTERNAL:
        return "what it passes to is elsewhere"
    return route.because or "no app server was found that listens there"


def _refuses(server: Server) -> bool:
    """Whether it only turns strangers away, as a generated default server does."""
    root = [location.scope.own for location in server.locations if location.path == "/" and location.passes is None]
    for own in (server.scope.own, *root):
        codes = [one.values[:1] for one in own.get("return", ())]
        if "ssl_reject_handshake" in own or codes in ([["444"]], [["404"]], [["421"]]):
            return True
    return False


def _add_lonely(stack: Stack, found: dict[int, Found], spoken_for: set[int], draft: Draft) -> None:
    """Apps that no route leads to: services where there are no others, else choices that nobody takes."""
    addresses = {str(each.address.get("")) for one in found.values() for each in one.app.listeners}
    modules = {module_of(one.app).get("") for one in found.values()} - {""}
    taken = bool(found)
    for app in stack.apps:
        if id(app) in found or id(app) in spoken_for:
            continue
        own = {str(each.address.get("")) for each in app.listeners}
        if taken and (own & addresses or app.unit is None):
            draft.leave(app.span, app.label, "no nginx server passes requests to it")
        elif own & addresses:
            draft.leave(app.span, app.label, "another app server listens at its address")
        elif module_of(app).get("") in modules:
            draft.leave(app.span, app.label, "another process of a service's app; use its workers")
        else:
            found[id(app)] = Found(app)
            addresses |= own
