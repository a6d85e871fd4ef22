"""Fields, methods and elements: what can be asked of a value in an expression."""

from __future__ import annotations

from cfgcheck.rules.kinds import ANY, BOOL, NUMBER, TEXT, Kind, fields, list_of, methods
from cfgcheck.rules.terms import ExpressionError, Term, require, suggestion

_TEXT_METHODS: dict[str, Kind] = {
    "lower": TEXT,
    "upper": TEXT,
    "strip": TEXT,
    "startswith": BOOL,
    "endswith": BOOL,
    "split": list_of(TEXT),
    "count": NUMBER,
    "isdigit": BOOL,
}


def field_of(owner: Term, cls: type[object], name: str) -> Term:
    known = fields(cls)
    if name in known:
        return Term(f"{owner.code}.{name}", known[name])
    hint = suggestion(name, known) or f"it has {', '.join(sorted(known))}"
    if name in methods(cls):
        hint = f"it is to be called: `{name}(…)`"
    raise ExpressionError(f"{owner.kind} has no field `{name}`", hint)


def text_method(name: str, arguments: list[Term]) -> Kind:
    if name not in _TEXT_METHODS:
        raise ExpressionError(f"a text has no `{name}(…)`", f"there are {', '.join(_TEXT_METHODS)}")
    for argument in arguments:
        require(argument, "a text", "str", "word", "tuple")
    return _TEXT_METHODS[name]


def model_method(owner: Kind, name: str, arguments: list[Term]) -> Kind:
    assert owner.cls is not None
    known = methods(owner.cls)
    if name not in known:
        raise ExpressionError(f"{owner} has no method `{name}`", suggestion(name, known))
    wanted = known[name].parameters
    if len(arguments) != len(wanted):
        raise ExpressionError(f"`{name}` takes {len(wanted)} arguments, not {len(arguments)}")
    for argument, kind in zip(arguments, wanted, strict=True):
        require(argument, kind.named, kind.base)
        if kind.base == "object" and argument.kind.cls is not kind.cls:
            raise ExpressionError(f"`{argument.shown}` is {argument.kind.named}, not {kind.named}")
    return known[name].gives


def element_of(owner: Kind, key: int | str, shown: str) -> Kind:
    if owner.base == "any":
        return ANY
    if isinstance(key, str) and owner.base == "mapping":
        return owner.element.maybe
    if isinstance(key, int) and owner.base == "list":
        return owner.element.maybe
    if isinstance(key, int) and owner.base == "tuple" and -len(owner.items) <= key < len(owner.items):
        return owner.items[key]
    raise ExpressionError(f"`{shown}`: {owner.named} has no such element")
