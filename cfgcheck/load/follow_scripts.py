"""Scripts that a command names: where in the tree they stand, and whether a shell runs them."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path

from cfgcheck.load.service import Service
from cfgcheck.record import record
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.shell_word import Word

_SHEBANG = re.compile(r"\ufeff?#![ \t]*(\S+)[ \t]*([^\n]*)")
_SHELL_NAME = re.compile(r"(?:ba|da|a|k|mk|z)?sh\Z")
_SUFFIXES = (".sh", ".bash", ".ksh", ".zsh")
_PATH = ("/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/")
_LAST_PART = re.compile(r"[^}`)>/]*\Z")
_PLAIN = re.compile(r"[\w.+-]+\Z")
_OTHER_SUFFIXES = (".py", ".js", ".rb", ".pl", ".php", ".mjs", ".ts")


@record(frozen=True)
class Found:
    """``path``: that it is started by, "" when that is not known."""

    file: SourceFile
    path: str


class NotFound(Enum):
    """The command names no script, as far as anybody sees."""

    NOT_FOUND = ""


NOT_FOUND = NotFound.NOT_FOUND


def looks_like_script_path(text: str) -> bool:
    """``${APP}/entrypoint.sh`` is known well enough."""
    return text.endswith(_SUFFIXES) and "/" in text


def find_script(word: Word, service: Service, folder: str, explicit: bool = False) -> Found | str | NotFound:
    """The script that a command names; why it can't be followed; or NOT_FOUND when it is taken for a program.

    ``explicit``: a shell is told to run it, whatever it looks like.
    """
    path = word.value
    if path is None:
        last = _LAST_PART.search(word.template) if looks_like_script_path(word.template) else None
        path = last[0] if last else None
        if not path:
            return f"which script {word.template[:200]} is, is not known" if explicit else NOT_FOUND
        folder = ""
    by_path = "/" in path or path.endswith(_SUFFIXES) or explicit
    files = service.files
    if by_path:
        place = files.find_path(path, folder)
        shown = path
    else:
        place, shown = _along_path(path, service)
    if place is None:
        if explicit or path.endswith(_SUFFIXES) or "entrypoint" in path.rpartition("/")[2]:
            return f"{path[:200]} is not in the folder checked"
        return NOT_FOUND
    beginning = files.disk.peek(place)
    if "\0" in beginning:
        return NOT_FOUND
    interpreter = "sh" if explicit else _interpreter(place.name, beginning)
    if not _SHELL_NAME.match(interpreter):
        return f"{files.disk.show(place)} is no shell script: what it starts can't be seen"
    file = files.disk.read(place)
    if file is None:
        return f"{path} can't be read"
    return Found(file, shown if word.value is not None else "")


def _along_path(name: str, service: Service) -> tuple[Path | None, str]:
    """A program of the image that was copied from the tree into a folder of PATH."""
    if _PLAIN.match(name):
        for folder in _PATH:
            place = service.files.mapped(folder + name)
            if place is not None and service.files.disk.exists(place):
                return place, folder + name
    return None, ""


def _interpreter(name: str, text: str) -> str:
    """The program that runs a file: of its ``#!`` line, else a shell unless its name says otherwise."""
    found = _SHEBANG.match(text)
    if found is None:
        return "" if name.endswith(_OTHER_SUFFIXES) else "sh"
    program = found[1].rpartition("/")[2]
    if program in ("env", "with-contenv", "busybox", "execlineb", "tini", "dumb-init"):
        rest = [word for word in found[2].split() if not word.startswith("-") and "=" not in word]
        return rest[0].rpartition("/")[2] if rest else "sh"
    return program
