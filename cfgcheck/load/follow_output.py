"""What the few commands print that scripts find their own folder with."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.shell_script import parse_script
from cfgcheck.syntax.shell_script_scope import Scope
from cfgcheck.syntax.shell_script_tree import Simple
from cfgcheck.syntax.shell_script_words import WordReader
from cfgcheck.syntax.shell_word import in_file

_MOST_TEXT = 300
_DEEPEST = 4


def printed(command: str, scope: Scope, depth: int) -> str | None:
    """The output of ``dirname "$0"``, ``cd DIR && pwd`` and their kin; None: not known."""
    if len(command) > _MOST_TEXT or depth > _DEEPEST:
        return None
    script = parse_script(command)
    if script.mistake is not None or any(item.background for item in script.body):
        return None
    reader = WordReader(command, in_file(SourceFile("", command)))
    inner = scope.copy()
    inner.output = lambda nested: printed(nested, inner, depth + 1)
    result: str | None = ""
    for pipeline in (each for item in script.body for each in item.pipelines):
        if len(pipeline.stages) != 1 or pipeline.negated or pipeline.operator == "||":
            return None
        stage = pipeline.stages[0]
        if not isinstance(stage, Simple):
            return None
        _, words = reader.words(stage.words, inner)
        texts = [word.value for word in words]
        if None in texts or not texts:
            return None
        known = [text for text in texts if text is not None]
        if known[0] == "cd":
            inner.folder = _joined(inner.folder, known[-1]) if len(known) == 2 else ""
            if not inner.folder:
                return None
        else:
            result = _print(known, inner)
    return result


def _print(words: Sequence[str], scope: Scope) -> str | None:
    name, arguments = words[0], [word for word in words[1:] if word not in ("--", "-P", "-L")]
    if name == "pwd":
        return scope.folder or None
    if name == "echo" and not any(word.startswith("-") or "\\" in word for word in arguments):
        return " ".join(arguments)
    if len(arguments) == 1 and not arguments[0].startswith("-"):
        if name == "dirname":
            return posixpath.dirname(arguments[0].rstrip("/")) or ("/" if arguments[0].startswith("/") else ".")
        if name == "basename":
            return posixpath.basename(arguments[0].rstrip("/"))
    if name in ("readlink", "realpath") and arguments and arguments[-1].startswith("/"):
        return posixpath.normpath(arguments[-1])
    return None


def _joined(folder: str, path: str) -> str:
    if path.startswith("/"):
        return posixpath.normpath(path)
    return posixpath.normpath(posixpath.join(folder, path)) if folder else ""
