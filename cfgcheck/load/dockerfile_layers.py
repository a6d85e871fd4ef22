"""What the instructions of a Dockerfile put where: files and folders of the tree in an image that is being made."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from cfgcheck.load.disk import Disk
from cfgcheck.model.unit import Mount
from cfgcheck.source.file import Span

NOTHING = os.devnull
"""The source of a mount where there is nothing any more: what the image or the tree had there was removed."""

CONFIGURATION = re.compile(
    r"nginx|gunicorn|uwsgi|supervis|sites-|conf\.d|entrypoint|\.(?:conf|ini|py|sh|service|template)\Z"
)
"""Paths at which a server, or what starts one, may read how it shall work."""

MOST_MOUNTS = 1000
_MOST_ENTRIES = 2000
_FOLDERS = frozenset(
    {
        "/", "/etc", "/etc/nginx", "/etc/nginx/conf.d", "/etc/nginx/http.d", "/etc/nginx/sites-enabled",
        "/etc/nginx/sites-available", "/etc/nginx/snippets", "/etc/supervisor", "/etc/supervisor/conf.d",
        "/docker-entrypoint.d", "/usr/local/bin", "/usr/bin", "/usr/local", "/usr/sbin", "/bin", "/sbin", "/opt",
        "/srv", "/home", "/tmp", "/var", "/var/www", "/root", "/usr/share/nginx/html", "/usr", "/run", "/var/run",
        "/etc/init.d", "/etc/systemd/system", "/opt/bitnami/nginx/conf", "/opt/bitnami/nginx/conf/server_blocks",
    }
)  # fmt: skip
"""Folders that are there, or that a file put there by name is surely meant to lie in."""


class Layers:
    """The mounts of an image in the making. ``full``: there were too many to keep them all."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.mounts: list[Mount] = []
        self.folders: set[str] = set()
        self.full = False

    def copy(self) -> Layers:
        other = Layers(self.disk)
        other.mounts, other.folders, other.full = [*self.mounts], {*self.folders}, self.full
        return other

    def put(self, target: str, source: str, span: Span | None) -> None:
        """A file, or nothing known (``""``), or nothing at all (``NOTHING``), at ``target``."""
        if len(self.mounts) >= MOST_MOUNTS:
            self.full = True
            return
        self.mounts.append(Mount(target, source=source, span=span))

    def put_folder(self, target: str, source: Path, span: Span | None) -> None:
        """The content of a folder of the tree. It does not replace what is there, but comes over it, file by file."""
        self.folders.add(target)
        waiting = [(target, source)]
        entries = 0
        while waiting and entries <= _MOST_ENTRIES and not self.full:
            target, source = waiting.pop()
            there = self.mapped(target)
            if there is None or not there.is_dir() or entries == _MOST_ENTRIES:
                waiting += self._over(target, source, span)
            elif there != source or self._overlaid(target):
                for name in _listed(source):
                    entries += 1
                    below = posixpath.join(target, name)
                    if (source / name).is_dir():
                        waiting.append((below, source / name))
                    else:
                        self.put(below, str(source / name), span)

    def _over(self, target: str, source: Path, span: Span | None) -> list[tuple[str, Path]]:
        """A folder where there was none. What lies below it already, and is not in it, stays; the folders that are in
        both are given: the new one's content is still to come there."""
        prefix = target.rstrip("/") + "/"
        below = [mount for mount in self.mounts if mount.target.startswith(prefix)]
        self.put(target, str(source), span)
        both: list[tuple[str, Path]] = []
        for mount in below:
            there = source / mount.target[len(prefix) :]
            if there.is_dir() and os.path.isdir(mount.source):
                both.append((mount.target, there))
            elif os.path.lexists(there):
                continue
            self.put(mount.target, mount.source, mount.span)
        return both

    def _overlaid(self, target: str) -> bool:
        prefix = target.rstrip("/") + "/"
        return any(mount.target.startswith(prefix) for mount in self.mounts)

    def mapped(self, path: str) -> Path | None:
        """What of the tree is at ``path``, there or not; None when that is nothing of the tree."""
        for mount in reversed(self.mounts):
            target = mount.target.rstrip("/")
            if path == target or path.startswith(target + "/"):
                return Path(mount.source, path[len(target) :].lstrip("/")) if mount.source else None
        return None

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder at ``path`` (normal, absolute), as far as that is known."""
        path = path.rstrip("/") or "/"
        if path in _FOLDERS or path in self.folders:
            return True
        there = self.mapped(path)
        if there is not None:
            return there.is_dir()
        return any(mount.target.startswith(path + "/") for mount in self.mounts)

    def below(self, path: str) -> Iterator[tuple[str, str]]:
        """What of the tree is at ``path`` and below: the rest of its path, and its source, in order."""
        path = path.rstrip("/")
        for mount in self.mounts:
            target = mount.target.rstrip("/")
            if path == target or path.startswith(target + "/"):
                rest = path[len(target) :].lstrip("/")
                source = os.path.join(mount.source, rest) if rest and mount.source else mount.source
                if source in ("", NOTHING) or self.disk.exists(source) or os.path.isdir(source):
                    yield "", source
            elif target.startswith(path + "/"):
                yield target[len(path) + 1 :], mount.source

    def matching(self, pattern: str) -> list[str]:
        """The paths in the image of what of the tree a shell's pattern names; nothing of the image's own."""
        folder, _, last = pattern.rpartition("/")
        if any(char in folder for char in "*?["):
            return []
        found = [mount.target for mount in self.mounts if fnmatchcase(mount.target, pattern)]
        found = [target for target in found if target.count("/") == pattern.count("/")]
        there = self.mapped(folder)
        if there is not None and there.is_dir():
            found += [posixpath.join(folder, name) for name in _listed(there) if fnmatchcase(name, last)]
        return list(dict.fromkeys(found))


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))[:_MOST_ENTRIES]
    except OSError:
        return []
