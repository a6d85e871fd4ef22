"""Hypothesis strategy: small Python programs of the kind that configuration files are made of, safe to execute."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

NAMES = ("a", "b", "c")
ENVIRONMENT = {"TEXT": "7", "WORD": "yes", "EMPTY": ""}

_INTS = st.integers(-3, 70).map(str)
_STRINGS = st.sampled_from(["''", "'x'", "'7'", "'a,b'", "'0.0.0.0'", "'%s:%s'", "'{}-{}'", "'Yes'", "'é'"])
_VARIABLES = st.sampled_from([*ENVIRONMENT, "MISSING"])


@cache
def _integers(depth: int) -> st.SearchStrategy[str]:
    if depth <= 0:
        return st.one_of(_INTS, st.sampled_from(NAMES))
    one, text, items = _integers(depth - 1), _texts(depth - 1), _lists(depth - 1)
    return st.one_of(
        _INTS,
        st.sampled_from(NAMES),
        st.tuples(one, st.sampled_from(["+", "-", "*", "//", "%", "|", "&"]), one).map("({0[0]} {0[1]} {0[2]})".format),
        st.tuples(st.sampled_from(["max", "min"]), one, one).map("{0[0]}({0[1]}, {0[2]})".format),
        st.tuples(st.sampled_from(["abs", "int", "bool"]), one).map("{0[0]}({0[1]})".format),
        st.tuples(st.sampled_from(["len", "int", "sorted"]), st.one_of(text, items)).map("{0[0]}({0[1]})".format),
        st.tuples(one, _conditions(depth - 1), one).map("({0[0]} if {0[1]} else {0[2]})".format),
        _VARIABLES.map("int(os.environ.get({!r}, '3'))".format),
        st.tuples(items, one).map("{0[0]}[{0[1]}]".format),
    )


@cache
def _texts(depth: int) -> st.SearchStrategy[str]:
    if depth <= 0:
        return st.one_of(_STRINGS, st.sampled_from(NAMES))
    one, number, items = _texts(depth - 1), _integers(depth - 1), _lists(depth - 1)
    return st.one_of(
        _STRINGS,
        st.sampled_from(NAMES),
        st.tuples(one, one).map("({0[0]} + {0[1]})".format),
        st.sampled_from(['f"{a}:{b!r}"', 'f"{c}"', 'f"{a!s:>4}-{len(str(b)) + 1}"']),
        st.tuples(one, one, number).map("({0[0]} % ({0[1]}, {0[2]}))".format),
        st.tuples(one, one, number).map("{0[0]}.format({0[1]}, {0[2]})".format),
        st.tuples(one, st.sampled_from(["strip", "lower", "upper", "title"])).map("{0[0]}.{0[1]}()".format),
        st.tuples(one, one, one).map("{0[0]}.replace({0[1]}, {0[2]})".format),
        st.tuples(one, items).map("{0[0]}.join({0[1]})".format),
        st.tuples(one, number).map("{0[0]}[:{0[1]}]".format),
        st.tuples(one, one).map("({0[0]} or {0[1]})".format),
        _VARIABLES.map("os.getenv({!r}, 'd')".format),
        _VARIABLES.map("os.environ[{!r}]".format),
        st.tuples(_VARIABLES, one).map("(os.getenv({0[0]!r}) or {0[1]})".format),
        st.tuples(one, one).map("os.path.join({0[0]}, {0[1]})".format),
        number.map("str({})".format),
    )


@cache
def _lists(depth: int) -> st.SearchStrategy[str]:
    literal = st.lists(st.one_of(_INTS, _STRINGS), max_size=3).map(lambda parts: f"[{', '.join(parts)}]")
    if depth <= 0:
        return st.one_of(literal, st.sampled_from(NAMES))
    one, text, number = _lists(depth - 1), _texts(depth - 1), _integers(depth - 1)
    return st.one_of(
        literal,
        st.sampled_from(NAMES),
        st.lists(st.one_of(text, number), max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
        st.tuples(text, text).map("{0[0]}.split({0[1]})".format),
        st.tuples(one, one).map("({0[0]} + {0[1]})".format),
        st.tuples(number, one, _conditions(0)).map("[{0[0]} for c in {0[1]} if {0[2]}]".format),
        st.tuples(one, one).map("[*{0[0]}, *{0[1]}]".format),
        number.map("list(range({}))".format),
    )


@cache
def _conditions(depth: int) -> st.SearchStrategy[str]:
    number, text = _integers(depth - 1), _texts(depth - 1)
    return st.one_of(
        st.tuples(number, st.sampled_from(["<", "==", "!=", ">="]), number).map("({0[0]} {0[1]} {0[2]})".format),
        st.tuples(text, st.sampled_from(["==", "in", "not in"]), text).map("({0[0]} {0[1]} {0[2]})".format),
        text.map("(not {})".format),
        st.sampled_from(NAMES).map("({} is None)".format),
        _VARIABLES.map("({!r} in os.environ)".format),
        _VARIABLES.map("(not os.getenv({!r}))".format),
        _VARIABLES.map("(os.getenv({!r}) is None)".format),
        st.tuples(_VARIABLES, text).map("(os.getenv({0[0]!r}) == {0[1]})".format),
        st.tuples(_VARIABLES, text).map("(os.getenv({0[0]!r}, '1') in ('1', 'yes'))".format),
    )


@cache
def _expressions() -> st.SearchStrategy[str]:
    return st.one_of(_integers(2), _texts(2), _lists(2), _conditions(2), st.just("None"))


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


@st.composite
def _statement(draw: st.DrawFn, depth: int) -> list[str]:
    name, other = draw(st.sampled_from(NAMES)), draw(st.sampled_from(NAMES))
    shape = draw(st.integers(0, 11 if depth else 6))
    value = draw(_expressions())
    if shape == 0:
        return [f"{name} += {draw(st.one_of(_integers(1), _texts(1), _lists(1)))}"]
    if shape == 1:
        return [f"{name}, {other} = {value}, {draw(_expressions())}"]
    if shape == 2:
        return [f"{name} = []", f"{name}.append({value})", f"{other} = {name}", f"{other} += [1]"]
    if shape == 3:
        return [f"{name} = {{'k': {value}}}", f"{name}['z'] = 1", f"{other} = {name}.get('k')"]
    if shape in (4, 5, 6):
        return [f"{name} = {value}"]
    body, orelse = draw(_block(depth - 1)), draw(_block(depth - 1))
    if shape == 7:
        return [f"if {draw(_conditions(1))}:", *_indented(body), "else:", *_indented(orelse)]
    if shape == 8:
        return [f"for {other} in list({draw(_lists(1))}):", *_indented(body), f"    if {draw(_conditions(0))}: break"]
    if shape == 9:
        kind = draw(st.sampled_from(["KeyError", "(ValueError, TypeError)", "Exception", "LookupError"]))
        return ["try:", *_indented(body), f"except {kind}:", *_indented(orelse), "finally:", "    z = 1"]
    if shape == 10:
        test = draw(_conditions(0))
        return ["def f(a, b=2):", f"    if {test}:", f"        return {value}", "    return b", f"{name} = f({other})"]
    return ["n = 0", "while n < 3:", "    n += 1", *_indented(body)]


@st.composite
def _block(draw: st.DrawFn, depth: int) -> list[str]:
    return [line for each in draw(st.lists(_statement(depth), min_size=1, max_size=2)) for line in each]


@st.composite
def programs(draw: st.DrawFn) -> list[list[str]]:
    """A program as a list of top-level statements, each a list of lines."""
    start = [["import os"], ["a = 1"], ["b = 'x'"], ["c = [1, 2]"]]
    return start + draw(st.lists(_statement(2), min_size=1, max_size=5))
