"""A Gunicorn as it would run: config file, command line and environment, with Gunicorn's own precedence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cfgcheck.findings import Problem
from cfgcheck.load.disk import Disk
from cfgcheck.load.gunicorn_command import GunicornCommand
from cfgcheck.model.app import App
from cfgcheck.model.located import Located
from cfgcheck.model.version import Version
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.environment import NOTHING_KNOWN, Environment

FindFile = Callable[[str], SourceFile | None]


@dataclass(frozen=True, slots=True)
class GunicornStart:
    """How one Gunicorn is started.

    ``folder``: the working directory, as a path below the disk's root. ``command``: the command line that starts it;
    None for a config file that is known by itself. ``config``: that file. ``find``: finds the file that the command
    means by a path of another machine or container (``/app/gunicorn.conf.py``).
    """

    name: str
    folder: str = ""
    command: GunicornCommand | None = None
    config: SourceFile | None = None
    environment: Environment = NOTHING_KNOWN
    version: Located[Version] = field(default_factory=lambda: Located.unknown("no file tells Gunicorn's version"))
    find: FindFile | None = None


class GunicornReader:
    """Builds apps; a config file that many of them share is evaluated once."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.problems: list[Problem] = []

    def build(self, start: GunicornStart) -> App:
        """The app that ``start`` describes. What could not be read is noted in ``problems``."""
        raise NotImplementedError


def build_gunicorn(disk: Disk, start: GunicornStart) -> tuple[App, list[Problem]]:
    """One app and what could not be read of it."""
    reader = GunicornReader(disk)
    return reader.build(start), reader.problems
