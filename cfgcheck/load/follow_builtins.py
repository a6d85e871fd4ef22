"""The commands that a shell carries out itself."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.follow_conditions import decide
from cfgcheck.load.follow_state import State
from cfgcheck.record import replace
from cfgcheck.syntax.shell_script_commands import exported
from cfgcheck.syntax.shell_word import Word

if TYPE_CHECKING:
    from cfgcheck.load.follow_shell import Shell

Builtin = Callable[["Shell", State, Sequence[Word]], "bool | None"]

_MOST_ARGUMENTS = 200
_SIGNALS = frozenset(
    {"TERM", "SIGTERM", "15", "INT", "SIGINT", "2", "QUIT", "SIGQUIT", "3", "HUP", "SIGHUP", "1"}
)


def _nothing(shell: Shell, state: State, words: Sequence[Word]) -> bool | None:
    return True


def _fails(shell: Shell, state: State, words: Sequence[Word]) -> bool | None:
    return False


def _unknown(shell: Shell, state: State, words: Sequence[Word]) -> bool | None:
    return None


def _test(shell: Shell, state: State, words: Sequence[Word]) -> bool | None:
    given = words[1:]
    if words[0].value == "[":
        given = given[:-1]
    return decide(given, state.exists)


def _set(shell: Shell, state: State, words: Sequence[Word]) -> bool | None:
    """``set -- ARGUMENTS``; ``set -e`` and its kin change nothing here."""
    at = 1
    while at < len(words) and (words[at].value or "")[:1] in ("-", "+") and words[at].value != "--":
        # ``-euo pipefail``: an o among the letters takes the next word.
        at += 2 if "o" in (words[at].value or "") else 1
    if at < len(words):
        at += words[at].value == "--"
        state.scope.arguments = tuple(words[at:]) if len(words) - at <= _MOST_ARGUMENTS else None
    return True


def _shift(shell: Shell, state: State, words: Sequence[Word]) -> bool | None:
    count = (words[1].value or "") if len(words) > 1 else "1"
    given = state.scope.arguments
    if given is None:
        return None
    number = int(count) if count.isascii() and count.isdigit() and len(count) < 6 else -1
    if number < 0 or any(word.bare and not word.known for word in given[:number]):
        state.scope.arguments = None
        return None
    state.scope.arguments = given[number:] if number <= len(given) else given
    return number <= len(given)


def _cd(shell: Shell, state: State, words: Sequence[Word]) -> bool | None:
    targets = [word for word in words[1:] if not (word.value or "").startswith("-")]
    path = targets[0].value if targets else None
    scope = state.scope
    if path is None or path.startswith("~"):
        scope.folder = ""
    elif path.startswith("/"):
        scope.folder = posixpath.normpath(path)
    elif scope.folder:
        scope.folder = posixpath.normpath(posixpath.join(scope.folder, path))
    else:
        _move(state, path)
    return True


def _move(state: State, path: str) -> None:
    """A folder beside the file that the command stands in."""
    files = state.service.files
    beside = files.disk.absolute(files.beside / path)
    if beside.is_dir() and beside.is_relative_to(files.disk.root):
        moved = Filesystem(files.disk, files.index, files.mounts, beside, files.certain)
        state.service = replace(state.service, files=moved)


def _export(shell: Shell, state: State, words: Sequence[Word]) -> bool | None:
    for name, word in exported(words[1:]):
        state.scope.assign(name, word)
    return True


def _unset(shell: Shell, state: State, words: Sequence[Word]) -> bool | None:
    for word in words[1:]:
        if word.value is not None and not word.value.startswith("-"):
            state.scope.unset(word.value)
            state.functions.pop(word.value, None)
    return True


def _read(shell: Shell, state: State, words: Sequence[Word]) -> bool | None:
    for word in words[1:]:
        if word.value is not None and word.value.isidentifier():
            state.scope.forget(word.value, "the script reads it when it runs")
    return None


def _exit(shell: Shell, state: State, words: Sequence[Word]) -> bool | None:
    code = words[1].value if len(words) > 1 else "0"
    state.ended = "fail" if code is not None and code.strip("0") and code.isdigit() else "exit"
    if state.ended == "exit":
        shell.session.keep(state.pending)
    state.pending = []
    return True


def _return(shell: Shell, state: State, words: Sequence[Word]) -> bool | None:
    state.ended = "return"
    code = words[1].value if len(words) > 1 else "0"
    return None if code is None else not code.strip("0")


def _break(shell: Shell, state: State, words: Sequence[Word]) -> bool | None:
    if state.loops:
        state.ended = words[0].value or "break"
    return True


def _source(shell: Shell, state: State, words: Sequence[Word]) -> bool | None:
    if len(words) > 1:
        shell.session.source(shell, state, words[1:])
    return True


def _eval(shell: Shell, state: State, words: Sequence[Word]) -> bool | None:
    text = " ".join(word.template for word in words[1:])
    if len(words) < 2 or not text.strip():
        return True
    place = words[1].span if len(words) == 2 else words[0].span
    return shell.session.evaluate(shell, state, text, lambda start, end: place)


def _trap(shell: Shell, state: State, words: Sequence[Word]) -> bool | None:
    action = words[1].value if len(words) > 1 else "-"
    if action not in ("-", "", "--") and any((word.value or "").upper() in _SIGNALS for word in words[2:]):
        state.trapped = True
    return True


BUILTINS: Mapping[str, Builtin] = {
    **dict.fromkeys(("echo", ":", "true", "exec", "umask", "ulimit", "alias", "shopt", "printf", "enable"), _nothing),
    **dict.fromkeys(("type", "which", "hash", "let", "grep", "pgrep", "id"), _unknown),
    **dict.fromkeys(("export", "readonly", "local", "declare", "typeset"), _export),
    **dict.fromkeys((".", "source"), _source),
    **dict.fromkeys(("break", "continue"), _break),
    **dict.fromkeys(("read", "getopts", "mapfile", "readarray"), _read),
    **dict.fromkeys(("[", "test"), _test),
    **dict.fromkeys(("cd", "pushd"), _cd),
    "false": _fails,
    "set": _set,
    "shift": _shift,
    "unset": _unset,
    "exit": _exit,
    "return": _return,
    "eval": _eval,
    "trap": _trap,
}
"""By name. What stands here as a program of its own elsewhere (``printf``) is one that a shell has inside."""

HARMLESS = frozenset(
    {
        "wait", "kill", "sleep", "chown", "chmod", "mkdir", "rm", "cp", "mv", "ln", "touch", "disown", "bg", "fg",
        "times", "date", "cat", "sync", "usermod", "groupmod", "useradd", "groupadd", "addgroup", "adduser", "setfacl",
        "find", "sed", "awk", "tee", "mkfifo", "envsubst", "ls", "df", "du", "printenv", "whoami", "hostname",
        "uname", "head", "tail", "cut", "tr", "sort", "wc", "xargs", "tar", "unzip", "gzip", "curl", "wget", "nc",
        "netcat", "ping", "psql", "pg_isready", "mysql", "mysqladmin", "redis-cli", "pip", "pip3", "apt-get", "apt",
        "apk", "sysctl", "mount", "openssl", "locale-gen", "update-ca-certificates", "jobs", "unalias", "install",
        "git", "md5sum", "sha256sum", "jq", "getent", "stat", "crontab", "passwd", "mktemp", "dos2unix", "alembic",
        "supervisorctl", "pkill", "killall", "trap", "certbot",
    }
)
"""Programs that serve nobody, and end by themselves."""

LAST_WORDS = frozenset({"echo", "printf", "exit", "return", "wait", "kill", ":", "true", "trap", "sleep"})
"""What a script may say when its main program has ended: a program before them may still be the main one."""
