"""Where servers run: network namespaces, and the doors that lead from one into another."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from cfgcheck.record import field, record
from cfgcheck.source.file import Span


class HostKind(Enum):
    """What kind of network namespace a host is."""

    MACHINE = "machine"
    CONTAINER = "container"
    POD = "pod"
    DECLARED = "declared"


@record(frozen=True, eq=False)
class Host:
    """A network namespace: 127.0.0.1 of one host is not that of another.

    ``name``: unique in the stack; "" is the one machine that is taken for granted. ``addresses``: IP addresses by which
    others reach it. ``paths``: of a host declared in ``[hosts.NAME]``, the files whose servers run on it.
    ``names``: what others on a common network call it (service name, container name, aliases). ``networks``: those that
    it is on, unique in the stack; two hosts know one another by name when they share one. ``aliases``: names that only
    some of its networks know, and which. ``project``: the deployment
    that it belongs to (a compose project, a Kubernetes namespace), as shown to people.
    ``fixed``: its address stays the same when it is made anew (``ipv4_address``, a machine).
    ``unseen``: why servers may run on it that were not found (an image that is not built here), else "".
    """

    name: str
    addresses: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    kind: HostKind = HostKind.DECLARED
    label: str = ""
    names: tuple[str, ...] = ()
    networks: frozenset[str] = frozenset()
    aliases: Mapping[str, frozenset[str]] = field(default_factory=dict)
    project: str = ""
    fixed: bool = False
    unseen: str = ""
    span: Span | None = None

    @property
    def shown(self) -> str:
        """For people: ``container web``; ``host web`` for a declared one."""
        return self.label or f"host {self.name}"

    @property
    def within(self) -> str:
        """``in container web``, ``on this machine``."""
        return f"{'in' if self.inner else 'on'} {self.shown}"

    @property
    def inner(self) -> bool:
        """Whether it is a container or pod, whose addresses only its neighbours and its machine reach."""
        return self.kind in (HostKind.CONTAINER, HostKind.POD)


MACHINE = Host("", kind=HostKind.MACHINE, label="this machine", fixed=True)
"""The machine on which everything runs that no file puts elsewhere."""


class DoorwayKind(Enum):
    """What leads connections on."""

    PUBLISHED = "published port"
    SERVICE = "service"


@record(frozen=True, eq=False)
class Doorway:
    """A port at which connections are led on to a port of another host.

    A published port of a container: ``on`` is the host whose addresses it is at (the machine), ``names`` is empty,
    ``address`` the one address of it that is published ("" for all of them).
    A Kubernetes Service: ``names`` are its DNS names, ``networks`` where they are known, ``on`` is "".
    ``port``: None: not known (a random one, a variable). ``to``: the host's name; ``to_port``: None where it is not
    known. ``changing``: the name's address changes with what stands behind it (a headless Service).
    """

    kind: DoorwayKind
    to: str
    port: int | None
    to_port: int | None
    on: str = ""
    address: str = ""
    names: tuple[str, ...] = ()
    networks: frozenset[str] = frozenset()
    changing: bool = False
    span: Span | None = None
