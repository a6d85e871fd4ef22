"""Which program a command starts: wrappers (``exec``, ``poetry run``, ``gosu user`` …) and ``python -m`` aside."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.shell_words import Command, Word

_PYTHON = re.compile(r"(?:python|pypy)[\d.]*\Z")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=", re.ASCII)

WRAPPERS = frozenset(
    {
        "exec", "env", "nohup", "time", "nice", "ionice", "sudo", "doas", "command", "stdbuf", "setsid",
        "timeout", "poetry", "pipenv", "uv", "pdm", "hatch", "rye", "pixi", "conda", "mamba", "micromamba",
        "newrelic-admin", "ddtrace-run", "opentelemetry-instrument", "dumb-init", "tini", "catatonit", "gosu",
        "su-exec", "chpst", "setuidgid", "s6-setuidgid", "s6-env", "with-contenv", "execlineb", "doppler",
        "chamber", "aws-vault", "infisical", "op", "honcho", "forego", "coverage", "py-spy", "memray",
        "kernprof", "start-stop-daemon", "dockerize", "wait-for-it", "wait-for", "scout-apm", "elasticapm-run",
        "sentry", "chroot", "unshare", "taskset", "numactl", "prlimit", "runuser", "ld.so", "logfire",
        "splunk-py-trace", "dotenv", "xvfb-run", "authbind", "softlimit",
    }
)  # fmt: skip
"""Programs that run the program that is named among their arguments."""

VALUE_FLAGS = frozenset({"-u", "-g", "-n", "-c", "-e", "--user", "--group", "--name", "-p", "--env-file", "--with"})
"""Flags of such programs that take the next word as their value."""

_NOT_RUNNING = frozenset(
    {"install", "add", "remove", "uninstall", "sync", "lock", "pip", "pkill", "kill", "echo", "stop"}
)

IsProgram = Callable[[str], bool]
"""Whether a file's name, or a module's first part, is that of the program looked for."""


@record(frozen=True)
class Program:
    """A program that a command starts: the words after its name, and the environment that it runs in.

    ``name``: the word of its name, or the module after ``python -m``. ``span``: from that through the last word.
    """

    name: Word
    words: tuple[Word, ...]
    environment: Environment
    span: Span


def find_program(
    command: Command, is_program: IsProgram, is_module: IsProgram, environment: Environment | None = None
) -> Program | None:
    """The program that ``command`` starts, if it is the one looked for. ``environment``: the one to use instead of the
    command's own. None where the command only names it (``pip install``, ``pkill``)."""
    words = command.words
    at = _position(words, is_program, is_module)
    if at is None:
        return None
    first, last = words[at].span, words[-1].span
    span = Span(first.file, first.start, max(last.end, first.end))
    # ``start-stop-daemon --exec gunicorn -- ARGUMENTS``: the dashes are the wrapper's.
    manager = any(word.template.endswith("start-stop-daemon") for word in words[:at])
    own = at + 2 if manager and at + 1 < len(words) and words[at + 1].template == "--" else at + 1
    return Program(words[at], words[own:], _environment(command, at, environment), span)


def _environment(command: Command, at: int, environment: Environment | None) -> Environment:
    variables = environment if environment is not None else command.environment
    given = {each.name: each.word for each in command.assignments}
    given.update({name: word for word in command.words[:at] if (name := _assigned(word))})
    known = {name: word.value.partition("=")[2] for name, word in given.items() if word.value is not None}
    known.update({each.name: each.word.value for each in command.assignments if each.word.value is not None})
    variables = variables.with_values(known, {name: word.span for name, word in given.items()})
    for name, word in given.items():
        if word.value is None:
            variables = variables.with_unknown(name, word.because)
    return variables


def _assigned(word: Word) -> str:
    found = _ASSIGNMENT.match(word.template)
    return found[0][:-1] if found else ""


def _position(words: Sequence[Word], is_program: IsProgram, is_module: IsProgram) -> int | None:
    """The index of the word that is the program's name, or the module name after ``-m``."""
    at = 0
    wrapped = True
    while at < len(words) and wrapped:
        text = words[at].template
        name = text.rpartition("/")[2]
        if is_program(name):
            return at
        if _PYTHON.match(name):
            return _module(words, at + 1, is_program, is_module)
        wrapped = name in WRAPPERS or bool(_assigned(words[at])) or text.endswith(".sh") or "/" in text
        if not wrapped:
            return None
        at = _next_program(words, at + 1, is_program)
    return None


def _next_program(words: Sequence[Word], at: int, is_program: IsProgram) -> int:
    """Past a wrapper's own arguments: the next word that is the program, Python or another wrapper."""
    while at < len(words):
        text = words[at].template
        name = text.rpartition("/")[2]
        follows_flag = words[at - 1].template in VALUE_FLAGS
        if not follows_flag and (is_program(name) or _PYTHON.match(name) or name in WRAPPERS):
            return at
        if text in _NOT_RUNNING:
            return len(words)
        at += 1
    return at


def _module(words: Sequence[Word], at: int, is_program: IsProgram, is_module: IsProgram) -> int | None:
    """Past Python's own flags to the module after ``-m``; or a path that ends in the program's name."""
    while at < len(words):
        text = words[at].template
        if text == "-m" or (text.startswith("-") and not text.startswith("--") and text.endswith("m")):
            found = at + 1 < len(words) and is_module(words[at + 1].template.split(".")[0])
            return at + 1 if found else None
        if text in ("-W", "-X"):
            at += 1
        elif not text.startswith("-"):
            return at if is_program(text.rpartition("/")[2]) else None
        at += 1
    return None
