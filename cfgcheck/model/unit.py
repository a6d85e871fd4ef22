"""What a manager starts and stops as one: a container, a systemd service, a supervisord program."""

from __future__ import annotations

from enum import Enum

from cfgcheck.model.located import Located
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile, Span


class Manager(Enum):
    """What starts a unit, and stops it."""

    COMPOSE = "compose"
    DOCKERFILE = "dockerfile"
    KUBERNETES = "kubernetes"
    SYSTEMD = "systemd"
    SUPERVISOR = "supervisor"
    PROCFILE = "procfile"
    SCRIPT = "script"
    SETTINGS = "settings"


@record(frozen=True)
class Place:
    """A path of a file system, in a form in which those of several units can be compared.

    ``volume``: whose file system (``volume shop_run``, ``machine``, ``container web``); ``path``: within it.
    """

    volume: str
    path: str


@record(frozen=True, eq=False)
class Mount:
    """What a unit's file system has at ``target`` (an absolute path, a file or a folder with all below it).

    ``source``: the file or folder of the tree checked, absolute, where its content comes from; "" when it is none.
    ``volume``: of something that others may share its name, unique in the stack (``volume shop_run``; ``machine`` for a
    folder of the machine, ``tree`` for one that is named relative to the compose file); "" for what is copied into an
    image. ``base``: the path within the volume that the mount begins at (``/srv/shop/run`` of the machine).
    ``memory``: a tmpfs.
    """

    target: str
    source: str = ""
    volume: str = ""
    base: str = ""
    memory: bool = False
    read_only: bool = False
    span: Span | None = None


@record(frozen=True, eq=False)
class Unit:
    """One unit. Times in seconds.

    ``name``: as its file calls it; ``host``: the ``Host.name`` that its processes run on; ``container``: whether it has
    a file system of its own, made of ``mounts`` (of several that cover a path the last one counts).
    ``image``: the image's reference as written (``nginx:1.30-alpine``) where it is not built here, of a built one the
    base image of the last stage.
    ``user``, ``group``: whom its main process is started as. ``umask``: as of systemd's ``UMask``,
    supervisord's ``umask``.
    ``stop_signal``: by name without SIG (``TERM``). ``stop_grace``: after how long what still runs is killed; None:
    never.
    ``prestop``: how long a preStop hook delays the stop signal; None: no hook.
    ``runtime_directories``: folders below /run that the manager makes (``/run/shop``). ``private_tmp``: its /tmp is its
    own. ``open_files``: limit of open files that the manager sets. ``replicas``: how many run at once.
    ``recreated_apart``: whether it is replaced by itself while others go on (rolling updates).
    ``serves``: a Service leads to it. ``development``: it runs on a developer's machine only (a profile or file is
    called so).
    ``unseen_environment``: why variables may be set that no file tells of (an ``env_file`` that is not there), else "".
    ``profiles``: it is started only where one of these is asked for (compose); empty: always.
    ``outer``: the unit that this one runs inside of (the container of a supervisord program).
    """

    manager: Manager
    name: str
    span: Span
    host: str = ""
    container: bool = False
    image: Located[str] = field(default_factory=lambda: Located.unknown("no image is named"))
    mounts: tuple[Mount, ...] = ()
    user: Located[str] = field(default_factory=lambda: Located.unknown("the user it runs as is not known"))
    group: Located[str] = field(default_factory=lambda: Located.unknown("the group it runs as is not known"))
    umask: Located[int] = field(default_factory=lambda: Located.unknown("its umask is not known"))
    stop_signal: Located[str] = field(default_factory=lambda: Located.unknown("the signal that stops it is not known"))
    stop_grace: Located[float | None] = field(
        default_factory=lambda: Located.unknown("what stops it, and after how long it is killed, is not known")
    )
    stops_all: Located[bool] = field(default_factory=lambda: Located.default(False))
    """Whether the stop signal goes to every process of the unit (systemd's ``KillMode=control-group``, supervisord's
    ``stopasgroup``), a server behind a shell among them; otherwise it goes to the main process."""

    prestop: Located[float | None] = field(
        default_factory=lambda: Located.unknown("whether a hook runs before it is stopped is not known")
    )
    runtime_directories: tuple[Located[str], ...] = ()
    private_tmp: Located[bool] = field(default_factory=lambda: Located.default(False))
    open_files: Located[int | None] = field(
        default_factory=lambda: Located.unknown("its limit of open files is not known")
    )
    replicas: Located[int] = field(default_factory=lambda: Located.default(1))
    recreated_apart: bool = False
    serves: bool = False
    development: bool = False
    profiles: tuple[str, ...] = ()
    unseen_environment: str = ""
    outer: Unit | None = None
    files: tuple[SourceFile, ...] = ()

    @property
    def label(self) -> str:
        """``compose service web``, ``systemd shop.service``."""
        kinds = {
            Manager.COMPOSE: "compose service",
            Manager.DOCKERFILE: "image",
            Manager.KUBERNETES: "container",
            Manager.SUPERVISOR: "program",
            Manager.PROCFILE: "process",
        }
        return f"{kinds.get(self.manager, self.manager.value)} {self.name}"

    @property
    def outward(self) -> tuple[Unit, ...]:
        """This unit and those that it runs inside of, the innermost first."""
        return (self, *(self.outer.outward if self.outer is not None else ()))

    @property
    def contained(self) -> bool:
        """Whether it runs in a container, itself or what it runs inside of."""
        return self.container or (self.outer is not None and self.outer.contained)

    def place(self, path: str) -> Place:
        """Where ``path`` of this unit's file system really lies: the same place is the same file.

        ``path``: absolute and normal. ``/var/run`` is ``/run``.
        """
        if not self.container and self.outer is not None:
            return self.outer.place(path)
        path = _run(path)
        for mount in reversed(self.mounts):
            target = _run(mount.target.rstrip("/"))
            if path == target or path.startswith(target + "/"):
                if mount.volume:
                    return Place(mount.volume, _run(mount.base.rstrip("/") + path[len(target) :]))
                break
        return Place(f"container {self.host}/{self.name}" if self.container else "machine", path)


def _run(path: str) -> str:
    """``/var/run`` is a link to ``/run``."""
    return path[len("/var") :] if path == "/var/run" or path.startswith("/var/run/") else path
