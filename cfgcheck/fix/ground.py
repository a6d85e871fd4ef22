"""Which files may be written: those on the disk, in the folder that was looked at, that say what a server reads."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from cfgcheck.fix.editing import CannotFix
from cfgcheck.load.disk import Disk
from cfgcheck.model.app import App
from cfgcheck.model.located import Origin
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.nginx_dump import is_dump


class Ground:
    """The folder of one run. What is asked of a file is remembered: a fix is looked for at every finding.
    ``apps``: all app servers that were found."""

    def __init__(self, disk: Disk, apps: Iterable[App] = ()) -> None:
        self._disk = disk
        self._apps = tuple(apps)
        self._configured: dict[str, list[App]] | None = None
        self._root = os.path.realpath(disk.root)
        self._told: dict[str, str] = {}
        self._real: dict[str, Path] = {}

    def real(self, file: SourceFile) -> Path:
        """Where the bytes of a file are, links followed."""
        if file.path not in self._real:
            self._real[file.path] = Path(os.path.realpath(self._disk.root / file.path))
        return self._real[file.path]

    def check_own(self, app: App, file: SourceFile, alike: Iterable[App]) -> None:
        """Errors: CannotFix for a config file that other apps read, too: what mends the one may break the others.
        ``alike``: apps that the same fix changes in the same way."""
        if self._configured is None:
            self._configured = {}
            for each in self._apps:
                for path in dict.fromkeys(_config_files(each)):
                    self._configured.setdefault(path, []).append(each)
        apps = self._configured.get(file.path, [])
        others = [other.label for other in apps if other is not app and all(other is not one for one in alike)]
        if others and app in apps:
            raise CannotFix(f"{file.path} also configures {others[0]}")

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


def _config_files(app: App) -> Iterator[str]:
    """Files with nothing but settings of a server, as opposed to those that hold its command."""
    for value in app.settings.values():
        if value.origin is Origin.FILE and value.span is not None:
            yield value.span.file.path
