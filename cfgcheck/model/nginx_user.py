"""Whom nginx's workers run as."""

from __future__ import annotations

import re
from typing import Any

from cfgcheck.model.declared import Declared
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Proxy
from cfgcheck.record import record

ROOT = "root"

_OWN_IMAGE = re.compile(r"(?:(?:docker\.io/)?(?:library/)?)nginx(?:[:@]|\Z)")
"""The image that nginx itself publishes: built with ``--user=nginx --group=nginx`` (``nginx -V``)."""

_OWN_NUMBER = "101"
"""The number of the user and group ``nginx`` in that image (its Dockerfile)."""


@record(frozen=True)
class Workers:
    """A user and a group, by name or number. ``number``: of both, where only names are given and it is known, else "".
    """

    user: Located[str]
    group: Located[str]
    number: str = ""


def workers_of(proxy: Proxy, declared: Declared) -> Workers:
    """nginx that is not started as root goes on as who started it; else ``user`` decides, its group being named like
    the user unless it says otherwise (ngx_core_module)."""
    for unit in proxy.unit.outward if proxy.unit is not None else ():
        if not unit.user.known and unit.user.span is None:
            continue
        if not unit.user.known or name_of(unit.user.value) != ROOT:
            return Workers(unit.user, unit.group)
        break
    user: Located[Any] = proxy.setting("user")
    if not user.known and user.span is None:
        user = declared.nginx_user or _of_image(proxy) or user
    group: Located[Any] = proxy.setting("user:group")
    group = group if group.known and group.value else user
    named = user.get("") == "nginx" and group.get("") == "nginx" and _is_own_image(proxy)
    return Workers(user, group, _OWN_NUMBER if named else "")


def _is_own_image(proxy: Proxy) -> bool:
    image = proxy.unit.image if proxy.unit is not None else None
    return image is not None and image.known and _OWN_IMAGE.match(image.value) is not None


def _of_image(proxy: Proxy) -> Located[str] | None:
    return Located.default("nginx", "the image nginx is built with --user=nginx") if _is_own_image(proxy) else None


def name_of(user: str) -> str:
    """A user's name or number; the empty one of images and number 0 are root."""
    return ROOT if user in ("", "0") else str(user)
