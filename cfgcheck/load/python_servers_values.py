"""What uvicorn, Hypercorn, Daphne, Granian and waitress make of an option's text, and why they refuse it."""

from __future__ import annotations

import re

from cfgcheck.load.python_servers_table import Row

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?\Z", re.ASCII)
_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
_FALSE = frozenset({"0", "false", "f", "no", "n", "off"})
_LONGEST = 400
"""Digits: Python itself converts no longer numbers."""


class Refused(ValueError):  # noqa: N818  (the server refuses; nothing is wrong with cfgcheck)
    """A value that the server refuses, with its reason."""


def converted(row: Row, text: str, server: str) -> object:
    """The value of an option or of its environment variable. Raises Refused."""
    if row.kind == "switch" or row.kind == "bool":
        return _truth(text)
    if row.kind == "choice":
        # Only Granian is indifferent to case: uvicorn refuses ``--log-level INFO``.
        return _choice(row, text, exact=server != "granian")
    if row.kind == "words":
        return tuple(text.split())
    if row.kind == "text":
        return text
    number = _number(row, text)
    if (row.least is not None and number < row.least) or (row.most is not None and number > row.most):
        raise Refused(f"{text} is not in the range {_range(row)}.")
    return number


def _number(row: Row, text: str) -> float:
    stripped = text.strip()
    if len(stripped) > _LONGEST:
        raise Refused("the number is too long")
    try:
        if row.kind == "float":
            return float(stripped)
        if row.kind == "octal":
            return int(stripped, 8)
        if row.kind == "duration" and not stripped.isnumeric():
            return _seconds(stripped)
        return int(stripped)
    except ValueError:
        kind = {"float": "a valid float", "octal": "an octal number", "duration": "a valid duration"}
        raise Refused(f"{text!r} is not {kind.get(row.kind, 'a valid integer')}.") from None


def _seconds(text: str) -> int:
    """Granian's ``1h30m``."""
    found = _DURATION.match(text)
    if found is None:
        raise ValueError(text)
    return sum(int(part or 0) * unit for part, unit in zip(found.groups(), (86400, 3600, 60, 1), strict=True))


def _truth(text: str) -> bool:
    lower = text.strip().lower()
    if lower in _TRUE or lower in _FALSE:
        return lower in _TRUE
    raise Refused(f"{text!r} is not a valid boolean.")


def _choice(row: Row, text: str, exact: bool) -> str:
    found = next((each for each in row.choices if each == text or (not exact and each.lower() == text.lower())), None)
    if found is None:
        raise Refused(f"{text!r} is not one of {', '.join(map(repr, row.choices))}.")
    return found


def _range(row: Row) -> str:
    if row.most is None:
        return f"x>={row.least:g}"
    return f"{row.least:g}<=x<={row.most:g}" if row.least is not None else f"x<={row.most:g}"


def application_problem(server: str, text: str) -> str:
    """Why the server can't import an application, as far as its name tells. Hypercorn and Granian take paths too
    (each tried: uvicorn 0.54, Hypercorn 0.18, Daphne 4.2.3, Granian 2.8.7, waitress 3.0.2)."""
    if server in ("hypercorn", "granian"):
        return ""
    module, colon, name = text.partition(":")
    if "/" in module:
        return f"{module!r} is a path, not a module"
    if module.endswith(".py"):
        return f"{module!r} names a file, not a module"
    if server == "uvicorn" and not (colon and module and name):
        return f'Import string "{text}" must be in format "<module>:<attribute>".'
    if server == "daphne" and not colon:
        return f"{text!r} names no object: it must be in the form module:object"
    return ""
