"""Run scripts that nothing else starts: somebody starts them by hand, or something does that is not in the tree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from cfgcheck.load.context import Context
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.service import Carried, Launch, Service
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.shell_word import Word

_SHEBANG = re.compile(r"\ufeff?#![^\n]*\b(?:ba|da|a|k|z)?sh\b")
_SERVER = re.compile(
    r"^(?![ \t]*#)[^\n]*?(?<![\w.-])(gunicorn|uwsgi|uvicorn|hypercorn|daphne|granian|waitress-serve|nginx)(?![\w.-])",
    re.MULTILINE,
)
_SERVERS = frozenset({"gunicorn", "uwsgi", "uvicorn", "hypercorn", "daphne", "granian", "waitress-serve", "nginx"})
_ENDINGS = (".sh", ".bash")
_SET_ASIDE = re.compile(r"(?:install|setup|provision|deploy|build|test|ci|release|upgrade|update|bootstrap|lint)")
"""Scripts by such names do things to servers rather than run them."""


def looks_like_script(name: str, text: str) -> bool:
    """Whether a file may be a shell script that starts a server. ``name``: without its folder; ``text``: its
    beginning."""
    named = name.endswith(_ENDINGS)
    return (named or ("." not in name and _SHEBANG.match(text) is not None)) and _SERVER.search(text) is not None


def lone_scripts(context: Context, paths: Sequence[Path], used: set[Path]) -> Carried:
    """Services for the scripts among ``paths`` that start a server. Those that another one starts are parts of it;
    ``used``: paths that something else starts already."""
    from cfgcheck.load.follow import follow

    carried = Carried()
    found: list[tuple[Path, SourceFile, Service, list[SourceFile]]] = []
    for path in paths:
        if path in used or _SET_ASIDE.match(path.name.lower()):
            continue
        file = context.disk.read(path)
        if file is None or not looks_like_script(path.name, file.text):
            continue
        service = _service(context, path, file)
        followed = follow(service, context)
        if any(_serves(start.command.words) for start in followed.starts):
            found.append((path, file, service, followed.files))
    parts = {id(file): {id(part) for part in files} - {id(file)} for _, file, _, files in found}
    for number, (path, file, service, files) in enumerate(found):
        # Of two that start one another the first one is the whole.
        wholes = [id(other) for _, other, _, _ in found[:number]]
        wholes += [id(other) for _, other, _, _ in found[number + 1 :] if id(other) not in parts[id(file)]]
        if not any(id(file) in parts[whole] for whole in wholes):
            carried.services.append(service)
            carried.files += files
            carried.used.add(path)
    return carried


def _service(context: Context, path: Path, file: SourceFile) -> Service:
    """The script as its own command, started from the folder that it is written for, as far as the tree tells."""
    span = Span(file, 0, max(file.text.find("\n"), 1))
    word = Word(path.name, path.name, span)
    unit = Unit(Manager.SCRIPT, context.disk.show(path), span, files=(file,))
    files = Filesystem(context.disk, context.index, beside=path.parent)
    return Service(unit, files, command=Launch(span, (Word("sh", "sh", span), word)))


def _serves(words: Sequence[Word]) -> bool:
    names = [(word.value or "").rpartition("/")[2] for word in words[:4]]
    return names[0] in _SERVERS or ("-m" in names and any(name.partition(".")[0] in _SERVERS for name in names))
