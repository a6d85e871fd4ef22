"""The version of a server that a container image's tag tells."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cfgcheck.model.located import Located
from cfgcheck.model.version import ReleaseLine, Version
from cfgcheck.record import record
from cfgcheck.source.file import Span

_IMAGES = {"nginx": "nginx", "nginx-unprivileged": "nginx", "openresty": "nginx"}
"""Images whose tags are numbered as the server in them, by the last part of their name. OpenResty's first three numbers
are those of its nginx."""

_MAKERS = frozenset(
    {
        "", "library", "docker/library", "nginxinc", "nginx", "bitnami", "bitnamilegacy", "linuxserver", "ubuntu",
        "openresty", "dockerhub/library",
    }
)  # fmt: skip
"""Who numbers such images so: the path between registry and name. Others may have numbers of their own."""

_HUBS = frozenset({"", "docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})
"""Registries where an image without a maker is Docker's own."""

_TAG = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:\.\d+)?(?=[-_+]|\Z)", re.ASCII)
_PLACEHOLDER = re.compile(r"\$|\{\{|<%|%\(")


@record(frozen=True)
class _Reference:
    registry: str
    maker: str
    name: str
    tag: str


def of_image(reference: Located[str]) -> Mapping[str, Located[Version]]:
    """The versions of the servers in an image, by server; empty for an image that cfgcheck knows nothing of.

    A tag that moves (``stable``, ``latest``, none at all) is unknown; ``1.29`` is a ``ReleaseLine``.
    """
    text = reference.value if reference.known else reference.text
    if not text:
        return {}
    parsed = _parsed(text)
    server = _IMAGES.get(parsed.name)
    if server is None:
        return {}
    return {server: _version(parsed, text, reference)}


def _parsed(text: str) -> _Reference:
    path, _, last = text.strip().partition("@")[0].rpartition("/")
    name, _, tag = last.partition(":")
    path = f"{path}/{name}" if path else name
    parts = path.split("/")
    registry = parts.pop(0) if len(parts) > 1 and ("." in parts[0] or ":" in parts[0] or "$" in parts[0]) else ""
    return _Reference(registry, "/".join(parts[:-1]), parts[-1].lower(), tag)


def _version(parsed: _Reference, text: str, reference: Located[str]) -> Located[Version]:
    because = _doubt(parsed, text, reference)
    if because:
        return Located.unknown(because, reference.span)
    found = _TAG.match(parsed.tag)
    if found is None or found[2] is None:
        said = f"the tag {parsed.tag} of the image" if parsed.tag else "the image has no tag: it"
        return Located.unknown(f"{said} does not say which version of {_IMAGES[parsed.name]} it is", reference.span)
    major, minor = int(found[1]), int(found[2])
    version = ReleaseLine(major, minor) if found[3] is None else Version(major, minor, int(found[3]))
    return Located(version, reference.origin, _span(parsed.tag, reference.span), reference.because, parsed.tag)


def _doubt(parsed: _Reference, text: str, reference: Located[str]) -> str:
    if not reference.known:
        return reference.because
    if _PLACEHOLDER.search(text):
        return f"the image {text} is not known"
    if parsed.maker not in _MAKERS or (not parsed.maker and parsed.registry not in _HUBS):
        return f"whether the image {text} is numbered as its {_IMAGES[parsed.name]} is not known"
    return ""


def _span(tag: str, span: Span | None) -> Span | None:
    """Where the tag stands, if the reference is written there as it is."""
    if span is None:
        return None
    at = span.text.rfind(":" + tag)
    return span if at < 0 else Span(span.file, span.start + at + 1, span.start + at + 1 + len(tag))
