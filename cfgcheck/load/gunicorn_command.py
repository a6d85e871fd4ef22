"""Gunicorn command lines: which command starts Gunicorn, and what its arguments say."""

from __future__ import annotations

from dataclasses import dataclass

from cfgcheck.source.file import Span
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.shell_words import Command, Word


@dataclass(frozen=True, slots=True)
class GunicornCommand:
    """A command that starts Gunicorn: the words after ``gunicorn``, and the environment it is given in the command.

    ``span``: the program's name through the last word. ``cluttered``: another word holds variables that may add
    arguments (``$GUNICORN_OPTS``).
    """

    words: tuple[Word, ...]
    environment: Environment
    span: Span


def find_gunicorn(command: Command, environment: Environment) -> GunicornCommand | None:
    """The Gunicorn that ``command`` starts, wrappers (``exec``, ``poetry run``, ``python -m`` …) seen through."""
    raise NotImplementedError
