"""Where a server listens or a proxy connects to."""

from __future__ import annotations

import re
from enum import Enum

from cfgcheck.record import record

_WILDCARDS = frozenset({"0.0.0.0", "::", "*", ""})
_LOOPBACK_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}\Z")


class AddressKind(Enum):
    TCP = "tcp"
    UNIX = "unix"
    INHERITED = "inherited"
    """A socket that the manager hands over (systemd ``fd://``, ``LISTEN_FDS``): its address stands elsewhere."""


def is_ipv4(host: str) -> bool:
    return bool(_IPV4.match(host)) and all(int(part) < 256 for part in host.split("."))


def normal_path(path: str) -> str:
    """A socket path as the kernel would find it: ``/var/run`` is ``/run``, doubled and ``.`` parts fall away."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    normal = "/".join(parts)
    if path.startswith("/"):
        normal = "/" + normal
        if normal.startswith("/var/run/"):
            normal = normal[4:]
    return normal


@record(frozen=True)
class Address:
    """A TCP endpoint, a unix socket or an inherited socket.

    ``host`` is written without brackets (``::1``), ``""`` for every interface. ``port`` is None where it is not
    known; ``port_text`` then holds what is written there (``$PORT``, ``{{ port }}``). ``path`` is the socket's path
    as written; compare with ``normal_path``. ``abstract``: in Linux's abstract namespace (``@name``).
    ``templated``: a placeholder stands in host, path or port. ``v6_only``: a listener on ``::`` that serves no IPv4.
    """

    kind: AddressKind
    host: str = ""
    port: int | None = None
    port_text: str = ""
    path: str = ""
    abstract: bool = False
    templated: bool = False
    v6_only: bool = False

    @classmethod
    def tcp(
        cls, host: str, port: int | None, port_text: str = "", *, templated: bool = False, v6_only: bool = False
    ) -> Address:
        host = host.strip("[]").lower() if not templated else host
        text = port_text or ("" if port is None else str(port))
        return cls(AddressKind.TCP, host, port, text, templated=templated, v6_only=v6_only)

    @classmethod
    def unix(cls, path: str, *, abstract: bool = False, templated: bool = False) -> Address:
        return cls(AddressKind.UNIX, path=path, abstract=abstract, templated=templated)

    @classmethod
    def inherited(cls) -> Address:
        return cls(AddressKind.INHERITED)

    @property
    def is_unix(self) -> bool:
        return self.kind is AddressKind.UNIX

    @property
    def is_tcp(self) -> bool:
        return self.kind is AddressKind.TCP

    @property
    def is_wildcard(self) -> bool:
        """Listens on every interface (of its family)."""
        return self.is_tcp and self.host in _WILDCARDS

    @property
    def is_loopback(self) -> bool:
        """Reachable from the same host only: 127.0.0.0/8, ::1, ``localhost``."""
        return self.is_tcp and (
            (is_ipv4(self.host) and self.host.startswith("127.")) or self.host == "::1" or self.host in _LOOPBACK_NAMES
        )

    @property
    def is_localhost_name(self) -> bool:
        return self.is_tcp and self.host in _LOOPBACK_NAMES

    @property
    def is_ip(self) -> bool:
        """Whether the host is a literal IP address, not a name."""
        return self.is_tcp and (is_ipv4(self.host) or ":" in self.host)

    @property
    def family(self) -> int | None:
        """4 or 6 for a literal address of one family; None for names. ``""`` (every interface) is 4, as the
        Python servers and uWSGI take it; nginx's own ``*`` likewise."""
        if not self.is_tcp:
            return None
        if ":" in self.host:
            return 6
        return 4 if is_ipv4(self.host) or self.is_wildcard else None

    def __str__(self) -> str:
        if self.is_unix:
            return f"unix:{'@' if self.abstract else ''}{self.path}"
        if self.is_tcp:
            host = f"[{self.host}]" if ":" in self.host else self.host or "*"
            return f"{host}:{self.port_text}" if self.port_text else host
        return "an inherited socket"
