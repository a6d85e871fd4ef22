"""Command lines as Python's ``argparse`` reads them, located, by a table of options."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from cfgcheck.record import field, record
from cfgcheck.source.file import Span
from cfgcheck.syntax.shell_words import Word

_NEGATIVE_NUMBER = re.compile(r"-\d+\Z|-\d*\.\d+\Z")
_LITERAL = re.compile(r"[^$`{<]*")
"""The part of a word's template before its first unknown part."""

_ARGUMENT_VARIABLE = re.compile(r"ARG|OPT|FLAG|PARAM|EXTRA|SETTINGS|CONF|CMD", re.IGNORECASE)


class Option(Protocol):
    """What argparse has to know of an option. ``flags``: its names. ``nargs``: ``?`` where its value may be left out,
    it is then ``const``."""

    @property
    def flags(self) -> tuple[str, ...]: ...
    @property
    def nargs(self) -> str: ...
    @property
    def const(self) -> Any: ...
    @property
    def takes_value(self) -> bool: ...


R = TypeVar("R", bound=Option)


@record(frozen=True)
class Argument(Generic[R]):
    """One option as given. ``flag``: its full name. ``row``: the setting.
    ``text``: the value as far as it is known, with placeholders. ``value``: the value, None where it is not known.
    ``span``: the value, or the flag where it has none."""

    flag: str
    row: R | None
    value: str | None
    text: str
    span: Span
    flag_span: Span
    because: str = ""
    variables: tuple[str, ...] = ()


@record()
class Arguments(Generic[R]):
    """A whole command line: the options in order, the application, what argparse refuses, and why options may be
    there that can't be seen (``cluttered``)."""

    options: list[Argument[R]] = field(default_factory=list)
    positional: list[Word] = field(default_factory=list)
    refused: list[tuple[str, Span, str]] = field(default_factory=list)
    """The message, the place, and the name of the option or ""."""
    cluttered: str = ""
    exits: bool = False
    """``--help`` or ``--version``: it starts no server."""


def read_arguments(words: Sequence[Word], options: Mapping[str, R], exiting: frozenset[str]) -> Arguments[R]:
    """Read a command line as ``argparse`` does. ``options``: by flag; ``exiting``: flags that start nothing.

    Options may be abbreviated and glued to their values; the application is the first run of words that belong to no
    option, any later run is refused.
    """
    return ArgumentReader(words, options, exiting).read()


class ArgumentReader(Generic[R]):
    """One reading of one command line."""

    def __init__(self, words: Sequence[Word], options: Mapping[str, R], exiting: frozenset[str]) -> None:
        self.words = words
        self.options = options
        self.exiting = exiting
        self.result: Arguments[R] = Arguments()
        self.at = 0
        self.after_dashes = False
        self.names_application: bool | None = None

    def read(self) -> Arguments[R]:
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
        if text in self.options or name in self.options or text in self.exiting:
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
            if adds_arguments(word, self._application_is_named):
                self.result.cluttered = self.result.cluttered or word.because
                continue
            run.append(word)
        return run

    def _application_is_named(self) -> bool:
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

    def _match(self, text: str) -> list[tuple[str, R | None, str | None]]:
        """The options that a word may mean: the flag, its setting and the value glued to it."""
        if text.startswith("--"):
            name, equals, value = text.partition("=")
            given = value if equals else None
            flags = [*self.options, *(each for each in self.exiting if each.startswith("--"))]
            return [(flag, self.options.get(flag), given) for flag in flags if flag.startswith(name)]
        found: list[tuple[str, R | None, str | None]] = []
        name, equals, value = text.partition("=")
        for flag in (*self.options, *self.exiting):
            if flag == text[:2]:
                found.append((flag, self.options.get(flag), text[2:]))
            elif flag.startswith(name):
                found.append((flag, self.options.get(flag), value if equals else None))
        return found

    def _option(self, word: Word) -> None:
        text = word.template
        name, equals, value = text.partition("=")
        if text in self.options or text in self.exiting:
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

    def _take(self, word: Word, flag: str, row: R | None, glued: str | None) -> None:
        if row is None:
            self.result.exits = True
            return
        if row.takes_value:
            self._take_value(word, flag, row, glued)
            return
        if (
            glued is not None
            and not flag.startswith("--")
            and glued
            and f"-{glued[0]}" in (*self.options, *self.exiting)
        ):
            # ``-Dw4``: flags of one letter may be run together, the last one with its value.
            self._add(word, flag, row, None)
            inner = Word(None, f"-{glued}", word.span, word.because) if word.value is None else None
            self._option(inner or Word(f"-{glued}", f"-{glued}", word.span))
        elif glued is not None:
            self._refuse(f"argument {_named(row)}: ignored explicit argument {glued!r}", word.span, flag)
        else:
            self._add(word, flag, row, None)

    def _take_value(self, word: Word, flag: str, row: R, glued: str | None) -> None:
        if glued is not None:
            self._add(word, flag, row, glued, known_value(word, glued), word, value_span(word, glued))
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
        row: R,
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


def _named(row: Option) -> str:
    return "/".join(row.flags)


def adds_arguments(word: Word, application_is_named: Callable[[], bool]) -> bool:
    """Whether an unquoted unknown word (``$OPTS``) is likelier to hold options than the application."""
    if word.value is not None or not word.bare or word.template[:1] not in "$`":
        return False
    named = _ARGUMENT_VARIABLE.search(word.template) or word.template.startswith(("$@", "$*"))
    return bool(named) or application_is_named()


def known_value(word: Word, glued: str) -> str | None:
    """The value glued to an option; None where a part of it is not known."""
    known = _LITERAL.match(glued)
    whole = word.value is not None or (known is not None and known.end() == len(glued))
    return glued if whole else None


def value_span(word: Word, glued: str) -> Span:
    """Where the value stands in ``--bind=x`` or ``-w4``; the whole word where quotes make that unclear."""
    span = word.span
    if glued and span.text.endswith(glued) and len(glued) < span.end - span.start:
        return Span(span.file, span.end - len(glued), span.end)
    return span
