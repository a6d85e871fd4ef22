"""Command lines as a POSIX shell reads them: commands, words and variables, all located.

What a shell would have to run to know (``$(…)``, arithmetic, ``$@``) is unknown, and so is a variable that nobody set.
Template placeholders (``{{ port }}``) are unknown as well.
"""

from __future__ import annotations

import re

from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.environment import NOTHING_KNOWN, Environment
from cfgcheck.syntax.shell_word import Locate, ShellSyntaxError, Word, in_file
from cfgcheck.syntax.shlex_words import PlainLexer

__all__ = [
    "Assignment",
    "Command",
    "Locate",
    "ShellSyntaxError",
    "Word",
    "in_file",
    "split_commands",
    "split_words",
]


@record(frozen=True)
class Assignment:
    """``NAME=value`` in front of a command, or alone."""

    name: str
    word: Word


@record(frozen=True)
class Command:
    """One simple command: the assignments in front of it, its words without redirections, and the operator after it
    (``&&``, ``||``, ``;``, ``|``, ``&``, or "" at the end).

    ``environment``: the one given, and what commands before this one assigned or exported.
    """

    words: tuple[Word, ...]
    assignments: tuple[Assignment, ...]
    operator: str
    span: Span
    environment: Environment


SHELL = re.compile(r"(?:ba|da|a|k|mk|z)?sh\Z")
"""Names of programs that run shell scripts."""


def split_words(text: str, locate: Locate) -> list[Word]:
    """Words as ``shlex.split`` has them: quotes and backslashes, no variables, comments or operators.

    Raises ShellSyntaxError where ``shlex.split`` raises ValueError.
    """
    return PlainLexer(text, locate).words()


def split_commands(text: str, locate: Locate, environment: Environment = NOTHING_KNOWN) -> list[Command]:
    """The simple commands of a command line or small script, in the order of the text, whatever decides which of them
    run; those of ``sh -c '…'`` in place of it.

    Text that a shell would refuse (an open quote) is taken to its end: who owns the file reports it.
    """
    from cfgcheck.syntax.shell_script_commands import commands_of

    found: list[Command] = []
    for command in commands_of(text, locate, environment):
        script = script_of(command.words)
        if script is None:
            found.append(command)
        else:
            found += commands_of(*text_of(script), command.environment)
    return found


def script_of(words: tuple[Word, ...]) -> Word | None:
    """The commands that ``sh -c COMMANDS`` is given, also behind ``exec`` or ``env``."""
    for at, word in enumerate(words[:6]):
        if SHELL.match(word.template.rpartition("/")[2]):
            for flag, following in zip(words[at + 1 :], words[at + 2 :], strict=False):
                if flag.template.startswith("-") and not flag.template.startswith("--") and "c" in flag.template:
                    return following
                if not flag.template.startswith("-"):
                    return None
    return None


def text_of(word: Word) -> tuple[str, Locate]:
    """The text inside a quoted word, and where it stands; where escapes make that unclear, the whole word."""
    span = word.span
    quote, inner = span.text[:1], span.text[1:-1]
    plain = quote in ("'", '"') and span.text.endswith(quote) and quote not in inner
    if plain and (quote == "'" or ("\\" not in inner and inner == word.template)):
        return inner, in_file(span.file, span.start + 1)
    if span.text == word.template:
        return word.template, in_file(span.file, span.start)
    return word.template, lambda start, end: span
