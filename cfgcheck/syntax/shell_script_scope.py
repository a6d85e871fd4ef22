"""What a shell knows while it runs a script: variables, arguments, functions, its working directory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from cfgcheck.source.file import Span
from cfgcheck.syntax.environment import NOTHING_KNOWN, Environment
from cfgcheck.syntax.shell_word import Word

Output = Callable[[str], "str | None"]
"""What a command (the text between ``$(`` and ``)``) prints, or None."""


MOST_VARIABLES = 256
"""That a script may set; no run script sets more."""


class Scope:
    """Variables change while a script runs, so this changes as well.

    ``arguments``: ``$1`` and so on; None: nobody knows them. ``name``: ``$0``. ``arrays``: None where the words are not
    known. ``folder``: the working directory, "" where nobody knows it. ``output``: tells what a few commands print.
    ``status``: ``$?``, None where it is not known.
    """

    __slots__ = (
        "_snapshot", "arguments", "arrays", "complete", "folder", "most", "name", "output", "spans", "status",
        "unknown", "values",
    )  # fmt: skip

    def __init__(self, environment: Environment = NOTHING_KNOWN, arguments: tuple[Word, ...] | None = None) -> None:
        self.values: dict[str, str] = dict(environment.values)
        self.unknown: dict[str, str] = dict(environment.unknown)
        self.spans: dict[str, Span] = dict(environment.spans)
        self.most = len(self.values) + MOST_VARIABLES
        self.complete = environment.complete
        self.arguments = arguments
        self.name: Word | None = None
        self.arrays: dict[str, tuple[Word, ...] | None] = {}
        self.folder = ""
        self.status: str | None = None
        self.output: Output | None = None
        self._snapshot: Environment | None = environment

    @property
    def environment(self) -> Environment:
        """The variables as they are now, those that are not exported among them: nobody relies on their absence."""
        if self._snapshot is None:
            self._snapshot = Environment(dict(self.values), dict(self.unknown), dict(self.spans), self.complete)
        return self._snapshot

    def assign(self, name: str, word: Word) -> None:
        """``NAME=value``."""
        if word.value is None:
            self.forget(name, word.because)
            return
        if name not in self.values and len(self.values) >= self.most:
            return
        self._snapshot = None
        self.values[name] = word.value
        self.spans[name] = word.span
        self.unknown.pop(name, None)
        self.arrays.pop(name, None)

    def assign_array(self, name: str, words: tuple[Word, ...] | None) -> None:
        self._snapshot = None
        self.values.pop(name, None)
        self.unknown[name] = "it is a list of words"
        self.arrays[name] = words

    def forget(self, name: str, because: str) -> None:
        """``NAME`` is set to something that is not known."""
        self._snapshot = None
        self.values.pop(name, None)
        self.arrays.pop(name, None)
        self.unknown[name] = because

    def unset(self, name: str) -> None:
        self._snapshot = None
        for known in (self.values, self.unknown, self.arrays):
            known.pop(name, None)
        if not self.complete:
            self.values[name] = ""

    def copy(self) -> Scope:
        other = Scope.__new__(Scope)
        other.values, other.unknown, other.spans = dict(self.values), dict(self.unknown), dict(self.spans)
        other.most, other.status = self.most, self.status
        other.complete, other.arguments, other.name = self.complete, self.arguments, self.name
        other.arrays, other.folder, other.output = dict(self.arrays), self.folder, self.output
        other._snapshot = self._snapshot
        return other

    @property
    def size(self) -> int:
        """What a copy costs."""
        return len(self.values) + len(self.unknown) + 1

    def merge(self, others: Iterable[Scope], because: str) -> None:
        """Keep of this scope what is the same in all the others: any of them may be what comes next."""
        for other in others:
            self._merge(other, because)
        self._snapshot = None

    def _merge(self, other: Scope, because: str) -> None:
        for name in _differing(self.values, other.values) | _differing(self.unknown, other.unknown):
            self.forget(name, other.unknown.get(name) or self.unknown.get(name) or because)
        for name in _differing(self.arrays, other.arrays):
            self.forget(name, because)
        if _texts(self.arguments) != _texts(other.arguments):
            self.arguments = None
        if self.folder != other.folder:
            self.folder = ""
        if self.status != other.status:
            self.status = None


def _texts(words: tuple[Word, ...] | None) -> list[str] | None:
    return None if words is None else [word.template for word in words]


def _differing(one: Mapping[str, object], other: Mapping[str, object]) -> set[str]:
    names = {name for name, value in one.items() if name not in other or other[name] != value}
    return names | {name for name in other if name not in one}
