"""The addresses that Gunicorn listens on, from its ``bind`` setting."""

from __future__ import annotations

import re
from typing import Any

from cfgcheck.load.gunicorn_values import Refused, address_problem, parse_address
from cfgcheck.model.address import Address
from cfgcheck.model.located import Located, Origin
from cfgcheck.record import record
from cfgcheck.source.file import Span

_PLACEHOLDER = re.compile(
    r"\$\{[^{}]*\}|\$\([^()]*\)|`[^`]*`|\{\{.*?\}\}|\{[^{}]*\}|\$\w+|<%.*?%>|%\([^()\s]*\)[sd]|\{%.*?%\}|__[A-Z][A-Z0-9_]*?__"
)
LONGEST = 4096
"""Characters of an address that is looked into."""

_MARK = "\ue000"
"""Stands for a placeholder while an address is taken apart; a character that no address holds."""


@record(frozen=True)
class Bind:
    """One value of ``bind``: its text (with placeholders where ``known`` is false), place and origin."""

    text: str
    known: bool
    origin: Origin
    span: Span | None = None
    because: str = ""


@record()
class Given:
    """An effective value of a setting, and the addresses that it stands for, where it is ``bind``."""

    value: Located[Any]
    binds: list[Bind]


@record(frozen=True)
class BoundAddress:
    """Where one value of ``bind`` listens; ``malformed``: why Gunicorn can't."""

    address: Located[Address]
    malformed: str = ""


def bound_address(bind: Bind) -> BoundAddress:
    """The address of one value. A text with unknown parts gives what is known of it, marked ``templated``."""
    if not bind.known and not bind.text:
        return BoundAddress(Located.unknown(bind.because, bind.span))
    if not bind.known:
        return _templated(bind)
    try:
        parsed = parse_address(bind.text)
    except Refused as error:
        problem = str(error)
        unknown: Located[Address] = Located.unknown(f"Gunicorn refuses it: {problem}", bind.span, bind.text)
        return BoundAddress(unknown, problem)
    if isinstance(parsed, int):
        return BoundAddress(_located(Address.inherited(), bind))
    if isinstance(parsed, str):
        return BoundAddress(_located(_unix(parsed), bind), address_problem(parsed))
    return BoundAddress(_located(Address.tcp(*parsed), bind), address_problem(parsed))


def _located(address: Address, bind: Bind) -> Located[Address]:
    return Located(address, bind.origin, bind.span, bind.because, bind.text)


def _unix(path: str, templated: bool = False) -> Address:
    if path.startswith("\0"):
        return Address.unix(path[1:], abstract=True, templated=templated)
    return Address.unix(path, templated=templated)


def placeholders(text: str) -> list[str]:
    """The parts of a text that stand for something that is not known: ``$PORT``, ``{{ port }}``."""
    return _PLACEHOLDER.findall(text) if len(text) <= LONGEST else []


def _templated(bind: Bind) -> BoundAddress:
    """An address with placeholders. A placeholder alone may be anything."""
    found = placeholders(bind.text)
    masked = _PLACEHOLDER.sub(_MARK, bind.text) if found else ""
    if masked == _MARK or not found:
        return BoundAddress(Located.unknown(bind.because, bind.span, bind.text))

    def restored(text: str, before: int = 0) -> str:
        replacements = iter(found[before:])
        return re.sub(_MARK, lambda _: next(replacements), text)

    if masked.startswith("unix:"):
        path = masked[5:].removeprefix("//")
        return BoundAddress(_located(_unix(restored(path), templated=True), bind))
    if masked.startswith((_MARK, "fd:")) and ":" not in masked[1:]:
        return BoundAddress(Located.unknown(bind.because, bind.span, bind.text))
    host, colon, port = masked.removeprefix("tcp://").rpartition(":")
    if not colon:
        return BoundAddress(_located(Address.tcp(restored(masked).lower(), 8000, templated=True), bind))
    host_text = restored(host).strip("[]")
    port_text = restored(port, host.count(_MARK))
    number = int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else None
    return BoundAddress(_located(Address.tcp(host_text, number, port_text, templated=True), bind))
