"""Which files may be written: those on the disk, in the folder that was looked at, that say what a server reads."""

from __future__ import annotations

import os
from pathlib import Path

from cfgcheck.fix.editing import CannotFix
from cfgcheck.load.disk import Disk
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.nginx_dump import is_dump


class Ground:
    """The folder of one run. What is asked of a file is remembered: a fix is looked for at every finding."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._root = os.path.realpath(disk.root)
        self._told: dict[str, str] = {}
        self._real: dict[str, Path] = {}

    def real(self, file: SourceFile) -> Path:
        """Where the bytes of a file are, links followed."""
        if file.path not in self._real:
            self._real[file.path] = Path(os.path.realpath(self._disk.root / file.path))
        return self._real[file.path]

    def check(self, file: SourceFile) -> None:
        """Errors: CannotFix for a file that is not to be written."""
        if file.path not in self._told:
            self._told[file.path] = self._reason(file)
        if reason := self._told[file.path]:
            raise CannotFix(reason)

    def _reason(self, file: SourceFile) -> str:
        if file.path.startswith("<"):
            return f"{file.path} is no file of yours"
        if self._disk.absolute(file.path) in self._disk.overlay:
            return "standard input can't be written"
        if os.path.isabs(file.path):
            return f"{file.path} lies outside of the folder"
        real = self.real(file)
        if not real.is_relative_to(self._root):
            return f"{file.path} is a link to {real}, outside of the folder"
        if not real.is_file():
            return f"{file.path} is no file on the disk"
        return f"{file.path} is what `nginx -T` printed, not what nginx reads" if is_dump(file.text) else ""
