"""uvicorn (also as ``fastapi run``), Hypercorn, Daphne, Granian and waitress, as their command lines start them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cfgcheck.load.argparse_words import Arguments, read_arguments
from cfgcheck.load.click_words import read_click, read_getopt
from cfgcheck.load.program import find_program
from cfgcheck.load.python_servers_facts import facts_of
from cfgcheck.load.python_servers_listeners import SocketOwner, listeners_of
from cfgcheck.load.python_servers_settings import ServerLayers, Settings, defaults_of
from cfgcheck.load.python_servers_table import Row, options_of, rows_of, table
from cfgcheck.model.app import App, AppKind
from cfgcheck.model.located import Located, Origin
from cfgcheck.model.version import Version
from cfgcheck.record import field, record
from cfgcheck.source.file import Span
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.shell_words import Command, Word

_PROGRAMS: Mapping[str, str] = {
    "uvicorn": "uvicorn",
    "hypercorn": "hypercorn",
    "daphne": "daphne",
    "granian": "granian",
    "waitress-serve": "waitress",
    "fastapi": "fastapi",
}
_MODULES = {name: name for name in _PROGRAMS.values()}
_FASTAPI = frozenset({"run", "dev"})

_EXITING: Mapping[str, frozenset[str]] = {
    "uvicorn": frozenset({"--help", "--version"}),
    "fastapi": frozenset({"--help"}),
    "granian": frozenset({"--help", "--version", "--install-completion", "--show-completion"}),
    "hypercorn": frozenset({"-h", "--help"}),
    "daphne": frozenset({"-h", "--help"}),
    "waitress": frozenset({"--help"}),
}
"""Options that start no server."""


@record(frozen=True)
class ServerCommand:
    """A command that starts one of the servers: the words after its name, and the environment that it runs in.

    ``program``: whose options they are: ``fastapi`` is uvicorn with options of its own; ``development``: it is
    ``fastapi dev``. ``span``: the program's name through the last word.
    """

    kind: AppKind
    program: str
    words: tuple[Word, ...]
    environment: Environment
    span: Span
    development: bool = False


@record(frozen=True)
class ServerStart:
    """How one server is started. ``version``: None where no file tells. ``together``, ``host``: as of the app.
    ``owner``: what decides whose a unix socket's file is."""

    name: str
    command: ServerCommand
    version: Located[Version] | None = None
    together: str = ""
    host: str = ""
    owner: SocketOwner = field(default_factory=SocketOwner)


def find_server(command: Command, environment: Environment | None = None) -> ServerCommand | None:
    """The server that ``command`` starts, wrappers (``exec``, ``poetry run``, ``python -m`` …) seen through.

    None where the command starts something else, also where it only names one (``pip install uvicorn``,
    ``gunicorn -k uvicorn.workers.UvicornWorker``), or asks for its help or version.
    """
    found = find_program(command, lambda name: _name(name) in _PROGRAMS, _MODULES.__contains__, environment)
    if found is None:
        return None
    name = _name(found.name.template.rpartition("/")[2])
    program = _PROGRAMS.get(name) or _MODULES[name.split(".")[0]]
    words, development = found.words, False
    if any(word.value in _EXITING[program] for word in words):
        return None
    if program == "fastapi":
        at = next((at for at, word in enumerate(words) if word.value in _FASTAPI), None)
        if at is None:
            return None
        words, development = words[at + 1 :], words[at].value == "dev"
    kind = AppKind.UVICORN if program == "fastapi" else AppKind(program)
    return ServerCommand(kind, program, words, found.environment, found.span, development)


def _name(text: str) -> str:
    return text.removesuffix(".exe")


def build_server(start: ServerStart) -> App:
    """The app that ``start`` describes."""
    command = start.command
    kind = command.kind.value
    located = start.version or Located.unknown(
        f"{kind}'s version is not known: declare it in the settings ({kind} = …)"
    )
    version = located.value if located.known else None
    # FastAPI's command has a version of its own, which nobody tells.
    layers = ServerLayers(kind, command.program, None if command.program == "fastapi" else version, command.environment)
    arguments = _arguments(command, layers)
    _note_what_is_hidden(command, layers, arguments)
    layers.add_defaults(_defaults(command, version))
    layers.add_variables(_prefix(command, version))
    if kind == AppKind.UVICORN.value:
        _uvicorn_variables(layers)
    layers.add_arguments(arguments)
    if not arguments.exits:
        _require_application(command, layers, arguments)
    settings = _completed(layers)
    facts = facts_of(command.kind, settings, located)
    return App(
        kind=command.kind,
        name=start.name,
        version=located,
        settings=settings,
        uses=tuple(layers.uses),
        listeners=listeners_of(command.kind, settings, layers.several, facts, start.owner),
        facts=facts,
        span=command.span,
        files=(command.span.file,),
        host=start.host,
        together=start.together,
        opaque=layers.opaque,
    )


def _arguments(command: ServerCommand, layers: ServerLayers) -> Arguments[Row]:
    options = {flag: row for flag, row in options_of(command.program, layers.version).items() if not row.exits}
    read: Callable[..., Arguments[Row]] = {"hypercorn": read_arguments, "daphne": read_arguments}.get(
        command.program, read_getopt if command.program == "waitress" else read_click
    )
    return read(command.words, options, _EXITING[command.program])


def _note_what_is_hidden(command: ServerCommand, layers: ServerLayers, arguments: Arguments[Row]) -> None:
    if arguments.cluttered:
        layers.clutter(f"arguments may be added on the command line: {arguments.cluttered}")
    for argument in arguments.options:
        if argument.row is not None and command.program == "hypercorn" and argument.row.name == "config":
            layers.clutter(f"it may be set in the config file {argument.text}, which is not read")


def _defaults(command: ServerCommand, version: Version | None) -> Settings:
    defaults = defaults_of(command.kind.value, version)
    if command.program != "fastapi":
        return defaults
    own = defaults_of("fastapi", None, command.development)
    # What FastAPI's command leaves open is decided by uvicorn.
    return {
        **defaults,
        **{name: value for name, value in own.items() if name in defaults and value.get("?") is not None},
    }


def _prefix(command: ServerCommand, version: Version | None) -> str:
    return "" if command.program == "fastapi" else table(command.program).prefix(version)


def _uvicorn_variables(layers: ServerLayers) -> None:
    """``WEB_CONCURRENCY`` and ``FORWARDED_ALLOW_IPS`` count where nothing else says it (``uvicorn/config.py``). A file
    of ``--env-file`` is read before."""
    rows = rows_of("uvicorn", None)
    for variable, name in (("WEB_CONCURRENCY", "workers"), ("FORWARDED_ALLOW_IPS", "forwarded_allow_ips")):
        if layers.settings[name].origin is not Origin.ENV:
            layers.add_variable(variable, rows[name])


def _require_application(command: ServerCommand, layers: ServerLayers, arguments: Arguments[Row]) -> None:
    """All but FastAPI's command need one application, no more."""
    words = arguments.positional
    known = not arguments.cluttered and not arguments.refused
    if len(words) > 1 and known:
        layers.refuse(words[1].template, f"Got unexpected extra argument ({words[1].template})", words[1].span)
    if command.program == "waitress":
        _waitress_conflicts(layers)
    if words or not known or command.program == "fastapi":
        return
    variable = "UVICORN_APP" if command.program == "uvicorn" else ""
    environment = layers.environment
    if variable in environment.values or variable in environment.unknown:
        return
    name = Span(command.span.file, command.span.start, command.span.end)
    layers.refuse(command.program, "No application module specified.", name)


def _waitress_conflicts(layers: ServerLayers) -> None:
    """Ways to listen that exclude one another (``adjustments.py``)."""
    given = {use.canonical: use for use in layers.uses if use.canonical and not use.problem}
    for one, others in (("listen", ("host", "port")), ("unix_socket", ("host", "port", "listen"))):
        other = next((name for name in others if name in given), None)
        if one in given and other is not None:
            use = given[other]
            layers.refuse(use.name, f"{other} may not be set if {one} is set.", use.span)


def _completed(layers: ServerLayers) -> Settings:
    """What uvicorn reads from ``--env-file`` is not known."""
    settings = layers.settings
    file = settings.get("env_file")
    if layers.kind == AppKind.UVICORN.value and file is not None and (not file.known or file.value):
        for name in ("workers", "forwarded_allow_ips"):
            if settings[name].origin is Origin.DEFAULT:
                settings[name] = Located.unknown("it may be set in the file of --env-file", file.span)
    settings.setdefault("app", Located.default(None))
    return settings
