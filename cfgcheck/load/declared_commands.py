"""Commands of cfgcheck's own settings (``[[app]]``), as services."""

from __future__ import annotations

from pathlib import Path

from cfgcheck.load.context import Context
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.service import Launch, Service
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.environment import Environment


@record(frozen=True)
class DeclaredCommand:
    """``folder``: absolute, where it is started. ``host``: a name of ``[hosts.…]``, or ""."""

    name: str
    text: str
    span: Span
    folder: Path
    environment: Environment
    host: str = ""


def to_service(command: DeclaredCommand, context: Context) -> Service:
    """The service that a declared command is."""
    span = command.span
    whole = span.text == command.text

    def locate(start: int, end: int) -> Span:
        return Span(span.file, span.start + start, span.start + end) if whole else span

    return Service(
        Unit(Manager.SETTINGS, command.name, span, command.host),
        Filesystem(context.disk, context.index, beside=command.folder),
        command=Launch(span, shell=True, text=command.text, locate=locate),
        environment=command.environment,
        together="settings",
    )
