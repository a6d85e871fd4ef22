"""What writing would change in a folder: each file beside what stands there now. Nothing is written here."""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path

from cfgcheck.generate.output_header import Header, Origin, header_of, stamped
from cfgcheck.record import record

_DEEPEST = 2
"""Folders below the one that is written to: ``nginx/conf.d``."""

_LARGEST = 1 << 20
"""Bytes; no generated file is larger."""

SPEC_NAME = "cfgcheck.yaml"


class State(Enum):
    """What stands where a file belongs."""

    NEW = "new"
    SAME = "same"
    CHANGED = "changed"
    STALE = "no longer generated"
    STALE_EDITED = "no longer generated, and edited by hand"
    EDITED = "edited by hand since cfgcheck wrote it"
    FOREIGN = "not written by cfgcheck"
    OTHER_SPEC = "written from another spec"
    LINK = "a symbolic link"
    NO_FILE = "no regular file"
    OUTSIDE = "outside of the folder, behind a symbolic link"


_REFUSED = frozenset({State.EDITED, State.FOREIGN, State.OTHER_SPEC, State.LINK, State.NO_FILE, State.OUTSIDE})
_NEVER = frozenset({State.NO_FILE, State.OUTSIDE})


@record(frozen=True)
class Change:
    """One file. ``path``: in the folder, with forward slashes; ``text``: what belongs there, None for nothing; ``old``:
    what stands there, None for nothing that can be read."""

    path: str
    state: State
    text: str | None
    old: str | None

    @property
    def refused(self) -> bool:
        """Whether it is overwritten only by force."""
        return self.state in _REFUSED

    @property
    def impossible(self) -> bool:
        """Whether not even force helps."""
        return self.state in _NEVER

    @property
    def drifted(self) -> bool:
        return self.state is not State.SAME


def changes(files: Mapping[str, str], folder: Path, origin: Origin) -> list[Change]:
    """What writing ``files`` (texts by path, without headers) into ``folder`` changes, sorted by path. OSError for a
    file that can't be read."""
    found = [_change(folder, path, stamped(text, origin), origin) for path, text in files.items()]
    found += _stale(folder, frozenset(files), origin)
    return sorted(found, key=lambda change: change.path)


def _change(folder: Path, path: str, text: str, origin: Origin) -> Change:
    target = folder / path
    if _is_outside(folder, target):
        return Change(path, State.OUTSIDE, text, None)
    mode = _mode(target)
    if mode is None:
        return Change(path, State.NEW, text, None)
    if stat.S_ISLNK(mode):
        return Change(path, State.LINK, text, None)
    if not stat.S_ISREG(mode):
        return Change(path, State.NO_FILE, text, None)
    old = _read(target)
    return Change(path, State.SAME if old == text else _state(header_of(old), origin), text, old)


def _state(header: Header | None, origin: Origin) -> State:
    if header is None:
        return State.FOREIGN
    if header.spec != origin.shown:
        return State.OTHER_SPEC
    return State.EDITED if header.edited else State.CHANGED


def _is_outside(folder: Path, target: Path) -> bool:
    """Whether a link on the way leads out of the folder. (The folder itself may well be a link.)"""
    return not Path(os.path.realpath(target.parent)).is_relative_to(os.path.realpath(folder))


def _mode(path: Path) -> int | None:
    try:
        return path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape")


def _stale(folder: Path, files: frozenset[str], origin: Origin) -> Iterator[Change]:
    """Files that were written from this spec and are no longer part of it."""
    for path in _files_below(folder, folder, 0):
        name = path.relative_to(folder).as_posix()
        if name in files:
            continue
        text = _begins_like_ours(path)
        header = header_of(text) if text is not None else None
        if header is not None and header.spec == origin.shown:
            yield Change(name, State.STALE_EDITED if header.edited else State.STALE, None, text)


def _files_below(top: Path, folder: Path, depth: int) -> Iterator[Path]:
    """Regular files, links not followed. A folder with a spec of its own is another deployment's."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    if folder != top and any(entry.name == SPEC_NAME for entry in entries):
        return
    for entry in entries:
        if entry.is_file(follow_symlinks=False):
            yield Path(entry.path)
        elif depth < _DEEPEST and entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            yield from _files_below(top, Path(entry.path), depth + 1)


def _begins_like_ours(path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            start = stream.read(400)
            if b"# Written by cfgcheck " not in start:
                return None
            return (start + stream.read(_LARGEST)).decode("utf-8", "surrogateescape")
    except OSError:
        return None  # a file of somebody else, as far as can be told


def difference(change: Change) -> str:
    """A unified diff from what stands there to what belongs there; "" where they are the same."""
    if change.state is State.SAME:
        return ""
    if change.old is None and change.state is not State.NEW:
        return f"{change.path} is {change.state.value}\n"
    old, new = change.old or "", change.text or ""
    before = "/dev/null" if change.old is None else f"a/{change.path}"
    after = "/dev/null" if change.text is None else f"b/{change.path}"
    lines = difflib.unified_diff(old.splitlines(True), new.splitlines(True), before, after)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
