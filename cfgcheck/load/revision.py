"""The files of a git revision, laid out in a folder of their own. Nothing of the repository is run: contents come from
git's object store as they are, without the filters that its configuration could name."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from cfgcheck.record import record

_LARGEST = 1 << 20
"""Bytes; a larger file of a repository is no configuration."""


class RevisionError(Exception):
    """A revision that can't be read; ``str()`` is a sentence."""


@record(frozen=True)
class _Entry:
    """A file of a revision: its path below the folder asked for, and git's name for its content."""

    path: str
    content: str


def lay_out(revision: str, folder: Path, target: Path) -> None:
    """Write what ``folder`` (of a work tree) held at ``revision`` into ``target``. RevisionError where git can't
    tell."""
    entries = list(_entries(revision, folder))
    contents = _contents([entry.content for entry in entries], folder)
    for entry, data in zip(entries, contents, strict=True):
        path = target / entry.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _entries(revision: str, folder: Path) -> Iterator[_Entry]:
    if revision.startswith("-"):
        raise RevisionError(f"{revision} is neither a path nor a git revision")
    listed = _git(folder, "ls-tree", "--full-tree", "-r", "-z", "--long", f"{revision}^{{tree}}:./", what=revision)
    for line in listed.split(b"\0"):
        if not line:
            continue
        head, _, name = line.partition(b"\t")
        mode, kind, content, size = head.split()
        path = os.fsdecode(name)
        if kind == b"blob" and mode.startswith(b"100") and int(size) <= _LARGEST and _harmless(path):
            yield _Entry(path, content.decode("ascii"))


def _harmless(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return not path.startswith("/") and ".." not in parts and ".git" not in parts and "node_modules" not in parts


def _contents(names: list[str], folder: Path) -> Iterator[bytes]:
    """What the objects hold, in their order."""
    given = "".join(f"{name}\n" for name in names).encode("ascii")
    answer = _git(folder, "cat-file", "--batch", given=given, what="its files")
    at = 0
    for name in names:
        end = answer.index(b"\n", at)
        size = answer[at:end].split()[-1]
        if not size.isdigit():
            raise RevisionError(f"git does not have the content {name}: is this a shallow or partial clone?")
        yield answer[end + 1 : end + 1 + int(size)]
        at = end + 2 + int(size)


def _git(folder: Path, *words: str, what: str, given: bytes = b"") -> bytes:
    command = ["git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C", str(folder), *words]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=120, env=environment, input=given)
    except (OSError, subprocess.SubprocessError) as error:
        raise RevisionError(f"git can't be asked for {what}: {error}") from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or [""]
        raise RevisionError(f"{what} is neither a path nor a git revision that has this folder ({said[-1]})")
    return done.stdout
