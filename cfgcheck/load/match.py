"""Whether a connection to one address arrives at a listener on another: pure address arithmetic."""

from __future__ import annotations

from enum import Enum

from cfgcheck.model.address import Address, normal_path


class Match(Enum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def reaches(target: Address, listener: Address) -> Match:
    """Whether a connection from the same host to ``target`` is accepted by ``listener``.

    Observed: 0.0.0.0 as a target reaches 127.0.0.1 and wildcard listeners; a listener on ``[::]`` serves IPv4 too,
    one on ``[::1]`` does not; 127.0.0.2 is not 127.0.0.1 (facts: gunicorn 1.5–1.7). uvicorn with one
    worker and waitress serve no IPv4 on ``[::]``.
    """
    if target.is_unix or listener.is_unix:
        return _unix(target, listener) if target.is_unix and listener.is_unix else Match.NO
    if not (target.is_tcp and listener.is_tcp):
        return Match.NO
    port = _port(target, listener)
    if port is Match.NO:
        return Match.NO
    host = _host(target, listener)
    return host if port is Match.YES or host is Match.NO else port


def _port(target: Address, listener: Address) -> Match:
    if target.port is not None and listener.port is not None:
        return Match.YES if target.port == listener.port else Match.NO
    if target.port_text and target.port_text == listener.port_text:
        return Match.YES
    return Match.UNKNOWN


def _host(target: Address, listener: Address) -> Match:
    if target.host == listener.host:
        return Match.YES
    if target.is_localhost_name or listener.is_localhost_name:
        return _localhost(target, listener)
    if target.is_wildcard:
        target = Address.tcp("127.0.0.1" if target.family == 4 else "::1", target.port)
    if listener.is_wildcard:
        apart = (listener.family == 4 and target.family == 6) or (listener.v6_only and target.family == 4)
        return Match.NO if apart else Match.YES
    if target.host == listener.host:
        return Match.YES
    if target.is_ip and listener.is_ip:
        return Match.NO
    return Match.UNKNOWN if target.templated or listener.templated or _is_name(target, listener) else Match.NO


def _is_name(target: Address, listener: Address) -> bool:
    """A name may resolve to anything."""
    return not (target.is_ip and listener.is_ip) and not (target.is_loopback and listener.is_loopback)


def _localhost(target: Address, listener: Address) -> Match:
    """``localhost`` is 127.0.0.1 and, on most machines, ::1: nginx tries both, a Python server binds the first."""
    other = listener if target.is_localhost_name else target
    if other.is_wildcard or other.host in ("127.0.0.1", "::1") or other.is_localhost_name:
        return Match.YES
    return Match.NO if other.is_ip else Match.UNKNOWN


def _unix(target: Address, listener: Address) -> Match:
    if target.abstract or listener.abstract:
        # nginx has no abstract sockets: it looks for a file of that name (facts: uwsgi 1.15).
        return Match.NO
    one, other = normal_path(target.path), normal_path(listener.path)
    if one == other:
        return Match.YES
    if target.templated or listener.templated:
        return Match.UNKNOWN
    if not other.startswith("/"):
        # Relative to a working directory that is not known: the ends of both paths must agree.
        return Match.YES if one.endswith("/" + other) else Match.NO
    return Match.NO
