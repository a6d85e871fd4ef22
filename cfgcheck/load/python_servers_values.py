"""What uvicorn, Hypercorn, Daphne, Granian and waitress make of an option's text, and why they refuse it."""

from __future__ import annotations

import re

from cfgcheck.load.python_servers_table import Row
from cfgcheck.model.address import Address

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?\Z", re.ASCII)
_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
_FALSE = frozenset({"0", "false", "f", "no", "n", "off"})
_LONGEST = 400
"""Digits: Python itself converts no longer numbers."""


_WORKERS = ("asyncio", "uvloop", "trio")
HIGHEST_PORT = 65535


def _of_click(kind: str, text: str) -> str:
    known = {"float": "a valid float", "octal": "an octal number", "duration": "a valid duration"}
    return f"{text!r} is not {known.get(kind, 'a valid integer')}."


def _of_argparse(kind: str, text: str) -> str:
    return f"invalid {kind} value: {text!r}"


def _of_python(kind: str, text: str) -> str:
    return f"invalid literal for int() with base {8 if kind == 'octal' else 10}: {text!r}"


_NO_NUMBER = {
    "uvicorn": _of_click,
    "granian": _of_click,
    "hypercorn": _of_argparse,
    "daphne": _of_argparse,
    "waitress": _of_python,
}
"""What the server says of a text that is no number."""


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
    number = _number(row, text, server)
    if (row.least is not None and number < row.least) or (row.most is not None and number > row.most):
        raise Refused(f"{text} is not in the range {_range(row)}.")
    return number


def _number(row: Row, text: str, server: str) -> float:
    stripped = text.strip()
    if len(stripped) > _LONGEST:
        raise Refused("the number is too long")
    try:
        if row.kind == "float":
            return float(stripped)
        if row.kind == "octal":
            # Granian reads a number that does not begin with 0 as a decimal one.
            return int(stripped, 8 if server != "granian" or stripped.startswith("0") else 10)
        if row.kind == "duration" and not stripped.isnumeric():
            return _seconds(stripped)
        return int(stripped)
    except ValueError:
        raise Refused(_NO_NUMBER[server](row.kind, text)) from None


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


def misread(server: str, name: str, text: str) -> tuple[str, str]:
    """A mode or mask that is taken for a decimal number although it looks like an octal one: what is wrong, and the
    mode or mask that it becomes (seen: Granian 2.8.7 makes 1224 of 660, Hypercorn 0.18 takes 022 for 026)."""
    digits = text.strip()
    if (server, name) == ("granian", "uds_permissions") and re.fullmatch(r"[1-7][0-7]{2,3}", digits):
        return f"without a 0 before it, it is read as a decimal number: mode {int(digits):o}", f"{int(digits):o}"
    if (server, name) == ("hypercorn", "umask") and re.fullmatch(r"0[0-7]{2,3}", digits) and int(digits) > 7:
        return f"it is read as a decimal number: umask {int(digits):03o}", f"{int(digits):03o}"
    return "", ""


def _range(row: Row) -> str:
    if row.most is None:
        return f"x>={row.least:g}"
    return f"{row.least:g}<=x<={row.most:g}" if row.least is not None else f"x<={row.most:g}"


def application_problem(server: str, text: str) -> str:
    """Why the server can't import an application, as far as its name tells. Hypercorn and Granian take paths too
    (each tried: uvicorn 0.54, Hypercorn 0.18, Daphne 4.2.3, Granian 2.8.7, waitress 3.0.2)."""
    if server in ("hypercorn", "granian", "fastapi"):
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


def later_problem(server: str, name: str, value: object) -> str:
    """What the server finds out only when it starts to listen or to work."""
    if name == "port" and isinstance(value, int) and not 0 <= value <= HIGHEST_PORT:
        return f"port {value} is out of range"
    if server == "granian" and name == "host" and isinstance(value, str) and not Address.tcp(value, None).is_ip:
        return f"{value!r} is no IP address, and names are not looked up"
    if server == "hypercorn" and name == "worker_class" and isinstance(value, str) and value not in _WORKERS:
        return f"No worker of class {value} exists"
    return ""
