"""A whole stack: proxies, apps, and the routes that join them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from cfgcheck.findings import Problem
from cfgcheck.model.address import Address
from cfgcheck.model.app import App, Listener
from cfgcheck.model.declared import Declared
from cfgcheck.model.edge import Edge
from cfgcheck.model.host import MACHINE, Doorway, Host
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Location, Pass, Peer, Proxy, Server, Upstream
from cfgcheck.model.unit import Unit
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile, Span

__all__ = ["Doorway", "Host", "Link", "Route", "Stack"]


class Link(Enum):
    """How the target of a route and the listeners of the stack meet."""

    MATCHED = "matched"
    NO_LISTENER = "no-listener"
    WRONG_PROTOCOL = "wrong-protocol"
    EXTERNAL = "external"
    UNKNOWN = "unknown"


@record(frozen=True, eq=False)
class Route:
    """client → edge → server → location → upstream peer → listener → app.

    ``listener`` and ``app`` are None unless ``link`` is matched or wrong-protocol. ``because``: why a link is
    unknown or external. ``nearest``: for no-listener, the listeners that the target's host does have.
    """

    proxy: Proxy
    server: Server
    location: Location
    passes: Pass
    upstream: Upstream | None
    peer: Peer | None
    link: Link
    listener: Listener | None = None
    app: App | None = None
    because: str = ""
    nearest: tuple[tuple[App, Listener], ...] = ()
    at: tuple[str, ...] = ()
    """For no-listener, the names of the hosts that a connection would arrive at."""
    choice: int = 0
    """Routes with the same number other than 0 are choices: the same location and peer, another app that fits.
    A problem of such a route counts only when every choice has it."""

    @property
    def label(self) -> str:
        """``shop.example.com /api/ → gunicorn web``."""
        if self.app is not None:
            end = self.app.label
        elif self.peer is not None and self.peer.address.known:
            end = str(self.peer.address.value)
        else:
            end = self.passes.host_text
        return f"{self.server.label} {self.location.label} → {end}"

    @property
    def matched(self) -> bool:
        return self.link is Link.MATCHED

    @property
    def span(self) -> Span:
        return self.passes.span


@record(eq=False)
class Stack:
    """All that was read, joined. ``files``: every file looked at. ``problems``: what could not be read.

    ``hosts``: by name, the one machine taken for granted not among them. ``units``: all that managers start.
    ``handed``: sockets that a manager opens for a server that was not found, and that server's unit.
    ``incomplete``: why apps may exist that were not found (files that could not be read), else "".
    """

    name: str
    proxies: list[Proxy] = field(default_factory=list)
    apps: list[App] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    files: list[SourceFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    edge: Edge | None = None
    hosts: Mapping[str, Host] = field(default_factory=dict)
    doorways: list[Doorway] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    handed: list[tuple[Located[Address], Unit]] = field(default_factory=list)
    timeout_order: str = "proxy-above-app"
    declared: Declared = field(default_factory=Declared)
    incomplete: str = ""
    span: Span | None = None

    @property
    def label(self) -> str:
        return self.name

    def host(self, name: str) -> Host:
        """The host of that name; the one machine that is taken for granted for any other."""
        return self.hosts.get(name, MACHINE)
