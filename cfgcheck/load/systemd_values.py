"""Values of unit files: time spans, switches, signals, limits and specifiers (systemd.time(7), systemd.unit(5))."""

from __future__ import annotations

import math
import re
from typing import Final

from cfgcheck.record import record
from cfgcheck.syntax.systemd_words import Piece

_UNITS: Final = (
    ("seconds", 1.0), ("second", 1.0), ("sec", 1.0), ("s", 1.0), ("minutes", 60.0), ("minute", 60.0), ("min", 60.0),
    ("months", 2629800.0), ("month", 2629800.0), ("M", 2629800.0), ("msec", 1e-3), ("ms", 1e-3), ("m", 60.0),
    ("hours", 3600.0), ("hour", 3600.0), ("hr", 3600.0), ("h", 3600.0), ("days", 86400.0), ("day", 86400.0),
    ("d", 86400.0), ("weeks", 604800.0), ("week", 604800.0), ("w", 604800.0), ("years", 31557600.0),
    ("year", 31557600.0), ("y", 31557600.0), ("usec", 1e-6), ("us", 1e-6), ("μs", 1e-6), ("µs", 1e-6),
)  # fmt: skip
"""In the order in which systemd tries them."""

_SECONDS: Final = dict(_UNITS)
_PART = re.compile(rf"[ \t]*\+?([0-9]*)(\.[0-9]+)?([ \t]*)({'|'.join(unit for unit, _ in _UNITS)})?")
_MOST_DIGITS = 18

SIGNALS: Final = {
    1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1",
    11: "SEGV", 12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM", 16: "STKFLT", 17: "CHLD", 18: "CONT", 19: "STOP",
    20: "TSTP", 21: "TTIN", 22: "TTOU", 23: "URG", 24: "XCPU", 25: "XFSZ", 26: "VTALRM", 27: "PROF", 28: "WINCH",
    29: "IO", 30: "PWR", 31: "SYS",
}  # fmt: skip
"""Linux on the common machines (signal(7))."""

_NAMES = frozenset(SIGNALS.values())
_TRUE = frozenset({"1", "yes", "y", "true", "t", "on"})
_FALSE = frozenset({"0", "no", "n", "false", "f", "off"})
NO_LIMIT: Final = 1 << 30
"""What ``LimitNOFILE=infinity`` comes to (``fs.nr_open`` as systemd sets it)."""


def seconds(text: str) -> float | None:
    """Seconds of ``90``, ``1min 30s``, ``infinity`` (then ``inf``); None where systemd refuses it."""
    if text.strip(" \t") == "infinity":
        return math.inf
    total, at, size = 0.0, 0, len(text.rstrip(" \t"))
    while at < size:
        part = _PART.match(text, at)
        if part is None or not (part[1] or part[2]) or len(part[1]) > _MOST_DIGITS or len(part[2] or "") > _MOST_DIGITS:
            return None
        if part[4] is None and not part[3] and part.end() < size:
            return None
        total += (float(part[1] or 0) + float(f"0{part[2]}0" if part[2] else 0)) * _SECONDS[part[4] or "s"]
        at = part.end()
    return round(total, 6) if size else None


def switch(text: str) -> bool | None:
    """``yes``, ``off`` …; None where systemd refuses it."""
    lower = text.lower()
    return True if lower in _TRUE else False if lower in _FALSE else None


def signal_name(text: str) -> str | None:
    """A signal by name without SIG; None where systemd knows none of that name or number."""
    if text.isascii() and text.isdigit():
        return SIGNALS.get(int(text[:4]))
    name = text.removeprefix("SIG")
    return name if name in _NAMES or re.match(r"RTM(?:IN|AX)(?:[+-]\d{1,2})?\Z", name) else None


def octal(text: str) -> int | None:
    """A mode such as ``0660``."""
    return int(text, 8) if re.match(r"[0-7]{1,5}\Z", text) and int(text, 8) <= 0o7777 else None


def open_files(text: str) -> int | None:
    """The soft limit of ``65536`` or ``1024:4096``."""
    soft = text.partition(":")[0]
    if soft == "infinity":
        return NO_LIMIT
    return int(soft) if re.match(r"[0-9]{1,18}\Z", soft) else None


_FOLDERS: Final = {
    "t": "/run",
    "S": "/var/lib",
    "C": "/var/cache",
    "L": "/var/log",
    "E": "/etc",
    "T": "/tmp",
    "V": "/var/tmp",
}
_OF_USERS = frozenset("tSCLEugUGhs")
_OF_THE_MACHINE = frozenset("abBAHlqmMowWvrRcsyYdD")


@record(frozen=True)
class Specifiers:
    """What ``%n`` and the like stand for in a unit of that name (``shop@.service``). ``own``: it belongs to a user's
    own service manager."""

    name: str
    own: bool = False

    def __call__(self, letter: str) -> str | Piece | None:
        written = f"%{letter}"
        if self.own and letter in _OF_USERS:
            return Piece(written, f"{written} depends on the user")
        if letter in _FOLDERS:
            return _FOLDERS[letter]
        known = {"u": "root", "g": "root", "U": "0", "G": "0", "h": "/root"}
        return known.get(letter) or self._of_name(letter, written)

    def _of_name(self, letter: str, written: str) -> str | Piece | None:
        base, _, _ = self.name.rpartition(".")
        prefix, at, instance = base.partition("@")
        if letter in "pPjJ":
            part = prefix if letter in "pP" else prefix.rpartition("-")[2]
            return part if letter.islower() else _unescaped(part)
        if letter in "nNiIf":
            if at and not instance:
                return Piece(written, f"{written} is the instance's")
            if letter == "f":
                return "/" + _unescaped(instance or prefix)
            return {"n": self.name, "N": base, "i": instance, "I": _unescaped(instance)}[letter]
        return Piece(written, f"{written} is the machine's") if letter in _OF_THE_MACHINE else None


def _unescaped(name: str) -> str:
    """``srv-shop\\x2done`` as the path that it stands for."""
    return re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), name.replace("-", "/"))
