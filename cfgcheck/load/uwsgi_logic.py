"""``for``, ``for-times``, ``if-env``, ``if-not-exists`` … of a uWSGI configuration.

What lies between the option and its end is taken once for each word, once, or not at all. A condition that only the
machine can answer leaves open whether the options are there (core/config.c; facts 7.07, 7.08, 7.20).
"""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from cfgcheck.load.uwsgi_number import atoi
from cfgcheck.record import record
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.uwsgi_text import Part

if TYPE_CHECKING:
    from cfgcheck.load.uwsgi_expand import Expansion, Item

ENDS = frozenset({"end", "endfor", "endif", "end-if", "end-for"})
"""Each ends whatever is under way."""

OFFERS = frozenset({"if-exists", "if-file", "ifexists"})
"""Conditions that a file be there, which a tree answers only with yes."""

_MOST_TIMES = 10_000
_Answer = tuple[bool | None, str | None]
"""Whether a condition holds (None: nobody knows), and what ``%(_)`` stands for."""


class CrashError(Exception):
    """uWSGI dies of a bare option on the command line while a loop or condition from a file is still open."""


@record(frozen=True)
class Logic:
    """A loop or condition under way: the option's name, what it goes by, and the option in the stream."""

    name: str
    argument: str
    item: Item

    def values(self, value: str | None, run: Expansion) -> Iterable[tuple[str | None, str]]:
        """The values with which an option inside is taken, each with why it may not be taken at all ("": it is)."""
        if self.name.startswith("for"):
            return self._looped(value, run)
        holds, word = self._condition(run)
        if value is None and word is not None and holds:
            raise CrashError
        if holds is None:
            because = f"it stands under {self.name} = {run.parts.written(self.argument)}, which only the machine tells"
            return [(_substituted(value, word), because)]
        return [(_substituted(value, word), "")] if holds else []

    def _looped(self, value: str | None, run: Expansion) -> Iterable[tuple[str | None, str]]:
        words = self._words(run)
        if value is None and words:
            raise CrashError
        if words is None:
            mark = run.parts.mark(Part("%(_)", f"what {self.name} goes through is not known"))
            return [(_substituted(value, mark), f"{self.name} may have nothing to go through")]
        return [(_substituted(value, word), "") for word in words]

    def _words(self, run: Expansion) -> list[str] | None:
        """What a loop goes through; None when nobody knows."""
        if run.parts.because(self.argument) or self.item.maybe:
            return None
        if self.name == "for":
            return [word for word in self.argument.split(" ") if word]
        if self.name == "for-times":
            times = atoi(self.argument)
            return [str(number) for number in range(1, times + 1)] if times <= _MOST_TIMES else None
        if self.name == "for-glob" and run.around.here:
            base = run.disk.absolute(run.around.folder or "")
            return sorted(glob.glob(self.argument, root_dir=base)) or [self.argument]
        return None

    def _condition(self, run: Expansion) -> _Answer:
        kind = self.name.replace("-", "").removeprefix("if")
        negated = kind.startswith("not")
        holds, word = self._positive(kind.removeprefix("not"), run)
        if run.parts.because(self.argument) or self.item.maybe:
            holds = None
        return (not holds if negated and holds is not None else holds), word

    def _positive(self, kind: str, run: Expansion) -> _Answer:
        if kind == "reload":
            return False, None
        if kind == "env":
            return self._compared(lambda name: _variable(run.around.environment, name), run)
        if kind == "opt":
            return self._compared(lambda name: _option(run, name), run)
        if kind in _LOOKS and run.around.here:
            path = run.disk.absolute(run.around.folder or "") / self.argument
            return _LOOKS[kind](path), self.argument
        return None, self.argument

    def _compared(self, look: Callable[[str], _Answer], run: Expansion) -> _Answer:
        """``NAME`` asks whether it is set, ``NAME=value`` whether it is that."""
        name, equals, wanted = self.argument.partition("=")
        is_set, value = look(name)
        if not is_set or not equals or value is None:
            return is_set, value
        if run.parts.because(value) and not run.around.here:
            return None, value
        return run.parts.local(value) == wanted, value


_LOOKS: dict[str, Callable[[os.PathLike[str]], bool]] = {
    "exists": os.path.exists,
    "file": os.path.isfile,
    "dir": os.path.isdir,
    "directory": os.path.isdir,
}


def _variable(environment: Environment, name: str) -> _Answer:
    if name in environment.values:
        return True, environment.values[name]
    return (False if environment.complete and name not in environment.unknown else None), None


def _option(run: Expansion, name: str) -> _Answer:
    item = run.first(name)
    if item is None:
        return (None if run.opaque else False), None
    return (None if item.maybe else item.value is not None), item.value


def _substituted(value: str | None, word: str | None) -> str | None:
    return value if value is None or word is None else value.replace("%(_)", word)
