"""Where a uWSGI listens, in which protocol: the options that open sockets, and what uWSGI makes of their values.

The last colon decides: with one it is host and port, without a file (core/socket.c). So ``socket = 3031`` is a file of
that name (facts 1.14e), ``unix:/x`` a host called unix, 99999 port 34463 (1.44), and ``*:80`` no wildcard (1.43c).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.load.uwsgi_number import atoi
from cfgcheck.load.uwsgi_values import has_remark
from cfgcheck.model.address import Address, is_ipv4
from cfgcheck.model.app import Listener, Protocol
from cfgcheck.model.located import Located
from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.uwsgi_text import MARK

_PROTOCOLS: Mapping[str, tuple[Protocol, bool]] = {
    "uwsgi": (Protocol.UWSGI, False),
    "puwsgi": (Protocol.UWSGI, False),
    "suwsgi": (Protocol.UWSGI, True),
    "http": (Protocol.HTTP, False),
    "http11": (Protocol.HTTP, False),
    "https": (Protocol.HTTP, True),
    "fastcgi": (Protocol.FASTCGI, False),
    "fastcgi-nph": (Protocol.FASTCGI, False),
    "scgi": (Protocol.SCGI, False),
    "scgi-nph": (Protocol.SCGI, False),
    "raw": (Protocol.RAW, False),
}
"""uWSGI's names of protocols (core/socket.c ``uwsgi_protocols_register``): what is spoken, and whether under TLS."""

SOCKETS: Mapping[str, str] = {
    "socket": "",
    "uwsgi-socket": "uwsgi",
    "suwsgi-socket": "suwsgi",
    "ssl-socket": "suwsgi",
    "http-socket": "http",
    "http11-socket": "http11",
    "https-socket": "https",
    "fastcgi-socket": "fastcgi",
    "fastcgi-nph-socket": "fastcgi-nph",
    "scgi-socket": "scgi",
    "scgi-nph-socket": "scgi-nph",
    "raw-socket": "raw",
    "puwsgi-socket": "puwsgi",
}
"""Options that open a socket of the workers → the protocol; "" is what ``protocol`` says (``uwsgi`` by default)."""

ROUTERS: Mapping[str, bool] = {
    "http": False,
    "httprouter": False,
    "https": True,
    "https2": True,
    "http-to-https": False,
}
"""Options of the HTTP router, a process of its own in front of the workers → whether under TLS."""

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9.])?\Z")
_BY_NAME = "by the option's name"


def is_protocol(name: str) -> bool:
    return name in _PROTOCOLS


@record(frozen=True)
class Bound:
    """What a socket option is taken for. ``malformed``: uWSGI listens, but not where its author meant it to;
    ``problem``: the value is wrong in a way that any option's may be (quotes, a comment), or uWSGI refuses it. Never
    both."""

    address: Address
    malformed: str = ""
    problem: str = ""


@record(frozen=True)
class SocketUse:
    """One use of a socket option. ``raw``: its value with marks for what is not known; ``written``: as it stands in the
    file; ``span``: the option's place."""

    option: str
    value: Located[str]
    raw: str
    written: str
    span: Span


def bound(name: str) -> Bound:
    """The address that uWSGI binds for a socket's value."""
    name = name.lstrip(" \t\n\v\f\r")
    if name.startswith("fd://") or re.match(r"=\d", name):
        return Bound(Address.inherited())
    if ":" not in name:
        return _file(name)
    host, _, port_text = name.rpartition(":")
    if name.startswith("*"):
        why = f"uWSGI mostly refuses to start: {name} is no wildcard, it looks for an interface; write :{port_text}"
        return Bound(Address.tcp("*", atoi(port_text) % 65536), problem=why)
    if "*" in name:  # the first interface whose address begins so
        return Bound(Address.tcp(host, atoi(port_text) % 65536, templated=True))
    return _tcp(name, host, port_text)


def _file(name: str) -> Bound:
    if name.startswith(("@", "\\0")):
        return Bound(Address.unix(name[1:] if name[0] == "@" else name[2:], abstract=True))
    if name.isdigit():
        return Bound(Address.unix(name), f"without a colon {name} is a unix socket file, not a port: write :{name}")
    if is_ipv4(name) or name == "localhost":
        return Bound(Address.unix(name), f"without a port {name} is a unix socket file")
    if not name:
        return Bound(Address.unix(""), problem="uWSGI refuses to start: empty socket name")
    if len(name.encode("utf-8", "replace")) > 102:
        return Bound(Address.unix(name), problem="uWSGI refuses to start: a socket path has at most 102 bytes")
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        return Bound(Address.unix(name), problem=f"quotes are part of the value: the file is called {name}")
    if has_remark(name):
        why = f"a comment behind a value is part of it: the file is called {name!r}, uWSGI has no inline comments"
        return Bound(Address.unix(name), problem=why)
    return Bound(Address.unix(name))


def _tcp(name: str, host: str, port_text: str) -> Bound:
    number = atoi(port_text)
    address = Address.tcp(host, number % 65536)
    bracketed = host.startswith("[") and host.endswith("]")
    if (host and not bracketed and not _HOST.match(host)) or host.endswith(".invalid") or host == "unix":
        bare = f"; write the bare path {port_text}" if host == "unix" else ""
        why = f"{host!r} is taken for a host name that resolves to nothing, so uWSGI listens on 255.255.255.255{bare}"
        return Bound(address, why)
    if number > 65535 or number < 0:
        return Bound(address, f"port {number} does not exist: uWSGI takes {number % 65536}")
    if number == 0:
        why = f"{name} has no port: the kernel picks one at every start"
        return Bound(Address.tcp(host, None, "0" if port_text == "0" else port_text), why)
    return Bound(address)


def templated(raw: str, written: str) -> Address | None:
    """An address with placeholders in it, as far as it can be told apart: ``:{{ port }}`` is TCP, ``/run/{{ x }}.sock``
    unix. None when nothing can be told."""
    if MARK not in raw:
        return None
    colon = raw.rfind(":")
    if colon >= 0:
        port_text = written.rpartition(":")[2]
        if MARK in raw[colon:]:
            return Address.tcp(written[: len(written) - len(port_text) - 1], None, port_text, templated=True)
        return Address.tcp(written.rpartition(":")[0], atoi(port_text), templated=True)
    is_path = raw.startswith("/") or raw.endswith((".sock", ".socket"))
    return Address.unix(written, templated=True) if is_path else None


def listeners(uses: Iterable[SocketUse], settings: Mapping[str, Located[Any]]) -> tuple[Listener, ...]:
    """The listeners in the order in which uWSGI opens them: the workers' sockets, then the router's."""
    made: list[Listener] = []
    names: set[str] = set()
    uses = list(uses)
    for use in sorted(uses, key=lambda use: use.option in ROUTERS):
        if use.value.known:
            # The same name twice: only the first is bound (facts 1.40).
            if use.raw in names and use.option in SOCKETS:
                continue
            names.add(use.raw)
        made.append(_listener(use, settings))
    return tuple(made)


def _listener(use: SocketUse, settings: Mapping[str, Located[Any]]) -> Listener:
    raw, written = use.raw, use.written
    tls_words = use.option in ("https", "https-socket", "suwsgi-socket", "ssl-socket", "http-to-https")
    if tls_words:
        raw, written = raw.partition(",")[0], written.partition(",")[0]
    if use.option == "https2":
        raw = written = next((part[5:] for part in raw.split(",") if part.startswith("addr=")), raw)
    address, malformed = _address(use.value, raw, written)
    if use.option in ROUTERS:
        protocol, tls = Located.default(Protocol.HTTP, _BY_NAME), Located.default(ROUTERS[use.option], _BY_NAME)
        return Listener(address, protocol, tls, _router_keepalive(settings), use.option, malformed)
    protocol, tls, keepalive = _spoken(SOCKETS[use.option], settings)
    return Listener(address, protocol, tls, keepalive, use.option, malformed)


def _address(value: Located[str], raw: str, written: str) -> tuple[Located[Address], str]:
    if value.known:
        found = bound(raw)
        return value.with_value(found.address), found.malformed
    guess = templated(raw, written)
    if guess is None:
        return Located.unknown(value.because, value.span, value.text), ""
    return Located.read(guess, value.span, text=value.text), ""


def _spoken(
    name: str, settings: Mapping[str, Located[Any]]
) -> tuple[Located[Protocol], Located[bool], Located[float | None]]:
    chosen = Located.default(name, _BY_NAME) if name else settings["protocol"]
    if not chosen.known:
        because = chosen.because
        return Located.unknown(because), Located.unknown(because), Located.unknown(because)
    protocol, tls = _PROTOCOLS.get(str(chosen.value), (Protocol.RAW, False))
    keepalive: Located[float | None] = Located.default(None, f"a {chosen.value} socket closes after every response")
    if chosen.value == "http11":
        timeout = settings["socket-timeout"]
        keepalive = timeout.with_value(float(timeout.value)) if timeout.known else timeout
    return chosen.with_value(protocol), chosen.with_value(tls), keepalive


def _router_keepalive(settings: Mapping[str, Located[Any]]) -> Located[float | None]:
    """``http-keepalive`` 1 keeps a connection for http-timeout, a larger number for so many seconds (plugins/http)."""
    chosen = settings["http-keepalive"]
    if not chosen.known:
        return chosen
    if not chosen.value:
        return chosen.with_value(None)
    if chosen.value > 1:
        return chosen.with_value(float(chosen.value))
    timeout = settings["http-timeout"]
    return timeout.with_value(float(timeout.value)) if timeout.known else timeout
