"""The files of one run: each is read once, decoded without loss, and shown relative to the folder checked."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cfgcheck.findings import Problem
from cfgcheck.source.file import SourceFile, Span

LARGEST = 64 * 1024 * 1024
"""Bytes; a larger file is no configuration."""

_BINARY_PROBE = 8192


class Disk:
    """Reads files below and outside ``root``; what cannot be read becomes a Problem in ``problems``.

    ``notes``: sentences about the run that a person should read. ``overlay`` holds texts that stand in for files
    (standard input with ``--stdin-filename``); ``rewritten`` what files would hold, by their paths with links followed.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.abspath(root))
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.overlay: dict[Path, str] = {}
        self.rewritten: dict[Path, str] = {}
        self._read: dict[Path, SourceFile | None] = {}
        self._embedded: set[Path] = set()
        self._shown: dict[str, str] = {}

    def absolute(self, path: Path | str) -> Path:
        """``path`` (relative ones from ``root``) without ``.`` and ``..``, links unresolved."""
        return Path(os.path.normpath(self.root / path))

    def show(self, path: Path | str) -> str:
        """How a path is printed: relative to ``root``, with forward slashes; absolute where it lies outside."""
        key = os.fspath(path)
        if key not in self._shown:
            full = self.absolute(path)
            inside = full.is_relative_to(self.root)
            self._shown[key] = (full.relative_to(self.root) if inside else full).as_posix()
        return self._shown[key]

    def exists(self, path: Path | str) -> bool:
        full = self.absolute(path)
        return full in self.overlay or full in self._embedded or os.path.isfile(full)

    @property
    def files(self) -> list[SourceFile]:
        """All that was read, in the order of reading."""
        return [file for file in self._read.values() if file is not None]

    def read(self, path: Path | str) -> SourceFile | None:
        """The file, or None (with a Problem noted once) when it is no readable text."""
        full = self.absolute(path)
        if full not in self._read:
            self._read[full] = self._load(full)
        return self._read[full]

    def embed(self, path: Path, file: SourceFile) -> Path:
        """Let ``file`` be what is read at ``path``, which is not there: a configuration that stands inside another
        file (a key of a ConfigMap). Gives the path under which it is known."""
        full = self.absolute(path)
        self._read[full] = file
        self._embedded.add(full)
        return full

    def peek(self, path: Path | str, size: int = _BINARY_PROBE) -> str:
        """The beginning of a file, for guessing what it is; empty when it can't be read. Notes no problem."""
        full = self.absolute(path)
        text = self._replaced(full)
        if text is not None:
            return text[:size]
        if full in self._embedded:
            embedded = self._read[full]
            return "" if embedded is None else embedded.text[:size]
        try:
            if not full.is_file():
                return ""
            with full.open("rb") as stream:
                return stream.read(size).decode("utf-8", "surrogateescape")
        except OSError:
            return ""

    def _load(self, full: Path) -> SourceFile | None:
        shown = self.show(full)
        text = self._replaced(full)
        if text is not None:
            return SourceFile(shown, text)
        try:
            state = full.stat()
            if not stat.S_ISREG(state.st_mode):
                return self._refuse(shown, f"{shown} is {_kind(state.st_mode)}, not a file", "name a regular file")
            if state.st_size > LARGEST:
                size = f"{state.st_size / 1048576:.0f} MiB"
                return self._refuse(shown, f"{shown} is too large to be a configuration ({size})", "exclude it")
            data = full.read_bytes()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            return self._refuse(shown, f"{shown} can't be read: {reason}", "check that it exists and its permissions")
        if b"\0" in data[:_BINARY_PROBE]:
            return self._refuse(shown, f"{shown} is a binary file, not a configuration", "exclude it")
        return SourceFile(shown, data.decode("utf-8", "surrogateescape"))

    def _replaced(self, full: Path) -> str | None:
        """The text that stands in for a file."""
        if full in self.overlay or not self.rewritten:
            return self.overlay.get(full)
        return self.rewritten.get(Path(os.path.realpath(full)))

    def _refuse(self, shown: str, message: str, hint: str) -> SourceFile | None:
        nowhere = Span(SourceFile(shown, ""), 0, 0)
        self.problems.append(Problem("unparsable-file", message, nowhere, hint))
        return None


def _kind(mode: int) -> str:
    names = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return names.get(stat.S_IFMT(mode), "something else")
