"""Commands that start nginx, and which main file they name."""

from __future__ import annotations

import posixpath
import re

from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.shell_words import Command

_PROGRAM = re.compile(r"(?:nginx|nginx-debug|openresty)\Z")
_MANAGERS = frozenset({"service", "rc-service", "invoke-rc.d", "systemctl"})
_OTHERS = frozenset(
    {"apt-get", "apt", "apk", "yum", "dnf", "pkill", "killall", "kill", "rm", "cp", "echo", "which"}
)
"""Programs that take nginx's name as an argument and start nothing."""

_WITH_VALUE = frozenset({"-c", "-p", "-g", "-e", "-s"})


@record(frozen=True)
class NginxCommand:
    """``config``: the main file that ``-c`` names, None for the default; ``prefix``: of ``-p``."""

    config: str | None
    prefix: str
    span: Span


def find_nginx(command: Command) -> NginxCommand | None:
    """The nginx that a command starts; None where it starts something else, or only tests or signals nginx."""
    words = [word.template for word in command.words]
    at = next((index for index, word in enumerate(words) if _PROGRAM.match(posixpath.basename(word))), None)
    if at is None:
        return None
    if any(posixpath.basename(word) in _MANAGERS for word in words[:at]) or "/init.d/" in words[at]:
        starts = any(word in ("start", "restart") for word in words)
        return NginxCommand(None, "", command.span) if starts else None
    if at and words[0] in _OTHERS:
        return None
    options = _options(words[at + 1 :])
    if options is None:
        return None
    config = options.get("-c")
    return NginxCommand(config, options.get("-p", ""), command.span)


def _options(words: list[str]) -> dict[str, str] | None:
    """Options with their values; None where nginx does not go on to serve (``-t``, ``-s reload``)."""
    found: dict[str, str] = {}
    at = 0
    while at < len(words):
        word = words[at]
        if word in ("-t", "-T", "-v", "-V", "-h", "-?", "-s"):
            return None
        if word[:2] in _WITH_VALUE:
            value = word[2:] or (words[at + 1] if at + 1 < len(words) else "")
            found[word[:2]] = value
            at += 0 if word[2:] else 1
        at += 1
    return found
