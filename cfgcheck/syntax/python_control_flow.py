"""Static execution of control flow: branches whose condition may be unknown, exceptions, loops."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable
from typing import TypeAlias

from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.python_calls import Calls
from cfgcheck.syntax.python_changes import changed_names
from cfgcheck.syntax.python_expressions import Budget
from cfgcheck.syntax.python_values import ITERABLE, NOT_ITERABLE, Binding, Raised, Unknown, clone, same

Bindings: TypeAlias = dict[str, Binding]


class Return:
    """A function's end."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


class Jump:
    """``break`` or ``continue``."""

    __slots__ = ("stops",)

    def __init__(self, stops: bool) -> None:
        self.stops = stops


Signal: TypeAlias = Return | Jump | None
_DEAD = Return(None)
"""A branch that ends in an exception."""


class ControlFlow(Calls):
    """Executes blocks of statements. ``pending``: what branches returned that may not have been taken.
    ``unsure_jump``: whether such a branch leaves the loop."""

    def __init__(self, file: SourceFile, environment: Environment, budget: Budget) -> None:
        super().__init__(file, environment, budget)
        self.pending: list[tuple[object, frozenset[str], str]] = []
        self.unsure_jump = False

    def block(self, body: Iterable[ast.stmt]) -> Signal:
        for node in body:
            signal = self.statement(node)
            if signal is not None:
                return signal
        return None

    def statement(self, node: ast.stmt) -> Signal:
        raise NotImplementedError

    def forget(self, nodes: list[ast.stmt], because: str) -> None:
        raise NotImplementedError

    def _Return(self, node: ast.Return) -> Signal:  # noqa: N802
        return Return(self.evaluate(node.value) if node.value else None)

    # -- branches

    def _If(self, node: ast.If) -> Signal:  # noqa: N802
        # A chain of ``elif`` is as deep as it is long: while conditions are known it is walked, not descended.
        while True:
            truth = self.truth(node.test)
            if isinstance(truth, Unknown):
                return self._branches([node.body, node.orelse], truth, self.fork())
            if truth:
                return self.block(node.body)
            if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
                return self.block(node.orelse)
            node = node.orelse[0]

    def fork(self) -> list[Bindings]:
        """A copy of all names that shares no mutable value with them."""
        memo: dict[int, object] = {}
        copies: list[Bindings] = []
        for scope in self.scopes:
            self.budget.take(1 + (len(scope) >> 2))
            copies.append({name: _cloned(binding, memo) for name, binding in scope.items()})
        self.budget.take(len(memo))
        return copies

    def restore(self, copies: list[Bindings]) -> None:
        for scope, copied in zip(self.scopes, copies, strict=True):
            scope.clear()
            scope.update(copied)

    def _branches(self, bodies: list[list[ast.stmt]], unknown: Unknown, before: list[Bindings]) -> Signal:
        outcomes: list[tuple[Signal, list[Bindings]]] = []
        for at, body in enumerate(bodies):
            if at:
                self.restore(before)
                before = self.fork() if at + 1 < len(bodies) else before
            outcomes.append(self._outcome(body))
        return self._merge(outcomes, unknown)

    def _outcome(self, body: list[ast.stmt]) -> tuple[Signal, list[Bindings]]:
        try:
            signal = self.block(body)
        except Raised:
            signal = _DEAD
        return signal, [dict(scope) for scope in self.scopes]

    def _merge(self, outcomes: list[tuple[Signal, list[Bindings]]], unknown: Unknown) -> Signal:
        """Go on with what holds after every branch that goes on; remember what the others returned."""
        because = unknown.because
        alive = [(signal, names) for signal, names in outcomes if not isinstance(signal, Return)]
        for signal, _ in outcomes:
            if isinstance(signal, Return) and signal is not _DEAD:
                self.pending.append((signal.value, unknown.variables, because))
        if not alive:
            if all(signal is _DEAD for signal, _ in outcomes):
                raise Raised(RuntimeError, "every branch fails")
            value, _, _ = self.pending.pop()
            return Return(value)
        joined = alive[0][1]
        for _, names in alive[1:]:
            joined = [self._join(one, other, unknown) for one, other in zip(joined, names, strict=True)]
        self.restore(joined)
        if any(isinstance(signal, Jump) for signal, _ in alive):
            self.unsure_jump = True
        return None

    def _join(self, one: Bindings, other: Bindings, unknown: Unknown) -> Bindings:
        joined: Bindings = {}
        for name in {**one, **other}:
            left, right = one.get(name), other.get(name)
            if left is not None and right is not None:
                joined[name] = self._join_both(left, right, unknown)
            else:
                binding = left or right
                if binding is not None and (kept := self._join_single(binding, unknown)) is not None:
                    joined[name] = kept
        return joined

    def _join_both(self, left: Binding, right: Binding, unknown: Unknown) -> Binding:
        if left is right or same(left.value, right.value):
            return left
        before, self.noted = self.noted, set()
        value = self.either(left.value, right.value, unknown.variables, unknown.because)
        noted, self.noted = frozenset(self.noted), before
        source = left if value is left.value else right
        parts = source.parts if not isinstance(value, Unknown) else ()
        return Binding(value, source.span, source.name_span, parts, source.variables | noted, source.plain)

    def _join_single(self, binding: Binding, unknown: Unknown) -> Binding | None:
        """A name that only one branch binds; None where that branch only takes what a variable holds that nobody
        sets."""
        if not binding.plain:
            return binding
        found = self.within(binding.value)
        if found and found.taken & unknown.variables:
            return None
        value = Unknown(f"it is set only where a condition holds: {unknown.because}", "", unknown.variables)
        return Binding(value, binding.span, binding.name_span, (), binding.variables, binding.plain)

    # -- exceptions

    def _Try(self, node: ast.Try) -> Signal:  # noqa: N802
        before = self.fork() if node.handlers else []
        doubts = self.doubts
        try:
            signal = self.block(node.body)
        except Raised as error:
            handler = _handler(node.handlers, error)
            if handler is None:
                self.block(node.finalbody)
                raise
            if self.doubts != doubts:
                # Something before may have failed already: where the handler begins is not certain.
                after = [dict(scope) for scope in self.scopes]
                self.restore(before)
                self._doubt_names(_uncertain_names(node.body), after)
            signal = self._handle(handler)
            return self.block(node.finalbody) or signal
        signal = signal or self.block(node.orelse)
        if self.doubts != doubts and node.handlers:
            signal = self._perhaps_failed(node, signal, before)
        return self.block(node.finalbody) or signal

    _TryStar = _Try

    def _handle(self, handler: ast.ExceptHandler) -> Signal:
        if handler.name:
            self.bind(handler.name, self.unknown("it is an exception"), handler, handler, plain=False)
        return self.block(handler.body)

    def _perhaps_failed(self, node: ast.Try, signal: Signal, before: list[Bindings]) -> Signal:
        """Something in the ``try`` is not known, so any handler may have run instead."""
        outcomes: list[tuple[Signal, list[Bindings]]] = [(signal, [dict(scope) for scope in self.scopes])]
        unknowns = [self.within(binding.value) for scope in self.scopes for binding in scope.values()]
        variables = frozenset().union(*(each.taken for each in unknowns if each))
        uncertain = _uncertain_names(node.body)
        for handler in node.handlers:
            self.restore(before)
            before = self.fork()
            self._doubt_names(uncertain, outcomes[0][1])
            outcomes.append(self._outcome(handler.body))
        return self._merge(outcomes, Unknown("it depends on whether an exception is raised", "", variables))

    def _doubt_names(self, names: set[str], after: list[Bindings]) -> None:
        """A handler may find a name as it was before the ``try`` or as that left it."""
        for scope, left in zip(self.scopes, after, strict=True):
            for name in names & {*scope, *left}:
                old, new = scope.get(name), left.get(name)
                binding = old or new
                if binding is not None and not (old and new and same(old.value, new.value)):
                    unknown = Unknown("it depends on where an exception is raised")
                    scope[name] = Binding(unknown, binding.span, binding.name_span, plain=binding.plain)

    def _Raise(self, node: ast.Raise) -> None:  # noqa: N802
        kind = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        named = getattr(builtins, kind.id, None) if isinstance(kind, ast.Name) else None
        if isinstance(named, type) and issubclass(named, BaseException):
            raise Raised(named, "")
        raise Raised(Exception, self.source(node))

    def _Assert(self, node: ast.Assert) -> None:  # noqa: N802
        if self.truth(node.test) is False:
            raise Raised(AssertionError, "")

    def _With(self, node: ast.With | ast.AsyncWith) -> Signal:  # noqa: N802
        for item in node.items:
            value = self.evaluate(item.context_expr)
            if item.optional_vars is not None:
                inner = value if isinstance(value, Unknown) else self.unknown("it is given by a context manager")
                self.assign(item.optional_vars, inner, item.context_expr, plain=False)
        return self.block(node.body)

    _AsyncWith = _With

    # -- loops

    def _For(self, node: ast.For) -> Signal:  # noqa: N802
        values = self.evaluate(node.iter)
        if isinstance(values, NOT_ITERABLE):
            raise Raised(TypeError, f"{type(values).__name__!r} object is not iterable")
        if not isinstance(values, ITERABLE):
            because = values.because if isinstance(values, Unknown) else "its elements are not known"
            self.forget([node], because)
            return None
        for value in self.iterate(values):
            self.assign(node.target, value, node.iter, plain=False)
            signal = self.block(node.body)
            if self.unsure_jump:
                self.unsure_jump = False
                self.forget([node], "how long the loop goes on is not known")
                return None
            if isinstance(signal, Return):
                return signal
            if isinstance(signal, Jump) and signal.stops:
                return None
        return self.block(node.orelse)

    def _While(self, node: ast.While) -> Signal:  # noqa: N802
        while True:
            truth = self.truth(node.test)
            if isinstance(truth, Unknown) or self.unsure_jump:
                self.unsure_jump = False
                self.forget([node], "how long the loop goes on is not known")
                return None
            if not truth:
                return self.block(node.orelse)
            self.budget.take()
            signal = self.block(node.body)
            if isinstance(signal, Return):
                return signal
            if isinstance(signal, Jump) and signal.stops:
                return None

    def _Break(self, node: ast.Break) -> Signal:  # noqa: N802
        return Jump(stops=True)

    def _Continue(self, node: ast.Continue) -> Signal:  # noqa: N802
        return Jump(stops=False)


def _uncertain_names(body: list[ast.stmt]) -> set[str]:
    """Names that the statements of a ``try`` may have set before one of them failed. What the last one assigns is
    not among them: when it fails, it has assigned nothing."""
    names: set[str] = set()
    for at, statement in enumerate(body):
        if at < len(body) - 1 or not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom)):
            names.update(name for name, _, _ in changed_names([statement]))
    return names


def _cloned(binding: Binding, memo: dict[int, object]) -> Binding:
    value = clone(binding.value, memo)
    if value is binding.value:
        return binding
    return Binding(
        value, binding.span, binding.name_span, binding.parts, binding.variables, binding.plain, binding.error
    )


def _handler(handlers: list[ast.ExceptHandler], error: Raised) -> ast.ExceptHandler | None:
    """The handler that takes an exception."""
    for handler in handlers:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        for kind in kinds:
            if kind is None:
                return handler
            named = getattr(builtins, kind.id, None) if isinstance(kind, ast.Name) else None
            if isinstance(named, type) and issubclass(error.kind, named):
                return handler
    return None
