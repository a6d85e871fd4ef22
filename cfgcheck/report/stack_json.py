"""The resolved model for programs: ``cfgcheck.stack/1``, described by ``docs/schemas/stack-1.json``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cfgcheck import __version__
from cfgcheck.findings import Problem
from cfgcheck.model.app import App, Listener
from cfgcheck.model.edge import Edge
from cfgcheck.model.host import Doorway, Host
from cfgcheck.model.nginx import Listen, Location, Pass, Peer, Proxy, Server, Upstream
from cfgcheck.model.nginx_table import TABLE, family_of
from cfgcheck.model.stack import Route, Stack
from cfgcheck.model.unit import Unit
from cfgcheck.record import fields
from cfgcheck.report.places import clean, start_of
from cfgcheck.report.values import setting

FORMAT = "cfgcheck.stack/1"
_IN_LOCATIONS = {"server", "location"}
"""Contexts of what is in effect at a location: what only servers may set holds for all their locations."""

_FACT_NAMES = {"worker_class": "effective_worker_class"}
"""Facts whose own name would be taken for the setting that they follow from."""


def render(stacks: Sequence[Stack]) -> str:
    return json.dumps(document(stacks), indent=2, ensure_ascii=False) + "\n"


def document(stacks: Sequence[Stack]) -> dict[str, Any]:
    """All stacks in one list of proxies, apps and routes; numbers in ``routes`` are indexes in these lists."""
    parts: dict[str, list[Any]] = {"stacks": [], "proxies": [], "apps": [], "routes": [], "problems": []}
    for stack in stacks:
        indexes = _Indexes(stack, len(parts["proxies"]), len(parts["apps"]))
        parts["stacks"].append(_stack(stack))
        parts["proxies"] += [_proxy(proxy, stack) for proxy in stack.proxies]
        parts["apps"] += [_app(app, stack) for app in stack.apps]
        parts["routes"] += [_route(route, indexes) for route in stack.routes]
        parts["problems"] += [_problem(problem) for problem in stack.problems]
    return {"format": FORMAT, "version": __version__, **parts}


class _Indexes:
    """Where the things of a stack stand in the document's lists."""

    def __init__(self, stack: Stack, proxies: int, apps: int) -> None:
        self.proxies = {id(proxy): proxies + index for index, proxy in enumerate(stack.proxies)}
        self.apps = {id(app): apps + index for index, app in enumerate(stack.apps)}
        self.servers: dict[int, int] = {}
        self.locations: dict[int, int] = {}
        for proxy in stack.proxies:
            for number, server in enumerate(proxy.servers):
                self.servers[id(server)] = number
                self.locations |= {id(location): at for at, location in enumerate(server.locations)}


def _stack(stack: Stack) -> dict[str, Any]:
    return {
        "name": clean(stack.name),
        "files": [clean(file.path) for file in stack.files],
        "edge": _edge(stack.edge) if stack.edge else None,
        "hosts": [_host(host) for host in stack.hosts.values()],
        "doorways": [_doorway(doorway) for doorway in stack.doorways],
        "units": [_unit(unit) for unit in stack.units],
        "timeout_order": stack.timeout_order,
        "incomplete": clean(stack.incomplete) or None,
    }


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "kind": edge.kind,
        "idle": setting(edge.idle),
        "response": setting(edge.response),
        "tls": setting(edge.tls),
        "strips": list(edge.strips),
    }


def _host(host: Host) -> dict[str, Any]:
    return {
        "name": clean(host.name),
        "kind": host.kind.value,
        "label": clean(host.label or host.name),
        "project": clean(host.project) or None,
        "names": [clean(name) for name in host.names],
        "addresses": [clean(address) for address in host.addresses],
        "networks": sorted(clean(network) for network in host.networks),
        "paths": [clean(path) for path in host.paths],
        "unseen": clean(host.unseen) or None,
    }


def _doorway(doorway: Doorway) -> dict[str, Any]:
    return {
        "kind": doorway.kind.value,
        "on": clean(doorway.on),
        "names": [clean(name) for name in doorway.names],
        "address": clean(doorway.address) or None,
        "port": doorway.port,
        "to": clean(doorway.to),
        "to_port": doorway.to_port,
        "at": start_of(doorway.span) if doorway.span is not None else None,
    }


def _unit(unit: Unit) -> dict[str, Any]:
    facts = ("image", "user", "group", "stop_signal", "stop_grace", "prestop", "replicas", "private_tmp")
    return {
        "manager": unit.manager.value,
        "name": clean(unit.name),
        "label": clean(unit.label),
        "host": clean(unit.host),
        "at": start_of(unit.span),
        "facts": {name: setting(getattr(unit, name)) for name in facts},
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {"rule": problem.rule, "message": clean(problem.message), "at": start_of(problem.span)}


def _proxy(proxy: Proxy, stack: Stack) -> dict[str, Any]:
    return {
        "stack": clean(stack.name),
        "kind": "ingress-nginx" if proxy.ingress else "nginx",
        "host": clean(proxy.host),
        "unit": clean(proxy.unit.label) if proxy.unit is not None else None,
        "name": clean(proxy.name),
        "label": clean(proxy.label),
        "at": start_of(proxy.span),
        "version": setting(proxy.version),
        "complete": proxy.complete,
        "incomplete_because": clean(proxy.incomplete_because) or None,
        "modules": list(proxy.modules),
        "settings": _settings(proxy, ("main", "events")),
        "upstreams": [_upstream(upstream) for upstream in proxy.upstreams.values()],
        "servers": [_server(server) for server in proxy.servers],
    }


def _server(server: Server) -> dict[str, Any]:
    return {
        "names": [clean(name) for name in server.names],
        "label": clean(server.label),
        "at": start_of(server.span),
        "listens": [_listen(listen) for listen in server.listens],
        "settings": {
            name: setting(server.setting(name))
            for name, known in TABLE.items()
            if "server" in known.contexts.split() and family_of(name) is None
        },
        "locations": [_location(location) for location in server.locations],
    }


def _listen(listen: Listen) -> dict[str, Any]:
    return {
        "address": setting(listen.address),
        "tls": listen.tls,
        "default": listen.default,
        "proxy_protocol": listen.proxy_protocol,
        "at": start_of(listen.span),
    }


def _location(location: Location) -> dict[str, Any]:
    passes = location.passes
    family = passes.family if passes else None
    facts = ("read_timeout", "send_timeout", "connect_timeout") if passes else ()
    return {
        "label": clean(location.label),
        "modifier": location.modifier,
        "path": clean(location.path),
        "at": start_of(location.span),
        "passes": _pass(passes) if passes else None,
        "headers": [
            {"name": clean(header.name), "value": clean(header.value), "at": start_of(header.span)}
            for header in location.headers
        ],
        "settings": {
            name: setting(location.setting(name))
            for name, known in TABLE.items()
            if _IN_LOCATIONS & set(known.contexts.split()) and family_of(name) in (None, family)
        },
        "facts": {name: setting(getattr(location, name)) for name in facts},
    }


def _settings(proxy: Proxy, contexts: tuple[str, ...]) -> dict[str, Any]:
    return {
        name: setting(proxy.scope.setting(name))
        for name, known in TABLE.items()
        if any(context in known.contexts.split() for context in contexts)
    }


def _pass(passes: Pass) -> dict[str, Any]:
    upstream = passes.upstream.get(None)
    return {
        "verb": passes.verb,
        "family": passes.family,
        "protocol": passes.protocol.value,
        "tls": passes.tls,
        "target": clean(passes.host_text),
        "uri": None if passes.uri is None else clean(passes.uri),
        "variable": passes.variable,
        "malformed": clean(passes.malformed) or None,
        "upstream": clean(upstream.name) if upstream else None,
        "because": clean(passes.upstream.because) or None,
        "at": start_of(passes.span),
    }


def _upstream(upstream: Upstream) -> dict[str, Any]:
    return {
        "name": clean(upstream.name),
        "implicit": upstream.implicit,
        "at": start_of(upstream.span),
        "settings": {
            "keepalive": setting(upstream.keepalive),
            "keepalive_timeout": setting(upstream.keepalive_timeout),
            "keepalive_requests": setting(upstream.keepalive_requests),
        },
        "peers": [_peer(peer) for peer in upstream.peers],
    }


def _peer(peer: Peer) -> dict[str, Any]:
    numbers = ("weight", "max_fails", "fail_timeout", "max_conns")
    return {
        "address": setting(peer.address),
        **{name: setting(getattr(peer, name)) for name in numbers},
        "backup": peer.backup,
        "down": peer.down,
        "at": start_of(peer.span),
    }


def _app(app: App, stack: Stack) -> dict[str, Any]:
    return {
        "stack": clean(stack.name),
        "kind": app.kind.value,
        "host": clean(app.host),
        "unit": clean(app.unit.label) if app.unit is not None else None,
        "name": clean(app.name),
        "label": clean(app.label),
        "at": start_of(app.span),
        "files": [clean(file.path) for file in app.files],
        "version": setting(app.version),
        "settings": {name: setting(value) for name, value in app.settings.items()},
        "unknown_settings": [clean(use.name) for use in app.uses if not use.canonical],
        "listeners": [_listener(listener) for listener in app.listeners],
        "facts": {_FACT_NAMES.get(name, name): setting(value) for name, value in fields(app.facts)},
    }


def _listener(listener: Listener) -> dict[str, Any]:
    return {
        "address": setting(listener.address),
        "protocol": setting(listener.protocol),
        "tls": setting(listener.tls),
        "keepalive": setting(listener.keepalive),
        "option": listener.option,
        "malformed": clean(listener.malformed) or None,
        "handed": listener.handed,
    }


def _route(route: Route, indexes: _Indexes) -> dict[str, Any]:
    app, listener = route.app, route.listener
    return {
        "subject": clean(route.label),
        "proxy": indexes.proxies.get(id(route.proxy)),
        "server": indexes.servers.get(id(route.server)),
        "location": indexes.locations.get(id(route.location)),
        "upstream": clean(route.upstream.name) if route.upstream else None,
        "peer": setting(route.peer.address) if route.peer else None,
        "link": route.link.value,
        "because": clean(route.because) or None,
        "app": indexes.apps.get(id(app)) if app else None,
        "listener": app.listeners.index(listener) if app and listener and listener in app.listeners else None,
        "nearest": [
            {"app": indexes.apps.get(id(near)), "address": setting(its.address)} for near, its in route.nearest
        ],
        "at": start_of(route.span),
    }
