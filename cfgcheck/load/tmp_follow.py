from __future__ import annotations
from pathlib import Path
from cfgcheck.load.context import Context
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.service import Carried, Launch, Service
from cfgcheck.load.start import Followed, Start
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.procfile import read_procfile
from cfgcheck.syntax.shell_words import Command, in_file, split_commands


def follow(service: Service, context: Context) -> Followed:
    launch = service.command
    followed = Followed()
    if launch is None:
        return followed
    if launch.shell and launch.locate is not None:
        commands = split_commands(launch.text, launch.locate, service.environment)
    else:
        commands = [Command(launch.words, (), "", launch.span, service.environment)]
    followed.starts = [Start(c, service, service.folder) for c in commands]
    return followed


def procfile_services(context: Context, path: Path) -> Carried:
    file = context.disk.read(path)
    carried = Carried()
    if file is None:
        return carried
    processes, problems = read_procfile(file)
    from cfgcheck.syntax.templates import detect
    if not (problems and detect(file.path, file.text) is not None):
        carried.problems += problems
    carried.files.append(file)
    for p in processes:
        carried.services.append(Service(Unit(Manager.PROCFILE, p.name, p.command), Filesystem(context.disk, context.index, beside=path.parent),
            command=Launch(p.command, shell=True, text=p.command.text, locate=in_file(file, p.command.start)),
            environment=Environment(unknown={"PORT": "the process manager sets it"}), together=f"Procfile {file.path}"))
    return carried
