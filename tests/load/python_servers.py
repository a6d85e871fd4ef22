"""Apps of commands of uvicorn, Hypercorn, Daphne, Granian and waitress, for tests."""

from __future__ import annotations

from collections.abc import Mapping

from cfgcheck.load.python_servers import ServerCommand, ServerStart, build_server, find_server
from cfgcheck.load.python_servers_listeners import SocketOwner
from cfgcheck.model.app import App
from cfgcheck.model.located import Located
from cfgcheck.model.version import Version
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.shell_words import in_file, split_commands


def found(text: str, environment: Environment | None = None) -> ServerCommand | None:
    """The server that a shell's command line starts."""
    file = SourceFile("run.sh", text)
    for command in split_commands(text, in_file(file)):
        server = find_server(command, environment)
        if server is not None:
            return server
    return None


def app_of(
    text: str, version: str = "", variables: Mapping[str, str] | None = None, owner: SocketOwner | None = None
) -> App:
    environment = Environment(variables, complete=True) if variables is not None else None
    command = found(text, environment)
    assert command is not None, f"{text!r} starts no server"
    parsed = Version.parse(version)
    located = Located.declared(parsed) if parsed is not None else None
    return build_server(ServerStart("web", command, located, owner=owner or SocketOwner()))


def addresses(app: App) -> list[str]:
    """Where it listens; ``?`` for what is not known."""
    return [str(listener.address.value) if listener.address.known else "?" for listener in app.listeners]


def problems(app: App) -> list[str]:
    return [use.problem for use in app.uses if use.problem]
