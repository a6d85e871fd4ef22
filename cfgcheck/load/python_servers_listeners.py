"""The addresses that uvicorn, Hypercorn, Daphne, Granian and waitress listen on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cfgcheck.load.gunicorn_listeners import placeholders
from cfgcheck.model.address import Address
from cfgcheck.model.app import AppFacts, AppKind, Listener, Protocol, SocketFile
from cfgcheck.model.located import Located, Origin
from cfgcheck.model.unit import Unit
from cfgcheck.record import field, record, replace

Settings = Mapping[str, Located[Any]]
Several = Mapping[str, list[Located[Any]]]

_HIGHEST_PORT = 65535
_ESCAPED = re.compile(r"\\(.)")
_PART = re.compile(r"(?:[^:\\]|\\.)+")
_HTTP: Located[Protocol] = Located.default(Protocol.HTTP, "it speaks nothing else")
_TWISTED_MODE: Located[int] = Located.default(0o666, "Twisted gives a unix socket mode 0666")
_PLAIN: Located[bool] = Located.default(False)


@record(frozen=True)
class SocketOwner:
    """What decides whose a unix socket's file is: the process's umask, user and group."""

    umask: Located[int] = field(default_factory=lambda: Located.default(0o022, "a process's umask is 022 as a rule"))
    user: Located[str] = field(default_factory=lambda: Located.unknown("whom the server runs as is not known"))
    group: Located[str] = field(default_factory=lambda: Located.unknown("whom the server runs as is not known"))

    @classmethod
    def of(cls, unit: Unit) -> SocketOwner:
        """What a unit's processes are."""
        user, group = unit.user, unit.group
        if not group.known and group.span is None and user.known and user.value in ("root", "0", ""):
            group = Located.default("root", "root's own group")
        return cls(unit.umask, user, group) if unit.umask.known else cls(user=user, group=group)

    def file(self, mode: Located[int] | None = None, umask: Located[Any] | None = None) -> SocketFile:
        """A socket's file with a fixed ``mode``, or with what ``umask`` (else the process's) leaves of 0777."""
        mask = umask if umask is not None else self.umask
        return SocketFile(mode or (mask.with_value(0o777 & ~mask.value) if mask.known else mask), self.user, self.group)


@record(frozen=True)
class _End:
    """Where a server listens. ``option``: the setting that made it; ``file``: of a unix socket."""

    address: Located[Address]
    option: str
    tls: Located[bool]
    file: SocketFile | None = None
    malformed: str = ""


def listeners_of(
    kind: AppKind, settings: Settings, several: Several, facts: AppFacts, owner: SocketOwner
) -> tuple[Listener, ...]:
    """The listeners of a server with these settings. ``several``: each value of a repeated option; ``owner``: of the
    process."""
    protocol = _HTTP
    if kind is AppKind.GRANIAN and settings["http"].get("auto") == "2":
        protocol = settings["http"].with_value(Protocol.HTTP).as_unknown("it speaks HTTP/2 only")
    return tuple(
        Listener(end.address, protocol, end.tls, facts.keepalive, end.option, end.malformed, file=end.file)
        for end in _ENDS[kind](settings, several, owner)
    )


def _uvicorn(settings: Settings, several: Several, owner: SocketOwner) -> Iterator[_End]:
    """A unix socket is given mode 0666 whatever the umask (``server.py``; measured with 0.54)."""
    tls = _any_of(settings, "ssl_certfile", "ssl_keyfile")
    uds, fd = settings["uds"], settings["fd"]
    bound = settings["host"].by_hand or settings["port"].by_hand
    if _is_set(fd, bound) and not _is_set(uds, bound):
        yield _End(_inherited(fd), "fd", tls)
    elif _is_set(uds, bound):
        mode = Located.default(0o666, "uvicorn gives its socket mode 0666")
        yield _End(_path(uds), "uds", tls, owner.file(mode))
    else:
        # One process listens by asyncio, which sets IPV6_V6ONLY; several share a socket that is made without it.
        alone = settings["workers"].get(2) == 1 and not settings["reload"].get(True)
        yield _apart(_tcp(settings["host"], settings["port"], "port", tls), alone)


def _granian(settings: Settings, several: Several, owner: SocketOwner) -> Iterator[_End]:
    """Without ``--uds-permissions`` the umask decides (0755 with 022; measured with 2.8.7)."""
    tls = _all_of(settings, "ssl_certificate", "ssl_keyfile")
    uds, permissions = settings["uds"], settings["uds_permissions"]
    if not _is_set(uds, settings["host"].by_hand or settings["port"].by_hand):
        yield _of_number(_tcp(settings["host"], settings["port"], "port", tls))
    else:
        yield _End(_path(uds), "uds", tls, owner.file(None if not _is_set(permissions) else permissions))


def _of_number(end: _End) -> _End:
    """Granian takes IP addresses only, no names: not even localhost (1.7 to 2.8)."""
    if not end.address.known or end.address.value.templated or end.address.value.is_ip:
        return end
    problem = f"{end.address.value.host!r} is no IP address"
    return replace(end, address=end.address.as_unknown(problem), malformed=problem)


def _hypercorn(settings: Settings, several: Several, owner: SocketOwner) -> Iterator[_End]:
    """``bind`` speaks TLS where there is a certificate and a key; only then ``insecure_bind`` counts."""
    tls = _all_of(settings, "certfile", "keyfile")
    names = [("bind", tls)]
    if tls.get(False):
        names.append(("insecure_bind", _PLAIN))
    for name, speaks in names:
        for text in _texts(name, settings, several):
            yield _bind(text, name, speaks, owner, settings["umask"])


def _bind(text: Located[str], option: str, tls: Located[bool], owner: SocketOwner, umask: Located[Any]) -> _End:
    if text.text.startswith("unix:"):
        mask = umask if _is_set(umask) else None
        return _End(_path(text.with_value(text.text[5:]), text.text[5:]), option, tls, owner.file(None, mask))
    if text.text.startswith("fd://"):
        return _End(text.with_value(Address.inherited()), option, tls)
    if not text.known and not placeholders(text.text):
        return _End(text.as_unknown(text.because), option, tls)  # type: ignore[arg-type]
    bare = text.text.replace("[", "").replace("]", "")
    host, colon, port = bare.rpartition(":")
    if not colon or (text.known and not _number(port)):
        host, port = bare, "8000"
    return _address(text, host, port, option, tls)


def _daphne(settings: Settings, several: Several, owner: SocketOwner) -> Iterator[_End]:
    """Host and port have defaults only where nothing else is bound (``cli.py``)."""
    host, port, unix, fd = (settings[name] for name in ("host", "port", "unix_socket", "file_descriptor"))
    endpoints = list(_texts("socket_strings", settings, several))
    hidden = next((each for each in (host, port, unix, fd) if not each.known and each.span is None), None)
    if hidden is not None:
        yield _End(hidden, "port", _PLAIN)
    elif _is_set(host) or _is_set(port) or not (_is_set(unix) or _is_set(fd) or endpoints):
        default_host: Located[Any] = Located.default("127.0.0.1", "Daphne's default")
        default_port: Located[Any] = Located.default(8000, "Daphne's default")
        yield _tcp(host if _is_set(host) else default_host, port if _is_set(port) else default_port, "port", _PLAIN)
    if _is_set(unix) and unix is not hidden:
        yield _End(_path(unix), "unix_socket", _PLAIN, owner.file(_TWISTED_MODE))
    if _is_set(fd) and fd is not hidden:
        yield _End(_inherited(fd), "file_descriptor", _PLAIN)
    for text in endpoints:
        yield _endpoint(text, owner)


def _endpoint(text: Located[str], owner: SocketOwner) -> _End:
    """One of Twisted's descriptions: ``tcp:port=8000:interface=127.0.0.1``, ``unix:/run/shop.sock:mode=660``."""
    if not text.known:
        return _End(text, "socket_strings", _PLAIN)  # type: ignore[arg-type]
    kind, *rest = [_ESCAPED.sub(r"\1", part) for part in _PART.findall(text.value)] or [""]
    named = dict(part.split("=", 1) for part in rest if "=" in part)
    bare = [part for part in rest if "=" not in part]
    first = bare[0] if bare else named.get("port") or named.get("address") or named.get("fileno", "")
    tls = text.with_value(kind == "ssl")
    if kind == "unix":
        mode = text.with_value(int(named["mode"], 8)) if re.fullmatch(r"[0-7]{1,6}", named.get("mode", "")) else None
        return _End(_path(text, first), "socket_strings", tls, owner.file(mode or _TWISTED_MODE))
    if kind in ("systemd", "fd"):
        return _End(text.with_value(Address.inherited()), "socket_strings", tls)
    if kind not in ("tcp", "tcp6", "ssl"):
        return _End(text.as_unknown(f"what the endpoint {text.value} listens on is not known"), "socket_strings", tls)  # type: ignore[arg-type]
    host = named.get("interface", "::" if kind == "tcp6" else "")
    return _address(text, host, first, "socket_strings", tls)


def _waitress(settings: Settings, several: Several, owner: SocketOwner) -> Iterator[_End]:
    """The socket's mode is 0600 unless ``unix_socket_perms`` says otherwise (measured with 3.0.2)."""
    unix = settings["unix_socket"]
    if _is_set(unix, any(settings[name].by_hand for name in ("host", "port", "listen"))):
        yield _End(_path(unix), "unix_socket", _PLAIN, owner.file(settings["unix_socket_perms"]))
        return
    if settings["host"].by_hand or settings["port"].by_hand or not settings["listen"].by_hand:
        yield from _each_family(_tcp(settings["host"], settings["port"], "port", _PLAIN))
        return
    for text in _texts("listen", settings, several):
        for part in text.text.split() or [text.text]:
            yield from _each_family(_waitress_listen(text, part))


def _waitress_listen(text: Located[str], part: str) -> _End:
    if not text.known and not placeholders(part):
        return _End(text, "listen", _PLAIN)  # type: ignore[arg-type]
    host, colon, port = part.rpartition(":")
    if not colon or "]" in port:
        host, port = part, "8080"
    return _address(text, host.strip("[]"), port, "listen", _PLAIN)


def _apart(end: _End, only: bool = True) -> _End:
    """A listener on ``::`` that serves no IPv4, if ``only``."""
    if not only or not end.address.known or end.address.value.host != "::":
        return end
    found = end.address.value
    address = Address.tcp("::", found.port, found.port_text, templated=found.templated, v6_only=True)
    return replace(end, address=end.address.with_value(address))


def _each_family(end: _End) -> Iterator[_End]:
    """``*`` is every address of both families, each with a socket of its own."""
    if end.address.known and end.address.value.host == "*":
        for host in ("0.0.0.0", "::"):
            found = end.address.value
            address = Address.tcp(host, found.port, found.port_text, templated=found.templated)
            yield _apart(_End(end.address.with_value(address), end.option, end.tls))
    else:
        yield _apart(end)


def _texts(name: str, settings: Settings, several: Several) -> Iterator[Located[Any]]:
    """Each value of an option that may be repeated, with its text."""
    given = several.get(name)
    if given is not None:
        yield from given
        return
    value = settings[name]
    if not value.known:
        yield value
        return
    for text in value.value or ():
        yield Located(str(text), value.origin, value.span, value.because, str(text))


def _is_set(value: Located[Any], otherwise: bool = False) -> bool:
    """Whether an option is given; one that is not known is. ``otherwise``: what it stands against is given, so that it
    is not taken to stand among arguments that can't be seen."""
    if otherwise and not value.known and value.span is None:
        return False
    return value.get("?") is not None


def _inherited(value: Located[Any]) -> Located[Address]:
    return value.with_value(Address.inherited()) if value.known else value


def _tcp(host: Located[Any], port: Located[Any], option: str, tls: Located[bool]) -> _End:
    """What ``--host`` and ``--port`` make. The address stands where the port does, unless only the host is set."""
    source: Located[Any] = port if port.by_hand or not port.known or not host.by_hand else host
    hosts, ports = _shown(host), _shown(port)
    if hosts is None or ports is None:
        unknown = host if hosts is None else port
        return _End(unknown.as_unknown(unknown.because), option, tls)
    made = Located(None, source.origin, source.span, source.because, source.text)
    if not host.known or not port.known:
        # A part is a placeholder that the other end of the route may have too.
        made = Located.read(None, source.span, Origin.CLI)
    return _address(made, hosts, ports, option, tls)


def _shown(value: Located[Any]) -> str | None:
    """The text of a value, with placeholders; None where nothing at all is known."""
    if value.known:
        return str(value.value)
    return value.text if placeholders(value.text) else None


def _address(source: Located[Any], host: str, port: str, option: str, tls: Located[bool]) -> _End:
    templated = bool(placeholders(host) or placeholders(port))
    if templated:
        number = int(port) if _number(port) else None
        address = Address.tcp(host, number, port, templated=True)
        return _End(Located.read(address, source.span, Origin.CLI), option, tls)
    if not _number(port) or int(port) > _HIGHEST_PORT:
        problem = f"port {port} is out of range" if _number(port) else f"{port!r} is no port"
        return _End(source.as_unknown(problem), option, tls, malformed=problem)
    known = Address.tcp(host, int(port))
    return _End(source.with_value(known) if source.known else Located.read(known, source.span, Origin.CLI), option, tls)


def _path(value: Located[Any], text: str | None = None) -> Located[Address]:
    """A unix socket's address. A text with placeholders gives what is known of it."""
    shown = text if text is not None else str(value.value) if value.known else value.text
    if value.known and not placeholders(shown):
        return value.with_value(Address.unix(shown))
    if placeholders(shown) and placeholders(shown) != [shown]:
        return Located.read(Address.unix(shown, templated=True), value.span, Origin.CLI)
    return value.as_unknown(value.because)


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def _any_of(settings: Settings, *names: str) -> Located[bool]:
    given = [settings[name] for name in names]
    for each in given:
        if each.known and each.value:
            return each.with_value(True)
    return next((each for each in given if not each.known), given[0].with_value(False))


def _all_of(settings: Settings, *names: str) -> Located[bool]:
    given = [settings[name] for name in names]
    for each in given:
        if each.known and not each.value:
            return each.with_value(False)
    return next((each for each in given if not each.known), given[0].with_value(True))


_ENDS: Mapping[AppKind, Callable[[Settings, Several, SocketOwner], Iterator[_End]]] = {
    AppKind.UVICORN: _uvicorn,
    AppKind.HYPERCORN: _hypercorn,
    AppKind.DAPHNE: _daphne,
    AppKind.GRANIAN: _granian,
    AppKind.WAITRESS: _waitress,
}
