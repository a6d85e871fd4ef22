"""Writing all files of a deployment, or none of them.

Every file is written beside its place and synced; then all are moved into place, and what they replace is kept until
the last one is there. Whenever the machine stops, each file is whole: old or new.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from cfgcheck.generate.output_state import Change, State
from cfgcheck.record import record

_WRITTEN = frozenset({State.NEW, State.CHANGED, State.EDITED, State.FOREIGN, State.OTHER_SPEC, State.LINK})


class OverwriteError(Exception):
    """Files stand in the way. ``changes``: those; nothing was written."""

    def __init__(self, refused: list[Change]) -> None:
        super().__init__(", ".join(f"{change.path} is {change.state.value}" for change in refused))
        self.changes = refused


def write(changes: Iterable[Change], folder: Path, *, force: bool = False) -> list[Change]:
    """Make ``folder`` what the changes say; gives those that were made, none on a second run.

    Raises OverwriteError where a file stands in the way that cfgcheck did not write, or that was edited since
    (``force`` overwrites those, and replaces a link itself, never what it points to). OSError: all is as it was.
    """
    every = list(changes)
    refused = [change for change in every if change.impossible or (change.refused and not force)]
    if refused:
        raise OverwriteError(refused)
    made = [change for change in every if change.state in _WRITTEN or change.state is State.STALE]
    if made:
        with _Transaction(folder) as transaction:
            for change in made:
                transaction.stage(change)
            transaction.commit()
    return made


@record()
class _Staged:
    """``new``: the file beside its place, None for one that is to go; ``old``: where the one that stood there is kept
    meanwhile; ``done``: it is in its place."""

    target: Path
    new: Path | None
    old: Path | None = None
    done: bool = False


class _Transaction:
    """All moves or none. Leaving it without ``commit`` takes everything back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.staged: list[_Staged] = []
        self.folders: list[Path] = []
        self.committed = False

    def __enter__(self) -> _Transaction:
        return self

    def __exit__(self, *_: object) -> None:
        if not self.committed:
            self._take_back()
        for each in self.staged:
            for left in (each.new, each.old):
                if left is not None:
                    with contextlib.suppress(OSError):
                        left.unlink(missing_ok=True)
        self._remove_empty()

    def stage(self, change: Change) -> None:
        target = self.folder / change.path
        if change.text is None:
            self.staged.append(_Staged(target, None))
            return
        self._make_folders(target.parent)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".new", dir=target.parent)
        self.staged.append(_Staged(target, Path(name)))
        with os.fdopen(handle, "wb") as stream:
            stream.write(change.text.encode("utf-8", "surrogateescape"))
            os.fchmod(stream.fileno(), _mode(target, change.text))
            stream.flush()
            os.fsync(stream.fileno())

    def commit(self) -> None:
        for each in self.staged:
            _keep(each)
        for each in self.staged:
            if each.new is not None:
                os.replace(each.new, each.target)
            else:
                each.target.unlink()
            each.done = True
        for folder in sorted({each.target.parent for each in self.staged}):
            _sync(folder)
        self.committed = True

    def _make_folders(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make_folders(folder.parent)
        folder.mkdir()
        self.folders.append(folder)

    def _take_back(self) -> None:
        for each in reversed(self.staged):
            if not each.done:
                continue
            with contextlib.suppress(OSError):
                if each.old is not None:
                    os.replace(each.old, each.target)
                else:
                    each.target.unlink(missing_ok=True)

    def _remove_empty(self) -> None:
        """Folders that were made for nothing, and those that the last file has gone from."""
        emptied = [each.target.parent for each in self.staged if each.new is None and each.target.parent != self.folder]
        for folder in emptied if self.committed else reversed(self.folders):
            with contextlib.suppress(OSError):
                folder.rmdir()


def _keep(each: _Staged) -> None:
    """A second name for the file that is about to be replaced, or a copy where the disk knows no second names."""
    if not os.path.lexists(each.target):
        return
    old = each.target.with_name(f".{each.target.name}.{secrets.token_hex(4)}.old")
    try:
        os.link(each.target, old, follow_symlinks=False)
    except OSError:
        shutil.copy2(each.target, old, follow_symlinks=False)
    each.old = old


def _mode(target: Path, text: str) -> int:
    """The mode that a file has; of a new one the usual one, executable where it is a script."""
    with contextlib.suppress(OSError):
        found = target.lstat().st_mode
        if stat.S_ISREG(found):
            return stat.S_IMODE(found)
    mask = os.umask(0)
    os.umask(mask)
    return (0o777 if text.startswith("#!") else 0o666) & ~mask


def _sync(folder: Path) -> None:
    """Let the disk know the names too, where it can be asked to."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
