"""What is known of the images that Docker Hub calls official: whether they have an entrypoint, and what /bin/sh is."""

from __future__ import annotations

import re

from cfgcheck.model.unit import Unit

_OFFICIAL = re.compile(
    r"(?:(?:(?:index\.)?docker\.io|public\.ecr\.aws/docker|mirror\.gcr\.io)/)?(?:library/)?([a-z0-9-]+)"
    r"(?::([\w.-]+))?(?:@\S+)?\Z"
)
_UV = re.compile(r"ghcr\.io/astral-sh/uv:([\w.-]+)(?:@\S+)?\Z")
_WITHOUT_ENTRYPOINT = frozenset(
    {
        "python", "pypy", "debian", "ubuntu", "alpine", "buildpack-deps", "fedora", "centos", "rockylinux", "almalinux",
        "amazonlinux", "oraclelinux", "busybox", "node", "ruby", "golang", "uv",
    }
)  # fmt: skip
"""Those without one, or with one that becomes what it is given (node)."""

_OLD_DEBIAN = re.compile(r"jessie|stretch|buster|bullseye|windows|rc")
_OLD_PYTHON = re.compile(r"(?:2|3\.[0-8])(?:[.-]|\Z)")
_DEBIAN_TAG = re.compile(r"(?:1[2-9]|bookworm|trixie|stable|latest)(?:[.-]|\Z)")
_UBUNTU_TAG = re.compile(r"(?:2[4-9]\.|noble|latest)")


def official(reference: str) -> tuple[str, str] | None:
    """The name and the tag ("latest" where none is written) of an official image; None for any other."""
    if (uv := _UV.match(reference)) is not None:
        return "uv", uv[1]
    found = _OFFICIAL.match(reference)
    return (found[1], found[2] or "latest") if found else None


def runs_its_command(unit: Unit) -> bool:
    """Whether a container's command is its main process where no file names an entrypoint."""
    known = official(unit.image.get("") or "")
    return not unit.container or (known is not None and known[0] in _WITHOUT_ENTRYPOINT)


def shell_of(unit: Unit) -> str:
    """What /bin/sh is in a unit's image: ``busybox``, ``dash`` (0.5.12, of a system whose Bash is 5.2), or "".

    A tag without Debian's code name is Debian 12 or later: such images are made anew again and again.
    """
    inner: Unit | None = unit
    while inner is not None:
        if (reference := inner.image.get("") or "") and (shell := _shell(reference)):
            return shell
        inner = inner.outer
    return ""


def _shell(reference: str) -> str:
    known = official(reference)
    if known is None:
        return ""
    name, tag = known
    if name in ("alpine", "busybox") or "alpine" in tag:
        return "busybox"
    if name == "ubuntu":
        return "dash" if _UBUNTU_TAG.match(tag) else ""
    if name == "debian":
        return "dash" if _DEBIAN_TAG.match(tag) else ""
    if name in ("python", "uv", "nginx"):
        named = re.search(r"bookworm|trixie", tag) is not None
        moving = name == "python" and not _OLD_PYTHON.match(tag) and not _OLD_DEBIAN.search(tag)
        return "dash" if named or moving else ""
    return ""
