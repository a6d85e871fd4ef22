"""A uWSGI as it would run: configuration files, command line and environment, read as uWSGI reads them."""

from __future__ import annotations

import re

from cfgcheck.findings import Problem
from cfgcheck.load.disk import Disk
from cfgcheck.load.uwsgi_app import AppBuilder
from cfgcheck.load.uwsgi_command import UwsgiCommand, take_command
from cfgcheck.load.uwsgi_expand import Expansion
from cfgcheck.load.uwsgi_files import FindFile, Surroundings
from cfgcheck.model.app import App
from cfgcheck.model.located import Located
from cfgcheck.model.version import Version
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.environment import NOTHING_KNOWN, Environment

_HEAD = re.compile(r"^[ \t]*(\[uwsgi\]|uwsgi:|<uwsgi\b|\{?[ \t]*\"uwsgi\")", re.MULTILINE)
"""Where uWSGI's section begins, in each form of configuration."""


def _no_version() -> Located[Version]:
    return Located.unknown("uWSGI's version is not known: declare it in the settings (uwsgi = …)")


@record(frozen=True)
class UwsgiStart:
    """How one uWSGI is started.

    ``folder``: the working directory as a path below the disk's root; None when nobody knows it. ``command``: the
    command line that starts it; None for a configuration file that is known by itself. ``config``: that file, and
    ``section`` the section of it ("" for ``uwsgi``). ``find``: finds the file that is meant by a path of another
    machine or container (``/app/uwsgi.ini``).
    """

    name: str
    folder: str | None = None
    command: UwsgiCommand | None = None
    config: SourceFile | None = None
    section: str = ""
    environment: Environment = NOTHING_KNOWN
    version: Located[Version] = field(default_factory=_no_version)
    find: FindFile | None = None


def build_uwsgi(disk: Disk, start: UwsgiStart) -> tuple[App, list[Problem]]:
    """One app and what could not be read of it."""
    environment = start.command.environment if start.command is not None else start.environment
    run = Expansion(disk, Surroundings(environment, start.folder, start.find))
    run.take_environment()
    if start.command is not None:
        take_command(run, start.command.words)
    if start.config is not None:
        run.load(start.config, start.section)
    run.finish()
    return AppBuilder(run, start.name, start.version, _place(start)).build(), run.problems


def _place(start: UwsgiStart) -> Span:
    """Where the app stands: its command, or the beginning of its file."""
    if start.command is not None:
        return start.command.span
    file = start.config or SourceFile(start.name, "")
    head = _HEAD.search(file.text)
    return Span(file, head.start(1), head.end(1)) if head else Span(file, 0, min(1, len(file.text)))
