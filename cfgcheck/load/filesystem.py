"""Which file of the tree checked stands at a path of a container or machine."""

from __future__ import annotations

import glob
import os
import posixpath
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from cfgcheck.load.disk import Disk
from cfgcheck.load.tree_index import TreeIndex
from cfgcheck.model.unit import Mount
from cfgcheck.source.file import SourceFile

_MOST_FILES = 10_000
_MAGIC = frozenset("*?[")


class Filesystem:
    """A file system made of mounts, the later ones over the earlier ones.

    ``beside``: the folder of the tree (absolute) that relative paths are looked for in when the working directory is
    not known. ``certain``: nothing but the mounts says what is there, so that a file which is not among them is not in
    the tree; otherwise the one file of the tree whose path ends alike is taken for it.
    """

    def __init__(
        self, disk: Disk, index: TreeIndex | None, mounts: Sequence[Mount] = (), beside: Path | None = None,
        certain: bool = False,
    ) -> None:  # fmt: skip
        self.disk = disk
        self.index = index
        self.mounts = tuple(mounts)
        self.beside = beside if beside is not None else disk.root
        self.certain = certain

    def find(self, path: str, folder: str = "") -> SourceFile | None:
        """The file at ``path``, seen from the working directory ``folder``; None when it is not in the tree."""
        found = self.find_path(path, folder)
        return None if found is None else self.disk.read(found)

    def find_path(self, path: str, folder: str = "") -> Path | None:
        """Where in the tree the file at ``path`` stands, absolute."""
        if not path or "\0" in path:
            return None
        full = path if path.startswith("/") else posixpath.join(folder, path) if folder.startswith("/") else ""
        if full:
            mapped = self.mapped(posixpath.normpath(full))
            if mapped is not None:
                return mapped if self.disk.exists(mapped) else None
        if self.certain:
            return None
        if not path.startswith("/"):
            beside = self.disk.absolute(self.beside / path)
            if beside.is_relative_to(self.disk.root) and self.disk.exists(beside):
                return beside
        return self.index.find_path(path, self.disk.show(self.beside)) if self.index is not None else None

    def mapped(self, full: str) -> Path | None:
        """The path of the tree that the mounts put at ``full`` (absolute, normal), there or not; None when they put
        nothing of the tree there."""
        for mount in reversed(self.mounts):
            rest = _below(full, mount.target)
            if rest is not None and not _begins_as_a_copy(mount):
                return Path(os.path.normpath(os.path.join(mount.source, rest))) if mount.source else None
        return None

    def tree_folder(self, folder: str) -> Path | None:
        """The folder of the tree that stands at ``folder``, or None."""
        if not folder.startswith("/"):
            return self.beside
        mapped = self.mapped(posixpath.normpath(folder))
        return mapped if mapped is not None and mapped.is_dir() else None

    def glob(self, pattern: str) -> list[Path]:
        """The files of the tree at the paths that an absolute ``pattern`` names, in the order of those paths."""
        found: dict[str, Path] = {}
        for mount in self.mounts:
            for target, path in _inside(mount, pattern):
                found[target] = path
        # A later mount hides what earlier ones put below it.
        visible = ((target, path) for target, path in sorted(found.items()) if self.mapped(target) == path)
        return [path for _, path in visible if self.disk.exists(path)]


def _begins_as_a_copy(mount: Mount) -> bool:
    """A named volume that is empty begins with what the image has at its place (Docker)."""
    return not mount.source and mount.volume.startswith("volume ")


def _below(path: str, target: str) -> str | None:
    """``path`` relative to ``target``, "" for itself, None when it lies elsewhere."""
    target = target.rstrip("/")
    if path == target or (not target and path == "/"):
        return ""
    return path[len(target) + 1 :] if path.startswith(target + "/") else None


def _inside(mount: Mount, pattern: str) -> Iterator[tuple[str, Path]]:
    """What of a mount a pattern matches: its path in the file system, and in the tree."""
    if not mount.source:
        return
    target, source = mount.target.rstrip("/"), Path(mount.source)
    if not source.is_dir():
        if fnmatchcase(target, pattern) and target.count("/") == pattern.count("/"):
            yield target, source
        return
    if not _overlap(target.split("/"), pattern.split("/")):
        return
    rest = "/".join(pattern.split("/")[target.count("/") + 1 :])
    if not rest:
        return
    for name in sorted(islice(glob.iglob(os.path.join(glob.escape(mount.source), rest)), _MOST_FILES)):
        yield target + "/" + os.path.relpath(name, mount.source).replace(os.sep, "/"), Path(name)


def _overlap(target: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a folder's path is matched by the beginning of a pattern."""
    if len(target) >= len(pattern):
        return False
    return all(fnmatchcase(own, wanted) for own, wanted in zip(target, pattern, strict=False))
