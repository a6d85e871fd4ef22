"""Builds apps for tests from texts, without a disk where none is needed."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from cfgcheck.load.disk import Disk
from cfgcheck.load.gunicorn import GunicornReader, GunicornStart
from cfgcheck.load.gunicorn_command import GunicornCommand, find_gunicorn
from cfgcheck.model.app import App
from cfgcheck.model.located import Located
from cfgcheck.model.version import Version
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.python_config import PythonConfig, read_python_config
from cfgcheck.syntax.shell_words import in_file, split_commands

_NOWHERE = Path(tempfile.gettempdir()) / "no-such-folder-of-cfgcheck"


def version(text: str) -> Located[Version]:
    """A known version, or an unknown one for the empty text."""
    parsed = Version.parse(text)
    return Located.declared(parsed) if parsed else Located.unknown("no version")


def environment(values: Mapping[str, str] | None = None, *, complete: bool = False) -> Environment:
    file = SourceFile(".env", "\n".join(f"{name}={value}" for name, value in (values or {}).items()))
    spans: dict[str, Span] = {}
    at = 0
    for name, value in (values or {}).items():
        start = at + len(name) + 1
        spans[name] = file.span(start, start + len(value))
        at = start + len(value) + 1
    return Environment(dict(values or {}), spans=spans, complete=complete)


def command(text: str, variables: Environment | None = None) -> GunicornCommand:
    """The Gunicorn of a command line."""
    file = SourceFile("Procfile", text)
    found = [find_gunicorn(each) for each in split_commands(text, in_file(file), variables or Environment())]
    commands = [each for each in found if each is not None]
    assert len(commands) == 1, f"{len(commands)} commands that start Gunicorn"
    return commands[0]


def app(
    text: str = "gunicorn app:app",
    config: str | None = None,
    gunicorn: str = "27.0.1",
    variables: Environment | None = None,
    files: Mapping[str, str] | None = None,
) -> App:
    """The app of a command line, with ``gunicorn.conf.py`` beside it where ``config`` is given."""
    disk = Disk(_NOWHERE)
    texts = {**({} if config is None else {"gunicorn.conf.py": config}), **(files or {})}
    for name, content in texts.items():
        disk.overlay[disk.absolute(name)] = content
    return GunicornReader(disk).build(GunicornStart("web", "", command(text, variables), version=version(gunicorn)))


def lone(config: str, gunicorn: str = "27.0.1", path: str = "deploy/gunicorn.conf.py") -> App:
    """The app of a config file that no command names."""
    disk = Disk(_NOWHERE)
    disk.overlay[disk.absolute(path)] = config
    file = disk.read(path)
    assert file is not None
    start = GunicornStart("deploy", "deploy", config=file, version=version(gunicorn))
    return GunicornReader(disk).build(start)


def evaluated(text: str, variables: Environment | None = None) -> PythonConfig:
    return read_python_config(SourceFile("gunicorn.conf.py", text), variables or Environment())
