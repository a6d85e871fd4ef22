"""App servers that are started together and bind the same address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.address import Address, normal_path
from cfgcheck.model.app import App, AppKind, Listener
from cfgcheck.model.host import Doorway, DoorwayKind
from cfgcheck.rules.contract import Case, Hit

Joint = tuple[App, Listener]


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    """Each listener is held against the first of another app that it meets, so that 1,000 apps cost 1,000 steps."""
    yield from _published(case)
    first: dict[tuple[str, str, str], list[Joint]] = {}
    seen: set[tuple[int, str]] = set()
    for app in case.stack.apps:
        if not app.together:
            continue
        for listener in app.listeners:
            if not listener.address.known or listener.address.value.templated:
                continue
            address = listener.address.value
            if (address.is_tcp and not address.port) or (id(app), str(address)) in seen:
                continue
            seen.add((id(app), str(address)))
            known = first.setdefault((app.host, app.together, _key(address)), [])
            other = next((one for one in known if one[0] is not app and _meet(one[1], listener)), None)
            if other is None:
                known.append((app, listener))
            elif not (_shares(app) and _shares(other[0])):
                yield from _hit(app, listener, *other)


def _key(address: Address) -> str:
    return normal_path(address.path) if address.is_unix else str(address.port)


def _meet(one: Listener, other: Listener) -> bool:
    """Whether one kernel can't give both what they ask for. ``[::]`` takes the IPv4 addresses too."""
    left, right = one.address.value, other.address.value
    if left.is_unix or right.is_unix:
        return left.is_unix and right.is_unix and left.abstract == right.abstract
    if not (left.is_tcp and right.is_tcp):
        return False
    if left.host == right.host or {left.host, right.host} <= {"localhost", "127.0.0.1"}:
        return True
    wide = [address for address in (left, right) if address.is_wildcard]
    return any(address.family == 6 for address in wide) or (bool(wide) and left.family == right.family)


def _shares(app: App) -> bool:
    """Whether the app lets others bind its address (SO_REUSEPORT): the kernel then deals the connections out."""
    name = "reuse_port" if app.kind is AppKind.GUNICORN else "reuse-port"
    return name in app.settings and bool(app.settings[name].value)


def _hit(app: App, listener: Listener, other: App, taken: Listener) -> Iterator[Hit]:
    address = listener.address.value
    yield Hit(
        at=(listener.address, app),
        label=f"{app.label} binds {address}",
        related=[((taken.address if taken.address.span else other), f"so does {other.label}: {taken.address.value}")],
        values={"app": app.label, "other": other.label, "address": str(address), "unix": address.is_unix,
                "gunicorn": app.kind is AppKind.GUNICORN, "published": False},
    )


def _published(case: Case) -> Iterator[Hit]:
    """Two containers of one deployment that both ask for one port of their machine."""
    stack = case.stack
    taken: dict[tuple[str, str, int, tuple[str, ...]], list[Doorway]] = {}
    optional = {unit.host for unit in stack.units if unit.development}
    profiles = {unit.host: unit.profiles for unit in stack.units if unit.profiles}
    for door in stack.doorways:
        if door.kind is not DoorwayKind.PUBLISHED or door.port is None or door.to in optional:
            continue
        # Services of different profiles need not run at the same time.
        key = (stack.host(door.to).project, door.on, door.port, profiles.get(door.to, ()))
        known = taken.setdefault(key, [])
        other = next((one for one in known if one.to != door.to and _overlap(one.address, door.address)), None)
        known.append(door)
        if other is not None:
            ours, theirs = stack.host(door.to).shown, stack.host(other.to).shown
            yield Hit(
                at=door,
                label=f"{ours} asks for port {door.port} of the machine",
                related=[(other, f"so does {theirs}")],
                values={"app": ours, "other": theirs, "address": f"port {door.port}", "unix": False,
                        "gunicorn": False, "published": True},
            )


def _overlap(one: str, other: str) -> bool:
    """Whether two addresses of a machine ("" for all of them) can't both have a port."""
    left, right = Address.tcp(one, None), Address.tcp(other, None)
    return left.host == right.host or left.is_wildcard or right.is_wildcard
