"""Static evaluation of operators, comparisons, conditions and comprehensions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from cfgcheck.syntax.python_expressions import Expressions
from cfgcheck.syntax.python_functions import FALSE_WORDS, OPERATORS, TRUE_WORDS, UNARY
from cfgcheck.syntax.python_values import (
    ITERABLE,
    NOT_ITERABLE,
    Function,
    Names,
    Raised,
    Token,
    Unknown,
    bounded,
    holds,
    merged,
    same,
    variables_in_text,
)

_BOOLEAN_WORDS = TRUE_WORDS | FALSE_WORDS


class Operators(Expressions):
    """Expressions with operators."""

    def _BinOp(self, node: ast.BinOp) -> object:  # noqa: N802
        # A long sum is a deep tree: its left spine is walked, not descended.
        spine: list[ast.BinOp] = [node]
        while isinstance(spine[-1].left, ast.BinOp):
            spine.append(spine[-1].left)
        value = self.evaluate(spine[-1].left)
        for each in reversed(spine):
            self.budget.take()
            value = self.binary(value, each.op, self.evaluate(each.right), each)
        return value

    def binary(self, one: object, op: ast.operator, other: object, node: ast.expr | ast.stmt) -> object:
        found = self.within(one, other)
        if found:
            return self._unknown_operation(one, op, other, node, found)
        if type(one).__name__.endswith("Path") and isinstance(op, ast.Div):
            path: Any = one
            return self.guarded(lambda: path / other)
        compute = OPERATORS.get(type(op).__name__)
        if compute is None:
            return self.unknown("cfgcheck does not evaluate this operator")
        return self.guarded(lambda: compute(one, other))

    def _unknown_operation(
        self, one: object, op: ast.operator, other: object, node: ast.AST, found: Unknown
    ) -> object:
        if isinstance(op, ast.Add):
            if isinstance(one, list) and isinstance(other, list):
                return bounded(one + other)
            if (isinstance(one, str) and isinstance(other, Unknown)) or (
                isinstance(one, Unknown) and isinstance(other, (str, Unknown)) and one.text
            ):
                return self.joined([self._named(one, node, "left"), self._named(other, node, "right")])
            if isinstance(one, Unknown) and isinstance(other, str):
                return self.joined([self._named(one, node, "left"), other])
        if isinstance(op, ast.Mod) and isinstance(one, str):
            return self._percent(one, other, node)
        self.doubts += 1
        both = [each for each in (one, other) if isinstance(each, Unknown)] or [found]
        return merged(*both)

    def _named(self, value: object, node: ast.AST, side: str) -> object:
        part = getattr(node, side, None)
        if isinstance(value, Unknown) and not value.text and isinstance(part, ast.expr):
            return self.placeholder(value, part)
        return value

    def _percent(self, template: str, values: object, node: ast.AST) -> object:
        """``"…%s…" % value`` with unknown values among them."""
        if isinstance(values, dict):
            return self.doubt(self.within(values) or Unknown(""))
        given = list(values) if isinstance(values, tuple) else [values]
        pieces = template.replace("%d", "%s").split("%s")
        if len(pieces) != len(given) + 1 or "%" in "".join(pieces):
            return self.doubt(self.within(values) or Unknown(""))
        nodes = node.right.elts if isinstance(node, ast.BinOp) and isinstance(node.right, ast.Tuple) else None
        parts: list[object] = [pieces[0]]
        for at, value in enumerate(given):
            found = self.within(value)
            if found and nodes and at < len(nodes):
                found = self.placeholder(found, nodes[at])
            elif found and isinstance(node, ast.BinOp):
                found = self.placeholder(found, node.right)
            parts += [found or str(value), pieces[at + 1]]
        return self.joined(parts)

    def _UnaryOp(self, node: ast.UnaryOp) -> object:  # noqa: N802
        if isinstance(node.op, ast.Not):
            truth = self.truth(node.operand)
            if not isinstance(truth, Unknown):
                return not truth
            return Unknown(truth.because, "", truth.variables, frozenset() if truth.unset else truth.taken)
        operand = self.evaluate(node.operand)
        found = self.within(operand)
        if found:
            return self.doubt(found)
        compute = UNARY[type(node.op).__name__]
        return self.guarded(lambda: compute(operand))

    def _BoolOp(self, node: ast.BoolOp) -> object:  # noqa: N802
        going_on = isinstance(node.op, ast.Or)
        value: object = None
        for at, each in enumerate(node.values):
            last = at == len(node.values) - 1
            value = self.evaluate(each)
            if last:
                return value
            if isinstance(value, Unknown):
                if going_on and value.unset:
                    self.noted |= value.variables
                    continue
                return value if value.unset else self._either(value, node.values[at + 1 :])
            if holds(value) == going_on:
                return value
        return value

    def _either(self, value: Unknown, others: list[ast.expr]) -> Unknown:
        """``unknown or x``: unknown, whatever ``x`` is; names in it are evaluated for what they do all the same."""
        for other in others:
            self.evaluate(other)
        return self.doubt(value)

    def _Compare(self, node: ast.Compare) -> object:  # noqa: N802
        before, self.noted = self.noted, set()
        values = [self.evaluate(node.left), *(self.evaluate(each) for each in node.comparators)]
        asked, self.noted = frozenset(self.noted), before
        result = self._compared(node, values)
        if isinstance(result, Unknown) or not asked:
            self.noted |= asked
            return result
        if _asks_for_a_word(values) or _asks_for_absence(node, values):
            self.noted |= asked
            return result
        return self.unknown(f"it depends on {variables_in_text(asked)}", "", asked)

    def _compared(self, node: ast.Compare, values: list[Any]) -> object:
        for at, op in enumerate(node.ops):
            one, other = values[at], values[at + 1]
            if isinstance(op, (ast.In, ast.NotIn)) and isinstance(other, (Token, Names)):
                found = self._contains(other, one)
            else:
                unknown = self.within(one, other)
                if unknown:
                    return self._compared_with_unknown(one, other, unknown)
                compute = OPERATORS[type(op).__name__]
                found = self.guarded(partial(compute, one, other))
                if isinstance(found, Unknown):
                    return found
            if isinstance(op, ast.NotIn) and isinstance(other, (Token, Names)) and not isinstance(found, Unknown):
                found = not found
            if isinstance(found, Unknown) or not found:
                return found
        return True

    def _compared_with_unknown(self, one: object, other: object, found: Unknown) -> Unknown:
        unknowns = [each for each in (one, other) if isinstance(each, Unknown)] or [found]
        result = self.doubt(*unknowns)
        # ``getenv("X") == "a"`` has an answer while X is not set, unlike ``environ["X"] == "a"``.
        answered = any(each.unset for each in unknowns)
        return Unknown(result.because, "", result.variables) if answered else result

    def _contains(self, container: Token | Names, key: object) -> object:
        if not isinstance(key, str):
            return self.unknown("its key is not known")
        if isinstance(container, Names):
            return key in container.bindings
        if container.name != "os.environ":
            return self.unknown(f"cfgcheck does not evaluate {container.name}")
        if key in self.written or key in self.environment.values or key in self.environment.unknown:
            return True
        if self.environment.complete:
            return False
        return self.unknown(f"it depends on {variables_in_text(frozenset({key}))}", "", frozenset({key}))

    def _IfExp(self, node: ast.IfExp) -> object:  # noqa: N802
        before, self.noted = self.noted, set()
        value = self.evaluate(node.test)
        asked, self.noted = frozenset(self.noted), before
        if not isinstance(value, Unknown) and not asked:
            return self.evaluate(node.body if holds(value) else node.orelse)
        outcomes = [self._attempt(node.body), self._attempt(node.orelse)]
        if isinstance(outcomes[0], Raised) or isinstance(outcomes[1], Raised):
            return self._surviving(outcomes)
        if not isinstance(value, Unknown) and isinstance(outcomes[0], bool) and isinstance(outcomes[1], bool):
            self.noted |= asked
            return outcomes[0] if holds(value) else outcomes[1]
        variables = asked | (value.variables if isinstance(value, Unknown) else frozenset())
        because = value.because if isinstance(value, Unknown) else f"it depends on {variables_in_text(variables)}"
        return self.either(outcomes[0], outcomes[1], variables, because)

    def _attempt(self, node: ast.expr) -> object:
        """The value of a branch that may not be taken, or what it raises."""
        try:
            return self.evaluate(node)
        except Raised as error:
            return error

    def _surviving(self, outcomes: list[object]) -> object:
        """Of two branches one of which fails, the value of the other."""
        alive = [each for each in outcomes if not isinstance(each, Raised)]
        if alive:
            self.doubts += 1
            return alive[0]
        failed = outcomes[0]
        raise failed if isinstance(failed, Raised) else Raised(RuntimeError, "")

    def either(self, one: object, other: object, variables: frozenset[str], because: str) -> object:
        """What is known of a value that is one or the other. Where one is what the asked environment variables hold,
        the other is the default that stands for them while nobody sets them."""
        if same(one, other):
            return one
        for value, default in ((one, other), (other, one)):
            found = self.within(value)
            if found and found.taken & variables:
                self.noted |= variables & found.taken
                return default
        self.doubts += 1
        return Unknown(because, "", variables)

    def _Lambda(self, node: ast.Lambda) -> object:  # noqa: N802
        return Function("<lambda>", node, self, tuple(self.scopes))

    # -- comprehensions

    def _ListComp(self, node: ast.ListComp) -> object:  # noqa: N802
        return self._comprehension(node.generators, [node.elt], lambda rows: [row[0] for row in rows])

    def _GeneratorExp(self, node: ast.GeneratorExp) -> object:  # noqa: N802
        return self._comprehension(node.generators, [node.elt], lambda rows: [row[0] for row in rows])

    def _SetComp(self, node: ast.SetComp) -> object:  # noqa: N802
        return self._comprehension(node.generators, [node.elt], lambda rows: {row[0] for row in rows}, hashed=True)

    def _DictComp(self, node: ast.DictComp) -> object:  # noqa: N802
        if node.value is None:
            return self.unknown("cfgcheck does not evaluate this comprehension")
        return self._comprehension(
            node.generators, [node.key, node.value], lambda rows: {row[0]: row[1] for row in rows}, hashed=True
        )

    def _comprehension(
        self,
        generators: list[ast.comprehension],
        nodes: list[ast.expr],
        build: Callable[[list[list[Any]]], object],
        hashed: bool = False,
    ) -> object:
        self.scopes.append({})
        try:
            rows: list[list[object]] = []
            for unknown in self._rows(generators, 0):
                if unknown is not None:
                    return unknown
                row = [self.evaluate(node) for node in nodes]
                found = self.within(row[0]) if hashed else None
                if found:
                    return self.doubt(found)
                rows.append(row)
            return self.guarded(lambda: build(rows))
        finally:
            self.scopes.pop()

    def _rows(self, generators: list[ast.comprehension], at: int) -> Iterator[Unknown | None]:
        """Binds the targets of each combination in turn; yields an unknown value where they can't be told."""
        if at == len(generators):
            yield None
            return
        generator = generators[at]
        values = self.evaluate(generator.iter)
        if isinstance(values, NOT_ITERABLE):
            raise Raised(TypeError, f"{type(values).__name__!r} object is not iterable")
        if not isinstance(values, ITERABLE) or generator.is_async:
            yield values if isinstance(values, Unknown) else self.unknown("its elements are not known")
            return
        for value in self.iterate(values):
            self.assign(generator.target, value, generator.iter, plain=False)
            taken = True
            for condition in generator.ifs:
                truth = self.truth(condition)
                if isinstance(truth, Unknown):
                    yield truth
                    return
                taken = taken and truth
            if taken:
                yield from self._rows(generators, at + 1)


def _asks_for_a_word(values: list[Any]) -> bool:
    """``os.getenv("RELOAD", "false") == "true"``, ``… in ("1", "yes")``: a boolean, not a switch of environments."""
    for value in values[1:]:
        words = value if isinstance(value, (list, tuple, set, frozenset)) else (value,)
        if not words or not all(isinstance(word, str) and word.lower() in _BOOLEAN_WORDS for word in words):
            return False
    return True


def _asks_for_absence(node: ast.Compare, values: list[Any]) -> bool:
    return len(node.ops) == 1 and isinstance(node.ops[0], (ast.Is, ast.IsNot)) and values[1] is None
