"""Sockets that systemd opens and hands over: ``ListenStream=`` of a ``.socket`` unit (systemd.socket(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cfgcheck.load.service import Handed
from cfgcheck.load.systemd_settings import UnitSettings
from cfgcheck.load.systemd_values import octal
from cfgcheck.model.address import Address
from cfgcheck.model.app import SocketFile
from cfgcheck.model.located import Located, Origin

_SOURCE = "systemd.socket(5)"
_TCP = re.compile(r"(\[[0-9A-Fa-f:.%\w]*\]|[\d.]+):(\d{1,5})\Z")
_TEMPLATED = re.compile(r"(.*):([^:/]+)\Z", re.DOTALL)


def service_of(settings: UnitSettings) -> str:
    """The name of the service that the sockets are handed to; "" where each connection starts one of its own."""
    if settings.switch("Socket", "Accept").get(False):
        return ""
    named = settings.last("Socket", "Service")
    if named is not None:
        return settings.text(named).get("")
    return settings.name.removesuffix(".socket") + ".service"


def handed_sockets(settings: UnitSettings) -> Iterator[Handed]:
    mode = settings.value("Socket", "SocketMode", octal, Located.default(0o666, f"{_SOURCE}, SocketMode="))
    user = _owner(settings, "SocketUser")
    group = _owner(settings, "SocketGroup")
    if group.origin is Origin.DEFAULT and user.origin is not Origin.DEFAULT:
        group = Located.unknown("it is the own group of the socket's user, which /etc/passwd tells", user.span)
    for setting in settings.all("Socket", "ListenStream"):
        address = _address(settings.text(setting))
        span = setting.value.place
        is_file = address.known and address.value.is_unix and not address.value.abstract
        yield Handed(address, span, SocketFile(mode, user, group) if is_file else None)


def _owner(settings: UnitSettings, name: str) -> Located[str]:
    if settings.own:
        return Located.unknown("the socket belongs to the user whose service manager opens it")
    return settings.value("Socket", name, str, Located.default("root", f"{_SOURCE}, {name}="))


def _address(text: Located[str]) -> Located[Address]:
    if not text.known:
        return _templated(text)
    written = text.value
    if written.startswith(("/", "@")):
        return text.with_value(Address.unix(written.removeprefix("@"), abstract=written.startswith("@")))
    if re.match(r"\d{1,5}\Z", written):
        # A bare port is opened for IPv6, and serves IPv4 too unless BindIPv6Only= says otherwise.
        return text.with_value(Address.tcp("::", int(written)))
    found = _TCP.match(written)
    if found is not None:
        return text.with_value(Address.tcp(found[1], int(found[2])))
    return Located.unknown(f"cfgcheck does not know the address `{written[:80]}`", text.span)


def _templated(text: Located[str]) -> Located[Address]:
    """An address with a placeholder in it, as far as it can be told."""
    written = text.text
    if written.startswith(("/", "@")):
        made = Address.unix(written.removeprefix("@"), abstract=written.startswith("@"), templated=True)
        return Located.read(made, text.span, text=written)
    found = _TEMPLATED.match(written)
    if found is not None:
        port = int(found[2]) if re.match(r"\d{1,5}\Z", found[2]) else None
        return Located.read(Address.tcp(found[1], port, found[2], templated=True), text.span, text=written)
    return Located.unknown(text.because, text.span, written)
