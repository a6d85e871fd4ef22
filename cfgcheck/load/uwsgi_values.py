"""What uWSGI makes of the text of an option: its value, and where that is not what the author meant.

The conversions are those of core/uwsgi.c (``uwsgi_opt_set_int`` …). Misreadings that were seen on real servers:
units are ignored (facts 7.17, 7.s5), quotes and garbage make 0 (7.s1, 7.s3), inline comments are part of the value
(7.09, 7.s8-10), anything but ``false|off|no|0`` is true (7.10).
"""

from __future__ import annotations

import re
from typing import Any

from cfgcheck.load.uwsgi_number import atoi, strtoul
from cfgcheck.load.uwsgi_options import Option
from cfgcheck.record import record

_FALSE = frozenset({"false", "off", "no", "0"})
_MEANT_FALSE = frozenset({"n", "f", "disable", "disabled", "none", "null", "nil", "never", "00", "not"}) | _FALSE
# Patterns are compiled when they are first needed: hardly any value of a sound configuration gets as far.
_COMMENT = r"(?s)(?<!\s)\s+[;#].*|;$"
_INLINE = r"\s[;#](?:\s|$)|\s#"
_NUMBER = r"[+-]?[0-9]+"
_WITH_REMARK = r"(?s)[+-]?[0-9]+\s*(?:[;#].*)?"
_UNIT = r"[+-]?[0-9]+\s*([A-Za-z]+)\s*"

_PATHS = frozenset(
    {
        "module", "wsgi-file", "callable", "chdir", "chdir2", "home", "pythonpath", "pidfile", "pidfile2", "logto",
        "logto2", "daemonize", "daemonize2", "uid", "gid", "chown-socket", "plugins", "plugins-dir", "touch-reload",
        "touch-chain-reload", "stats", "master-fifo", "mount", "static-map", "emperor", "paste", "pecan", "protocol",
        "loop", "pyrun", "import", "shared-import", "spooler", "ini", "yaml", "xmlconfig", "json", "inherit",
    }
)  # fmt: skip
"""Options whose value is a name or a path, so that an inline comment or a quote in it can only be a mistake."""

_SECONDS = frozenset(
    {
        "harakiri", "socket-timeout", "http-timeout", "http-connect-timeout", "http-headers-timeout",
        "worker-reload-mercy", "reload-mercy", "mule-reload-mercy", "max-worker-lifetime", "min-worker-lifetime",
        "py-auto-reload", "harakiri-graceful-timeout", "mule-harakiri", "spooler-harakiri", "so-send-timeout", "idle",
        "http-keepalive",
    }
)  # fmt: skip


@record(frozen=True)
class Converted:
    """A value, and for SettingUse: why uWSGI refuses or misreads the text, what it takes it for, and whether that
    changes nothing."""

    value: Any
    problem: str = ""
    means: str = ""
    harmless: bool = False


def convert(option: Option, text: str | None) -> Converted:
    """What ``option = text`` sets. ``text`` is None for a bare option on a command line."""
    if option.kind in ("bool", "not"):
        return _switch(text)
    if option.kind in ("int", "rawint", "int64", "int16", "megabytes"):
        return _number(option, text)
    if option.kind == "chmod":
        return _mode(text)
    return _string(option, text or "")


def _switch(text: str | None) -> Converted:
    word = (text or "true").lower()
    if text is not None and word in _FALSE:
        return Converted(False)
    if word in ("true", "1", "yes", "on"):
        return Converted(True)
    meant = re.sub(_COMMENT, "", word).strip().strip("\"'")
    if meant in _MEANT_FALSE:
        return Converted(True, f"only false, off, no and 0 turn it off: {text!r} turns it on", "true")
    return Converted(True)


def _number(option: Option, text: str | None) -> Converted:
    if text is None:
        return Converted(1)
    value = atoi(text) if option.kind in ("int", "rawint") else strtoul(text)
    if option.kind == "int" and value < 0:
        return Converted(value, f"uWSGI refuses to start: {option.name} must not be negative", "refused")
    if option.kind == "int16" and value > 65535:
        problem = f"{option.name} holds at most 65535 in uWSGI 2.0"
        return Converted(65535, problem, "65535", harmless=re.fullmatch(_NUMBER, text) is not None)
    if option.kind == "megabytes":
        value *= 1 << 20
    if (text.isascii() and text.isdigit()) or re.fullmatch(_WITH_REMARK, text):
        return Converted(value, *_zero_workers(option, value))
    return _misread(option, text, value)


def _zero_workers(option: Option, value: int) -> tuple[str, str]:
    if option.canonical == "processes" and value == 0:
        return "no worker runs: connections are accepted and never answered", "0"
    return "", ""


def _misread(option: Option, text: str, value: int) -> Converted:
    taken = value >> 20 if option.kind == "megabytes" else value
    unit = re.fullmatch(_UNIT, text)
    if unit:
        harmless = unit.group(1).lower() in _own_units(option)
        return Converted(value, f"uWSGI knows no units: it reads {text!r} as {taken}", str(taken), harmless)
    if not text:
        return Converted(value, f"{option.name} has no value: uWSGI takes 0", "0")
    why = "quotes are part of the value" if text[0] in "\"'" else "uWSGI reads the leading digits only"
    return Converted(value, f"{why}: {text!r} is {taken}", str(taken))


def _own_units(option: Option) -> tuple[str, ...]:
    """The unit that the number is in anyway."""
    if option.canonical in _SECONDS:
        return ("s", "sec", "secs", "second", "seconds")
    return ("m", "mb", "mib") if option.kind == "megabytes" else ("b", "bytes")


def _mode(text: str | None) -> Converted:
    """Exactly three octal digits, or a lone 1, or nothing on a command line: both mean 666 (facts 1.05, 7.s10-11)."""
    if text is None or text == "1":
        return Converted("666")
    if re.fullmatch("[0-7]{3}", text):
        return Converted(text)
    return Converted(text, f"uWSGI refuses to start: invalid chmod value: {text}", "refused")


def _string(option: Option, text: str) -> Converted:
    if option.canonical not in _PATHS:
        return Converted(text)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return Converted(text, f"quotes are part of the value: {text}", text)
    if has_remark(text):
        return Converted(text, "a comment behind a value is part of it: uWSGI has no inline comments", text)
    return Converted(text)


def has_remark(text: str) -> bool:
    """Whether something that looks like an inline comment stands in a value."""
    return (";" in text or "#" in text) and re.search(_INLINE, text) is not None
