"""Servers of an upstream that fail together: nginx counts the failures of several, and there is but one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.address import normal_path
from cfgcheck.model.app import App
from cfgcheck.model.nginx import Peer, Upstream
from cfgcheck.model.stack import Route
from cfgcheck.rules.changes import Change, Replace
from cfgcheck.rules.contract import Case, Hit
from cfgcheck.source.file import Span


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    upstream: Upstream = case.subject
    peers = upstream.peers
    alive = [peer for peer in peers if not peer.down]
    routes = case.routes_of(upstream)
    if not alive or any(peer.optional or peer.resolve or peer.service for peer in peers):
        return
    if not any(not peer.backup for peer in alive) or not all(_comparable(peer) for peer in alive):
        return
    app = _only_app(alive, routes)
    if len({_key(peer) for peer in alive}) > 1 and app is None:
        return
    if _entries(peers, app) < 2 or not all(_one_address(peer, app) for peer in alive):
        return
    if all(peer.max_fails.value and peer.fail_timeout.value for peer in alive):
        yield from _hit(upstream, alive, app)


def _hit(upstream: Upstream, alive: Sequence[Peer], app: App | None) -> Iterator[Hit]:
    others = [peer for peer in upstream.peers if peer is not alive[0]]
    twins = len(alive) > 1 or alive[0].address.value.is_localhost_name
    label = "the same app once more" if app is not None else "the same address once more"
    related: list[tuple[Any, str]] = [(one, "not used" if one.down else label) for one in others[:3]]
    yield Hit(
        at=alive[0],
        label="out of use after one failure" if twins else "the only server in use",
        related=related,
        values={
            "name": upstream.name,
            "twins": twins,
            "what": app.label if app is not None else str(alive[0].address.value),
            "pause": max(peer.fail_timeout.value for peer in alive),
            "failures": max(peer.max_fails.value for peer in alive),
        },
        changes=[_never_out(peer) for peer in alive] if not upstream.implicit else [],
    )


def _never_out(peer: Peer) -> Change:
    """``max_fails=0`` in the place of another number, or right behind the address."""
    place = peer.max_fails.span
    if place is not None:
        return Replace(place, "max_fails=0")
    return Replace(Span(peer.span.file, peer.span.end, peer.span.end), " max_fails=0")


def _comparable(peer: Peer) -> bool:
    address = peer.address.get(None)
    return address is not None and not address.templated


def _key(peer: Peer) -> str:
    address = peer.address.value
    return f"unix:{normal_path(address.path)}" if address.is_unix else str(address)


def _only_app(peers: Sequence[Peer], routes: Iterable[Route]) -> App | None:
    """The one app that all of these servers surely are; None where there are several, or one is not known."""
    found: dict[int, App | None] = {}
    seen: set[int] = set()
    for route in routes:
        if any(route.peer is peer for peer in peers):
            seen.add(id(route.peer))
            found[id(route.app)] = route.app
    return next(iter(found.values())) if len(found) == 1 and len(seen) == len(peers) else None


def _entries(peers: Iterable[Peer], app: App | None) -> int:
    """Servers that nginx counts. ``localhost`` is two of them; where the app listens on both, they are no fault."""
    return sum(2 if _halved(peer, app) else 1 for peer in peers)


def _halved(peer: Peer, app: App | None) -> bool:
    if app is None or not (peer.address.known and peer.address.value.is_localhost_name):
        return False
    families = {
        6 if ":" in one.address.value.host else 4
        for one in app.listeners
        if one.address.known and one.address.value.port == peer.address.value.port
    }
    return len(families) == 1 and not any(one.address.known and one.address.value.host == "::" for one in app.listeners)


def _one_address(peer: Peer, app: App | None) -> bool:
    """Whether there is one server behind it. A name may have several addresses, those of a scaled service do."""
    address = peer.address.value
    if address.is_unix or address.is_ip or address.is_localhost_name:
        return True
    return app is not None and (app.unit is None or app.unit.replicas.value == 1)
