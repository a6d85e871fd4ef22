"""A Gunicorn as it would run: config file, command line and environment, with Gunicorn's own precedence."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cfgcheck.findings import Problem
from cfgcheck.load.disk import Disk
from cfgcheck.load.gunicorn_command import Arguments, GunicornCommand, parse_arguments
from cfgcheck.load.gunicorn_facts import facts, protocol, speaks_tls
from cfgcheck.load.gunicorn_listeners import Bind, bound_address
from cfgcheck.load.gunicorn_settings import Layers
from cfgcheck.model.address import AddressKind
from cfgcheck.model.app import App, AppFacts, AppKind, Listener
from cfgcheck.model.located import Located
from cfgcheck.model.version import Version
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.environment import NOTHING_KNOWN, Environment
from cfgcheck.syntax.shell_words import ShellSyntaxError, Word, split_words

DEFAULT_CONFIG = "gunicorn.conf.py"
ARGUMENTS_VARIABLE = "GUNICORN_CMD_ARGS"
_FIRST_STATEMENT = re.compile(r"(?:^|(?<=\A\ufeff))(?![#\s\ufeff])[^\r\n]++", re.MULTILINE)
"""The first line of a config file that is no comment: what shows the app where no setting of it is meant."""

if TYPE_CHECKING:
    # The evaluator is loaded where there is a config file to read.
    from cfgcheck.syntax.python_config import PythonConfig

FindFile = Callable[[str], SourceFile | None]


def _no_version() -> Located[Version]:
    return Located.unknown("Gunicorn's version is not known: declare it in the settings (gunicorn = …)")


@record(frozen=True)
class GunicornStart:
    """How one Gunicorn is started.

    ``together``, ``host``: as of the app. ``folder``: the working directory, as a path below the disk's root; None
    where it is not in the tree.
    ``command``: the command line that starts it;
    None for a config file that is known by itself. ``config``: that file. ``find``: finds the file that the command
    means by a path of another machine or container (``/app/gunicorn.conf.py``).
    """

    name: str
    folder: str | None = ""
    command: GunicornCommand | None = None
    config: SourceFile | None = None
    environment: Environment = NOTHING_KNOWN
    version: Located[Version] = field(default_factory=_no_version)
    find: FindFile | None = None
    together: str = ""
    host: str = ""


class GunicornReader:
    """Builds apps; a config file that many of them share is evaluated once. ``problems``: what could not be read."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.problems: list[Problem] = []
        self._configs: dict[tuple[object, ...], PythonConfig] = {}
        self._files: dict[str, SourceFile | None] = {}

    def build(self, start: GunicornStart) -> App:
        """The app that ``start`` describes. What could not be read is noted in ``problems``."""
        environment = start.command.environment if start.command else start.environment
        version = start.version.value if start.version.known else None
        layers = Layers(version, environment, start.folder or "")
        command = parse_arguments(start.command.words if start.command else (), version)
        variable = self._arguments_in_environment(environment, version, layers)
        config = self._config(start, environment, command, variable, layers)
        if config is not None:
            from cfgcheck.load.gunicorn_file import file_settings

            layers.add_file(file_settings(config, version))
        layers.add_arguments(variable, from_environment=True)
        layers.add_arguments(command, from_environment=False)
        if start.command is not None and not command.exits:
            layers.require_app(start.command.name_span)
        return self._app(start, layers, config)

    # -- sources

    def _arguments_in_environment(
        self, environment: Environment, version: Version | None, layers: Layers
    ) -> Arguments:
        """``GUNICORN_CMD_ARGS``, split as ``shlex`` does."""
        text = environment.values.get(ARGUMENTS_VARIABLE)
        if text is None:
            return Arguments(cluttered=environment.unknown.get(ARGUMENTS_VARIABLE, ""))
        span = environment.spans.get(ARGUMENTS_VARIABLE) or _nowhere(ARGUMENTS_VARIABLE)
        at = span.text.find(text)

        def locate(start: int, end: int) -> Span:
            return Span(span.file, span.start + at + start, span.start + at + end) if at >= 0 and text else span

        words: list[Word] = []
        try:
            words = split_words(text, locate)
        except ShellSyntaxError as error:
            layers.refuse(ARGUMENTS_VARIABLE, str(error), span)
        return parse_arguments(words, version)

    def _config(
        self, start: GunicornStart, environment: Environment, command: Arguments, variable: Arguments, layers: Layers
    ) -> PythonConfig | None:
        """The config file that Gunicorn would read: ``-c`` of the command, else of the variable, else the default."""
        if start.command is None and start.config is not None:
            return self._evaluate(start.config, start, environment)
        chosen = next((each for each in (_last(command, "config"), _last(variable, "config")) if each), None)
        if chosen is None:
            file = start.config
            if file is None and start.folder is not None:
                file = self._file(_beside(start.folder, DEFAULT_CONFIG))
            return self._evaluate(file, start, environment) if file else None
        location, known = chosen
        if not known:
            layers.clutter(f"it may be set in the config file {location}, whose path is not known")
            return None
        file = self._named(location, start)
        if file is None:
            layers.clutter(f"it may be set in the config file {location}, which was not found")
            return None
        return self._evaluate(file, start, environment, _module_name(location))

    def _named(self, location: str, start: GunicornStart) -> SourceFile | None:
        """The file that ``-c`` names: a path, ``file:PATH`` or ``python:MODULE``."""
        if location.startswith("python:"):
            return self._module(location[len("python:") :], 0, start.folder, start.folder)
        path = location.removeprefix("file:")
        found = self._file(_beside(start.folder, path)) if start.folder is not None else None
        return found if found is not None or start.find is None else start.find(path)

    def _file(self, path: str) -> SourceFile | None:
        """A file below the disk's root; None for all else, so that no lint reads the machine that it runs on."""
        if path not in self._files:
            full = self.disk.absolute(path)
            inside = full.is_relative_to(self.disk.root) and self.disk.exists(full)
            self._files[path] = self.disk.read(full) if inside else None
        return self._files[path]

    def _module(self, name: str, level: int, folder: str | None, importer: str | None) -> SourceFile | None:
        """A module of the project: from the working directory, or beside the file that imports it."""
        parts = name.split(".") if name else []
        if level:
            above = PurePosixPath(importer or "", *[".."] * (level - 1))
            places = [above.as_posix()]
        else:
            places = [place for place in (folder, importer) if place is not None]
        for place in places:
            path = _beside(place, "/".join(parts)) if parts else place
            found = self._file(f"{path}.py") if parts else None
            found = found or self._file(_beside(path, "__init__.py"))
            if found is not None:
                return found
        return None

    def _evaluate(
        self, file: SourceFile, start: GunicornStart, environment: Environment, module: str = "__config__"
    ) -> PythonConfig:
        key = (file.path, start.folder, environment.key, module)
        if key not in self._configs:
            from cfgcheck.syntax.python_config import read_python_config

            def find_module(name: str, level: int, importer: SourceFile) -> SourceFile | None:
                return self._module(name, level, start.folder, str(PurePosixPath(importer.path).parent))

            config = read_python_config(file, environment, find_module, module)
            self._configs[key] = config
            self.problems.extend(problem for problem in config.problems if problem not in self.problems)
        return self._configs[key]

    # -- result

    def _app(self, start: GunicornStart, layers: Layers, config: PythonConfig | None) -> App:
        settings = layers.settings()
        derived = facts(settings, start.version)
        listeners = _listeners(layers.binds(), layers, derived)
        span = _span(start, config)
        files = list(config.files) if config else []
        if start.command and start.command.span.file not in files:
            files.insert(0, start.command.span.file)
        return App(
            kind=AppKind.GUNICORN,
            name=start.name,
            version=start.version,
            settings=settings,
            uses=tuple(layers.uses),
            listeners=listeners,
            facts=derived,
            span=span,
            files=tuple(files),
            host=start.host,
            together=start.together,
            opaque=layers.opaque,
        )


def build_gunicorn(disk: Disk, start: GunicornStart) -> tuple[App, list[Problem]]:
    """One app and what could not be read of it."""
    reader = GunicornReader(disk)
    return reader.build(start), reader.problems


def _listeners(binds: list[Bind], layers: Layers, derived: AppFacts) -> tuple[Listener, ...]:
    settings = layers.settings()
    spoken = protocol(settings, derived.worker_class)
    tls = speaks_tls(settings)
    bound = [bound_address(bind) for bind in binds]
    # Where a socket is handed over, Gunicorn opens none of its own (``sock.create_sockets``).
    inherited = [each for each in bound if each.address.known and each.address.value.kind is AddressKind.INHERITED]
    return tuple(
        Listener(each.address, spoken, tls, derived.keepalive, "bind", each.malformed) for each in inherited or bound
    )


def _last(arguments: Arguments, name: str) -> tuple[str, bool] | None:
    """The last value given for a setting, and whether it is known; None where none is given, or an empty one."""
    given = [each for each in arguments.options if each.row is not None and each.row.name == name]
    if not given or (given[-1].value is not None and not given[-1].value.strip()):
        return None
    last = given[-1]
    return last.text, last.value is not None


def _module_name(location: str) -> str:
    return location[len("python:") :] if location.startswith("python:") else "__config__"


def _beside(folder: str, path: str) -> str:
    return path if path.startswith("/") or folder in ("", ".") else f"{folder}/{path}"


def _nowhere(name: str) -> Span:
    """A place for what stands in an environment that no file gives."""
    file = SourceFile(f"${name}", name)
    return Span(file, 0, len(name))


def _span(start: GunicornStart, config: PythonConfig | None) -> Span:
    if start.command is not None:
        return start.command.span
    if config is not None:
        text = config.file.text
        statement = _FIRST_STATEMENT.search(text)
        first, end = statement.span() if statement else (0, min(1, len(text)))
        return Span(config.file, first, end)
    return _nowhere("gunicorn")
