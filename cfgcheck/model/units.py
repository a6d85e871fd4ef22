"""Sizes and times as nginx reads them, as numbers of bytes and seconds.

The grammar is nginx's own (``ngx_parse_size``, ``ngx_parse_offset``, ``ngx_parse_time``), compared with ``nginx -t``
in ``tests/model/test_nginx_units.py``: a size knows ``k`` and ``m``, an offset (``client_max_body_size``) ``g`` as
well; a time runs from large units to small ones, each at most once, and a bare number at its end counts seconds.
"""

from __future__ import annotations

LARGEST = 2**63 - 1
"""What an nginx integer holds on a 64-bit machine."""

_BYTES = {"k": 1024, "m": 1024**2, "g": 1024**3}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_UNITS = ("y", "M", "w", "d", "h", "m", "s", "ms", " ")
_SECONDS_STEP = _UNITS.index("s")
_MILLISECONDS = {
    "y": 365 * _DAY * 1000,
    "M": 30 * _DAY * 1000,
    "w": 7 * _DAY * 1000,
    "d": _DAY * 1000,
    "h": _HOUR * 1000,
    "m": _MINUTE * 1000,
    "s": 1000,
    "ms": 1,
    " ": 1000,
    "": 1000,
}
_DIGITS = frozenset("0123456789")


def parse_size(text: str) -> int | None:
    """Bytes of ``8k``, ``1m`` or a plain number; None where nginx says "invalid value" (``1g`` is one)."""
    return _bytes(text, "km")


def parse_offset(text: str) -> int | None:
    """Bytes of ``8k``, ``1m``, ``2g`` or a plain number, for the directives that count in file offsets."""
    return _bytes(text, "kmg")


def parse_number(text: str) -> int | None:
    """A plain decimal number, as nginx takes it: digits only, no sign."""
    if not text or not _DIGITS.issuperset(text) or len(text) > 19:
        return None
    number = int(text)
    return number if number <= LARGEST else None


def parse_time(text: str, *, whole_seconds: bool = False) -> float | None:
    """Seconds of ``60``, ``500ms``, ``1h30m``, ``1d 10``; None where nginx says "invalid value".

    ``whole_seconds``: the directive or parameter counts in seconds (``fail_timeout``, the second value of
    ``keepalive_timeout``): then ``ms`` is refused, and ``y`` and ``M`` (months) are known.
    """
    parts = _time_parts(text)
    if parts is None:
        return None
    refused = ("ms",) if whole_seconds else ("y", "M")
    total, last = 0, -1
    for number, unit in parts:
        if unit in refused or (unit and not _follows(unit, last)):
            return None
        last = _UNITS.index(unit) if unit else last
        total += number * _MILLISECONDS[unit]
    if total // (1000 if whole_seconds else 1) > LARGEST:
        return None
    return total // 1000 if total % 1000 == 0 else total / 1000


def _bytes(text: str, units: str) -> int | None:
    unit = text[-1:].lower()
    factor = _BYTES[unit] if unit and unit in units else 1
    number = parse_number(text if factor == 1 else text[:-1])
    return None if number is None or number * factor > LARGEST else number * factor


def _follows(unit: str, last: int) -> bool:
    """Whether ``unit`` may stand behind the unit numbered ``last``. A space is a unit for nginx: seconds, the last."""
    return last < (_SECONDS_STEP if unit == " " else _UNITS.index(unit))


def _time_parts(text: str) -> list[tuple[int, str]] | None:
    """The numbers of a time with their units: ``" "`` for one that a space follows, ``""`` at the end."""
    parts: list[tuple[int, str]] = []
    at, end, digits_seen = 0, len(text), False
    while at < end:
        start = at
        while at < end and text[at] in _DIGITS:
            at += 1
        if at - start > 19:
            return None
        digits_seen = digits_seen or at > start
        number = int(text[start:at] or "0")
        unit = _unit_at(text, at)
        if unit is None:
            return None
        at += len(unit)
        parts.append((number, unit))
        while at < end and text[at] == " ":
            at += 1
    return parts if digits_seen else None


def _unit_at(text: str, at: int) -> str | None:
    if at >= len(text):
        return ""
    if text.startswith("ms", at):
        return "ms"
    return text[at] if text[at] in "yMwdhms " else None


def in_bytes(value: int) -> str:
    """The shortest way to write a size: ``10m``, ``16k``, ``4094``."""
    for unit, factor in (("g", 1024**3), ("m", 1024**2), ("k", 1024)):
        if value and value % factor == 0:
            return f"{value // factor}{unit}"
    return str(value)
