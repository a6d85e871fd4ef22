"""Gunicorn command lines: which command starts Gunicorn, and what its arguments say, as its argparse reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cfgcheck.load.gunicorn_table import Row, options_of
from cfgcheck.model.version import Version
from cfgcheck.record import field, record
from cfgcheck.source.file import Span
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.shell_words import Command, Word

_PROGRAM = re.compile(r"gunicorn(?:3|-\d[\d.]*)?(?:\.exe)?\Z")
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*\Z")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=", re.ASCII)
_NEGATIVE_NUMBER = re.compile(r"-\d+\Z|-\d*\.\d+\Z")
_LITERAL = re.compile(r"[^$`{<]*")
"""The part of a word's template before its first unknown part."""

_WRAPPERS = frozenset(
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

_VALUE_FLAGS = frozenset({"-u", "-g", "-n", "-c", "-e", "--user", "--group", "--name", "-p", "--env-file", "--with"})
"""Flags of such programs that take the next word as their value."""

_ARGUMENT_VARIABLE = re.compile(r"ARG|OPT|FLAG|PARAM|EXTRA|SETTINGS|CONF|CMD", re.IGNORECASE)
_EXITING = frozenset({"-h", "--help", "-v", "--version"})


@record(frozen=True)
class GunicornCommand:
    """A command that starts Gunicorn: the words after ``gunicorn``, and the environment that it runs in.

    ``span``: the program's name through the last word. ``name_span``: the program's name.
    """

    words: tuple[Word, ...]
    environment: Environment
    span: Span
    name_span: Span


def find_gunicorn(command: Command, environment: Environment | None = None) -> GunicornCommand | None:
    """The Gunicorn that ``command`` starts, wrappers (``exec``, ``poetry run``, ``python -m`` …) seen through.

    ``environment``: the one to use instead of the command's own. None where the command starts something else,
    also where it only names Gunicorn (``pip install gunicorn``, ``pkill gunicorn``).
    """
    words = command.words
    at = _program(words)
    if at is None:
        return None
    variables = environment if environment is not None else command.environment
    given = {each.name: each.word for each in command.assignments}
    given.update({name: word for word in words[:at] if (name := _assigned(word))})
    known = {name: word.value.partition("=")[2] for name, word in given.items() if word.value is not None}
    known.update({each.name: each.word.value for each in command.assignments if each.word.value is not None})
    variables = variables.with_values(known, {name: word.span for name, word in given.items()})
    for name, word in given.items():
        if word.value is None:
            variables = variables.with_unknown(name, word.because)
    first, last = words[at].span, words[-1].span
    span = Span(first.file, first.start, max(last.end, first.end))
    # ``start-stop-daemon --exec gunicorn -- ARGUMENTS``: the dashes are the wrapper's.
    manager = any(word.template.endswith("start-stop-daemon") for word in words[:at])
    own = at + 2 if manager and at + 1 < len(words) and words[at + 1].template == "--" else at + 1
    return GunicornCommand(words[own:], variables, span, first)


def _assigned(word: Word) -> str:
    found = _ASSIGNMENT.match(word.template)
    return found[0][:-1] if found else ""


def _program(words: Sequence[Word]) -> int | None:
    """The index of the word that is Gunicorn's name, or the module name after ``-m``."""
    at = 0
    wrapped = True
    while at < len(words) and wrapped:
        text = words[at].template
        name = text.rpartition("/")[2]
        if _PROGRAM.match(name):
            return at
        if _PYTHON.match(name):
            return _module(words, at + 1)
        wrapped = name in _WRAPPERS or bool(_assigned(words[at])) or text.endswith(".sh") or "/" in text
        if not wrapped:
            return None
        at = _next_program(words, at + 1)
    return None


def _next_program(words: Sequence[Word], at: int) -> int:
    """Past a wrapper's own arguments: the next word that is Gunicorn, Python or another wrapper."""
    while at < len(words):
        text = words[at].template
        name = text.rpartition("/")[2]
        follows_flag = words[at - 1].template in _VALUE_FLAGS
        if not follows_flag and (_PROGRAM.match(name) or _PYTHON.match(name) or name in _WRAPPERS):
            return at
        if text in ("install", "add", "remove", "uninstall", "sync", "lock", "pip", "pkill", "kill", "echo", "stop"):
            return len(words)
        at += 1
    return at


def _module(words: Sequence[Word], at: int) -> int | None:
    """Past Python's own flags to the module after ``-m``, where that is Gunicorn; or a path that ends in it."""
    while at < len(words):
        text = words[at].template
        if text == "-m" or (text.startswith("-") and not text.startswith("--") and text.endswith("m")):
            found = at + 1 < len(words) and words[at + 1].template.split(".")[0] == "gunicorn"
            return at + 1 if found else None
        if text in ("-W", "-X"):
            at += 1
        elif not text.startswith("-"):
            return at if _PROGRAM.match(text.rpartition("/")[2]) else None
        at += 1
    return None


@record(frozen=True)
class Argument:
    """One option as given. ``flag``: its full name. ``row``: the setting.
    ``text``: the value as far as it is known, with placeholders. ``value``: the value, None where it is not known.
    ``span``: the value, or the flag where it has none."""

    flag: str
    row: Row | None
    value: str | None
    text: str
    span: Span
    flag_span: Span
    because: str = ""
    variables: tuple[str, ...] = ()


@record()
class Arguments:
    """A whole command line: the options in order, the application, what argparse refuses, and why options may be
    there that can't be seen (``cluttered``)."""

    options: list[Argument] = field(default_factory=list)
    positional: list[Word] = field(default_factory=list)
    refused: list[tuple[str, Span, str]] = field(default_factory=list)
    """The message, the place, and the name of the option or ""."""
    cluttered: str = ""
    exits: bool = False
    """``--help`` or ``--version``: it starts no server."""


def parse_arguments(words: Sequence[Word], version: Version | None) -> Arguments:
    """Read a command line as ``argparse`` does with Gunicorn's options of that version.

    ``version`` None: the options of all versions. Options may be abbreviated and glued to their values; the
    application is the first run of words that belong to no option, any later run is refused.
    """
    return _Parser(words, options_of(version)).parse()


class _Parser:
    def __init__(self, words: Sequence[Word], options: dict[str, Row]) -> None:
        self.words = words
        self.options = options
        self.result = Arguments()
        self.at = 0
        self.after_dashes = False
        self.names_application: bool | None = None

    def parse(self) -> Arguments:
        """One pass: each word is an option, the value of one, or part of a run of positional words."""
        words = self.words
        taken_positional = False
        while self.at < len(words):
            word = words[self.at]
            if self._is_positional(self.at):
                run = self._positional_run()
                if not run:
                    continue
                if taken_positional and not self.result.refused:
                    self._refuse(f"unrecognized arguments: {' '.join(each.template for each in run)}", run[0].span)
                if not taken_positional:
                    self.result.positional = run
                taken_positional = True
            else:
                self.at += 1
                self._option(word)
        return self.result

    def _is_positional(self, at: int) -> bool:
        word = self.words[at]
        text = word.template
        if self.after_dashes or not text.startswith("-") or len(text) == 1:
            return True
        if text == "--":
            return True
        name = text.partition("=")[0]
        if text in self.options or name in self.options or text in _EXITING:
            return False
        return self._match(text) == [] and (bool(_NEGATIVE_NUMBER.match(text)) or " " in text)

    def _positional_run(self) -> list[Word]:
        run: list[Word] = []
        while self.at < len(self.words) and self._is_positional(self.at):
            word = self.words[self.at]
            self.at += 1
            if word.template == "--" and not self.after_dashes:
                self.after_dashes = True
                continue
            if word.value is None and word.bare and word.template[:1] in "$`" and self._adds_arguments(word):
                self.result.cluttered = self.result.cluttered or word.because
                continue
            run.append(word)
        return run

    def _adds_arguments(self, word: Word) -> bool:
        """Whether an unquoted unknown word (``$OPTS``) is likelier to hold options than the application."""
        if _ARGUMENT_VARIABLE.search(word.template) or word.template.startswith(("$@", "$*")):
            return True
        if self.names_application is None:
            self.names_application = self._names_application()
        return self.names_application

    def _names_application(self) -> bool:
        """Whether a word is there that can be nothing but the application."""
        before = ""
        for word in self.words:
            flag = self.options.get(before)
            if word.value is not None and not word.value.startswith("-") and not (flag and flag.takes_value):
                return True
            before = word.template
        return False

    def _match(self, text: str) -> list[tuple[str, Row | None, str | None]]:
        """The options that a word may mean: the flag, its setting and the value glued to it."""
        if text.startswith("--"):
            name, equals, value = text.partition("=")
            given = value if equals else None
            flags = [*self.options, "--help", "--version"]
            return [(flag, self.options.get(flag), given) for flag in flags if flag.startswith(name)]
        found: list[tuple[str, Row | None, str | None]] = []
        name, equals, value = text.partition("=")
        for flag in (*self.options, *_EXITING):
            if flag == text[:2]:
                found.append((flag, self.options.get(flag), text[2:]))
            elif flag.startswith(name):
                found.append((flag, self.options.get(flag), value if equals else None))
        return found

    def _option(self, word: Word) -> None:
        text = word.template
        name, equals, value = text.partition("=")
        if text in self.options or text in _EXITING:
            self._take(word, text, self.options.get(text), None)
            return
        if equals and name in self.options:
            self._take(word, name, self.options[name], value)
            return
        matches = self._match(text)
        if len(matches) == 1:
            flag, row, given = matches[0]
            self._take(word, flag, row, given)
        elif matches:
            could = ", ".join(flag for flag, _, _ in matches)
            self._refuse(f"ambiguous option: {text} could match {could}", word.span, name)
        else:
            self._refuse(f"unrecognized arguments: {text}", word.span, name)

    def _take(self, word: Word, flag: str, row: Row | None, glued: str | None) -> None:
        if row is None:
            self.result.exits = True
            return
        if row.takes_value:
            self._take_value(word, flag, row, glued)
            return
        if glued is not None and not flag.startswith("--") and glued and f"-{glued[0]}" in (*self.options, *_EXITING):
            # ``-Dw4``: flags of one letter may be run together, the last one with its value.
            self._add(word, flag, row, None)
            inner = Word(None, f"-{glued}", word.span, word.because) if word.value is None else None
            self._option(inner or Word(f"-{glued}", f"-{glued}", word.span))
        elif glued is not None:
            self._refuse(f"argument {_named(row)}: ignored explicit argument {glued!r}", word.span, flag)
        else:
            self._add(word, flag, row, None)

    def _take_value(self, word: Word, flag: str, row: Row, glued: str | None) -> None:
        if glued is not None:
            known = _LITERAL.match(glued)
            whole = word.value is not None or (known is not None and known.end() == len(glued))
            self._add(word, flag, row, glued, glued if whole else None, word, _glued_span(word, glued))
            return
        following = self.at < len(self.words) and self._is_positional(self.at) and self._is_value(self.at)
        if following:
            value = self.words[self.at]
            self.at += 1
            self._add(word, flag, row, value.template, value.value, value, value.span)
        elif row.nargs == "?":
            self._add(word, flag, row, str(row.const), str(row.const), None, word.span)
        else:
            self._refuse(f"argument {_named(row)}: expected one argument", word.span, flag)

    def _is_value(self, at: int) -> bool:
        return self.words[at].template != "--" or self.after_dashes

    def _add(
        self,
        word: Word,
        flag: str,
        row: Row,
        text: str | None,
        value: str | None = None,
        source: Word | None = None,
        span: Span | None = None,
    ) -> None:
        because = source.because if source is not None else ""
        variables = source.variables if source is not None else ()
        self.result.options.append(
            Argument(flag, row, value, text or "", span or word.span, word.span, because, variables)
        )

    def _refuse(self, message: str, span: Span, name: str = "") -> None:
        self.result.refused.append((message, span, name))


def _named(row: Row) -> str:
    return "/".join(row.flags)


def _glued_span(word: Word, glued: str) -> Span:
    """Where the value stands in ``--bind=x`` or ``-w4``; the whole word where quotes make that unclear."""
    span = word.span
    if glued and span.text.endswith(glued) and len(glued) < span.end - span.start:
        return Span(span.file, span.end - len(glued), span.end)
    return span
