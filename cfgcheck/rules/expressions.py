"""The rule language: a whitelisted subset of Python, checked against the model and turned into Python source.

Nothing of what a rule's author wrote is run as it stands: each node is recognised, typed and written anew, so what is
not in this file can't be expressed. Each expression gives two texts. ``fast`` is straight Python, in which touching an
unknown or absent value raises. ``slow`` asks the same with three-valued ``and``, ``or``, ``any`` and ``all``; it is
taken only after the fast one has raised.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from cfgcheck.record import field, record, replace
from cfgcheck.rules import comparisons, functions, members, sugar
from cfgcheck.rules.kinds import ANY, BOOL, NONE, NUMBER, TEXT, Kind, fields, has_place, list_of
from cfgcheck.rules.terms import ExpressionError, Scope, Term, function_of, require, suggestion

LONGEST = 4000
"""Characters; a longer expression is refused (Python's own parser recurses on nesting)."""

_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}


@record(frozen=True)
class Compiled:
    """An expression as Python source, both ways: the same text where no doubt can be settled by looking further."""

    fast: str
    slow: str
    kind: Kind


def condition(text: str, scope: Scope) -> Compiled:
    """An expression that is true or not."""
    return _both(text, scope, Translator.truth)


def value(text: str, scope: Scope) -> Compiled:
    """An expression whose value is shown; located values are unwrapped."""
    return _both(text, scope, Translator.plain)


def thing(text: str, scope: Scope) -> Compiled:
    """An expression that gives something that is there; ``kind`` tells what."""
    return _both(text, scope, Translator.solid)


def elements(text: str, scope: Scope) -> Compiled:
    """An expression that gives a list; ``kind`` is that of its elements."""
    return _both(text, scope, Translator.elements)


def mark(text: str, scope: Scope) -> Compiled:
    """An expression that gives something with a place in a file."""
    compiled = _both(text, scope, Translator.term)
    if not has_place(compiled.kind):
        raise ExpressionError(
            f"`{text}` has no place in a file: it is {compiled.kind.named}", _placed_fields(compiled.kind)
        )
    return compiled


def _placed_fields(kind: Kind) -> str:
    if kind.cls is None or kind.base != "object":
        return ""
    names = [name for name, each in fields(kind.cls).items() if has_place(each)]
    return f"it has {', '.join(names)}" if names else ""


def _both(text: str, scope: Scope, what: Callable[[Translator, ast.expr], Term]) -> Compiled:
    node = _parse(text)
    try:
        fast, slow = (what(Translator(scope, doubting), node) for doubting in (False, True))
        for term in (fast, slow):
            compile(term.code, "<rule>", "eval")
    except (RecursionError, MemoryError, SyntaxError):
        raise ExpressionError("the expression is nested too deeply") from None
    return Compiled(fast.code, slow.code, fast.kind)


def _parse(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise ExpressionError(f"the expression is longer than {LONGEST} characters")
    try:
        return ast.parse(" ".join(text.split("\n")).strip(), mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(f"`{text.strip()}` is no expression: {error.msg}") from None
    except (RecursionError, MemoryError, ValueError):
        raise ExpressionError(
            "the expression is nested too deeply or holds a character that can't stand there"
        ) from None


@record()
class Translator:
    """Translates the nodes of one expression. ``doubting``: with three-valued logic."""

    scope: Scope
    doubting: bool
    inner: dict[str, Term] = field(default_factory=dict)
    """Names of the loops around a node."""

    # What a node gives

    def term(self, node: ast.expr) -> Term:
        """The node with what is known of its place: located values stay wrapped."""
        handler = _HANDLERS.get(type(node))
        if handler is None:
            raise ExpressionError(f"`{ast.unparse(node)}` is not part of the rule language")
        return replace(handler(self, node), shown=ast.unparse(node))

    def plain(self, node: ast.expr) -> Term:
        """The node's value: located ones unwrapped, enumerations as their words. May be absent."""
        return _unwrapped(self.term(node))

    def solid(self, node: ast.expr) -> Term:
        """The node's value, which must be there: Absent is raised otherwise."""
        return _needed(self.plain(node))

    def truth(self, node: ast.expr) -> Term:
        term = self.solid(node)
        if term.kind.base in ("object", "none", "version", "word", "tuple"):
            hint = f"say `present({term.shown})` or compare it"
            raise ExpressionError(f"`{term.shown}` is {term.kind.named}, not true or false", hint)
        return term

    def number(self, node: ast.expr) -> Term:
        return require(self.solid(node), "a number", "number", "bool")

    def text(self, node: ast.expr) -> Term:
        return require(self.solid(node), "a text", "str", "word")

    def located(self, node: ast.expr) -> Term:
        term = self.term(node)
        if not term.kind.located:
            raise ExpressionError(f"`{term.shown}` is a plain {term.kind}: nothing is known of who wrote it")
        return term

    def elements(self, node: ast.expr) -> Term:
        """An iterable, with the kind of its elements."""
        term = require(self.solid(node), "a list", "list", "tuple")
        return term.give(ANY if term.kind.base == "any" else term.kind.element)

    def swallowing(self) -> Translator:
        """A translator for what is asked by a function that itself catches Absent: fast code would be wrong there."""
        return Translator(self.scope, True, self.inner)

    def conjunction(self, terms: list[Term], word: str = "and") -> str:
        if len(terms) == 1:
            return terms[0].code
        if self.doubting:
            return f"_{word}({', '.join(f'(lambda: {term.code})' for term in terms)})"
        return f"({f' {word} '.join(term.code for term in terms)})"

    # Names and fields

    def _name(self, node: ast.Name) -> Term:
        found = self.inner.get(node.id) or self.scope.get(node.id)
        if found is None:
            raise ExpressionError(f"there is no `{node.id}` here", suggestion(node.id, [*self.scope, *self.inner]))
        return found

    def _attribute(self, node: ast.Attribute) -> Term:
        owner, name = self.term(node.value), node.attr
        if owner.kind.base == "settings":
            return sugar.setting(owner, name)
        owner = _needed(_unwrapped(owner))
        if owner.kind.base != "object" or owner.kind.cls is None:
            raise ExpressionError(f"`{owner.shown}` is {owner.kind.named}: it has no field `{name}`")
        return sugar.expand(owner, name) or members.field_of(owner, owner.kind.cls, name)

    def _subscript(self, node: ast.Subscript) -> Term:
        key = comparisons.literal(node.slice)
        if not isinstance(key, (int, str)):
            raise ExpressionError(f"`{ast.unparse(node)}`: only a literal number or text can stand in brackets")
        owner = self.term(node.value)
        if owner.kind.base == "settings" and isinstance(key, str):
            return sugar.setting(owner, key)
        owner = _needed(_unwrapped(owner))
        return Term(f"_item({owner.code}, {key!r})", members.element_of(owner.kind, key, ast.unparse(node)))

    # Literals

    def _constant(self, node: ast.Constant) -> Term:
        if node.value is None:
            return Term("None", NONE)
        kind = {bool: BOOL, int: NUMBER, float: NUMBER, str: TEXT}.get(type(node.value))
        if kind is None:
            raise ExpressionError(f"`{ast.unparse(node)}` can't stand in a rule")
        return Term(repr(node.value), kind)

    def _list(self, node: ast.List | ast.Tuple | ast.Set) -> Term:
        terms = [self.solid(element) for element in node.elts]
        return Term(
            f"({''.join(term.code + ', ' for term in terms)})", Kind("tuple", items=tuple(t.kind for t in terms))
        )

    # Logic and arithmetic

    def _boolop(self, node: ast.BoolOp) -> Term:
        terms = [self.truth(each) for each in node.values]
        return Term(self.conjunction(terms, "and" if isinstance(node.op, ast.And) else "or"), BOOL)

    def _unaryop(self, node: ast.UnaryOp) -> Term:
        if isinstance(node.op, ast.Not):
            return Term(f"(not {self.truth(node.operand).code})", BOOL)
        if isinstance(node.op, ast.USub):
            return Term(f"(-{self.number(node.operand).code})", NUMBER)
        raise ExpressionError(f"`{ast.unparse(node)}` is not part of the rule language")

    def _ifexp(self, node: ast.IfExp) -> Term:
        test, body, other = self.truth(node.test), self.plain(node.body), self.plain(node.orelse)
        return Term(f"({body.code} if {test.code} else {other.code})", _either(body.kind, other.kind))

    def _binop(self, node: ast.BinOp) -> Term:
        sign = _ARITHMETIC.get(type(node.op))
        if sign is None:
            raise ExpressionError(f"`{ast.unparse(node)}` is not part of the rule language")
        left, right = self.solid(node.left), self.solid(node.right)
        if sign == "+" and {left.kind.base, right.kind.base} & {"str", "word"}:
            codes = [require(term, "a text", "str", "word").code for term in (left, right)]
            return Term(f"({codes[0]} + {codes[1]})", TEXT)
        codes = [require(term, "a number", "number", "bool").code for term in (left, right)]
        return Term(f"({codes[0]} {sign} {codes[1]})", NUMBER)

    def _compare(self, node: ast.Compare) -> Term:
        nodes = [node.left, *node.comparators]
        terms = [self.plain(each) for each in nodes]
        parts: list[Term] = []
        for number, operator in enumerate(node.ops):
            one, other = terms[number], terms[number + 1]
            code = _comparison(one, nodes[number], comparisons.SIGNS[type(operator)], other, nodes[number + 1])
            parts.append(Term(code, BOOL))
        return Term(self.conjunction(parts), BOOL)

    # Calls

    def _call(self, node: ast.Call) -> Term:
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise ExpressionError(f"`{ast.unparse(node)}`: arguments are given in order, without names or stars")
        if isinstance(node.func, ast.Attribute):
            return self._method(node.func, [self.solid(argument) for argument in node.args])
        if not isinstance(node.func, ast.Name):
            raise ExpressionError(f"`{ast.unparse(node)}` is not part of the rule language")
        handler = functions.FUNCTIONS.get(node.func.id)
        if handler is None:
            hint = suggestion(node.func.id, functions.FUNCTIONS) or f"there are {', '.join(functions.FUNCTIONS)}"
            raise ExpressionError(f"there is no function `{node.func.id}`", hint)
        return handler(self, node)

    def _method(self, func: ast.Attribute, arguments: list[Term]) -> Term:
        owner = self.solid(func.value)
        call = f"{sugar.method(owner, func.attr)}({', '.join(argument.code for argument in arguments)})"
        if owner.kind.base in ("str", "any", "word"):
            return Term(call, members.text_method(func.attr, arguments))
        if owner.kind.base != "object" or owner.kind.cls is None:
            raise ExpressionError(f"`{owner.shown}` is {owner.kind.named}: it has no `{func.attr}(…)`")
        return Term(call, members.model_method(owner.kind, func.attr, arguments))

    # Loops

    def _listcomp(self, node: ast.ListComp) -> Term:
        loop = self.loop(node)
        element = loop.inside.solid(node.elt)
        return Term(f"_tuple({element.code} {loop.clause})", list_of(element.kind))

    def loop(self, node: ast.GeneratorExp | ast.ListComp) -> Loop:
        if len(node.generators) != 1 or node.generators[0].is_async:
            raise ExpressionError(f"`{ast.unparse(node)}`: one `for` only", "nest a second `any(…)` instead")
        generator = node.generators[0]
        source = self.elements(generator.iter)
        inside = Translator(self.scope, self.doubting, {**self.inner, **self._targets(generator.target, source.kind)})
        target = ast.unparse(generator.target).strip("()")
        return Loop(source.code, target, inside, tuple(inside.truth(condition) for condition in generator.ifs))

    def _targets(self, target: ast.expr, kind: Kind) -> dict[str, Term]:
        if isinstance(target, ast.Name):
            if target.id.startswith("_") or target.id in self.scope or target.id in self.inner:
                raise ExpressionError(f"`{target.id}` can't be the loop's name", "take a name that is free")
            return {target.id: Term(target.id, kind)}
        if isinstance(target, ast.Tuple) and kind.base == "tuple" and len(target.elts) == len(kind.items) > 0:
            found: dict[str, Term] = {}
            for each, item in zip(target.elts, kind.items, strict=True):
                found.update(self._targets(each, item))
            return found
        raise ExpressionError(f"`for {ast.unparse(target)}` does not fit the elements")


@record(frozen=True)
class Loop:
    """``for target in source if conditions``; ``inside`` translates what stands within, where the name is known."""

    source: str
    target: str
    inside: Translator
    conditions: tuple[Term, ...]

    @property
    def chosen(self) -> str:
        """The elements that meet the conditions, as an iterable; an absent condition is not met."""
        if not self.conditions:
            return self.source
        return f"_where({function_of(self.target, self.inside.conjunction(list(self.conditions)))}, {self.source})"

    @property
    def clause(self) -> str:
        if self.inside.doubting or not self.conditions:
            return f"for {self.target} in {self.chosen}"
        return f"for {self.target} in {self.source} if {self.inside.conjunction(list(self.conditions))}"


_HANDLERS: dict[type[ast.expr], Callable[..., Term]] = {
    ast.Name: Translator._name,
    ast.Attribute: Translator._attribute,
    ast.Subscript: Translator._subscript,
    ast.Constant: Translator._constant,
    ast.List: Translator._list,
    ast.Tuple: Translator._list,
    ast.Set: Translator._list,
    ast.BoolOp: Translator._boolop,
    ast.UnaryOp: Translator._unaryop,
    ast.IfExp: Translator._ifexp,
    ast.BinOp: Translator._binop,
    ast.Compare: Translator._compare,
    ast.Call: Translator._call,
    ast.ListComp: Translator._listcomp,
}
"""All that an expression may consist of (generators besides, as the argument of a function that takes one)."""


def _unwrapped(term: Term) -> Term:
    code, kind = term.code, term.kind
    if kind.base == "settings":
        raise ExpressionError(f"`{term.shown}` is not a value: name a setting, as in `app.gunicorn.timeout`")
    if kind.located and kind.missing:
        code, kind = f"_inside({code})", replace(kind.plain, optional=True)
    elif kind.located:
        code, kind = f"{code}.value", kind.plain
    if kind.base == "enum":
        code = f"_word({code})" if kind.optional else f"{code}._value_"
        kind = replace(kind, base="word")
    return Term(code, kind, term.shown)


def _needed(term: Term) -> Term:
    if term.kind.optional or term.kind.base == "any":
        return Term(f"_need({term.code})", replace(term.kind, optional=False), term.shown)
    return term


def _comparison(one: Term, left: ast.expr, sign: str, other: Term, right: ast.expr) -> str:
    if other.kind.base == "none" and sign in ("is", "is not", "==", "!="):
        return f"({one.code} {'is' if sign in ('is', '==') else 'is not'} None)"
    if sign in ("is", "is not"):
        raise ExpressionError(f"`{one.shown} {sign} {other.shown}`: `{sign}` is for None only", "write == or !=")
    judge = comparisons.contained if sign in ("in", "not in") else comparisons.ordered
    return judge(_needed(one), left, sign, _needed(other), right)


def _either(one: Kind, other: Kind) -> Kind:
    optional = one.optional or other.optional
    if one.base == "none":
        return other.maybe
    if other.base == "none" or one.base == other.base:
        return replace(one, optional=optional)
    return replace(ANY, optional=optional)
