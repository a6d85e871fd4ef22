"""What is judged, one at a time: how a stack is taken apart, and how each piece is named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cfgcheck.load.nginx_stock import is_stock
from cfgcheck.model.app import App, Listener
from cfgcheck.model.nginx import Location, Peer, Server, Upstream
from cfgcheck.model.stack import Route, Stack
from cfgcheck.record import record
from cfgcheck.source.file import Span


@record(frozen=True)
class Subject:
    """One kind of subject.

    ``every``: all of a stack. Most are the objects themselves; a peer comes with its upstream and proxy, an upstream
    with its proxy, a listener with its app, as a tuple. ``thing``: the object itself. ``label``: for people.
    ``symbol``: a path of names that survives moved lines. ``lineage``: the objects that it is part of or made of, by
    which a specific rule is found to speak of the same thing as a general one.
    """

    every: Callable[[Stack], Iterable[Any]]
    thing: Callable[[Any], Any]
    label: Callable[[Any], str]
    symbol: Callable[[Any], str]
    lineage: Callable[[Any], tuple[object, ...]]


def _itself(subject: Any) -> Any:
    return subject


def _head(subject: Any) -> Any:
    return subject[0]


def _label(subject: Any) -> str:
    return str(subject.label)


def _alone(subject: Any) -> tuple[object, ...]:
    return (subject,)


def _locations(stack: Stack) -> Iterator[Location]:
    for proxy in stack.proxies:
        yield from proxy.locations()


def _upstreams(stack: Stack) -> Iterator[tuple[Upstream, object]]:
    for proxy in stack.proxies:
        for upstream in proxy.upstreams.values():
            yield upstream, proxy


def _peers(stack: Stack) -> Iterator[tuple[Peer, Upstream, object]]:
    for upstream, proxy in _upstreams(stack):
        for peer in upstream.peers:
            yield peer, upstream, proxy


def _listeners(stack: Stack) -> Iterator[tuple[Listener, App]]:
    for app in stack.apps:
        for listener in app.listeners:
            yield listener, app


def _address(holder: Peer | Listener) -> str:
    return str(holder.address.value) if holder.address.known else holder.address.text or "?"


def _server_symbol(server: Server) -> str:
    return f"server {server.label}"


def _location_symbol(location: Location) -> str:
    parts = [location.label]
    outer = location.parent
    while outer is not None:
        parts.append(outer.label)
        outer = outer.parent
    return "/".join([_server_symbol(location.server), *(f"location {part}" for part in reversed(parts))])


def _route_symbol(route: Route) -> str:
    return f"{_location_symbol(route.location)}/{_address(route.peer) if route.peer else route.passes.host_text}"


def _route_lineage(route: Route) -> tuple[object, ...]:
    return (route, route.location, route.upstream, route.peer, route.listener, route.app)


SUBJECTS: dict[str, Subject] = {
    "stack": Subject(lambda stack: (stack,), _itself, _label, lambda _: "stack", _alone),
    "proxy": Subject(lambda stack: stack.proxies, _itself, _label, _label, _alone),
    "server": Subject(
        lambda stack: (server for proxy in stack.proxies for server in proxy.servers),
        _itself,
        _label,
        _server_symbol,
        _alone,
    ),
    "location": Subject(_locations, _itself, lambda one: f"{one.server.label} {one.label}", _location_symbol, _alone),
    "upstream": Subject(
        _upstreams,
        _head,
        lambda one: f"upstream {one[0].name}",
        lambda one: f"upstream {one[0].name}",
        lambda one: one[:1],
    ),
    "peer": Subject(
        _peers,
        _head,
        lambda one: f"upstream {one[1].name} → {_address(one[0])}",
        lambda one: f"upstream {one[1].name}/{_address(one[0])}",
        lambda one: one[:2],
    ),
    "route": Subject(lambda stack: stack.routes, _itself, _label, _route_symbol, _route_lineage),
    "app": Subject(lambda stack: stack.apps, _itself, _label, _label, _alone),
    "listener": Subject(
        _listeners,
        _head,
        lambda one: f"{one[1].label} on {_address(one[0])}",
        lambda one: f"{one[1].label}/{one[0].option} {_address(one[0])}",
        lambda one: one[:2],
    ),
    "unit": Subject(lambda stack: stack.units, _itself, _label, _label, _alone),
    "file": Subject(
        lambda stack: stack.files, _itself, lambda file: file.path, lambda file: f"file {file.path}", _alone
    ),
}


_PROXY: dict[str, Callable[[Any], Any]] = {
    "proxy": _itself,
    "server": lambda server: server.proxy,
    "location": lambda location: location.server.proxy,
    "upstream": lambda one: one[1],
    "peer": lambda one: one[2],
    "route": lambda route: route.proxy,
}


def without_ingress(name: str, subjects: list[Any]) -> list[Any]:
    """Those that no Kubernetes Ingress has: its settings are annotations, of which most rules know nothing."""
    proxy = _PROXY.get(name)
    return subjects if proxy is None else [one for one in subjects if not proxy(one).ingress]


def place(thing: Any) -> Span | None:
    """The span of a subject, a located value, a label or a span itself; None when it has none, or has one only in a
    file that is not there (a stock file of nginx's, known by heart)."""
    found = _span(thing)
    return None if found is None or is_stock(found.file) else found


def _span(thing: Any) -> Span | None:
    if thing is None or isinstance(thing, Span):
        return thing
    found = getattr(thing, "span", None)
    if found is None and isinstance(getattr(thing, "address", None), object):
        found = getattr(getattr(thing, "address", None), "span", None)
    if found is None and hasattr(thing, "line_starts"):
        return Span(thing, 0, min(len(thing.text), len(thing.line_text(1))))
    return found if isinstance(found, Span) else None
