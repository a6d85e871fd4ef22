"""A socket's path that nginx and the app both use, each in a container of its own, without a volume that both mount."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.address import normal_path
from cfgcheck.model.app import App, Listener
from cfgcheck.model.stack import Route, Stack
from cfgcheck.model.unit import Mount, Unit
from cfgcheck.rules.contract import Case, Hit

_Joint = tuple[App, Listener]


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    route: Route = case.subject
    own = route.proxy.unit
    if own is None or not own.contained or route.peer is None or not route.peer.address.value.is_unix:
        return
    path = normal_path(route.peer.address.value.path)
    for app, listener in _by_path(case.stack).get(path, ()):
        unit = app.unit
        assert unit is not None
        if _container(unit) is _container(own) or not _together(case.stack, app, route):
            continue
        if unit.place(path) == own.place(path):
            return
        yield _hit(route, app, listener, path)
        return


@lru_cache(maxsize=1)
def _by_path(stack: Stack) -> dict[str, list[_Joint]]:
    """What listens on unix sockets in containers."""
    found: dict[str, list[_Joint]] = {}
    for app in stack.apps:
        if app.unit is None or not app.unit.contained:
            continue
        for listener in app.listeners:
            if listener.address.known and listener.address.value.is_unix and not listener.address.value.abstract:
                found.setdefault(normal_path(listener.address.value.path), []).append((app, listener))
    return found


def _together(stack: Stack, app: App, route: Route) -> bool:
    """Whether both belong to one deployment."""
    return stack.host(app.host).project == stack.host(route.proxy.host).project


def _container(unit: Unit) -> Unit:
    return next((each for each in unit.outward if each.container), unit)


def _mount(unit: Unit, path: str) -> Mount | None:
    """The mount that has the path, the last one counting."""
    covering = (mount for mount in reversed(_container(unit).mounts) if path.startswith(mount.target.rstrip("/") + "/"))
    return next((mount for mount in covering if mount.volume), None)


def _has(mount: Mount | None) -> str:
    return f"has {mount.target} from here" if mount is not None else "mounts nothing there"


def _hit(route: Route, app: App, listener: Listener, path: str) -> Hit:
    assert route.peer is not None and route.proxy.unit is not None and app.unit is not None
    nginx, other = _container(route.proxy.unit), _container(app.unit)
    mounts = [(each, _mount(each, path)) for each in (nginx, other)]
    shown = [(mount or each, f"{each.label} {_has(mount)}") for each, mount in mounts]
    return Hit(
        at=(route.peer.address, route.passes),
        label=f"in {nginx.label}",
        related=[(listener.address, f"in {other.label}"), *shown],
        values={"path": path, "folder": path.rpartition("/")[0], "nginx": nginx.name, "app": other.name},
    )
