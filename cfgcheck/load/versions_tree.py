"""Which versions of the servers are installed, as far as lock files and requirements of the tree tell."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from cfgcheck.load.context import Context
from cfgcheck.load.versions_pin import PACKAGES, Pin, agreed
from cfgcheck.model.located import Located
from cfgcheck.model.version import Version
from cfgcheck.source.file import SourceFile

LARGEST = 4 * 1024 * 1024
"""Bytes of a lock file that are read."""

_MOST_FILES = 40
"""Requirements files of one folder, and files that one of them includes."""

Versions = Mapping[str, Located[Version]]
_LOCKS: Mapping[str, str] = {
    "uv.lock": "in_toml_lock",
    "poetry.lock": "in_toml_lock",
    "pdm.lock": "in_toml_lock",
    "pylock.toml": "in_toml_lock",
    "Pipfile.lock": "in_pipfile_lock",
}
_MANIFESTS: Mapping[str, str] = {
    "pyproject.toml": "in_pyproject",
    "Pipfile": "in_pyproject",
    "setup.cfg": "in_setup_cfg",
    "setup.py": "in_strings",
    "environment.yml": "in_conda",
    "environment.yaml": "in_conda",
}
"""Which function reads a file of that name."""

_ENDINGS = (".txt", ".in", ".pip")
_FOLDERS = ("requirements", "requires", "reqs")
_NOT_IN_USE = ("dev", "test", "doc", "lint", "ci", "local", "example", "bench", "type", "mypy", "format")
_IN_USE = ("prod", "deploy", "live", "server", "docker", "heroku")


def of_tree(context: Context, folder: Path) -> Versions:
    """The versions of what is installed for an app in ``folder`` (absolute, below the root): the nearest files upward
    tell, and where they only give ranges, a lock file above them."""
    return TreeVersions(context).of(folder)


class TreeVersions:
    """Answers for many folders of one run; each file is read once."""

    def __init__(self, context: Context) -> None:
        self._disk = context.disk
        self._folders: dict[Path, tuple[Versions, Versions]] = {}
        self._found: dict[Path, Versions] = {}
        self._pins: dict[Path, list[Pin]] = {}
        self._texts: dict[Path, SourceFile | None] = {}

    def of(self, folder: Path) -> Versions:
        """By server; one that no file names is not in it."""
        folder = self._disk.absolute(folder)
        if folder not in self._found:
            self._found[folder] = dict(self._looked_up(folder))
        return self._found[folder]

    def _looked_up(self, folder: Path) -> Versions:
        found: dict[str, Located[Version]] = {}
        for place in self._upward(folder):
            if place not in self._folders:
                self._folders[place] = self._in_folder(place)
            locked, asked = self._folders[place]
            # A lock file also tells which release a range nearer to the app came to mean (a workspace has one for all).
            better = {server: version for server, version in locked.items() if server in found}
            found.update((server, version) for server, version in better.items() if not found[server].known)
            found = {**asked, **locked, **found}
        return found

    def _upward(self, folder: Path) -> Iterator[Path]:
        root = self._disk.root
        if not folder.is_relative_to(root):
            return
        while True:
            yield folder
            if folder == root:
                return
            folder = folder.parent

    def _in_folder(self, folder: Path) -> tuple[Versions, Versions]:
        """What the lock files of a folder say, and what its other files do."""
        try:
            names = set(os.listdir(folder))
        except OSError:
            return {}, {}
        locks = [self._read(folder / name, read) for name, read in _LOCKS.items() if name in names]
        locked = agreed(each for pins in locks for each in pins)
        asked: dict[str, Located[Version]] = {}
        for group in self._requirement_files(folder, names):
            _add(asked, agreed(each for path in group for each in self._requirements(path)))
        manifests = [self._read(folder / name, read) for name, read in _MANIFESTS.items() if name in names]
        _add(asked, agreed(each for pins in manifests for each in pins))
        return locked, asked

    def _requirement_files(self, folder: Path, names: set[str]) -> list[list[Path]]:
        """In groups, what is likelier to be in use first."""
        paths = [folder / name for name in sorted(names) if _is_requirements(name)]
        for name in _FOLDERS:
            if name in names:
                paths += [folder / name / inner for inner in _listed(folder / name) if inner.endswith(_ENDINGS)]
        groups: dict[int, list[Path]] = {}
        for path in paths[:_MOST_FILES]:
            groups.setdefault(_rank(path), []).append(path)
        return [groups[rank] for rank in sorted(groups)]

    def _requirements(self, path: Path) -> list[Pin]:
        """A requirements file with all that it includes."""
        pins: list[Pin] = []
        waiting, seen = [path], {path}
        while waiting and len(seen) <= _MOST_FILES:
            current = waiting.pop()
            pins += self._read(current, "in_requirements")
            for name in self._included(current):
                inner = self._disk.absolute(current.parent / name) if "\0" not in name else current
                if inner not in seen and inner.is_relative_to(self._disk.root):
                    seen.add(inner)
                    waiting.append(inner)
        return pins

    def _included(self, path: Path) -> list[str]:
        file = self._file(path)
        if file is None or ("-r" not in file.text and "-c" not in file.text):
            return []
        from cfgcheck.load.versions_requirements import included

        return included(file)

    def _read(self, path: Path, reader: str) -> list[Pin]:
        if path not in self._pins:
            file = self._file(path)
            mentions = file.text.lower() if file is not None else ""
            said = file is not None and any(name in mentions for name in PACKAGES)
            self._pins[path] = list(_reader(reader)(file)) if file is not None and said else []
        return self._pins[path]

    def _file(self, path: Path) -> SourceFile | None:
        if path not in self._texts:
            text = self._disk.peek(path, LARGEST)
            self._texts[path] = SourceFile(self._disk.show(path), text) if text and "\0" not in text else None
        return self._texts[path]


def _reader(name: str) -> Callable[[SourceFile], Iterable[Pin]]:
    """Loaded where there is something to read: their expressions take a few milliseconds to compile."""
    if name.endswith("_lock"):
        from cfgcheck.load import versions_lock as module
    else:
        from cfgcheck.load import versions_requirements as module  # type: ignore[no-redef]
    found: Callable[[SourceFile], Iterable[Pin]] = getattr(module, name)
    return found


def _is_requirements(name: str) -> bool:
    lower = name.lower()
    return lower.endswith(_ENDINGS) and ("require" in lower or lower.startswith("reqs"))


def _rank(path: Path) -> int:
    """0: what production installs; 3: what only developers do. Compiled files before those they are made from."""
    words = path.name.lower() if path.name.lower().startswith(("require", "reqs")) else path.stem.lower()
    source = path.suffix == ".in"
    if any(word in words for word in _IN_USE):
        rank = 0
    elif any(word in words.replace("requirements", "") for word in _NOT_IN_USE):
        rank = 2
    else:
        rank = 0 if path.name.lower() in ("requirements.txt", "requirements.in") else 1
    return rank * 2 + source


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _add(found: dict[str, Located[Version]], more: Versions) -> None:
    """Those that are not there yet, or are there without a version."""
    for server, version in more.items():
        if server not in found or (not found[server].known and version.known):
            found[server] = version
