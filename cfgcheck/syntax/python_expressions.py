"""Static evaluation of Python expressions: what can be known without running anything."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.python_functions import (
    FUNCTIONS,
    MODULES,
    SPECIAL,
    formatted,
    has_method,
    member,
    path_property,
)
from cfgcheck.syntax.python_values import (
    COLLECTIONS,
    ITERABLE,
    NOT_ITERABLE,
    SCALARS,
    Binding,
    ClassDefinition,
    Method,
    Module,
    Names,
    OutOfSteps,
    Raised,
    Token,
    Unknown,
    bounded,
    holds,
    looked_through,
    merged,
    variables_in_text,
)
from cfgcheck.syntax.templates import PLACEHOLDERS

if TYPE_CHECKING:
    from pathlib import PurePosixPath

MOST_STEPS = 100_000
DEEPEST_CALL = 12

_COMPUTING_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_TEMPLATE_MARKS = ("{{", "{%", "<%", "__")
_DUNDER = re.compile(PLACEHOLDERS["dunder"])


class Budget:
    """The steps that all files of one evaluation may take together."""

    __slots__ = ("left",)

    def __init__(self, steps: int = MOST_STEPS) -> None:
        self.left = steps

    def take(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < 0:
            raise OutOfSteps


class Expressions:
    """Evaluates expressions in scopes. Statements, and so calls of the configuration's own functions, are added by
    the subclass in ``python_statements``.

    ``scopes``: the module's names first, then those of the function that is called. ``noted``: environment variables
    whose default was taken while the current statement is evaluated. ``doubts``: how many unknown values were made.
    """

    def __init__(self, file: SourceFile, environment: Environment, budget: Budget) -> None:
        self.file = file
        self.environment = environment
        self.budget = budget
        self.scopes: list[dict[str, Binding]] = [{}]
        self.noted: set[str] = set()
        self.doubts = 0
        self.depth = 0
        self.opaque = ""
        self.written: dict[str, object] = {}
        """Environment variables that the configuration itself sets."""

    # -- places

    def span(self, node: ast.AST) -> Span:
        raise NotImplementedError

    def source(self, node: ast.AST) -> str:
        """The text of an expression, shortened, for messages and placeholders."""
        text = " ".join(self.span(node).text.split())
        return text if len(text) <= 60 else text[:57] + "..."

    # -- results

    def unknown(self, because: str, text: str = "", variables: frozenset[str] = frozenset()) -> Unknown:
        self.doubts += 1
        return Unknown(because, text, variables)

    def doubt(self, *found: Unknown) -> Unknown:
        self.doubts += 1
        return merged(*found)

    def guarded(self, compute: Callable[[], object]) -> object:
        """The result of a computation on known values; what Python would raise there becomes ``Raised``."""
        try:
            result = compute()
        except (MemoryError, RecursionError):
            return self.unknown("it is too large to be evaluated")
        except _COMPUTING_ERRORS as error:
            raise Raised(type(error), str(error)[:200]) from None
        if isinstance(result, (str, bytes)):
            self.budget.take(len(result) >> 8)
        elif isinstance(result, COLLECTIONS):
            self.budget.take(len(result) >> 4)
        result = bounded(result)
        if isinstance(result, Unknown):
            self.doubts += 1
        return result

    def within(self, *values: object) -> Unknown | None:
        """``unknown_within``, paid for in steps."""
        found, seen = looked_through(*values)
        self.budget.take(seen >> 4)
        return found

    # -- dispatch

    def evaluate(self, node: ast.expr) -> object:
        self.budget.take()
        handler = getattr(self, f"_{type(node).__name__}", None)
        if handler is None:
            return self.unknown(f"cfgcheck does not evaluate {self.source(node)}")
        result: object = handler(node)
        return result

    def truth(self, node: ast.expr) -> bool | Unknown:
        """Whether a condition holds. What depends on an environment variable that nobody sets is a switch between
        environments, so it is unknown, unless it is a plain question for a true or false word."""
        before, self.noted = self.noted, set()
        value = self.evaluate(node)
        asked, self.noted = frozenset(self.noted), before
        if isinstance(value, Unknown):
            return value if not asked else Unknown(value.because, "", value.variables | asked)
        if asked:
            because = f"it depends on {variables_in_text(asked)}"
            self.doubts += 1
            return Unknown(because, "", asked)
        return holds(value)

    # -- literals

    def _Constant(self, node: ast.Constant) -> object:  # noqa: N802
        value = node.value
        if isinstance(value, str) and any(mark in value for mark in _TEMPLATE_MARKS) and _templated(value):
            return self.unknown("a template placeholder stands there", value)
        return bounded(value)

    def _List(self, node: ast.List) -> object:  # noqa: N802
        elements = self.elements(node.elts)
        return elements if isinstance(elements, Unknown) else bounded(elements)

    def _Tuple(self, node: ast.Tuple) -> object:  # noqa: N802
        elements = self.elements(node.elts)
        return elements if isinstance(elements, Unknown) else bounded(tuple(elements))

    def _Set(self, node: ast.Set) -> object:  # noqa: N802
        elements = self.elements(node.elts)
        if isinstance(elements, Unknown):
            return elements
        found = self.within(*elements)
        return self.doubt(found) if found else self.guarded(lambda: set(elements))

    def elements(self, nodes: list[ast.expr]) -> list[object] | Unknown:
        made: list[object] = []
        for node in nodes:
            if not isinstance(node, ast.Starred):
                made.append(self.evaluate(node))
                continue
            inner = self.evaluate(node.value)
            if isinstance(inner, NOT_ITERABLE):
                raise Raised(TypeError, f"Value after * must be an iterable, not {type(inner).__name__}")
            if not isinstance(inner, ITERABLE):
                return self.doubt(inner) if isinstance(inner, Unknown) else self.unknown("its elements are not known")
            made.extend(self.iterate(inner))
        return made

    def _Dict(self, node: ast.Dict) -> object:  # noqa: N802
        made: dict[object, object] = {}
        for key_node, value_node in zip(node.keys, node.values, strict=True):
            value = self.evaluate(value_node)
            if key_node is None:
                if not isinstance(value, dict):
                    return self.unknown("its entries are not known") if not isinstance(value, Unknown) else value
                made.update(value)
                continue
            key = self.evaluate(key_node)
            found = self.within(key)
            if found:
                return self.doubt(found)
            self.guarded(partial(made.__setitem__, key, value))
        return bounded(made)

    def _JoinedStr(self, node: ast.JoinedStr) -> object:  # noqa: N802
        parts: list[object] = []
        for part in node.values:
            if isinstance(part, ast.Constant):
                parts.append(str(part.value))
            elif isinstance(part, ast.FormattedValue):
                parts.append(self._FormattedValue(part))
        return self.joined(parts)

    def _FormattedValue(self, node: ast.FormattedValue) -> object:  # noqa: N802
        value = self.evaluate(node.value)
        specification = self.evaluate(node.format_spec) if node.format_spec else ""
        found = self.within(value, specification)
        if found:
            return self.placeholder(found, node.value)
        return self.guarded(lambda: formatted(value, node.conversion, str(specification)))

    def placeholder(self, found: Unknown, node: ast.expr) -> Unknown:
        """An unknown part of a string, with a text that stands for it."""
        self.doubts += 1
        return found.derived(found.text or f"{{{self.source(node)}}}")

    # -- names

    def _Name(self, node: ast.Name) -> object:  # noqa: N802
        binding = self.lookup(node.id)
        if binding is not None:
            self.noted |= binding.variables
            return binding.value
        if node.id in FUNCTIONS or node.id in SPECIAL or node.id in ("getattr", "open"):
            return Token(node.id)
        if self.opaque:
            return self.unknown(self.opaque)
        if not node.id.strip("_") and self.span(node).text.startswith("{{"):
            return self.unknown("a template placeholder stands there", self.span(node).text)
        if isinstance(getattr(builtins, node.id, None), type):
            return ClassDefinition(node.id)
        if hasattr(builtins, node.id):
            return self.unknown(f"cfgcheck does not evaluate {node.id}()")
        if self.depth == 0 and self.doubts == 0:
            raise Raised(NameError, f"name {node.id!r} is not defined")
        return self.unknown(f"{node.id} is not defined in this file")

    def lookup(self, name: str) -> Binding | None:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None

    def _NamedExpr(self, node: ast.NamedExpr) -> object:  # noqa: N802
        value = self.evaluate(node.value)
        self.bind(node.target.id, value, node.value, node.target)
        return value

    def bind(self, name: str, value: object, node: ast.AST, target: ast.AST, plain: bool = True) -> None:
        scope = self.scopes[-1]
        scope[name] = Binding(
            value, self.span(node), self.span(target), _parts(self, node, value), frozenset(self.noted), plain
        )

    def _Attribute(self, node: ast.Attribute) -> object:  # noqa: N802
        value = self.evaluate(node.value)
        if isinstance(value, Module):
            return self._module_member(value, node)
        if isinstance(value, Names):
            return self._member_of_names(value, node.attr)
        if isinstance(value, Token) and value.name in ("environs.Env()", "environ.Env()", "os.environ"):
            return Method(value, node.attr)
        if isinstance(value, Unknown):
            return self.doubt(value)
        if has_method(value, node.attr):
            return Method(value, node.attr)
        if type(value).__name__.endswith("Path"):
            return self._path_property(value, node)
        if isinstance(value, (*SCALARS, *COLLECTIONS)) and not hasattr(value, node.attr):
            raise Raised(AttributeError, f"{type(value).__name__!r} object has no attribute {node.attr!r}")
        return self.unknown(f"cfgcheck does not evaluate {self.source(node)}")

    def _path_property(self, value: Any, node: ast.Attribute) -> object:
        path: PurePosixPath = value
        found = path_property(path, node.attr)
        return found if found is not None else self.unknown(f"cfgcheck does not evaluate {self.source(node)}")

    def _module_member(self, module: Module, node: ast.Attribute) -> object:
        dotted = f"{module.name}.{node.attr}"
        found = member(dotted)
        if found is None and dotted in MODULES:
            return Module(dotted)
        return found if found is not None else self.unknown(f"cfgcheck does not evaluate {dotted}")

    def _member_of_names(self, names: Names, name: str) -> object:
        binding = names.bindings.get(name)
        if binding is None:
            return self.unknown(f"{name} is not defined there")
        self.noted |= binding.variables
        return binding.value

    def _Subscript(self, node: ast.Subscript) -> object:  # noqa: N802
        value = self.evaluate(node.value)
        if isinstance(value, Token) and value.name == "os.environ":
            return self.variable(self.evaluate(node.slice))
        if isinstance(node.slice, ast.Slice):
            return self._sliced(value, node.slice)
        index = self.evaluate(node.slice)
        if isinstance(value, Names):
            return self._member_of_names(value, index) if isinstance(index, str) else self.unknown("its key is unknown")
        if isinstance(value, Unknown):
            return self.doubt(value)
        found = self.within(index)
        if found:
            return self.doubt(found)
        if isinstance(value, NOT_ITERABLE):
            raise Raised(TypeError, f"{type(value).__name__!r} object is not subscriptable")
        if not isinstance(value, (str, bytes, list, tuple, dict, range)):
            return self.unknown(f"cfgcheck does not evaluate {self.source(node)}")
        container: Any = value
        return self.guarded(lambda: container[index])

    def _sliced(self, value: object, node: ast.Slice) -> object:
        bounds = [self.evaluate(each) if each else None for each in (node.lower, node.upper, node.step)]
        found = self.within(*bounds)
        if isinstance(value, Unknown) or found:
            return self.doubt(value if isinstance(value, Unknown) else found or Unknown(""))
        if isinstance(value, (*NOT_ITERABLE, dict)):
            raise Raised(TypeError, f"{type(value).__name__!r} object can't be sliced")
        if not isinstance(value, (str, bytes, list, tuple, range)):
            return self.unknown("cfgcheck does not take slices of that")
        sequence: Any = value
        return self.guarded(lambda: sequence[slice(*bounds)])

    # -- see python_operators, python_calls and python_statements

    def joined(self, parts: list[object]) -> object:
        """Pieces of a string as one; unknown ones leave their placeholder in its text."""
        unknowns = [part for part in parts if isinstance(part, Unknown)]
        if not unknowns:
            return self.guarded(lambda: "".join(str(part) for part in parts))
        text = "".join((part.text or "{…}") if isinstance(part, Unknown) else str(part) for part in parts)
        return merged(*unknowns).derived(text[:4096])

    def variable(self, name: object, default: object = None, given: bool = False, soft: bool = False) -> object:
        raise NotImplementedError

    def iterate(self, values: Any) -> Iterator[object]:
        for value in list(values) if not isinstance(values, range) else values:
            self.budget.take()
            yield value

    def assign(self, target: ast.expr, value: object, node: ast.AST, plain: bool = True) -> None:
        raise NotImplementedError


def _templated(text: str) -> bool:
    tagged = any(mark in text and closing in text for mark, closing in (("{{", "}}"), ("{%", "%}"), ("<%", "%>")))
    return tagged or _DUNDER.search(text) is not None


def _parts(evaluator: Expressions, node: ast.AST, value: object) -> tuple[Span, ...]:
    """The places of a literal list's elements."""
    if isinstance(node, (ast.List, ast.Tuple)) and isinstance(value, (list, tuple)) and len(value) == len(node.elts):
        return tuple(evaluator.span(each) for each in node.elts)
    return ()
