"""A systemd service that binds a socket in a folder below /run which nobody makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.address import normal_path
from cfgcheck.model.app import App, Listener
from cfgcheck.model.stack import Stack
from cfgcheck.model.unit import Manager
from cfgcheck.rules.contract import Case, Hit

_OF_PACKAGES = frozenset(
    {
        "dbus", "docker", "lock", "log", "mysqld", "nginx", "php", "php-fpm", "postgresql", "redis", "screen", "shm",
        "sshd", "sudo", "supervisor", "systemd", "udev", "user", "uwsgi",
    }
)  # fmt: skip
"""Folders below /run that packages of distributions make, Debian's uwsgi (``/run/uwsgi/app``) among them."""


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    app: App = case.subject
    listener: Listener = case.element
    address = listener.address.value
    if app.unit is None or app.unit.manager is not Manager.SYSTEMD or not address.is_unix:
        return
    if address.abstract or listener.handed:
        return
    path = normal_path(address.path)
    if address.templated:
        if path.startswith("/run/"):
            yield case.unchecked("a placeholder stands in the socket's path", listener.address)
        return
    parts = path.split("/")
    if parts[:2] != ["", "run"] or len(parts) < 4 or parts[2] in _OF_PACKAGES:
        return
    if any(path.startswith(f"{folder}/") for folder in _made(case.stack)):
        return
    if _doubt(case, app):
        yield case.unchecked(_doubt(case, app), listener.address)
        return
    folder = "/".join(parts[2:-1])
    yield Hit(
        at=(listener.address, listener),
        label=f"nobody makes /run/{folder}",
        related=[(app.unit, "this unit does not")],
        values={"folder": folder, "unit": app.unit.name, "alone": _alone(case.stack, app, f"/run/{folder}/")},
    )


def _alone(stack: Stack, app: App, folder: str) -> bool:
    """Whether no other unit, and no other instance of this one, has a socket there: systemd removes the folder when the
    unit that made it stops."""
    assert app.unit is not None
    if "@" in app.unit.name:
        return False
    others = (listener for other in stack.apps if other.unit is not app.unit for listener in other.listeners)
    unix = (one.address.value for one in others if one.address.known and one.address.value.is_unix)
    return not any(normal_path(address.path).startswith(folder) for address in unix)


@lru_cache(maxsize=1)
def _made(stack: Stack) -> frozenset[str]:
    """Folders that some unit of the stack makes."""
    every = (folder for unit in stack.units for folder in unit.runtime_directories if folder.known)
    return frozenset(normal_path(folder.value.rstrip("/")) for folder in every if folder.value.strip("/"))


def _doubt(case: Case, app: App) -> str:
    """Why the unit may make a folder whose name is not known, else ""."""
    assert app.unit is not None
    return next((folder.because for folder in app.unit.runtime_directories if not folder.known), "")
