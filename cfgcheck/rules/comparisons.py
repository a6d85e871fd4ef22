"""Which comparisons make sense: what can never be true is refused when a rule is loaded."""

from __future__ import annotations

import ast

from cfgcheck.model.version import Version
from cfgcheck.rules.kinds import ANY, Kind, list_of
from cfgcheck.rules.terms import ExpressionError, Term

SIGNS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}
_SIDES = {"bool": "truth value", "number": "number", "str": "text", "word": "text"}


def literal(node: ast.expr) -> object:
    """The number or text that stands there; None for anything else."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = literal(node.operand)
        return -inner if isinstance(inner, int) else None
    return node.value if isinstance(node, ast.Constant) and not isinstance(node.value, bool) else None


def ordered(one: Term, left: ast.expr, sign: str, other: Term, right: ast.expr) -> str:
    """The source of ``one sign other``; versions may be compared with their text."""
    if one.kind.base == "version" and other.kind.base == "str":
        other = _version(right)
    elif other.kind.base == "version" and one.kind.base == "str":
        one = _version(left)
    comparable(one, left, sign, other, right)
    return f"({one.code} {sign} {other.code})"


def comparable(one: Term, left: ast.expr, sign: str, other: Term, right: ast.expr) -> None:
    """Refuse a text beside a number, and a word that the enumeration does not have."""
    shown = f"`{one.shown} {sign} {other.shown}`"
    for word, constant in ((one.kind, right), (other.kind, left)):
        written = literal(constant)
        if word.base == "word" and isinstance(written, str) and written not in word.words:
            raise ExpressionError(f"{shown}: it is never {written!r}", f"it can be {', '.join(word.words)}")
    bases = {one.kind.base, other.kind.base}
    sides = {_SIDES.get(base, str(kind)) for base, kind in ((term.kind.base, term.kind) for term in (one, other))}
    if "any" not in bases and len(sides) > 1:
        raise ExpressionError(f"{shown} compares a {sorted(sides)[0]} with a {sorted(sides)[1]}")
    if sign not in ("==", "!=") and bases & {"object", "mapping", "bool"}:
        raise ExpressionError(f"{shown}: {one.kind.named} has no order")


def contained(one: Term, left: ast.expr, sign: str, other: Term, right: ast.expr) -> str:
    """The source of ``one in other``."""
    base = other.kind.base
    if base == "tuple":
        elements = right.elts if isinstance(right, (ast.List, ast.Tuple, ast.Set)) else [right] * len(other.kind.items)
        for kind, node in zip(other.kind.items, elements, strict=True):
            comparable(one, left, "==", Term("", kind, ast.unparse(node)), node)
    elif base == "list":
        other = _bare(other)
    elif base in ("str", "word"):
        if one.kind.base not in ("str", "any", "word"):
            raise ExpressionError(f"`{one.shown}` is {one.kind.named}, which can't be part of a text")
    elif base not in ("mapping", "any"):
        raise ExpressionError(f"`{other.shown}` is {other.kind.named}: nothing can be in it")
    return f"({one.code} {sign} {other.code})"


def _bare(elements: Term) -> Term:
    """A list whose elements are unwrapped."""
    element = elements.kind.element
    if element.base == "enum":
        inner = "_x.value._value_" if element.located else "_x._value_"
    elif element.located:
        inner = "_x.value"
    else:
        return elements
    return Term(f"[{inner} for _x in {elements.code}]", list_of(ANY), elements.shown)


def _version(node: ast.expr) -> Term:
    written = literal(node)
    parsed = Version.parse(written) if isinstance(written, str) else None
    if parsed is None:
        raise ExpressionError(f"`{ast.unparse(node)}` is no version", 'write it as "1.29.7"')
    return Term(repr(tuple(parsed)), Kind("version", Version), ast.unparse(node))
