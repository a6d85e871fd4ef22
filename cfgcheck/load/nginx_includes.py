"""Which files an ``include`` means: relative to the main file's folder, on this disk or as the deployment has them."""

from __future__ import annotations

import glob
import os
import posixpath
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from cfgcheck.load.disk import Disk
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.record import field, record

_MOST_FILES: Final = 10_000
_LONGEST: Final = 4096
"""Characters: PATH_MAX of Linux."""

_MAGIC: Final = frozenset("*?[")
_TEMPLATE_ENDINGS: Final = (".template", ".j2", ".tmpl", ".tpl", ".erb", ".in", ".envsubst")


def is_glob(pattern: str) -> bool:
    return any(character in _MAGIC for character in pattern)


class Finder(Protocol):
    """Finds the files that an ``include`` means. ``certain``: the main file's folder, and so what is relative to it, is
    known; ``folders``: that folder, or where it may be."""

    @property
    def folders(self) -> tuple[Path, ...]: ...

    @property
    def certain(self) -> bool: ...

    def find(self, pattern: str) -> list[Path]:
        """The files in nginx's order; empty when there is none (or none to be found here)."""
        ...

    def empty(self, pattern: str) -> bool:
        """Whether it is sure that there is no such file, where ``find`` gives none."""
        ...


@record(frozen=True)
class InFilesystem:
    """Includes of an nginx that runs in a container. ``folder``: of its main file, there (``/etc/nginx``);
    ``main``: the folder of the tree that the main file lies in. ``variables``: what templates are filled in with."""

    filesystem: Filesystem
    folder: str
    main: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def folders(self) -> tuple[Path, ...]:
        return (self.main,)

    @property
    def certain(self) -> bool:
        return True

    def find(self, pattern: str) -> list[Path]:
        if "\0" in pattern or len(pattern) > _LONGEST:
            return []
        full = posixpath.normpath(posixpath.join(self.folder, pattern))
        if is_glob(full):
            return self.filesystem.glob(full)
        path = self.filesystem.mapped(full)
        return [path] if path is not None and self.filesystem.disk.exists(path) else []

    def empty(self, pattern: str) -> bool:
        """What a glob does not match among the files of the tree may match files of the image; those that come with
        nginx's own image say nothing of upstreams."""
        full = posixpath.normpath(posixpath.join(self.folder, pattern))
        return is_glob(full) and (full.startswith("/etc/nginx/") or self.filesystem.certain)


@record(frozen=True)
class Lookup:
    """Where includes of one configuration are looked for.

    ``folders``: the main file's folder; of a fragment, whose main file is not known, its own and those above, nearest
    first. ``certain``: it is the main file's. ``mounts``: paths of the deployment and what they are on the disk.
    """

    disk: Disk
    folders: tuple[Path, ...]
    certain: bool
    mounts: Mapping[str, Path]

    def find(self, pattern: str) -> list[Path]:
        """The files that ``pattern`` names, in nginx's order; empty when there is none (or none to be found here)."""
        if "\0" in pattern or len(pattern) > _LONGEST:
            return []
        for candidate in self._candidates(pattern):
            found = list(self._matches(candidate))
            if found:
                return found
        return []

    def empty(self, pattern: str) -> bool:
        return self.certain and is_glob(pattern) and not pattern.startswith("/")

    def _candidates(self, pattern: str) -> Iterator[Path]:
        if not pattern.startswith("/"):
            yield from (Path(os.path.normpath(folder / pattern)) for folder in self.folders)
            return
        for prefix, path in self.mounts.items():
            if pattern == prefix or pattern.startswith(prefix.rstrip("/") + "/"):
                yield path / pattern[len(prefix) :].lstrip("/") if pattern != prefix else path
        full = Path(os.path.normpath(pattern))
        if full.is_relative_to(self.disk.root):
            yield full
        yield from self._mapped(full.parts[1:])

    def _mapped(self, parts: tuple[str, ...]) -> Iterator[Path]:
        """``/etc/nginx/conf.d/x`` as ``nginx/conf.d/x``, ``conf.d/x`` and ``x`` beside the main file, or above it.

        A glob without a folder of its own, or a bare name in a folder above, would prove nothing.
        """
        for start in range(1, len(parts)):
            rest = parts[start:]
            if len(rest) == 1:
                if not is_glob(rest[0]):
                    yield self.folders[0] / rest[0]
            else:
                above = [self.folders[0], *self.folders[0].parents]
                yield from (folder.joinpath(*rest) for folder in above if folder.is_relative_to(self.disk.root))

    def _matches(self, candidate: Path) -> Iterator[Path]:
        if is_glob(str(candidate)):
            if not self._may_search(candidate):
                return
            names = sorted(islice(glob.iglob(os.fspath(candidate)), _MOST_FILES), key=os.fsencode)
            yield from (path for name in names for path in self._real(Path(name)))
            return
        yield from self._real(candidate)

    def _may_search(self, candidate: Path) -> bool:
        """Globs stay within the folder checked and beside the main file: no walk over the whole machine."""
        fixed = Path(*candidate.parts[: _first_magic(candidate)])
        return fixed.is_relative_to(self.disk.root) or any(fixed.is_relative_to(folder) for folder in self.folders)

    def _real(self, path: Path) -> Iterator[Path]:
        """``path`` if it is there; a link into the deployment's file system is followed to the file it means here; a
        file that is made from a template stands for what is made of it."""
        try:
            if self.disk.exists(path):
                yield path
            elif path.is_symlink():
                target = os.readlink(path)
                if target.startswith("/"):
                    yield from (found for found in self._mapped(Path(target).parts[1:]) if self.disk.exists(found))
            elif path.name:
                made = (path.with_name(path.name + ending) for ending in _TEMPLATE_ENDINGS)
                yield from islice((template for template in made if self.disk.exists(template)), 1)
        except OSError:  # a name longer than the file system has, a folder that may not be read
            return


def _first_magic(path: Path) -> int:
    return next((index for index, part in enumerate(path.parts) if is_glob(part)), len(path.parts))
