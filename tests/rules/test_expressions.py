"""The rule language: what it says, what it refuses, and that nothing else can be run through it."""

from __future__ import annotations

import ast
import itertools
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cfgcheck.model.app import App, AppFacts, AppKind, Listener, Protocol
from cfgcheck.model.declared import Declared
from cfgcheck.model.located import Located, UnknownValue
from cfgcheck.model.nginx import Location
from cfgcheck.model.version import Version
from cfgcheck.record import field_names, replace
from cfgcheck.rules import expressions, vocabulary
from cfgcheck.rules.filling import function_of
from cfgcheck.rules.kinds import BOOL, NUMBER, TEXT, Kind, fields, list_of
from cfgcheck.rules.templates import compile_template
from cfgcheck.rules.terms import ExpressionError, Term
from cfgcheck.rules.values import NAMESPACE, Absent
from cfgcheck.source.file import SourceFile

ROUTE = vocabulary.names("route", frozenset({"matched"}))

NOT_KNOWN: Located[Any] = Located.unknown("nobody knows")


def located(kind: Kind) -> Kind:
    return Kind(kind.base, kind.cls, optional=True, located=True, items=kind.items)


# Truth


def truth_scope(names: str) -> dict[str, Term]:
    return {name: Term(f"_s[{name!r}]", located(BOOL)) for name in names}


STATES: dict[str, Located[Any]] = {
    "T": Located.read(True, None),
    "F": Located.read(False, None),
    "U": NOT_KNOWN,
    "A": Located.read(None, None),
}


def ask(source: str, subject: Any) -> str:
    try:
        return "T" if function_of(source)(subject, None, None, None) else "F"
    except UnknownValue:
        return "U"
    except Absent:
        return "A"


def judged(compiled: expressions.Compiled, subject: Any) -> str:
    """As the engine asks: the fast source, and the slow one where that raises."""
    answer = ask(compiled.fast, subject)
    return answer if answer in "TF" else ask(compiled.slow, subject)


def reference(node: ast.expr, states: dict[str, str]) -> str:
    """Kleene's logic, with absent as a second doubt that wins in a conjunction and loses in a disjunction."""
    if isinstance(node, ast.Name):
        return states[node.id]
    if isinstance(node, ast.UnaryOp):
        return {"T": "F", "F": "T"}.get(inner := reference(node.operand, states), inner)
    assert isinstance(node, ast.BoolOp)
    parts = [reference(each, states) for each in node.values]
    order = "FAUT" if isinstance(node.op, ast.And) else "TUAF"
    return next(state for state in order if state in parts)


def formulas() -> st.SearchStrategy[str]:
    return st.recursive(
        st.sampled_from("abc"),
        lambda inner: st.one_of(
            inner.map(lambda one: f"not ({one})"),
            st.lists(inner, min_size=2, max_size=3).map(
                lambda parts: "(" + " and ".join(f"({p})" for p in parts) + ")"
            ),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: "(" + " or ".join(f"({p})" for p in parts) + ")"),
        ),
        max_leaves=6,
    )


@given(formulas())
def test_logic_is_three_valued(formula: str) -> None:
    compiled = expressions.condition(formula, truth_scope("abc"))
    node = ast.parse(formula, mode="eval").body
    for states in itertools.product("TFUA", repeat=3):
        named = dict(zip("abc", states, strict=True))
        subject = {name: STATES[state] for name, state in named.items()}
        assert judged(compiled, subject) == reference(node, named), (formula, named)


ELEMENTS = {"xs": Term("_s", list_of(located(BOOL)))}


@given(st.lists(st.sampled_from("TFUA"), max_size=4))
def test_quantifiers_look_past_what_is_not_known(states: list[str]) -> None:
    subject = [STATES[state] for state in states]
    any_wanted = "T" if "T" in states else "U" if "U" in states else "F"
    all_wanted = "F" if "F" in states or "A" in states else "U" if "U" in states else "T"
    assert judged(expressions.condition("any(x for x in xs)", ELEMENTS), subject) == any_wanted
    assert judged(expressions.condition("all(x for x in xs)", ELEMENTS), subject) == all_wanted


@given(st.lists(st.sampled_from("TFA"), max_size=5))
def test_counting_takes_an_absent_condition_as_not_met(states: list[str]) -> None:
    subject = [STATES[state] for state in states]
    compiled = expressions.condition(f"count(x for x in xs if x) == {states.count('T')}", ELEMENTS)
    assert judged(compiled, subject) == "T"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("n <= 5", "A"),
        ("not n <= 5", "A"),
        ("n == 5", "A"),
        ("n != 5", "A"),
        ("n is None", "T"),
        ("absent(n)", "T"),
        ("present(n)", "F"),
        ("n <= 5 or 1 == 1", "T"),
        ("n <= 5 and 1 == 2", "F"),
        ("or_else(n, 5) == 5", "T"),
        ("or_else(n == 1 or 1 == 1, 1 == 2)", "T"),
        ("present(n == 1 or 1 == 1)", "T"),
        ("present(n) or n == 1 or 1 == 1", "T"),
        ("u == 1 and n == 1", "A"),
        ("u == 1 or n == 1", "U"),
        ("u == 1 and 1 == 2", "F"),
        ("known(u)", "F"),
        ("known(n)", "T"),
        ("by_hand(u)", "U"),
        ("(1 if u == 1 else 2) == 2", "U"),
        ("seconds(n) == 'no limit'", "T"),
    ],
)
def test_absent_and_unknown(text: str, answer: str) -> None:
    scope = {name: Term(f"_s[{name!r}]", located(NUMBER)) for name in "nu"}
    assert judged(expressions.condition(text, scope), {"n": STATES["A"], "u": NOT_KNOWN}) == answer


# What is refused


ATTACKS = [
    "__import__('os')",
    "route.__class__",
    "route._value_",
    "().__class__.__bases__",
    "app.__dict__",
    "route.location.setting.__globals__",
    "(lambda: 1)()",
    "[].append(1)",
    "eval('1')",
    "open('/etc/passwd')",
    "getattr(app, 'name')",
    "f'{app.name}'",
    "(x := 1)",
    "{**app}",
    "{'a': 1}",
    "app.name.format(app)",
    "app.name.encode()",
    "app.name % 3 * 10 ** 9",
    "'a' * 10",
    "[x for x in routes for y in routes]",
    "any(_s for _s in stack.apps)",
    "any(_s.name == 'a' for _s in stack.apps)",
    "any(route for route in stack.routes)",
    "any(x.__class__ for x in stack.apps)",
    "any([1])",
    "await route",
    "yield route",
    "route.location.header(*app.name)",
    "route.location.header(name='Host')",
    "_need(1)",
    "_c",
    "b'bytes' == 1",
    "app.settings[app.name]",
    "app.settings[0:1]",
    "stack.apps.sort()",
    "...",
    "route if",
    "",
    "a" * 5000,
    "(" * 300 + "1" + ")" * 300,
    "-" * 3000 + "1",
    "1" + "+1" * 1900,
    "not " * 900 + "present(app)",
    "\x00",
]


@pytest.mark.parametrize("text", ATTACKS, ids=range(len(ATTACKS)))
def test_what_is_not_in_the_language_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        expressions.condition(text, ROUTE)


def pieces() -> st.SearchStrategy[str]:
    """Texts that are near the language: names, dunder names, calls, loops, operators, put together at random."""
    leaves = st.sampled_from(
        ["route", "app", "_s", "_c", "location", "1", "'x'", "None", "stack.apps", "x", "__builtins__", "True"]
    )
    attributes = st.sampled_from(["name", "label", "__class__", "_value_", "settings", "timeout", "gunicorn", "value"])
    calls = st.sampled_from(["any", "first", "len", "by_hand", "eval", "_need", "present", "type", "str", "join"])
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(lambda a, b: f"{a}.{b}", inner, attributes),
            st.builds(lambda f, a: f"{f}({a})", calls, inner),
            st.builds(lambda f, a, b: f"{f}({a} for x in {b})", calls, inner, inner),
            st.builds(
                lambda a, b, o: f"({a} {o} {b})", inner, inner, st.sampled_from(["and", "==", "+", "in", "**", "<"])
            ),
            st.builds(lambda a, b: f"{a}[{b}]", inner, inner),
            st.builds(lambda a, b: f"(lambda {a}: {b})", inner, inner),
        ),
        max_leaves=8,
    )


@given(st.one_of(pieces(), st.text(max_size=60)))
@example("location.header('Host').value")
@example("any(x.label == 'a' for x in stack.apps)")
def test_compiled_source_reaches_nothing_but_the_model(text: str) -> None:
    for compile_it in (expressions.condition, expressions.value, expressions.mark, expressions.elements):
        try:
            compiled = compile_it(text, ROUTE)
        except ExpressionError:
            continue
        for source in (compiled.fast, compiled.slow):
            _assert_harmless(source)


def _assert_harmless(source: str) -> None:
    tree = ast.parse(source, mode="eval")
    own = {"_s", "_c", "_e", "_v", "_x", "_pair", "x"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            assert node.id in own or node.id in NAMESPACE, source
            assert node.id != "__builtins__", source
        if isinstance(node, ast.Attribute):
            assert node.attr == "_value_" or not node.attr.startswith("_"), source
        assert not isinstance(node, (ast.JoinedStr, ast.NamedExpr, ast.Await, ast.Yield, ast.Dict)), source


def test_compiled_source_has_no_builtins() -> None:
    assert NAMESPACE["__builtins__"] == {}
    with pytest.raises(NameError):
        function_of("open")(None, None, None, None)


# Checked against the model


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("location.red_timeout > 1", "Location has no field `red_timeout`", "read_timeout"),
        ("locatoin.read_timeout > 1", "there is no `locatoin` here", "location"),
        ("location.header == 1", "Location has no field `header`", "header(…)"),
        ("location.headr('Host') is None", "Location has no method `headr`", "header"),
        ("location.header('a', 'b') is None", "takes 1 arguments, not 2", ""),
        ("location.header(5) is None", "is a number", ""),
        ("stack.declared.takes_writes(app)", "is an App, not a Location", ""),
        ("app.kind == 'gunicron'", "it is never 'gunicron'", "gunicorn, uwsgi"),
        ("app.kind in ['gunicorn', 'tomcat']", "it is never 'tomcat'", ""),
        ("route.link == 'mached'", "it is never 'mached'", "matched"),
        ("app.name > 5", "compares a number with a text", ""),
        ("location.read_timeout == '60s'", "compares a number with a text", ""),
        ("app", "is an App, not true or false", "present(app)"),
        ("not location.header('Host')", "not true or false", "present("),
        ("app.gunicorn.timeot > 1", "gunicorn has no setting `timeot`", "timeout"),
        ("app.uwsgi.bufer_size > 1", "uwsgi has no setting `bufer-size`", "buffer-size"),
        ("location.nginx.proxy_read_timout > 1", "nginx has no setting `proxy_read_timout`", "proxy_read_timeout"),
        ("location.family.read_timout > 1", "no setting", ""),
        ("app.gunicorn", "name a setting", ""),
        ("by_hand(app.name)", "nothing is known of who wrote it", ""),
        ("app.version >= 'new'", "is no version", "1.29.7"),
        ("app.version >= 22", "compares", ""),
        ("matches(app.name, '(')", "no regular expression", ""),
        ("matches(app.name, app.name)", "literal text", ""),
        ("anny(x for x in stack.apps)", "no function `anny`", "any"),
        ("stack.apps[0].nam == 'x'", "App has no field `nam`", "name"),
        ("'x' in 5", "nothing can be in it", ""),
        ("5 in app.name", "can't be part of a text", ""),
        ("app is listener", "for None only", "=="),
        ("len(app) > 1", "has no length", ""),
        ("app < app", "has no order", ""),
    ],
)
def test_what_the_model_does_not_have_is_a_mistake(text: str, said: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        expressions.condition(text, ROUTE)
    assert said in caught.value.message
    assert hint in caught.value.hint


def test_a_mark_needs_a_place() -> None:
    with pytest.raises(ExpressionError, match="has no place"):
        expressions.mark("app.name", ROUTE)
    with pytest.raises(ExpressionError) as caught:
        expressions.mark("listener", ROUTE)
    assert "address" in caught.value.hint


@pytest.mark.parametrize(
    "text", ["location.read_timeout", "app", "passes", "listener.address", "passes.directive.span"]
)
def test_what_can_be_marked(text: str) -> None:
    assert expressions.mark(text, ROUTE)


def test_every_public_field_of_a_location_is_known() -> None:
    known = fields(Location)
    assert {"server", "parent", "scope", "modifier", "path", "directive", "passes", "read_timeout", "label"} <= set(
        known
    )
    assert known["passes"].optional
    assert known["read_timeout"].located
    assert fields(App)["settings"].base == "mapping"


# Against real objects


def gunicorn(**settings: Any) -> App:
    span = SourceFile("gunicorn.conf.py", "timeout = 30").span(0, 12)
    facts: Located[Any] = Located.default(None)
    return App(
        AppKind.GUNICORN,
        "web",
        Located.read(Version(23, 0, 0), span),
        {name: Located.read(value, span) for name, value in settings.items()},
        (),
        (),
        AppFacts(*([facts] * len(field_names(AppFacts)))),
        span,
    )


APP = vocabulary.names("app")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("app.gunicorn.timeout == 30", "T"),
        ("app.gunicorn.timeout > 30", "F"),
        ("app.uwsgi.harakiri > 30", "A"),
        ("not app.uwsgi.master", "A"),
        ("app.gunicorn.backlog > 1", "A"),
        ("not by_hand(app.gunicorn.backlog)", "T"),
        ("by_hand(app.gunicorn.timeout)", "T"),
        ("app.kind == 'gunicorn' and app.version >= '22'", "T"),
        ("app.version < '23.0.0'", "F"),
        ("'22' <= app.version < '24'", "T"),
        ("app.settings['timeout'] == 30", "T"),
        ("app.settings['nothing'] == 30", "A"),
        ("app.settings['user'] != 'root'", "A"),
        ("app.settings['user'] is None", "T"),
        ("app.facts.request_limit > 3", "A"),
        ("stack.declared.app(app.name).exposed is None", "T"),
        ("not (present(stack.declared.firewall) and stack.declared.firewall)", "T"),
        ("'eb' in app.name", "T"),
        ("app.name in ['web', 'api']", "T"),
        ("app.name.startswith('w') and app.name.upper() == 'WEB'", "T"),
        ("matches(app.name, '^w.b$')", "T"),
        ("text(app.gunicorn.timeout) == 'timeout = 30'", "T"),
        ("origin(app.gunicorn.timeout) == 'file'", "T"),
        ("max(app.gunicorn.timeout, 40) == 40 and min([3, 4]) == 3 and sum([1, 2]) == 3 and abs(-2) == 2", "T"),
        ("'a' + app.settings['x'] == 'ab' or app.settings['timeout'] + 1 == 31", "T"),
        ("app.settings['word'] + 'b' == 'wb'", "T"),
        ("7 // 2 == 3 and 7 % 2 == 1 and -7 < 0 and 1 + 1 == 2 and 'a' + 'b' == 'ab'", "T"),
        ("app.kind in ['gunicorn']", "T"),
        ("listing(x.name for x in stack.apps) == ''", "T"),
    ],
)
def test_asked_of_an_app(text: str, answer: str) -> None:
    class Case:
        class stack:  # noqa: N801  (stands in for an attribute)
            apps = ()
            declared = Declared()

    compiled = expressions.condition(text, APP)
    app = gunicorn(timeout=30, user=None, word="w")

    def asked(source: str) -> str:
        try:
            return "T" if function_of(source)(app, Case, None, None) else "F"
        except UnknownValue:
            return "U"
        except Absent:
            return "A"

    fast = asked(compiled.fast)
    assert (fast if fast in "TF" else asked(compiled.slow)) == answer


def test_a_switch_that_is_not_set_is_off() -> None:
    uwsgi = replace(gunicorn(), kind=AppKind.UWSGI)
    assert ask(expressions.condition("not app.uwsgi.master", APP).fast, uwsgi) == "T"
    assert ask(expressions.condition("app.uwsgi.master == False", APP).fast, uwsgi) == "T"
    assert ask(expressions.condition("by_hand(app.uwsgi.master)", APP).fast, uwsgi) == "F"
    assert ask(expressions.condition("not app.gunicorn.reload", APP).fast, gunicorn()) == "T"


def test_pairs_are_taken_apart() -> None:
    compiled = expressions.condition("any(l.option == 'bind' and a.name == 'web' for a, l in route.nearest)", ROUTE)
    listener = Listener(
        NOT_KNOWN, Located.read(Protocol.HTTP, None), Located.read(False, None), Located.read(None, None), "bind"
    )

    class Route:
        nearest = ((gunicorn(), listener),)

    assert ask(compiled.fast, Route) == "T"
    assert ask(compiled.slow, Route) == "T"


# Templates


def test_a_template_is_taken_apart() -> None:
    scope = {"a": Term("_s", TEXT)}
    assert compile_template("x {a} {{b}} {'}' + a}", scope) == ["x ", ["_s"], " {b} ", ["('}' + _s)"]]


@pytest.mark.parametrize("text", ["{", "}", "{a", "{}", "{b}", "{a!r}", "{a:3}"])
def test_a_template_that_is_wrong(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_template(text, {"a": Term("_s", TEXT)})
