"""The values that the static evaluator of Python configuration works with, and the bounds of what it computes."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import PurePosixPath

from cfgcheck.record import record
from cfgcheck.source.file import Span

LONGEST_TEXT = 1 << 16
"""Characters; a longer string is not computed."""

LARGEST_COLLECTION = 10_000
"""Elements, nested ones included; a larger collection is not computed with."""

WIDEST_NUMBER = 4096
"""Bits; a larger integer is not computed."""

NO_VARIABLES: frozenset[str] = frozenset()


class Unknown:
    """A value that reading the file can't tell.

    ``because``: why. ``text``: what is known of a string, with ``${NAME}`` or ``{expression}`` for each unknown part;
    "" where nothing is. ``variables``: the environment variables that it depends on. ``taken``: those among them that
    it is made of, with no default, so that computing it fails or gives nothing while they are not set. ``unset``: it
    is the value of such a variable itself, whose absence is no error: ``or`` goes on and ``bool`` is false.
    """

    __slots__ = ("because", "taken", "text", "unset", "variables")

    def __init__(
        self,
        because: str,
        text: str = "",
        variables: frozenset[str] = NO_VARIABLES,
        taken: frozenset[str] = NO_VARIABLES,
        unset: bool = False,
    ) -> None:
        self.because = because
        self.text = text
        self.variables = variables
        self.taken = taken
        self.unset = unset

    def derived(self, text: str = "") -> Unknown:
        """What is computed from this value: unknown for the same reason."""
        return Unknown(self.because, text, self.variables, self.taken)

    def __repr__(self) -> str:
        return f"Unknown({self.because!r}, {self.text!r})"


class Raised(Exception):  # noqa: N818  (an exception of the configuration, not of cfgcheck)
    """What the configuration itself would raise, known for certain."""

    def __init__(self, kind: type[BaseException], message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message

    def __str__(self) -> str:
        return f"{self.kind.__name__}: {self.message}" if self.message else self.kind.__name__


class OutOfSteps(Exception):  # noqa: N818
    """The file asks for more computing than a configuration needs."""


@record(frozen=True, eq=False)
class Function:
    """A function or lambda of the configuration."""

    name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    owner: object
    scopes: tuple[dict[str, Binding], ...]


@record(frozen=True)
class ClassDefinition:
    name: str


@record(frozen=True)
class Module:
    """A module that is not read but some members of which are known (``os``, ``pathlib`` …)."""

    name: str


@record(frozen=True)
class Token:
    """A function or object of the standard library that the evaluator knows, by its full name."""

    name: str


@record(frozen=True, eq=False)
class Method:
    """A bound method of a known value."""

    receiver: object
    name: str


@record(frozen=True, eq=False)
class Names:
    """``globals()``, or a module of the project that was read: its names."""

    bindings: dict[str, Binding]


@record(frozen=True)
class Binding:
    """A name and what it is bound to.

    ``span``: the expression assigned. ``name_span``: the name. ``parts``: the spans of a list literal's elements.
    ``variables``: environment variables whose default was taken. ``plain``: bound by an ordinary assignment (not an
    import, a definition or a loop). ``error``: what the expression raises, for certain.
    """

    value: object
    span: Span
    name_span: Span
    parts: tuple[Span, ...] = ()
    variables: frozenset[str] = NO_VARIABLES
    plain: bool = True
    error: str = ""


SCALARS = (str, int, float, bool, bytes, type(None), PurePosixPath, range)
COLLECTIONS = (list, tuple, dict, set, frozenset)


ITERABLE = (*COLLECTIONS, str, range)
NOT_ITERABLE = (int, float, type(None))


def children(value: object) -> list[object]:
    """The elements of a collection; keys and values of a mapping."""
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    return []


def unknown_within(*values: object) -> Unknown | None:
    """The first unknown value in ``values`` or anywhere below; unknown as well what is too large to compute with, or
    is no plain data. None when all of it is known."""
    return looked_through(*values)[0]


def looked_through(*values: object) -> tuple[Unknown | None, int]:
    """``unknown_within``, and how many values were looked at."""
    pending: list[object] = list(reversed(values))
    seen = 0
    while pending:
        value = pending.pop()
        seen += 1
        if isinstance(value, Unknown):
            return value, seen
        if seen > LARGEST_COLLECTION or (isinstance(value, range) and len(value) > LARGEST_COLLECTION):
            return Unknown("it is too large to be evaluated"), seen
        if isinstance(value, COLLECTIONS):
            pending.extend(reversed(children(value)))
        elif not isinstance(value, SCALARS):
            return Unknown(f"cfgcheck does not evaluate {describe(value)}"), seen
    return None, seen


def describe(value: object) -> str:
    """A value of the evaluator in words."""
    if isinstance(value, (Function, ClassDefinition, Token, Module)):
        return value.name
    if isinstance(value, Method):
        return f"{type(value.receiver).__name__}.{value.name}"
    return f"a value of type {type(value).__name__}"


def bounded(value: object) -> object:
    """``value``, or an unknown value where it is larger than what is computed."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= WIDEST_NUMBER else Unknown("it is too large to be evaluated")
    if isinstance(value, (str, bytes)):
        return value if len(value) <= LONGEST_TEXT else Unknown("it is too long to be evaluated")
    if isinstance(value, COLLECTIONS):
        return value if len(value) <= LARGEST_COLLECTION else Unknown("it is too large to be evaluated")
    return value


def merged(*unknowns: Unknown) -> Unknown:
    """One unknown value for what depends on several."""
    variables = frozenset().union(*(each.variables for each in unknowns))
    taken = frozenset().union(*(each.taken for each in unknowns))
    return Unknown(unknowns[0].because, "", variables, taken)


def same(one: object, other: object) -> bool:
    """Whether two values are known to be the same (``1`` and ``True`` are not); an unknown one only to itself."""
    pending = [(one, other)]
    seen = 0
    while pending:
        left, right = pending.pop()
        seen += 1
        if left is right:
            continue
        if type(left) is not type(right) or seen > LARGEST_COLLECTION:
            return False
        if isinstance(left, dict) and isinstance(right, dict):
            if list(left) != list(right):
                return False
            pending.extend(zip(left.values(), right.values(), strict=True))
        elif isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
            if len(left) != len(right):
                return False
            pending.extend(zip(left, right, strict=True))
        elif not isinstance(left, (*SCALARS, set, frozenset)) or left != right:
            return False
    return True


def clone(value: object, memo: dict[int, object]) -> object:
    """A copy that shares no mutable collection; two names for one list stay two names for one list."""
    if not isinstance(value, (list, dict, set)):
        # A tuple may hold a list: rare, and then the list stays shared.
        return value
    if id(value) in memo:
        return memo[id(value)]
    if isinstance(value, set):
        memo[id(value)] = copied_set = set(value)
        return copied_set
    if isinstance(value, dict):
        copied: dict[object, object] = {}
        memo[id(value)] = copied
        copied.update({key: clone(each, memo) for key, each in value.items()})
        return copied
    made: list[object] = []
    memo[id(value)] = made
    made.extend(clone(each, memo) for each in value)
    return made


def variables_in_text(variables: Mapping[str, object] | frozenset[str]) -> str:
    """``the environment variable A`` or ``the environment variables A and B``."""
    names = sorted(variables)
    if len(names) == 1:
        return f"the environment variable {names[0]}"
    return f"the environment variables {', '.join(names[:-1])} and {names[-1]}" if names else "the environment"


def holds(value: object) -> bool:
    """The truth of a known value; what is no plain data (a function, a module) is true."""
    return isinstance(value, (Function, ClassDefinition, Module, Token, Method, Names)) or bool(value)
