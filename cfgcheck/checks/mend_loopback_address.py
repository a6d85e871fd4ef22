"""``localhost`` and the wildcard addresses as targets: the one loopback address that is meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.model.retarget import retargeted
from cfgcheck.model.stack import Route
from cfgcheck.rules.changes import Change, Replace
from cfgcheck.rules.contract import Case


def changes(case: Case, values: Mapping[str, Any]) -> Iterable[Change]:
    """Nothing where the upstream has that address already: one more would be the same app once more."""
    route: Route = case.subject
    if route.peer is None or route.upstream is None or route.proxy.ingress:
        return
    target = route.peer.address.value
    heard = target.host
    if target.is_localhost_name and route.listener is not None:
        heard = route.listener.address.value.host
    address = f"{'[::1]' if ':' in heard else '127.0.0.1'}:{target.port_text}"
    others = (peer for peer in route.upstream.peers if peer is not route.peer and peer.address.known)
    if any(str(peer.address.value) == address for peer in others):
        return
    found = retargeted(route.passes, route.upstream, route.peer, address)
    if found is not None:
        yield Replace(*found)
