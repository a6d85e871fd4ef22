"""The functions of the rule language: how each is checked and translated. ``values.py`` has what they do."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from cfgcheck.rules.kinds import BOOL, NUMBER, TEXT, Kind
from cfgcheck.rules.terms import ExpressionError, Term, calls_nothing, function_of

if TYPE_CHECKING:
    from cfgcheck.rules.expressions import Translator

Handler = Callable[["Translator", ast.Call], Term]


def _arguments(node: ast.Call, *wanted: int) -> list[ast.expr]:
    if len(node.args) not in wanted:
        counts = " or ".join(str(number) for number in wanted)
        raise ExpressionError(f"`{ast.unparse(node)}`: {ast.unparse(node.func)} takes {counts} arguments")
    return node.args


def _of_located(name: str, gives: Kind, arguments: int = 1) -> Handler:
    def handle(to: Translator, node: ast.Call) -> Term:
        codes = [to.located(argument).code for argument in _arguments(node, arguments)]
        return Term(f"_{name}({', '.join(codes)})", gives)

    return handle


def _presence(name: str) -> Handler:
    def handle(to: Translator, node: ast.Call) -> Term:
        (argument,) = _arguments(node, 1)
        code = to.swallowing().plain(argument).code
        if calls_nothing(code):
            return Term(f"({code} is {'not ' if name == 'present' else ''}None)", BOOL)
        return Term(f"_{name}(lambda: {code})", BOOL)

    return handle


def _or_else(to: Translator, node: ast.Call) -> Term:
    one, other = (to.swallowing().plain(argument) for argument in _arguments(node, 2))
    kind = other.kind if one.kind.base in ("any", "none") else one.kind
    given = Kind(kind.base, kind.cls, other.kind.optional, items=kind.items)
    return Term(f"_or_else((lambda: {one.code}), (lambda: {other.code}))", given)


def _generator(node: ast.Call) -> ast.GeneratorExp:
    (argument,) = _arguments(node, 1)
    if not isinstance(argument, ast.GeneratorExp):
        raise ExpressionError(f"`{ast.unparse(node)}`: write `{ast.unparse(node.func)}(… for x in …)`")
    return argument


def _quantifier(name: str) -> Handler:
    def handle(to: Translator, node: ast.Call) -> Term:
        generator = _generator(node)
        loop = to.loop(generator)
        body = loop.inside.truth(generator.elt)
        if not to.doubting:
            return Term(f"_fast_{name}({body.code} {loop.clause})", BOOL)
        if name == "any":
            together = loop.inside.conjunction([*loop.conditions, body])
            return Term(f"_any({function_of(loop.target, together)}, {loop.source})", BOOL)
        return Term(f"_all({function_of(loop.target, body.code)}, {loop.chosen})", BOOL)

    return handle


def _first(to: Translator, node: ast.Call) -> Term:
    generator = _generator(node)
    loop = to.loop(generator)
    element = loop.inside.term(generator.elt)
    return Term(f"_first({element.code} {loop.clause})", element.kind.maybe)


def _count(to: Translator, node: ast.Call) -> Term:
    return Term(f"_count(None {to.loop(_generator(node)).clause})", NUMBER)


def _length(to: Translator, node: ast.Call) -> Term:
    (argument,) = _arguments(node, 1)
    term = to.solid(argument)
    if term.kind.base not in ("list", "tuple", "str", "mapping", "any"):
        raise ExpressionError(f"`{term.shown}` is {term.kind.named}: it has no length")
    return Term(f"_len({term.code})", NUMBER)


def _extreme(name: str) -> Handler:
    """``min``, ``max``, ``sum``: of a list, or (not ``sum``) of several numbers."""

    def handle(to: Translator, node: ast.Call) -> Term:
        if len(node.args) == 1:
            source = to.elements(_as_list(node.args[0]))
            if source.kind.base not in ("number", "any"):
                raise ExpressionError(f"`{source.shown}` is no list of numbers")
            return Term(f"_{name}({source.code})", NUMBER)
        codes = [to.number(argument).code for argument in node.args]
        if not codes or name == "sum":
            raise ExpressionError(f"`{ast.unparse(node)}`: {name} takes a list")
        return Term(f"_{name}({', '.join(codes)})", NUMBER)

    return handle


def _numeric(name: str) -> Handler:
    def handle(to: Translator, node: ast.Call) -> Term:
        (argument,) = _arguments(node, 1)
        return Term(f"_{name}({to.number(argument).code})", NUMBER)

    return handle


def _matches(to: Translator, node: ast.Call) -> Term:
    written, pattern = _arguments(node, 2)
    if not isinstance(pattern, ast.Constant) or not isinstance(pattern.value, str):
        raise ExpressionError(f"`{ast.unparse(pattern)}`: the pattern must be a literal text")
    try:
        re.compile(pattern.value)
    except re.error as error:
        raise ExpressionError(f"`{pattern.value}` is no regular expression: {error}") from None
    return Term(f"_matches({to.text(written).code}, {pattern.value!r})", BOOL)


def _join(to: Translator, node: ast.Call) -> Term:
    separator, values = _arguments(node, 2)
    return Term(f"_join({to.text(separator).code}, {to.elements(_as_list(values)).code})", TEXT)


def _listing(to: Translator, node: ast.Call) -> Term:
    (values,) = _arguments(node, 1)
    return Term(f"_listing({to.elements(_as_list(values)).code})", TEXT)


def _as_list(node: ast.expr) -> ast.expr:
    return ast.ListComp(node.elt, node.generators) if isinstance(node, ast.GeneratorExp) else node


def _unit(name: str) -> Handler:
    def handle(to: Translator, node: ast.Call) -> Term:
        (argument,) = _arguments(node, 1)
        term = to.plain(argument)
        if term.kind.base not in ("number", "any", "none"):
            raise ExpressionError(f"`{term.shown}` is {term.kind.named}, not a number")
        return Term(f"_{name}({term.code})", TEXT)

    return handle


def _plural(to: Translator, node: ast.Call) -> Term:
    number, noun = _arguments(node, 2)
    return Term(f"_plural({to.number(number).code}, {to.text(noun).code})", TEXT)


def _given(to: Translator, node: ast.Call) -> Term:
    *shown, value = _arguments(node, 1, 2)
    return Term(f"_given({to.plain(shown[0] if shown else value).code}, {to.located(value).code})", TEXT)


FUNCTIONS: dict[str, Handler] = {
    "by_hand": _of_located("by_hand", BOOL),
    "is_default": _of_located("is_default", BOOL),
    "known": _of_located("known", BOOL),
    "origin": _of_located("origin", TEXT),
    "text": _of_located("text", TEXT),
    "same": _of_located("same", BOOL, 2),
    "present": _presence("present"),
    "absent": _presence("absent"),
    "or_else": _or_else,
    "any": _quantifier("any"),
    "all": _quantifier("all"),
    "first": _first,
    "count": _count,
    "len": _length,
    "min": _extreme("min"),
    "max": _extreme("max"),
    "sum": _extreme("sum"),
    "abs": _numeric("abs"),
    "round": _numeric("round"),
    "matches": _matches,
    "join": _join,
    "listing": _listing,
    "seconds": _unit("seconds"),
    "size": _unit("size"),
    "plural": _plural,
    "given": _given,
}
