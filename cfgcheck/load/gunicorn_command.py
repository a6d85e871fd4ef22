"""Gunicorn command lines: which command starts Gunicorn, and what its arguments say, as its argparse reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cfgcheck.load import argparse_words
from cfgcheck.load.gunicorn_table import Row, options_of
from cfgcheck.load.program import find_program
from cfgcheck.model.version import Version
from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.shell_words import Command, Word

_PROGRAM = re.compile(r"gunicorn(?:3|-\d[\d.]*)?(?:\.exe)?\Z")
_EXITING = frozenset({"-h", "--help", "-v", "--version"})

Argument = argparse_words.Argument[Row]
Arguments = argparse_words.Arguments[Row]


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
    found = find_program(command, lambda name: _PROGRAM.match(name) is not None, "gunicorn".__eq__, environment)
    return GunicornCommand(found.words, found.environment, found.span, found.name.span) if found else None


def parse_arguments(words: Sequence[Word], version: Version | None) -> Arguments:
    """Read a command line as ``argparse`` does with Gunicorn's options of that version.

    ``version`` None: the options of all versions. Options may be abbreviated and glued to their values; the
    application is the first run of words that belong to no option, any later run is refused.
    """
    return argparse_words.read_arguments(words, options_of(version), _EXITING)
