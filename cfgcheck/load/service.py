"""What a carrier (a compose file, a Dockerfile, a unit …) tells of what it starts, before the server in it is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cfgcheck.findings import Problem
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.model.address import Address
from cfgcheck.model.app import Protocol, SocketFile
from cfgcheck.model.host import Doorway, Host
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Proxy
from cfgcheck.model.unit import Unit
from cfgcheck.model.version import Version
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.environment import NOTHING_KNOWN, Environment
from cfgcheck.syntax.shell_words import Locate, Word


@record(frozen=True)
class Launch:
    """A command as a file gives it: words (exec form, a list), or text for a shell (``shell`` is True).

    ``text`` and ``locate`` hold of the shell form only; ``span``: all of it.
    """

    span: Span
    words: tuple[Word, ...] = ()
    shell: bool = False
    text: str = ""
    locate: Locate | None = None


@record(frozen=True)
class Handed:
    """A socket that the manager opens and hands over (systemd's ``.socket``, supervisord's ``fcgi-program``)."""

    address: Located[Address]
    span: Span
    file: SocketFile | None = None
    protocol: Protocol | None = None


@record(frozen=True)
class Service:
    """Something that a manager starts, with all that the server in it will find around itself.

    ``entrypoint`` and ``command`` as Docker has them: the words of the command follow those of the entrypoint; other
    managers have a command only. ``environment``: complete or not, as far as files tell. ``folder``: working directory
    in the service's own file system (``/app``), "" where nobody tells. ``files``: which file of the tree stands at
    a path of that file system. ``handed``: sockets it is handed. ``versions``: of the servers in it, by name.
    ``together``: services with the same mark run together. ``opaque``: why nobody knows what it runs (an image that is
    not built here), else "". ``init``: a small init hands signals on to the main process (``init: true``).
    """

    unit: Unit
    files: Filesystem
    entrypoint: Launch | None = None
    command: Launch | None = None
    environment: Environment = NOTHING_KNOWN
    folder: str = ""
    handed: tuple[Handed, ...] = ()
    versions: Mapping[str, Located[Version]] = field(default_factory=dict)
    together: str = ""
    opaque: str = ""
    init: bool = False


@record(eq=False)
class Carried:
    """All that the carriers of one kind say. ``files``: every file read; ``used``: paths (absolute) that are parts of
    what was read and must not be taken for something by themselves (the Dockerfile that a compose service builds).
    ``proxies``: nginx configurations that stand in no nginx file (an Ingress)."""

    services: list[Service] = field(default_factory=list)
    hosts: list[Host] = field(default_factory=list)
    doorways: list[Doorway] = field(default_factory=list)
    proxies: list[Proxy] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    files: list[SourceFile] = field(default_factory=list)
    used: set[Path] = field(default_factory=set)
    lone: list[Path] = field(default_factory=list)
    """Files inside other files (keys of ConfigMaps) that nothing mounts."""

    def add(self, other: Carried) -> None:
        self.services += other.services
        self.hosts += other.hosts
        self.doorways += other.doorways
        self.proxies += other.proxies
        self.problems += other.problems
        self.files += other.files
        self.used |= other.used
        self.lone += other.lone
