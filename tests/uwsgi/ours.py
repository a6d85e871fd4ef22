"""What cfgcheck makes of a uWSGI configuration, in the form in which the real one answers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from cfgcheck.load.disk import Disk
from cfgcheck.load.uwsgi import UwsgiStart, build_uwsgi
from cfgcheck.load.uwsgi_command import take_command
from cfgcheck.load.uwsgi_expand import Expansion
from cfgcheck.load.uwsgi_files import Surroundings
from cfgcheck.model.app import App
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.shell_words import Word


def words(arguments: Sequence[str]) -> list[Word]:
    """The words of a command line that stands in a file of its own."""
    text = " ".join(arguments)
    file = SourceFile("command", text)
    made, at = [], 0
    for argument in arguments:
        made.append(Word(argument, argument, Span(file, at, at + len(argument))))
        at += len(argument) + 1
    return made


def expand(arguments: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Expansion:
    """The stream of options of a uWSGI that runs in ``folder`` on this machine."""
    known = Environment(dict(environment or {}), complete=True)
    magic = {"v": str(folder), "k": str(os.cpu_count())}
    run = Expansion(Disk(folder), Surroundings(known, "", magic=magic, here=True))
    run.take_environment()
    take_command(run, words(arguments))
    run.finish()
    return run


def options_of(run: Expansion) -> list[tuple[str, str]]:
    """The options as ``--show-config`` prints them."""
    made = []
    for item in run.items:
        value = None if item.value is None else run.parts.local(item.value)
        made.append((item.key, "true" if item.value is None else "?" if value is None else value))
    return made


def app_of(text: str, name: str = "uwsgi.ini", **more: object) -> App:
    """The app of one configuration file that is known by itself."""
    return app_and_problems(text, name, **more)[0]


def app_and_problems(text: str, name: str = "uwsgi.ini", **more: object) -> tuple[App, list[str]]:
    disk = Disk(Path("/nowhere"))
    disk.overlay[disk.absolute(name)] = text
    file = disk.read(name)
    assert file is not None
    app, problems = build_uwsgi(disk, UwsgiStart(name, config=file, **more))  # type: ignore[arg-type]
    return app, [problem.message for problem in problems]


def ini(*lines: str) -> str:
    return "\n".join(["[uwsgi]", *lines, ""])
