"""What may stand in a spec: names, paths, addresses, times and sizes, each of which every generated language can carry.

A value that one of the languages has no way to write is refused here, so that no template has to think of it: nginx
has no escape for ``$`` in a path, no language has one for a line break.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, StringConstraints

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_TIME = re.compile(r"(\d{1,9})\s*(s|m|min|h|d)?\Z")
_SIZE = re.compile(r"(\d{1,12})\s*([kmg]?)(?:i?b)?\Z", re.IGNORECASE)
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


def in_bytes(value: int) -> str:
    """The shortest way to write a size: ``10m``, ``16k``, ``4094``."""
    for unit, factor in (("g", 1024**3), ("m", 1024**2), ("k", 1024)):
        if value and value % factor == 0:
            return f"{value // factor}{unit}"
    return str(value)


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
    return value if value == "/" else value.rstrip("/")


Seconds = Annotated[int, BeforeValidator(seconds), PlainSerializer(in_seconds, when_used="json")]
Bytes = Annotated[int, BeforeValidator(size), PlainSerializer(in_bytes, when_used="json")]
Plain = Annotated[str, AfterValidator(plain)]
Path = Annotated[str, AfterValidator(path)]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,29}[a-z0-9])?$")]
"""A service: also the name of its user, its unit, its container, its upstream and its folder below /run."""

Account = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_-]{0,30}$")]
"""A user or group of the machine."""

Domain = Annotated[
    str,
    StringConstraints(
        pattern=r"^(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$", max_length=253
    ),
]
"""A host name in lower case; ``*.example.com`` for all below it."""

Prefix = Annotated[str, StringConstraints(pattern=r"^/([A-Za-z0-9._~@:+,=-]+/)*$", max_length=200)]
"""The beginning of a URL's path, from slash to slash: ``/static/``."""

UrlPath = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9._~@:+,=/-]*$", max_length=200)]
"""One URL's path: ``/healthz``."""

AppSpec = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*)?$", max_length=200)
]
"""``shop.wsgi:application``: a module and the callable in it."""

Version = Annotated[str, StringConstraints(pattern=r"^\d{1,4}(\.\d{1,6}){0,2}$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,100}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,80}$")]
"""A setting's or a directive's name."""
