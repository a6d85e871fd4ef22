"""uWSGI command lines: which command starts uWSGI, and what its arguments say.

Arguments follow getopt_long: options may be abbreviated where that is unambiguous, short flags may be glued together,
and what is no option is a configuration file, read after all options wherever it stands (core/init.c; facts 7.12d-e,
5.13x).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cfgcheck.load.uwsgi_expand import Expansion, Refusal
from cfgcheck.load.uwsgi_options import Option
from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.shell_words import Command, Word
from cfgcheck.syntax.uwsgi_entry import Entry
from cfgcheck.syntax.uwsgi_text import Part

_PROGRAM = re.compile(r"(?:.*/)?(?:py)?uwsgi(?:[-_](?:core|python[\d.]*|py[\d.]*))?(?:\d+(?:\.\d+)*)?(?:\.exe)?\Z")
_WRAPPERS = frozenset(
    {
        "exec", "command", "env", "sudo", "su-exec", "gosu", "setpriv", "setuidgid", "s6-setuidgid", "chpst", "runuser",
        "nice", "ionice", "chrt", "taskset", "time", "timeout", "nohup", "setsid", "stdbuf", "unbuffer", "prlimit",
        "tini", "dumb-init", "catatonit", "docker-init", "poetry", "pipenv", "uv", "uvx", "pdm", "hatch", "rye", "pixi",
        "conda", "micromamba", "newrelic-admin", "ddtrace-run", "opentelemetry-instrument", "aws-vault", "doppler",
        "chamber", "dotenv", "envdir", "direnv", "dockerize", "wait-for-it", "wait-for-it.sh", "wait-for",
        "wait-for.sh", "authbind", "numactl", "strace", "valgrind", "python", "python3", "coverage",
    }
)  # fmt: skip
_UNKNOWN = re.compile(r"\$\{\w+\}|\{\{.*?\}\}|\{%.*?%\}|<%.*?%>|\$\([^()]*\)|`[^`]*`")
"""What stands in a word's template for a part that is not known (``shell_words.Word``)."""

_NOT_RUNNING = frozenset({"install", "add", "remove", "uninstall", "show", "update", "upgrade", "which", "pip"})


@record(frozen=True)
class UwsgiCommand:
    """A command that starts uWSGI: the words after its name, the environment it is given, and the place of it all."""

    words: tuple[Word, ...]
    environment: Environment
    span: Span


def find_uwsgi(command: Command, environment: Environment) -> UwsgiCommand | None:
    """The uWSGI that ``command`` starts, wrappers (``exec``, ``poetry run``, ``gosu user`` …) seen through."""
    words = command.words
    at = _program(words)
    if at is None:
        return None
    for assignment in command.assignments:
        environment = _assigned(environment, assignment.name, assignment.word)
    for word in words[:at]:
        name, equals, value = word.template.partition("=")
        if equals and name.isidentifier() and word.known:
            environment = environment.with_values({name: value}, {name: word.span})
    span = Span(words[at].span.file, words[at].span.start, max(words[-1].span.end, words[at].span.end))
    return UwsgiCommand(words[at + 1 :], environment, span)


def _program(words: Sequence[Word]) -> int | None:
    """Where the program's name stands, if only wrappers and their arguments stand before it."""
    for at, word in enumerate(words[:40]):
        text = word.value or ""
        if _PROGRAM.match(text):
            return at if at == 0 or _wraps(words[:at]) else None
    return None


def _wraps(words: Sequence[Word]) -> bool:
    names = [(word.value or "").rpartition("/")[2] for word in words]
    return names[0] in _WRAPPERS and not _NOT_RUNNING.intersection(names)


def _assigned(environment: Environment, name: str, word: Word) -> Environment:
    if word.value is not None:
        return environment.with_values({name: word.value}, {name: word.span})
    return environment.with_unknown(name, word.because)


def take_command(run: Expansion, words: Sequence[Word]) -> None:
    """Take the arguments of a command line into the stream of ``run``: options first, then the bare files."""
    _CommandLine(run, words).take()


class _CommandLine:
    def __init__(self, run: Expansion, words: Sequence[Word]) -> None:
        self.run = run
        self.words = words
        self.next = 0
        self.files: list[Word] = []

    def take(self) -> None:
        while self.next < len(self.words):
            word = self.words[self.next]
            self.next += 1
            text = word.template
            if text == "--" and word.known:
                self.files.extend(self.words[self.next :])
                break
            if text.startswith("--"):
                self._long(word)
            elif text.startswith("-") and len(text) > 1:
                self._short(word)
            else:
                self.files.append(word)
        for word in self.files:
            self._file(word)

    def _file(self, word: Word) -> None:
        """A word that is no option: a configuration file. One that nobody knows may be anything, or nothing."""
        if not word.known:
            self.run.set_opaque(f"the command line holds {word.template}, which is not known")
        elif not word.template.startswith("["):
            self.run.load_path(word.template, word.span)

    def _long(self, word: Word) -> None:
        name, equals, value = word.template[2:].partition("=")
        full = self.run.table.completed(name)
        if not full:
            self._unknown(word, f"--{name}")
            return
        option = self.run.table[full]
        if equals:
            if option.argument == "no":
                why = f"uWSGI refuses to start: option '--{full}' doesn't allow an argument"
                self.run.refusals.append(Refusal(full, why, value, word.span))
                return
            self._add(option, word, self._value(word, value), _part(word, len(name) + 3))
        elif option.argument == "required":
            self._with_next(option, word)
        else:
            self._add(option, word, None, word.span)

    def _short(self, word: Word) -> None:
        """``-M``, ``-p4``, ``-p 4``, ``-Mp4``."""
        text = word.template
        at = 1
        while at < len(text):
            name = self.run.table.short.get(text[at], "")
            if not name:
                self._unknown(word, f"-{text[at]}")
                return
            option = self.run.table[name]
            at += 1
            if option.argument == "no":
                self._add(option, word, None, word.span)
            elif at < len(text):
                self._add(option, word, self._value(word, text[at:]), _part(word, at))
                return
            elif option.argument == "required":
                self._with_next(option, word)
            else:
                self._add(option, word, None, word.span)

    def _with_next(self, option: Option, word: Word) -> None:
        if self.next >= len(self.words):
            why = f"uWSGI refuses to start: option '--{option.name}' requires an argument"
            self.run.refusals.append(Refusal(option.name, why, "", word.span))
            return
        value = self.words[self.next]
        self.next += 1
        self._add(option, word, self._value(value, value.template), value.span)

    def _value(self, word: Word, text: str) -> str:
        """The text with a mark for each part that is not known: of ``:$PORT`` the colon is."""
        if word.known:
            return text
        marked, count = _UNKNOWN.subn(lambda found: self.run.parts.mark(Part(found[0], word.because)), text)
        return marked if count else self.run.parts.mark(Part(text, word.because))

    def _add(self, option: Option, word: Word, value: str | None, value_span: Span) -> None:
        self.run.add(Entry(option.name, value, word.span, value_span, "cli"))

    def _unknown(self, word: Word, shown: str) -> None:
        if not word.known:
            self.run.set_opaque(f"the command line holds {word.template}, which is not known")
            return
        why = f"uWSGI refuses to start: unrecognized option '{shown}'"
        self.run.refusals.append(Refusal(shown, why, word.template, word.span))
        following = self.words[self.next : self.next + 1]
        if following and "=" not in word.template and not following[0].template.startswith("-"):
            self.next += 1  # most probably the option's value, and no file


def _part(word: Word, start: int) -> Span:
    """The part of a word from its ``start``-th character on; the whole word where quotes or escapes move things."""
    span = word.span
    if span.text == word.template and start < len(word.template):
        return Span(span.file, span.start + start, span.end)
    return span
