"""Versions of a spec as numbers that compare."""

from __future__ import annotations

from cfgcheck.generate.defaults import version_of
from cfgcheck.generate.spec import Spec

Numbers = tuple[int, ...]


def nginx_version(spec: Spec) -> Numbers:
    return server_version(spec, "nginx")


def server_version(spec: Spec, server: str) -> Numbers:
    """The version of a server (``nginx``, ``gunicorn`` …): ``(1, 30)`` for 1.30, which is below 1.30.0."""
    return tuple(int(part) for part in version_of(spec.versions, server).split("."))
