"""Whether a finding speaks of one of some routes: of the route itself, or of anything that it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cfgcheck.findings import Finding, Unchecked
from cfgcheck.model.app import App, Listener
from cfgcheck.model.stack import Route
from cfgcheck.rules.catalogue import Rule
from cfgcheck.source.file import Span


def relates(told: Finding | Unchecked, rule: Rule | None, routes: Sequence[Route]) -> bool:
    """By its subject's name and its files. Of the stack as a whole or a file: by its places."""
    subject = rule.subject if rule is not None else "stack"
    if subject in ("stack", "file") or rule is None or rule.reported:
        return any(_touches(told, route) for route in routes) or not routes
    named = _names(told)
    return any(label in named and _shares_a_file(told, route) for route in routes for label in _labels(subject, route))


def _names(told: Finding | Unchecked) -> set[str]:
    if isinstance(told, Finding):
        return {told.subject, *told.also}
    return {told.subject, told.subject.rpartition(" and ")[0]}


def _labels(subject: str, route: Route) -> Iterator[str]:
    """What the subjects of one kind are called that a route is made of (cfgcheck/rules/subjects.py)."""
    if subject == "route":
        yield route.label
    elif subject == "location":
        yield f"{route.server.label} {route.location.label}"
    elif subject == "server":
        yield route.server.label
    elif subject == "proxy":
        yield route.proxy.label
    elif subject in ("upstream", "peer") and route.upstream is not None:
        yield f"upstream {route.upstream.name}"
        if route.peer is not None and route.peer.address.known:
            yield f"upstream {route.upstream.name} → {route.peer.address.value}"
    for app, listener in _ends(route):
        if subject == "app":
            yield app.label
        elif subject == "listener":
            address = listener.address
            yield f"{app.label} on {address.value if address.known else address.text or '?'}"
        elif subject == "unit" and app.unit is not None:
            yield app.unit.label
    if subject == "unit" and route.proxy.unit is not None:
        yield route.proxy.unit.label


def _ends(route: Route) -> Iterator[tuple[App, Listener]]:
    if route.app is not None and route.listener is not None:
        yield route.app, route.listener
    yield from route.nearest


def _spans(told: Finding | Unchecked) -> list[Span]:
    if isinstance(told, Finding):
        return [told.primary.span, *(label.span for label in told.related)]
    return [told.at] if told.at is not None else []


def _files(route: Route) -> set[str]:
    files = {file.path for file in route.proxy.files}
    for app, _ in _ends(route):
        files |= {file.path for file in app.files} | {app.span.file.path}
        if app.unit is not None and app.unit.span is not None:
            files.add(app.unit.span.file.path)
    return files


def _shares_a_file(told: Finding | Unchecked, route: Route) -> bool:
    spans = _spans(told)
    files = _files(route)
    return not spans or any(span.file.path in files for span in spans)


def _touches(told: Finding | Unchecked, route: Route) -> bool:
    """Whether a place of it lies in what the route is made of, or is in a file of the app's."""
    pieces = list(_pieces(route))
    for span in _spans(told):
        if any(_overlap(span, piece) for piece in pieces):
            return True
        if any(span.file.path == app.span.file.path for app, _ in _ends(route)):
            return True
    return False


def _pieces(route: Route) -> Iterable[Span]:
    yield route.passes.span
    yield route.location.span
    if route.peer is not None:
        yield route.peer.span
    if route.upstream is not None:
        yield route.upstream.span
    for _, listener in _ends(route):
        if listener.address.span is not None:
            yield listener.address.span


def _overlap(one: Span, other: Span) -> bool:
    return one.file.path == other.file.path and one.start < max(other.end, other.start + 1) and other.start < max(
        one.end, one.start + 1
    )
