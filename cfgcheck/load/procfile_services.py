"""Procfiles: each process type is a service, started with the others."""

from __future__ import annotations

from pathlib import Path

from cfgcheck.load.context import Context
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.service import Carried, Launch, Service
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.procfile import read_procfile
from cfgcheck.syntax.shell_word import in_file

_PORT = "the process manager sets it"
_MOST_PROCESSES = 5000


def procfile_services(context: Context, path: Path) -> Carried:
    """The processes of the Procfile at ``path``. A ``.env`` beside it is read as Honcho and Foreman do; which port they
    hand to a process as PORT, no file tells."""
    carried = Carried()
    file = context.disk.read(path)
    if file is None:
        return carried
    carried.files.append(file)
    processes, problems = read_procfile(file)
    carried.problems += [] if problems and _is_template(file) else problems
    environment = _environment(context, path, carried)
    files = Filesystem(context.disk, context.index, beside=path.parent)
    together = f"Procfile {file.path}"
    for process in processes[:_MOST_PROCESSES]:
        command = process.command
        launch = Launch(command, shell=True, text=command.text, locate=in_file(file, command.start))
        unit = Unit(Manager.PROCFILE, process.name, process.name_span, files=tuple(carried.files))
        carried.services.append(Service(unit, files, None, launch, environment, together=together))
    if len(processes) > _MOST_PROCESSES:
        because = f"{file.path} has {len(processes)} processes, of which {_MOST_PROCESSES} were read"
        unit = Unit(Manager.PROCFILE, file.path, file.span(0, 0), files=tuple(carried.files))
        carried.services.append(Service(unit, files, opaque=because))
    return carried


def _environment(context: Context, path: Path, carried: Carried) -> Environment:
    beside = path.parent / ".env"
    environment = Environment()
    if context.disk.exists(beside):
        from cfgcheck.syntax.dotenv import read_dotenv, with_variables

        file = context.disk.read(beside)
        if file is not None:
            variables, problems = read_dotenv(file, "honcho")
            environment = with_variables(environment, variables)
            carried.problems += problems
            carried.files.append(file)
            carried.used.add(context.disk.absolute(beside))
    return environment.with_unknown("PORT", _PORT)


def _is_template(file: SourceFile) -> bool:
    """Whether lines may stand there that become processes, or nothing, later."""
    from cfgcheck.syntax.templates import detect

    return detect(file.path, file.text) is not None
