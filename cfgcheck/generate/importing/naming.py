"""What to call a service."""

from __future__ import annotations

import re
from collections.abc import Container

from cfgcheck.model.app import App, name_of
from cfgcheck.model.unit import Manager, Unit

_GENERIC = frozenset({"app", "web", "wsgi", "asgi", "main", "application", "server", "api", "site", "deploy", "www"})
_RESERVED = frozenset({"nginx", "systemd", "supervisor", "supervisord", "compose", "docker", "dockerfile", "localhost"})
_LONGEST = 31


def service_name(app: App, module: str, domains: list[str], taken: Container[str]) -> str:
    """What starts it calls it, else its file, module or domain does. Unique among ``taken``."""
    named = [_of_unit(app.unit)] if app.unit is not None else []
    others = [_slug(name_of(app.name)), _slug(module.partition(".")[0].partition(":")[0]), *map(_of_domain, domains)]
    telling = [name for name in others if name and name not in _GENERIC]
    candidates = [name for name in (*named, *telling, *others) if name and name not in _RESERVED]
    name = candidates[0] if candidates else "app"
    for number in range(1, 1000):
        unique = name if number == 1 else f"{name[: _LONGEST - 4]}-{number}"
        if unique not in taken:
            return unique
    raise AssertionError("there are fewer services than that")


def _of_unit(unit: Unit) -> str:
    """A script is called by its folder: they are all ``start.sh``."""
    if unit.manager is Manager.SUPERVISOR:  # a program's processes are numbered: `shop:0`
        return _slug(unit.name.partition(":")[0])
    if unit.manager is not Manager.SCRIPT:
        return _slug(unit.name.partition(".service")[0])
    folder, _, file = unit.name.rpartition("/")
    return _slug(folder.rpartition("/")[2]) or _slug(file.partition(".")[0])


def _of_domain(domain: str) -> str:
    parts = domain.removeprefix("*.").split(".")
    return _slug(parts[1] if parts[0] == "www" and len(parts) > 2 else parts[0])


def _slug(text: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    plain = re.sub(r"^[0-9-]+", "", plain)
    return plain[:_LONGEST].rstrip("-")
