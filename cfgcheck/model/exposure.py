"""Who can connect to an app's port besides the proxies that pass to it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from cfgcheck.model.address import Address
from cfgcheck.model.app import App, Listener
from cfgcheck.model.host import Doorway, DoorwayKind
from cfgcheck.model.stack import Stack


def published(stack: Stack, app: App, listener: Listener) -> Doorway | None:
    """The published port by which others than its neighbours reach a listener in a container; None where there is
    none, or only one for the machine itself. Raises UnknownValue where the listener's address is not known."""
    address = listener.address.value
    if not address.is_tcp or address.is_loopback or not stack.host(app.host).inner:
        return None
    return next((door for door in _published(stack).get(app.host, ()) if _leads(door, address)), None)


def _leads(door: Doorway, address: Address) -> bool:
    open_to_all = not (door.address and Address.tcp(door.address, None).is_loopback)
    return open_to_all and door.to_port is not None and door.to_port == address.port


@lru_cache(16)
def _published(stack: Stack) -> Mapping[str, tuple[Doorway, ...]]:
    found: dict[str, tuple[Doorway, ...]] = {}
    for door in stack.doorways:
        if door.kind is DoorwayKind.PUBLISHED:
            found[door.to] = (*found.get(door.to, ()), door)
    return found
