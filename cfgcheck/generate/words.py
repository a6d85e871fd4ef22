"""What may stand in a spec: names, paths, addresses, times and sizes, each of which every generated language can carry.

A value that one of the languages has no way to write is refused here, so that no template has to think of it: nginx
has no escape for ``$`` in a path, no language has one for a line break.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_network
from math import isfinite
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, StringConstraints

from cfgcheck.model.units import in_bytes as in_bytes

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_TIME = re.compile(r"(\d{1,9})\s*(s|m|min|h|d)?\Z")
_SIZE = re.compile(r"(\d{1,12})\s*([kmg]?)(?:i?b)?\Z", re.IGNORECASE)
_SOCKET = re.compile(r"unix:(/[A-Za-z0-9_@+][A-Za-z0-9._@+-]*)+\Z")
_LONGEST_SOCKET = len("unix:") + 100
"""The kernel takes 107 bytes."""

_SECONDS = {None: 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_BYTES = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def seconds(value: object) -> int:
    """``"90s"``, ``"5m"``, ``"1h"`` or a whole number of seconds. ValueError for all else."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    found = _TIME.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError('must be a time such as "30s", "5m" or a whole number of seconds')
    return int(found[1]) * _SECONDS[found[2]]


def in_seconds(value: int) -> str:
    """The shortest way to write a time: ``90s``, ``5m``, ``1h``."""
    for unit, factor in (("d", 86400), ("h", 3600), ("m", 60)):
        if value and value % factor == 0:
            return f"{value // factor}{unit}"
    return f"{value}s"


def size(value: object) -> int:
    """``"16k"``, ``"10m"`` or a whole number of bytes. ValueError for all else."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    found = _SIZE.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError('must be a size such as "16k", "10m" or a whole number of bytes')
    return int(found[1]) * _BYTES[found[2].lower()]


def plain(value: str) -> str:
    """Text of one line: no control characters, nothing that is no character at all."""
    if _CONTROL.search(value):
        raise ValueError("must not hold line breaks or other control characters")
    return value


def path(value: str) -> str:
    """An absolute path that nginx, systemd, compose, uWSGI and shells can all be told."""
    plain(value)
    if not value.startswith("/"):
        raise ValueError('must be an absolute path, such as "/srv/shop"')
    if "$" in value:
        raise ValueError("must not hold a $, which nginx always takes for a variable")
    if any(part in (".", "..") for part in value.split("/")) or "//" in value:
        raise ValueError("must be a path without `.`, `..` or empty parts")
    if len(value.encode("utf-8", "surrogatepass")) > 900:
        raise ValueError("must be shorter than 900 bytes")
    if any(part != part.strip() or part.endswith("\\") for part in value.split("/")):
        raise ValueError("must not have a part that begins or ends with a blank or ends with a backslash")
    return value if value == "/" else value.rstrip("/")


def listener(value: str) -> str:
    """``unix``, ``tcp``, the path of a socket behind ``unix:``, or an IP address with a port."""
    if value in ("unix", "tcp"):
        return value
    if value.startswith("unix:"):
        if not _SOCKET.match(value) or len(value) > _LONGEST_SOCKET or "/../" in value or "/./" in value:
            raise ValueError('must be a plain path of at most 100 characters, such as "unix:/run/shop/shop.sock"')
        return value
    host, colon, port = value.rpartition(":")
    if not colon or not re.fullmatch(r"[1-9]\d{0,4}", port) or not 1024 <= int(port) <= 65535 or not _is_address(host):
        raise ValueError(
            'must be `unix`, `tcp`, a socket such as "unix:/run/shop/shop.sock", '
            'or an IP address with a port from 1024 to 65535, such as "127.0.0.1:8000"'
        )
    return value


def network(value: str) -> str:
    """An IP address, or a network such as ``10.0.0.0/8`` without bits beyond its mask."""
    try:
        ip_network(value)
    except ValueError:
        raise ValueError('must be an IP address or a network, such as "10.0.0.0/8"') from None
    return value


def finite(value: float) -> float:
    if not isfinite(value):
        raise ValueError("must be a number")
    return value


def _is_address(host: str) -> bool:
    bracketed = host.startswith("[") and host.endswith("]")
    try:
        (IPv6Address if bracketed else IPv4Address)(host.strip("[]"))
    except ValueError:
        return False
    return "%" not in host


Seconds = Annotated[int, BeforeValidator(seconds), PlainSerializer(in_seconds, when_used="json")]
Bytes = Annotated[int, BeforeValidator(size), PlainSerializer(in_bytes, when_used="json")]
Plain = Annotated[str, AfterValidator(plain)]
Path = Annotated[str, AfterValidator(path)]
Listener = Annotated[str, AfterValidator(listener)]
Network = Annotated[str, AfterValidator(network)]
Finite = Annotated[float, AfterValidator(finite)]

EXPECTED: dict[str, str] = {}
"""For each pattern of the types below, what people are told to write instead."""


def _shape(pattern: str, expected: str, longest: int | None = None) -> StringConstraints:
    EXPECTED[pattern] = expected
    return StringConstraints(pattern=pattern, max_length=longest)


def _module(value: str) -> str:
    """A file's name looks like a module ``py`` in a package."""
    if value.partition(":")[0].endswith(".py"):
        raise ValueError('must name a module, not its file: "shop:app", not "shop.py:app"')
    return value


def _normal(value: str) -> str:
    """nginx compares a URL's path without ``.``, ``..`` and empty parts."""
    *folders, last = value[1:].split("/")
    if any(part in ("", ".", "..") for part in folders) or last in (".", ".."):
        raise ValueError("must not have empty parts, `.` or `..`, which nginx never sees in a URL")
    return value


Name = Annotated[
    str,
    _shape(
        r"^[a-z]([a-z0-9-]{0,29}[a-z0-9])?$",
        'must be of small letters, digits and hyphens, begin with a letter and have at most 31, such as "shop"',
    ),
]
"""A service: also the name of its user, its unit, its container, its upstream and its folder below /run."""

Account = Annotated[
    str, _shape(r"^[a-z_][a-z0-9_-]{0,30}$", 'must be a user\'s name in small letters, such as "deploy"')
]
"""A user or group of the machine."""

Domain = Annotated[
    str,
    _shape(
        r"^(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$",
        'must be a host name in small letters without scheme, port or path, such as "shop.example.com" or '
        '"*.example.com"',
        253,
    ),
]
"""A host name in lower case; ``*.example.com`` for all below it."""

Prefix = Annotated[
    str,
    _shape(
        r"^/([A-Za-z0-9._~@:+,=-]+/)*$", 'must be the beginning of a URL\'s path from slash to slash: "/static/"', 200
    ),
    AfterValidator(_normal),
]
"""The beginning of a URL's path, from slash to slash: ``/static/``."""

UrlPath = Annotated[
    str,
    _shape(r"^/[A-Za-z0-9._~@:+,=/-]*$", 'must be the path of a URL without question mark, such as "/healthz"', 200),
    AfterValidator(_normal),
]
"""One URL's path: ``/healthz``."""

AppSpec = Annotated[
    str,
    _shape(
        r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*)?$",
        'must be a module and the callable in it, such as "shop.wsgi:application"',
        200,
    ),
    AfterValidator(_module),
]
"""``shop.wsgi:application``: a module and the callable in it."""

Version = Annotated[
    str, _shape(r"^\d{1,4}(\.\d{1,6}){0,2}$", 'must be a version in quotes, such as "1.30" or "27.0.1"')
]
Variable = Annotated[
    str,
    _shape(r"^[A-Za-z_][A-Za-z0-9_]{0,100}$", "must be a variable's name: letters, digits and underscores"),
]
Key = Annotated[
    str, _shape(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,80}$", "must be a name: letters, digits, hyphens, underscores, dots")
]
"""A setting's or a directive's name."""
