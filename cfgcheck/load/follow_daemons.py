"""Services that a script starts by name (``service nginx start``), and supervisord."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from cfgcheck.load.filesystem import Filesystem
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.shell_word import Word

_STARTING = frozenset({"start", "restart", "reload", "force-reload", "enable"})
_PROGRAMS = {"supervisor": "supervisord"}
_KNOWN = frozenset({"nginx", "supervisor", "supervisord", "uwsgi", "gunicorn"})
_SUPERVISOR_FILES = ("/etc/supervisord.conf", "/etc/supervisor/supervisord.conf")


def as_daemon(words: Sequence[Word]) -> tuple[Word, ...] | None:
    """The program that ``service NAME start`` comes to; one without a name when it concerns no server; None when the
    command is none of that kind."""
    texts = [word.value or "" for word in words[:6]]
    program = texts[0].rpartition("/")[2]
    if texts[0].startswith("/etc/init.d/"):
        names, tasks = [program], texts[1:2]
    elif program in ("service", "rc-service", "invoke-rc.d"):
        names, tasks = texts[1:2], texts[2:3]
    elif program == "systemctl":
        names, tasks = [text.removesuffix(".service") for text in texts[2:]], texts[1:2]
    else:
        return None
    known = [name for name in names if name in _KNOWN]
    if known and tasks and tasks[0] in ("start", "restart"):
        at = next((at for at, text in enumerate(texts) if known[0] in text), 0)
        name = _PROGRAMS.get(known[0], known[0])
        return (Word(name, name, words[at].span),)
    return (Word("", "", words[0].span),)


def supervisor_file(words: Sequence[Word], files: Filesystem, folder: str) -> SourceFile | None:
    """The configuration of supervisord: ``-c PATH``, or the first of its default places that is in the tree."""
    for at, word in enumerate(words):
        text = word.value or ""
        if text in ("-c", "--configuration") and at + 1 < len(words):
            path = words[at + 1].value
            return files.find(path, folder) if path is not None else None
        if text.startswith("--configuration="):
            return files.find(text.partition("=")[2], folder)
        if text.startswith("-c") and len(text) > 2:
            return files.find(text[2:], folder)
    for path in _defaults(folder):
        place = files.mapped(path)
        if place is not None and files.disk.exists(place):
            return files.disk.read(place)
    return files.find("supervisord.conf", folder) if not files.certain else None


def _defaults(folder: str) -> Sequence[str]:
    """Where supervisord looks (its documentation, "Configuration File")."""
    beside = [posixpath.join(folder, name) for name in ("supervisord.conf", "etc/supervisord.conf")] if folder else []
    return [*beside, *_SUPERVISOR_FILES]
