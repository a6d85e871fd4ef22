"""Services of systemd: units, their drop-ins and the sockets that they are handed."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from cfgcheck.findings import Label, Problem
from cfgcheck.load.context import Context
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.service import Carried, Launch, Service
from cfgcheck.load.systemd_commands import CommandReader, ExecCommand
from cfgcheck.load.systemd_environment import EnvironmentReader
from cfgcheck.load.systemd_settings import UnitSettings
from cfgcheck.load.systemd_socket import handed_sockets, service_of
from cfgcheck.load.systemd_unit import build_unit
from cfgcheck.load.tmpfiles import folders_made_near
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Unit
from cfgcheck.record import replace
from cfgcheck.syntax.systemd_unit import Setting, UnitFile, read_unit

__all__ = ["read_systemd"]

_CONTAINERS = frozenset(
    {"docker", "docker-compose", "podman", "podman-compose", "nerdctl", "kubectl", "lxc", "machinectl"}
)
_MOST_COMMANDS = 50
_MOST_SHOWN = 5
_ENDINGS = (".service", ".socket")

_Key = tuple[Path, str]
"""The folder that a unit file stands in, and the unit's name."""


def read_systemd(context: Context, paths: Sequence[Path]) -> Carried:
    """The services of unit files (``.service``, ``.socket``) and their drop-ins (``NAME.service.d/*.conf``)."""
    return _Reader(context).read(paths)


class _Reader:
    def __init__(self, context: Context) -> None:
        self.context = context
        self.carried = Carried()
        self.units: dict[_Key, list[UnitFile]] = {}
        self.settings: dict[_Key, UnitSettings] = {}
        self.made: dict[Path, tuple[Located[str], ...]] = {}

    def read(self, paths: Sequence[Path]) -> Carried:
        drop_ins: list[tuple[Path, UnitFile]] = []
        for path in sorted(paths):
            file = self.context.disk.read(path)
            if file is None:
                continue
            self.carried.files.append(file)
            unit = read_unit(file)
            self.carried.problems += unit.problems
            name = _unit_name(path.name)
            if name.endswith(_ENDINGS):
                self.units.setdefault((path.parent, name), []).append(unit)
            else:
                drop_ins.append((path, unit))
        for path, unit in sorted(drop_ins, key=lambda each: each[0].name):
            self._drop_in(path, unit)
        for key, parts in self.units.items():
            self.settings[key] = UnitSettings(key[1], parts, own="systemd/user/" in f"{key[0].as_posix()}/")
        sockets = self._sockets()
        for key, settings in self.settings.items():
            if key[1].endswith(".service"):
                self._service(key, settings, sockets.get(key, []))
        return self.carried

    def _drop_in(self, path: Path, unit: UnitFile) -> None:
        folder = path.parent.name
        if folder.endswith(tuple(f"{ending}.d" for ending in _ENDINGS)):
            key = self._find(path.parent.parent, folder.removesuffix(".d"))
            if key is not None:
                self.units[key].append(unit)
            elif "ExecStart" in (setting.name for setting in unit.settings):
                self.units[(path.parent.parent, folder.removesuffix(".d"))] = [unit]

    def _find(self, folder: Path, name: str) -> _Key | None:
        """The unit of that name that is meant in a folder: the one there, else the only one."""
        if (folder, name) in self.units:
            return folder, name
        found = [key for key in self.units if key[1] == name]
        return found[0] if len(found) == 1 else None

    def _sockets(self) -> dict[_Key, list[UnitSettings]]:
        """The sockets that each service is handed."""
        handed: dict[_Key, list[UnitSettings]] = {}
        for key, settings in self.settings.items():
            if key[1].endswith(".socket"):
                service = self._find(key[0], service_of(settings))
                if service is not None:
                    handed.setdefault(service, []).append(settings)
            else:
                for setting in settings.all("Service", "Sockets"):
                    for _, text in settings.words(setting):
                        socket = self._find(key[0], text.get(""))
                        if socket is not None and self.settings[socket] not in handed.get(key, []):
                            handed.setdefault(key, []).append(self.settings[socket])
        return handed

    # ── one service ───────────────────────────────────────────────────────────────────────────────────────────

    def _service(self, key: _Key, settings: UnitSettings, sockets: list[UnitSettings]) -> None:
        started = settings.all("Service", "ExecStart")
        if not started:
            return
        disk = self.context.disk
        first = settings.parts[0]
        unit = build_unit(settings, first.sections.get("Service") or started[0].name_span)
        unit = replace(unit, runtime_directories=(*unit.runtime_directories, *self._made_near(key[0])))
        folder = _folder(settings, unit)
        files = Filesystem(disk, self.context.index, beside=key[0])
        environments = EnvironmentReader(settings, files, folder, unit.user)
        environment = environments.read()
        self.carried.files += environments.files
        self.carried.problems += environments.problems
        reader = CommandReader(settings, environment)
        every = (command for setting in started for command in reader.read(setting))
        commands = list(islice(every, _MOST_COMMANDS))
        self.carried.problems += reader.problems
        self._more_than_one(settings, started)
        handed = tuple(socket for each in sockets for socket in handed_sockets(each))
        together = "" if settings.all("Unit", "Conflicts") else f"systemd {disk.show(key[0])}"
        base = Service(unit, files, environment=environment, folder=folder, handed=handed, together=together)
        self.carried.services += [_with_command(base, command) for command in commands]
        if not commands:
            self.carried.services.append(replace(base, opaque=f"systemd can't start {unit.name}"))

    def _made_near(self, folder: Path) -> tuple[Located[str], ...]:
        """What tmpfiles.d files near a folder of units make."""
        if folder not in self.made:
            self.made[folder] = folders_made_near(self.context.disk, folder)
        return self.made[folder]

    def _more_than_one(self, settings: UnitSettings, started: list[Setting]) -> None:
        kind = settings.last("Service", "Type")
        oneshot = kind is not None and (kind.maybe or settings.text(kind).get("oneshot") == "oneshot")
        if len(started) < 2 or oneshot or settings.template:
            return
        places = [setting.value.place for setting in started]
        message = "systemd refuses the unit: it starts more than one command, which only Type=oneshot may"
        related = tuple(Label(place, "started as well") for place in places[:-1][:_MOST_SHOWN])
        hint = "keep one ExecStart=; in a drop-in, write an empty ExecStart= in front of the new one"
        self.carried.problems.append(Problem("unparsable-file", message, places[-1], hint, related=related))


def _with_command(base: Service, command: ExecCommand) -> Service:
    program = posixpath.basename(command.words[0].template)
    if program in _CONTAINERS:
        return replace(base, opaque=f"what {program} starts for {base.unit.name} is not known")
    unit = base.unit
    if command.privileged:
        root = Located.read("root", command.words[0].span)
        unit = replace(unit, user=root, group=root)
    return replace(base, unit=unit, command=Launch(command.span, command.words))


def _folder(settings: UnitSettings, unit: Unit) -> str:
    """The working directory; "" where nobody knows."""
    setting = settings.last("Service", "WorkingDirectory")
    if setting is None:
        return "" if settings.own else "/"
    path = settings.text(setting).get("").removeprefix("-")
    if path == "~":
        return "/root" if unit.user.get("") == "root" else ""
    return posixpath.normpath(path) if path.startswith("/") else ""


def _unit_name(name: str) -> str:
    """A unit file's name without the ending of a template (``shop.service.j2``)."""
    bare = name
    while "." in bare and not bare.endswith((*_ENDINGS, ".conf")):
        bare = bare.rpartition(".")[0]
    return bare if "." in bare else name
