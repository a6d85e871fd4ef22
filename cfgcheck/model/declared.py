"""What cfgcheck's own settings tell of a stack because no configuration file does."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Location
from cfgcheck.record import field, record


@record(frozen=True)
class DeclaredApp:
    """What is declared of one app (``[[app]]``). Sizes in bytes; None: not declared.

    ``max_body``: the largest request body that the app takes. ``response_headers``: the largest block of response
    headers (cookies among them) that it sends. ``exposed``: whether its own port can be reached around nginx.
    ``development``: it runs on a developer's machine only.
    """

    name: str
    max_body: Located[int] | None = None
    response_headers: Located[int] | None = None
    exposed: Located[bool] | None = None
    development: Located[bool] | None = None


@record(frozen=True)
class Declared:
    """Declarations about the machine, nginx and the apps. None and empty: not declared.

    ``somaxconn``: the kernel's limit for listen queues. ``nginx_user``: whom nginx's workers run as.
    ``proxy_addresses``: the addresses (or networks) that nginx's connections come from, as the apps see them.
    ``firewall``: nothing but nginx can reach the apps' ports. ``socket_access``: sockets, or folders of sockets, that
    nginx's user has been let into by group or ACL. Locations are named as in nginx (``/api/``, ``= /login``), with
    the server's name before the path where several servers have it (``shop.example.com/api/``); ``*`` stands for
    anything.
    """

    somaxconn: Located[int] | None = None
    nginx_user: Located[str] | None = None
    firewall: Located[bool] | None = None
    proxy_addresses: tuple[str, ...] = ()
    socket_access: tuple[str, ...] = ()
    write_locations: tuple[str, ...] = ()
    websocket_locations: tuple[str, ...] = ()
    retry_safe_locations: tuple[str, ...] = ()
    apps: Mapping[str, DeclaredApp] = field(default_factory=dict)

    def app(self, name: str) -> DeclaredApp:
        """What is declared of the app of that name; nothing at all where it isn't mentioned."""
        return self.apps.get(name) or DeclaredApp(name)

    def takes_writes(self, location: Location) -> bool:
        """Whether requests that change something (POST, PATCH) are declared for the location."""
        return _covers(self.write_locations, location)

    def takes_websockets(self, location: Location) -> bool:
        """Whether websocket connections are declared for the location."""
        return _covers(self.websocket_locations, location)

    def retries_safely(self, location: Location) -> bool:
        """Whether the app behind the location is declared to bear a request that arrives twice."""
        return _covers(self.retry_safe_locations, location)

    def lets_in(self, path: str) -> bool:
        """Whether nginx's user is declared to reach the socket at ``path``."""
        return any(
            fnmatchcase(path, pattern) or path.startswith(pattern.rstrip("/") + "/") for pattern in self.socket_access
        )


def _covers(patterns: tuple[str, ...], location: Location) -> bool:
    if not patterns:
        return False
    names = [location.label, *(f"{name}{location.label}" for name in location.server.names)]
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
