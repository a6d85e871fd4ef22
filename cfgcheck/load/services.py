"""From services to what runs in them: each service's command is followed to the servers that it comes to start."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from pathlib import Path

from cfgcheck.findings import Problem
from cfgcheck.load.apps import AppReader
from cfgcheck.load.context import Context
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.nginx_command import NginxCommand, find_nginx
from cfgcheck.load.proxies import DEFAULT_MAIN, ProxyReader
from cfgcheck.load.service import Service
from cfgcheck.load.start import Start
from cfgcheck.model.address import Address
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Proxy
from cfgcheck.model.unit import Mount, Unit
from cfgcheck.model.version import Version
from cfgcheck.source.file import SourceFile

_TEMPLATES = "/etc/nginx/templates/"
_TEMPLATE = ".template"

_OTHER_WORK = ("celery", "worker", "beat", "release", "cron", "scheduler", "flower", "huey", "rq", "migrate")
"""Parts of the names of services that serve no requests."""


class ServiceReader:
    """Reads services into apps (of ``apps``) and proxies.

    ``unseen``: why servers may run on a host that were not found, by the host's name. ``nginx_units``: main files that
    an nginx of the machine is started with, and what starts it. ``mystery``: why a container that files of the tree go
    into may run servers that were not found, else "". ``handed``: sockets that are handed to a server that was not
    found, and the unit that it is in. ``files``: scripts and the like that were read.
    """

    def __init__(self, context: Context, apps: AppReader, proxies: ProxyReader, nginx: Located[Version] | None) -> None:
        self.context = context
        self.apps = apps
        self.reader = proxies
        self.nginx_version = nginx
        self.proxies: list[Proxy] = []
        self.problems: list[Problem] = []
        self.files: list[SourceFile] = []
        self.units: list[Unit] = []
        self._known: set[int] = set()
        self._declared: set[str] = set()
        self.unseen: dict[str, str] = {}
        self.mystery = ""
        self.handed: list[tuple[Located[Address], Unit]] = []
        self.nginx_units: dict[Path, Unit] = {}

    def read(self, services: Iterable[Service]) -> None:
        for service in services:
            self._read(service)

    def read_declared(self, service: Service) -> None:
        """A command of cfgcheck's settings: what its host runs is known by it."""
        self._declared.add(service.unit.host)
        self._read(service)

    def _read(self, service: Service) -> None:
        self._keep(service.unit)
        if service.entrypoint is None and service.command is None:
            self._miss(service, service.opaque or f"what {service.unit.label} runs is not known")
            return
        from cfgcheck.load.follow import follow

        followed = follow(service, self.context)
        self.problems += followed.problems
        self.files += followed.files
        found = [self._start(start) for start in followed.starts]
        if service.handed and not any(found):
            self.handed += [(handed.address, service.unit) for handed in service.handed]
        if followed.unseen:
            self._miss(service, followed.unseen)
        elif not any(found):
            self._miss(service, f"what {service.unit.label} runs is nothing that cfgcheck reads")
        elif any(start.maybe for start in followed.starts):
            self._miss(service, next(start.maybe for start in followed.starts if start.maybe))

    def _keep(self, unit: Unit | None) -> None:
        while unit is not None and id(unit) not in self._known:
            self._known.add(id(unit))
            self.units.append(unit)
            unit = unit.outer

    def _miss(self, service: Service, because: str) -> None:
        unit = service.unit
        name = unit.name.lower()
        if not unit.contained and any(word in name for word in _OTHER_WORK):
            return
        if not unit.contained and because.endswith("nothing that cfgcheck reads"):
            return
        if not unit.host or unit.host not in self._declared:
            self.unseen.setdefault(unit.host, because)
        if unit.contained and any(mount.source for mount in unit.mounts):
            self.mystery = self.mystery or because

    def _start(self, start: Start) -> bool:
        """Whether a server that is read was found."""
        self._keep(start.service.unit)
        app = self.apps.of_start(start)
        if app is not None:
            return True
        nginx = find_nginx(start.command)
        return nginx is not None and self._nginx(nginx, start)

    def _nginx(self, command: NginxCommand, start: Start) -> bool:
        service, unit = start.service, start.service.unit
        main = posixpath.join(command.prefix, command.config) if command.config else DEFAULT_MAIN
        if not unit.contained:
            path = service.files.find_path(main, start.folder) if command.config else None
            if path is not None:
                self.nginx_units[path] = unit
            elif command.config:
                self._miss(service, f"{unit.label} starts nginx with {main}, which is not in the folder checked")
            return True
        main = main if main.startswith("/") else posixpath.join("/etc/nginx", main)
        version = self.nginx_version or service.versions.get("nginx")
        files, variables = _with_templates(service.files), service.environment.values
        proxy = self.reader.in_container(files, main, unit.name, version or _no_version(unit), variables)
        if proxy is None:
            self._miss(service, f"the configuration of nginx in {unit.label} is not in the folder checked")
            return True
        proxy.host, proxy.unit, proxy.variables = unit.host, unit, service.environment.spans
        self.proxies.append(proxy)
        return True


def _no_version(unit: Unit) -> Located[Version]:
    return Located.unknown(f"which nginx runs in {unit.label} is not known: declare it in the settings (nginx = …)")


def _with_templates(files: Filesystem) -> Filesystem:
    """nginx's own image fills in ``/etc/nginx/templates/NAME.template`` and puts it at ``/etc/nginx/conf.d/NAME``."""
    templates = [mount for mount in files.mounts if mount.target.rstrip("/").startswith(_TEMPLATES.rstrip("/"))]
    if not templates:
        return files
    made = [
        Mount("/etc/nginx/conf.d/" + path.name.removesuffix(_TEMPLATE), source=str(path))
        for path in files.glob(f"{_TEMPLATES}*{_TEMPLATE}")
    ]
    return Filesystem(files.disk, files.index, [*files.mounts, *made], files.beside, files.certain)
