"""Targets and listeners that are read as something else than their author meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import AppKind, Listener
from cfgcheck.model.nginx import Pass, Peer
from cfgcheck.model.stack import Stack
from cfgcheck.rules.changes import Change, Replace
from cfgcheck.rules.contract import Case, Hit
from cfgcheck.source.file import Span


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    stack = case.stack
    yield from _passes(stack)
    yield from _peers(stack)
    yield from _listeners(stack)


def _passes(stack: Stack) -> Iterator[Hit]:
    for proxy in stack.proxies:
        for location in proxy.locations():
            if location.passes is not None and location.passes.malformed:
                passes = location.passes
                written = " ".join(passes.directive.values)
                yield _hit(passes, f"{passes.verb} {written}", passes.malformed, _for_pass(passes), nginx=True)


def _peers(stack: Stack) -> Iterator[Hit]:
    for proxy in stack.proxies:
        for upstream in proxy.upstreams.values():
            for peer in upstream.peers:
                if peer.malformed:
                    yield _hit(peer, f"server {peer.span.text}", peer.malformed, _for_peer(peer), nginx=True)


def _listeners(stack: Stack) -> Iterator[Hit]:
    for app in stack.apps:
        for listener in app.listeners:
            if listener.malformed and app.kind is AppKind.UWSGI:
                text = listener.address.text or (listener.address.span.text if listener.address.span else "")
                better = _for_listener(stack, listener)
                yield _hit(listener.address, f"{listener.option} = {text}", listener.malformed, better)


def _hit(at: Any, written: str, why: str, better: str, *, nginx: bool = False) -> Hit:
    """``better``: a whole statement or setting, whose last word is to stand at the place."""
    refused = "nginx refuses" in why
    missing = "refused" if refused else "not a directory" if "Not a directory" in why else "missing"
    values = {"written": written, "wrong": why, "better": better, "result": missing if nginx else "uwsgi"}
    label = "read as something else" if not refused else "refused"
    return Hit(at=at, label=label, values=values, changes=_changes(at.span, better))


def _changes(place: Span | None, better: str) -> list[Change]:
    if place is None or not better:
        return []
    quoted = place.text[:1] in ("'", '"')
    inside = Span(place.file, place.start + quoted, place.end - quoted)
    return [Replace(inside, better.removesuffix(";").rpartition(" ")[2])]


def _for_pass(passes: Pass) -> str:
    """What was probably meant; "" where that can't be told."""
    if passes.host.startswith("/") and "unix:" in " ".join(passes.directive.values):
        scheme = f"{'https' if passes.tls else 'http'}://" if passes.family == "proxy" else ""
        uri = f":{passes.uri}" if passes.uri and passes.family == "proxy" else ""
        return f"{passes.verb} {scheme}unix:{passes.host.rstrip('/')}{uri};"
    return ""


def _for_peer(peer: Peer) -> str:
    text = peer.span.text
    if text.startswith("/"):
        return f"server unix:{text};"
    return f"server {text.rstrip(':/')};" if text.startswith("unix:/") else ""


def _for_listener(stack: Stack, listener: Listener) -> str:
    """The port with an address: that which an nginx of the stack calls it by, or every one."""
    text = listener.address.text or (listener.address.span.text if listener.address.span else "")
    if not text.isdigit():
        return ""
    targets = (route.peer.address.get(None) for route in stack.routes if route.peer is not None)
    local = (one for one in targets if one is not None and one.is_ip and one.is_loopback)
    called = {str(one) for one in local if one.port_text == text}
    return f"{listener.option} = {called.pop() if len(called) == 1 else f':{text}'}"
