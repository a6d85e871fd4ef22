"""Writing several files: all of them, or none."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cfgcheck.record import record


class CannotWrite(Exception):  # noqa: N818
    """Why nothing was written; ``path`` is where it failed."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} can't be written: {reason}; nothing was changed")


@record(frozen=True)
class Change:
    """What a file held when it was read, and what it shall hold; bytes that are not UTF-8 as surrogate escapes."""

    before: str
    after: str


def write_all(changes: Mapping[Path, Change]) -> None:
    """Replace the files by new ones with the same permissions. Paths are those of real files, links followed.

    Everything new, and a copy of everything old, is on the disk before the first file is replaced: whenever this stops,
    each file is whole, the old one or the new one. If replacing one fails, those replaced before are put back. Errors:
    CannotWrite, also where a file does not hold any more what was read.
    """
    with contextlib.ExitStack() as stack:
        fresh: dict[Path, tuple[str, str]] = {}
        for path, change in changes.items():
            try:
                _check(path, change)
                fresh[path] = _beside(stack, path, change.after), _beside(stack, path, change.before)
            except OSError as error:
                raise _refusal(path, error) from None
        _replace_all(fresh)


def _check(path: Path, change: Change) -> None:
    if path.read_bytes() != _bytes(change.before):
        raise CannotWrite(path, "it was changed while it was looked at")
    if not os.access(path, os.W_OK):
        raise CannotWrite(path, "permission denied")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _beside(stack: contextlib.ExitStack, path: Path, text: str) -> str:
    """A hidden file in the same folder, which goes when all is over, if it is still there."""
    state = path.stat()
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    stack.callback(Path(name).unlink, missing_ok=True)
    with os.fdopen(handle, "wb") as stream:
        stream.write(_bytes(text))
        with contextlib.suppress(OSError):
            os.fchown(stream.fileno(), state.st_uid, state.st_gid)
        os.fchmod(stream.fileno(), stat.S_IMODE(state.st_mode))
        stream.flush()
        os.fsync(stream.fileno())
    return name


def _replace_all(fresh: Mapping[Path, tuple[str, str]]) -> None:
    done: list[Path] = []
    try:
        for path, (new, _) in fresh.items():
            os.replace(new, path)
            done.append(path)
    except BaseException as error:
        for one in done:
            with contextlib.suppress(OSError):
                os.replace(fresh[one][1], one)
        if isinstance(error, OSError):
            raise _refusal(path, error) from None
        raise
    for folder in {path.parent for path in fresh}:
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _refusal(path: Path, error: OSError) -> CannotWrite:
    return CannotWrite(path, (error.strerror or str(error)).lower())
