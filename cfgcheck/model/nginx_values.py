"""From the words of a directive to a value: what nginx's own setters take them for.

Every reader gets the arguments of one directive and returns the value, or raises ValueError with a clause that says
what is wrong with them ("`abc` is no time").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from cfgcheck.model.units import parse_number, parse_offset, parse_size, parse_time

Words = Sequence[str]
Reader = Callable[[Words], Any]


class Buffers(NamedTuple):
    """``number`` buffers of ``size`` bytes each (``proxy_buffers``, ``large_client_header_buffers`` …)."""

    number: int
    size: int

    @property
    def total(self) -> int:
        return self.number * self.size

    def __str__(self) -> str:
        return f"{self.number} × {self.size}"


def _first(words: Words) -> str:
    if not words:
        raise ValueError("a value is missing")
    return words[0]


def time(words: Words) -> float:
    """Seconds; nginx counts milliseconds."""
    seconds = parse_time(_first(words))
    if seconds is None:
        raise ValueError(f"`{words[0]}` is no time")
    return seconds


def seconds(words: Words) -> float:
    """Seconds, of a setting that nginx counts in whole seconds."""
    value = parse_time(_first(words), whole_seconds=True)
    if value is None:
        raise ValueError(f"`{words[0]}` is no time in whole seconds")
    return value


def optional_seconds(words: Words) -> float | None:
    """The second argument as whole seconds, None where there is none (``keepalive_timeout 75s 60s``)."""
    return seconds(words[1:]) if len(words) > 1 else None


def size(words: Words) -> int:
    """Bytes; ``g`` is not known."""
    value = parse_size(_first(words))
    if value is None:
        raise ValueError(f"`{words[0]}` is no size")
    return value


def offset(words: Words) -> int:
    """Bytes; ``g`` is known."""
    value = parse_offset(_first(words))
    if value is None:
        raise ValueError(f"`{words[0]}` is no size")
    return value


def number(words: Words) -> int:
    value = parse_number(_first(words))
    if value is None:
        raise ValueError(f"`{words[0]}` is no number")
    return value


def number_or_auto(words: Words) -> int | str:
    """A number, or the word ``auto``."""
    return "auto" if _first(words) == "auto" else number(words)


def flag(words: Words) -> bool:
    word = _first(words).lower()
    if word not in ("on", "off"):
        raise ValueError(f"`{words[0]}` is neither on nor off")
    return word == "on"


def buffers(words: Words) -> Buffers:
    if len(words) != 2:
        raise ValueError("a number and a size are needed")
    read = Buffers(number(words[:1]), size(words[1:]))
    if not read.number or not read.size:
        raise ValueError(f"`{' '.join(words)}`: neither may be 0")
    return read


def text(words: Words) -> str:
    """The first argument as written; it may hold variables."""
    return _first(words)


def second_text(words: Words) -> str | None:
    return words[1] if len(words) > 1 else None


def keyword(words: Words) -> str:
    """One of nginx's own words, which it compares without regard to case."""
    return _first(words).lower()


def keywords(words: Words) -> tuple[str, ...]:
    _first(words)
    return tuple(word.lower() for word in words)


def texts(words: Words) -> tuple[str, ...]:
    return tuple(words)


_PROTOCOLS = {name.lower(): name for name in ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")}


def protocols(words: Words) -> tuple[str, ...]:
    """TLS versions under their proper names."""
    unknown = [word for word in words if word.lower() not in _PROTOCOLS]
    if unknown or not words:
        raise ValueError(f"`{' '.join(unknown)}` is no TLS version")
    return tuple(_PROTOCOLS[word.lower()] for word in words)


def addresses(words: Words) -> tuple[str, ...]:
    """The addresses of a ``resolver``, without its parameters."""
    found = tuple(word for word in words if not word.startswith(("valid=", "ipv4=", "ipv6=", "status_zone=")))
    return () if found == ("off",) else found
