"""Command lines as ``click`` and ``getopt`` read them, located, by a table of options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic

from cfgcheck.load.argparse_words import Argument, Arguments, R, adds_arguments, known_value, value_span
from cfgcheck.source.file import Span
from cfgcheck.syntax.shell_words import Word

__all__ = ["read_click", "read_getopt"]


def read_click(words: Sequence[Word], options: Mapping[str, R], exiting: frozenset[str]) -> Arguments[R]:
    """``click``: options and arguments in any order, no abbreviations."""
    reader = _Reader(words, options, exiting)
    while reader.at < len(words):
        word = words[reader.at]
        text = word.template
        reader.at += 1
        if text == "--":
            reader.positional += words[reader.at :]
            break
        if not text.startswith("-") or len(text) == 1:
            reader.positional.append(word)
        elif not reader.take_long(word, text) and not reader.take_short(word, text):
            name = text.partition("=")[0]
            reader.refuse(f"No such option: {name}", word.span, name)
    return reader.finished()


def read_getopt(words: Sequence[Word], options: Mapping[str, R], exiting: frozenset[str]) -> Arguments[R]:
    """``getopt``: long options only, which may be abbreviated, up to the first word that is none."""
    reader = _Reader(words, options, exiting)
    while reader.at < len(words):
        word = words[reader.at]
        text = word.template
        if text == "--" or not text.startswith("-") or len(text) == 1:
            reader.positional += words[reader.at + (text == "--") :]
            break
        reader.at += 1
        name, equals, value = text.partition("=")
        if not name.startswith("--"):
            reader.refuse(f"option {text[:2]} not recognized", word.span, text[:2])
            break
        if not reader.take_long(word, text):
            fitting = [flag for flag in (*options, *exiting) if flag.startswith(name)]
            if len(fitting) != 1:
                why = "not a unique prefix" if fitting else "not recognized"
                reader.refuse(f"option {name} {why}", word.span, name)
                break
            reader.take(word, fitting[0], value if equals else None)
    return reader.finished()


class _Reader(Generic[R]):
    def __init__(self, words: Sequence[Word], options: Mapping[str, R], exiting: frozenset[str]) -> None:
        self.words = words
        self.options = options
        self.exiting = exiting
        self.at = 0
        self.positional: list[Word] = []
        self.result: Arguments[R] = Arguments()

    def take_long(self, word: Word, text: str) -> bool:
        name, equals, value = text.partition("=")
        if name not in self.options and name not in self.exiting:
            return False
        self.take(word, name, value if equals else None)
        return True

    def take_short(self, word: Word, text: str) -> bool:
        """``-v`` or, its value glued to it, ``-eshop:app``."""
        flag = text[:2]
        if text.startswith("--") or (flag not in self.options and flag not in self.exiting):
            return False
        self.take(word, flag, text[2:] or None)
        return True

    def take(self, word: Word, flag: str, glued: str | None) -> None:
        row = self.options.get(flag)
        if flag in self.exiting or row is None:
            self.result.exits = True
        elif not row.takes_value:
            if glued is not None:
                self.refuse(f"Option {flag!r} does not take a value.", word.span, flag)
            self.result.options.append(Argument(flag, row, None, "", word.span, word.span))
        elif glued is not None:
            self._add(word, flag, row, glued, known_value(word, glued), word, value_span(word, glued))
        elif self.at < len(self.words):
            value = self.words[self.at]
            self.at += 1
            self._add(word, flag, row, value.template, value.value, value, value.span)
        else:
            self.refuse(f"Option {flag!r} requires an argument.", word.span, flag)

    def _add(self, word: Word, flag: str, row: R, text: str, value: str | None, source: Word, span: Span) -> None:
        self.result.options.append(Argument(flag, row, value, text, span, word.span, source.because, source.variables))

    def refuse(self, message: str, span: Span, name: str = "") -> None:
        self.result.refused.append((message, span, name))

    def finished(self) -> Arguments[R]:
        """What stands outside options: the application, and unknown words that may stand for options."""
        named = any(word.value is not None for word in self.positional)
        for word in self.positional:
            if adds_arguments(word, lambda: named):
                self.result.cluttered = self.result.cluttered or word.because
            else:
                self.result.positional.append(word)
        return self.result
