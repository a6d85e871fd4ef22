"""What holds for the whole deployment: the runtime, the edge, versions, and nginx itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cfgcheck.generate.importing.draft import Draft
from cfgcheck.generate.importing.grouping import Found
from cfgcheck.generate.importing.notes import Notes, is_generated
from cfgcheck.generate.spec import Versions
from cfgcheck.model.app import App, AppKind
from cfgcheck.model.edge import Edge
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Proxy
from cfgcheck.model.stack import Stack
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.model.version import Version
from cfgcheck.settings import Settings

_RUNTIMES = {
    Manager.COMPOSE: "compose",
    Manager.DOCKERFILE: "compose",
    Manager.KUBERNETES: "compose",
    Manager.SYSTEMD: "systemd",
    Manager.SUPERVISOR: "supervisord",
    Manager.PROCFILE: "plain",
    Manager.SCRIPT: "plain",
    Manager.SETTINGS: "plain",
}
_KINDS = ("none", "aws-alb", "gcp-lb", "cloudflare", "heroku", "other")
_PYTHON = re.compile(r"(?:^|/)python:(\d+(?:\.\d+){1,2})")
_ANY = frozenset({"0.0.0.0/0", "::/0"})


def runtime_of(services: Sequence[Found], draft: Draft) -> str:
    """What starts most of the apps; ``systemd`` where nothing tells."""
    units = [one.app.unit for one in services if one.app.unit is not None]
    if not units:
        return "systemd"
    kinds = [_RUNTIMES[unit.manager] for unit in units]
    chosen = max(dict.fromkeys(kinds), key=kinds.count)
    for unit, kind in zip(units, kinds, strict=True):
        if kind != chosen:
            draft.leave(unit.span, unit.label, f"a spec has one runtime, {chosen} here")
        elif unit.manager is Manager.KUBERNETES:
            draft.leave(unit.span, unit.label, "a spec knows no Kubernetes: compose instead")
    return chosen


def put_edge(
    draft: Draft, settings: Settings, stacks: Iterable[Stack], proxies: Sequence[Proxy], notes: Notes
) -> float | None:
    """Set ``edge:``. Gives its response limit in seconds, None where it has none or nobody knows it."""
    edge = settings.edge or next((stack.edge for stack in stacks if stack.edge is not None), None)
    addresses = _addresses(proxies)
    if addresses is not None and "edge.addresses" in notes:
        addresses = addresses.with_value(notes["edge.addresses"].split())
    if edge is None:
        if addresses is not None:
            draft.put(("edge", "kind"), "other", addresses.span)
            _put_addresses(draft, addresses)
        return None
    draft.put(("edge", "kind"), edge.kind if edge.kind in _KINDS else "other", edge.span)
    if edge.kind not in _KINDS:
        for name in ("idle", "response"):
            _put_limit(draft, name, getattr(edge, name))
    _put_declared(draft, edge)
    if addresses is not None:
        _put_addresses(draft, addresses)
    return edge.response.get(None)


def _put_declared(draft: Draft, edge: Edge) -> None:
    for name in ("idle", "response"):
        limit = getattr(edge, name)
        if limit.by_hand:
            _put_limit(draft, name, limit)
    if edge.tls.by_hand:
        draft.put(("edge", "tls"), edge.tls.value, edge.tls.span)


def _put_limit(draft: Draft, name: str, limit: Located[float | None]) -> None:
    if limit.get(None):
        draft.put(("edge", name), int(limit.value or 0), limit.span)


def _addresses(proxies: Iterable[Proxy]) -> Located[list[str]] | None:
    """Whose X-Forwarded-For nginx believes (``set_real_ip_from``)."""
    for proxy in proxies:
        for scope in (level for server in proxy.servers for level in server.scope.levels()):
            own = scope.own.get("set_real_ip_from")
            if own:
                return Located.read([one.values[0] for one in own if one.values], own[0].span)
    return None


def _put_addresses(draft: Draft, addresses: Located[list[str]]) -> None:
    trusted = [one for one in addresses.value if one not in _ANY]
    if trusted != addresses.value:
        draft.leave(addresses.span, "`set_real_ip_from 0.0.0.0/0`", "it would let anybody choose their address")
    if trusted:
        draft.put(("edge", "addresses"), trusted, addresses.span)


# ── versions ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def put_versions(
    draft: Draft, services: Sequence[Found], proxies: Sequence[Proxy], settings: Settings, notes: Notes
) -> None:
    if settings.source is not None and is_generated(settings.source):
        for name in Versions.model_fields:
            if f"versions.{name}" in notes:
                draft.put(("versions", name), notes[f"versions.{name}"])
        return
    for proxy in proxies:
        _put_version(draft, "nginx", proxy.version)
    for one in services:
        if one.app.kind in (AppKind.GUNICORN, AppKind.UWSGI, AppKind.UVICORN):
            _put_version(draft, one.app.kind.value, one.app.version)
        _put_python(draft, one.app)


def _put_version(draft: Draft, name: str, version: Located[Version]) -> None:
    if not (version.known and version.by_hand):
        return
    draft_key = ("versions", name)
    text = _text(version)
    before = draft.get(draft_key)
    if before is None:
        draft.put(draft_key, text, version.span)
    elif before != text:
        draft.leave(version.span, f"{name} {text}", f"a spec has one version of it, {before} here")


def _text(version: Located[Version]) -> str:
    """As it is written where that is all of it (``1.30``), else with three numbers."""
    full = str(version.value)
    written = version.span.text.strip("\"'") if version.span is not None else ""
    return written if re.fullmatch(r"\d+(\.\d+){0,2}", written) and f"{written}.0.0".startswith(full) else full


def _put_python(draft: Draft, app: App) -> None:
    unit: Unit | None = app.unit
    for each in unit.outward if unit is not None else ():
        found = _PYTHON.search(each.image.get(""))
        if found and draft.get(("versions", "python")) is None:
            draft.put(("versions", "python"), found[1], each.image.span)


# ── nginx ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def put_nginx(draft: Draft, proxies: Sequence[Proxy], notes: Notes) -> None:
    port = notes.get("nginx.https-port", "")
    if port.isascii() and port.isdigit():
        draft.put(("nginx", "https-port"), int(port))
    for proxy in proxies:
        user = proxy.setting("user")
        name = user.value[0] if user.known and user.by_hand and isinstance(user.value, (tuple, list)) else None
        if isinstance(user.get(None), str) and user.by_hand:
            name = user.value
        if name and name != "root" and draft.get(("nginx", "user")) is None:
            draft.put(("nginx", "user"), name, user.span)
        connections = proxy.setting("worker_connections")
        if connections.by_hand and isinstance(connections.get(None), int):
            draft.put(("nginx", "worker-connections"), min(max(connections.value, 64), 65536), connections.span)
    _put_ports(draft, proxies)


def _put_ports(draft: Draft, proxies: Sequence[Proxy]) -> None:
    for tls, key, usual in ((False, "http-port", 80), (True, "https-port", 443)):
        listens = [each for proxy in proxies for server in proxy.servers for each in server.listens if each.tls is tls]
        known = [each for each in listens if each.address.known and each.address.value.port and not each.quic]
        ports = [each.address.value.port for each in known]
        if ports and usual not in ports:
            draft.put(("nginx", key), ports[0], known[0].span)
