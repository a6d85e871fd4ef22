"""The static evaluator says what Python itself would say, or that it does not know."""

from __future__ import annotations

import ast
import os
import warnings
from copy import deepcopy
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.python_config import PythonConfig
from cfgcheck.syntax.python_values import Unknown, unknown_within
from tests.gunicorn import build, programs
from tests.hanging import no_hang


def _executed(statements: list[list[str]]) -> tuple[dict[str, Any], int]:
    """The names after the statements, and how many of them ran before one failed."""
    names: dict[str, Any] = {}
    with mock.patch.dict(os.environ, programs.ENVIRONMENT, clear=True), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for at, lines in enumerate(statements):
            before = {name: deepcopy(value) if _is_data(value) else value for name, value in names.items()}
            try:
                exec(compile("\n".join(lines), "config", "exec"), names)  # noqa: S102
            except (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError):
                return before, at
    return names, len(statements)


def _is_data(value: Any, depth: int = 20) -> bool:
    """Whether a value is plain data; a list that holds itself is none."""
    if isinstance(value, (list, tuple)):
        return depth > 0 and all(_is_data(each, depth - 1) for each in value)
    if isinstance(value, dict):
        return depth > 0 and all(_is_data(each, depth - 1) for each in value.values())
    return isinstance(value, (str, int, float, bool, type(None)))


@pytest.mark.oracle
@settings(max_examples=250, deadline=None)
@given(programs.programs())
def test_values_are_those_of_python(statements: list[list[str]]) -> None:
    names, ran = _executed(statements)
    text = "\n".join(line for lines in statements[:ran] for line in lines) + "\n"
    found = build.evaluated(text, Environment(programs.ENVIRONMENT, complete=True)).names
    for name in ("a", "b", "c", "n", "z"):
        if name not in names or not _is_data(names[name]):
            continue
        ours = found[name].value
        unknown = unknown_within(ours)
        if unknown is not None and "too large" in unknown.because:
            continue  # a list that holds itself was printed
        assert unknown is None, f"{name} is {names[name]!r}, not unknown: {unknown.because}\n{text}"
        assert repr(ours) == repr(names[name]), f"{name}\n{text}"


@pytest.mark.oracle
@settings(max_examples=150, deadline=None)
@given(programs.programs())
def test_what_is_known_without_the_environment_holds_while_nobody_sets_it(statements: list[list[str]]) -> None:
    """With no environment known, values are unknown or those that Python computes where no variable is set."""
    with mock.patch.dict(programs.ENVIRONMENT, {}, clear=True):
        names, ran = _executed(statements)
    text = "\n".join(line for lines in statements[:ran] for line in lines) + "\n"
    for name, binding in build.evaluated(text).names.items():
        if name in names and _is_data(names[name]) and unknown_within(binding.value) is None:
            assert repr(binding.value) == repr(names[name]), f"{name}\n{text}"


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=80), st.text("=()[]{}'\"\\\n\r\t :#%xyz019éß\ufeff\0\udc80", max_size=60)))
def test_any_text(text: str) -> None:
    _sound(build.evaluated(text), text)


_SNIPPETS = (
    "import os\n", "bind = ", "os.environ", ".get('A')", "[", "]", "(", ")", "{", "}", "'x'", '"é"', "{{ x }}",
    "{% if y %}", "{% endif %}", "\n", "\n    ", "if ", ":", "else:", "def f():", "return ", "for i in ", "range(9)",
    "+=", " = ", "1", "lambda: 0", "*", "**", "%", "f'{a}'", "try:", "except:", "while 1:",
    "from x import *", "exec('a=1')", "del bind", "globals()", "\r\n", "# c\n", "not ", " and ", ",", "a", "workers",
    "with a as b:", "class C:", "yield ", "await ",
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(st.lists(st.sampled_from(_SNIPPETS), max_size=25))
def test_any_snippets(parts: list[str]) -> None:
    text = "".join(parts)
    _sound(build.evaluated(text), text)


def _sound(config: PythonConfig, text: str) -> None:
    """Every span lies in the file and is not empty, and what Python cannot parse is reported, templates apart."""
    spans = [binding.span for _, binding in [*config.history, *config.names.items()]]
    spans += [binding.name_span for binding in config.names.values()]
    spans += [problem.span for problem in config.problems if text]
    for span in spans:
        assert 0 <= span.start < span.end <= len(text), repr(span)
    if not config.problems and not config.opaque:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert "{" in text or "<%" in text or ast.parse(text.removeprefix("\ufeff"))


VALUES = [
    ("bind = '127.0.0.1:8000'", "bind", "127.0.0.1:8000"),
    ("import multiprocessing as mp\nw = min(mp.cpu_count(), 4) if False else 3", "w", 3),
    ("host, port = '0.0.0.0', 80\nbind = f'{host}:{port}'", "bind", "0.0.0.0:80"),
    ("a = b = 3\nb -= 1", "b", 2),
    ("if (n := 4) > 3: w = n", "w", 4),
    ("raw = [f'A={i}' for i in range(3) if i != 1]", "raw", ["A=0", "A=2"]),
    ("from pathlib import Path\np = 'unix:' + str(Path('/run') / 'x' / 'a.sock')", "p", "unix:/run/x/a.sock"),
    ("import os.path\np = os.path.join('/run', 'a.sock')", "p", "/run/a.sock"),
    ("from os import path, environ, getenv\np = path.dirname('/a/b')", "p", "/a"),
    ("bind = '%(h)s:%(p)d' % {'h': 'a', 'p': 1}", "bind", "a:1"),
    ("bind = '{h}:{p}'.format(h='a', p=1)", "bind", "a:1"),
    ("def f(x, *, y=2): return x * y\nw = f(3)", "w", 6),
    ("w = (lambda a, b=1: a + b)(2)", "w", 3),
    ("try:\n    w = int('x')\nexcept ValueError:\n    w = 5", "w", 5),
    ("try:\n    import os\nexcept ImportError:\n    pass\nw = 5", "w", 5),
    ("d = {'a': 1, **{'b': 2}}\nw = d['b']", "w", 2),
    ("l = [1]\nm = l\nm.append(2)\nw = len(l)", "w", 2),
    ("for i in range(10):\n    if i == 3: break\nw = i", "w", 3),
    ("def f():\n    global w\n    w = 8\nf()", "w", 8),
    ("w = 1\ndel w\nw = 2", "w", 2),
    ("locals()['w'] = 3", "w", 3),
    ("g = globals()\ng['w'] = 4", "w", 4),
    ("if __name__ == '__main__':\n    w = 1\nelse:\n    w = 2", "w", 2),
    ("w = max([1, 5, 3]) // 2 ** 1", "w", 2),
    ("w = True and not False and 3 in (1, 3) and 1 < 2 < 3", "w", True),
    ("import json\nw = json.loads('[1, 2]')[1]", "w", 2),
    ("w = ('a b'.split()[-1] + 'C').upper()", "w", "BC"),
    ("w: int = 3", "w", 3),
]


@pytest.mark.parametrize(("text", "name", "value"), VALUES)
def test_values(text: str, name: str, value: object) -> None:
    found = build.evaluated(text).names[name].value
    assert repr(found) == repr(value)


DEFAULTS = [
    ("os.environ.get('BIND', '0.0.0.0:8000')", "0.0.0.0:8000"),
    ("int(os.getenv('W', '4'))", 4),
    ("int(os.getenv('W') or 4)", 4),
    ("os.environ.get('W') or 4", 4),
    ("os.getenv('RELOAD', 'false').lower() == 'true'", False),
    ("os.environ.get('RELOAD', '0') in ('1', 'true', 'yes')", False),
    ("bool(os.environ.get('DEBUG'))", False),
    ("True if os.getenv('RELOAD', 'no') == 'yes' else False", False),
    ("int(os.environ['W']) if os.environ.get('W') else 3", 3),
    ("int(os.environ['W']) if 'W' in os.environ else 3", 3),
    ("f\"0.0.0.0:{os.environ.get('PORT', 8000)}\"", "0.0.0.0:8000"),
    ("'%s:%s' % (os.getenv('H', 'a'), os.getenv('P', 1))", "a:1"),
    ("config('W', default=4, cast=int)", 4),
    ("env('W', default='x')", "x"),
    ("env.int('W', 4)", 4),
    ("bool(strtobool(os.getenv('W', 'false')))", False),
]
_HEAD = "\n".join(
    [
        "import os, environ",
        "from decouple import config",
        "from distutils.util import strtobool",
        "env = environ.Env()",
        "value = ",
    ]
)


@pytest.mark.parametrize(("expression", "value"), DEFAULTS)
def test_defaults_stand_while_nobody_sets_the_variable(expression: str, value: object) -> None:
    binding = build.evaluated(_HEAD + expression).names["value"]
    assert repr(binding.value) == repr(value)
    assert binding.variables, "the variable must be named"


BRANCHES = [
    "w = 3\nif os.environ.get('W'):\n    w = int(os.environ['W'])",
    "w = 3\nif 'W' in os.environ:\n    w = int(os.environ['W'])",
    "try:\n    w = int(os.environ['W'])\nexcept KeyError:\n    w = 3",
    "text = os.getenv('W')\nif text:\n    w = int(text)\nelse:\n    w = 3",
    "text = os.getenv('W')\nif text is None:\n    w = 3\nelse:\n    w = int(text)",
    "def f():\n for name in ('W', 'V'):\n  text = os.getenv(name)\n  if text:\n   return int(text)\n return 3\nw = f()",
]


@pytest.mark.parametrize("text", BRANCHES)
def test_a_branch_that_takes_a_variable_leaves_the_default(text: str) -> None:
    binding = build.evaluated("import os\n" + text).names["w"]
    assert binding.value == 3
    known = build.evaluated("import os\n" + text, build.environment({"W": "9"})).names["w"]
    assert known.value == 9
    assert not known.variables


UNKNOWN = [
    ("workers = multiprocessing.cpu_count() * 2 + 1", "CPUs"),
    ("workers = len(os.sched_getaffinity(0))", "CPUs"),
    ("workers = os.environ['W']", "environment variable W"),
    ("workers = os.environ.get('W')", "environment variable W"),
    ("workers = 4 if os.getenv('ENV', 'dev') == 'production' else 1", "ENV"),
    ("if os.getenv('DOCKER'):\n    workers = 4\nelse:\n    workers = 1", "DOCKER"),
    ("if os.getenv('DOCKER'):\n    workers = 4", "set only where"),
    ("import acme\nworkers = acme.count()", "module acme"),
    ("from acme import workers", "module acme"),
    ("workers = open('/etc/hosts').read()", "open"),
    ("try:\n    import gevent_x\n    workers = 1\nexcept ImportError:\n    workers = 2", "exception"),
    ("for workers in acme_list: pass", "__import__"),
    ("workers = 1\nwhile unknown_thing():\n    workers += 1", ""),
    ("workers = os.path.dirname(os.path.abspath(__file__))", "folder"),
    ("workers = '{{ workers }}'", "template"),
    ("workers = {{ workers }}", "template"),
    ("{% if a %}\nworkers = 3\n{% endif %}", "template"),
    ("@cached\ndef f(): return 3\nworkers = f()", "f()"),
    ("l = [1]\nacme(l)\nworkers = l", "may change"),
    ("workers = 10 ** 10 ** 10", "too large"),
    ("workers = 'x' * 10 ** 9", "too large"),
    ("workers = '%999999999d' % 1", "format"),
    ("match 1:\n    case _: workers = 1", "statement"),
]


@pytest.mark.parametrize(("text", "reason"), UNKNOWN)
def test_what_cannot_be_known_is_unknown_with_its_reason(text: str, reason: str) -> None:
    value = build.evaluated("import os, multiprocessing\nacme_list = __import__('x')\n" + text).names["workers"].value
    assert isinstance(value, Unknown), value
    assert reason in value.because


def test_parts_of_a_string_stay_known() -> None:
    text = "import os, acme\nbind = '0.0.0.0:' + os.environ['PORT']\npid = f'/run/{acme}/x'\n"
    text += "log = 'a%s' % os.environ['L']\ndel acme"
    found = {name: binding.value for name, binding in build.evaluated(text).names.items()}
    texts = {name: value.text for name, value in found.items() if isinstance(value, Unknown)}
    assert texts == {"bind": "0.0.0.0:${PORT}", "pid": "/run/{acme}/x", "log": "a${L}"}


def test_names_that_may_be_set_out_of_sight() -> None:
    star = build.evaluated("bind = 'x'\nfrom acme import *\nworkers = 3")
    assert "acme" in star.opaque
    assert isinstance(star.names["bind"].value, Unknown)
    assert star.names["workers"].value == 3
    assert "exec" in build.evaluated("exec('workers = 3')").opaque
    assert build.evaluated("bind = 'x'").opaque == ""


def test_a_failing_statement_is_told() -> None:
    binding = build.evaluated("workers = int('many')\nbind = 'x'").names
    assert binding["workers"].error.startswith("ValueError")
    assert binding["bind"].value == "x"


def test_places_are_those_of_the_expression() -> None:
    config = build.evaluated("é = 'ü'; bind = ['a:1',\n  'b:2']\r\nworkers = 3\rtimeout=4\n")
    assert config.names["bind"].span.text == "['a:1',\n  'b:2']"
    assert [part.text for part in config.names["bind"].parts] == ["'a:1'", "'b:2'"]
    assert config.names["workers"].span.text == "3"
    assert config.names["timeout"].name_span.text == "timeout"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("bind = 'x\nworkers = 3\n", "1:8"),
        ("a = 1\nbind = = 2\n", "2:8"),
        ("a = 'x'\0", "1:8"),
        ("a = '\udc80'", "1:6"),
    ],
)
def test_syntax_errors_have_a_place(text: str, place: str) -> None:
    config = build.evaluated(text)
    (problem,) = config.problems
    assert str(problem.span) == f"gunicorn.conf.py:{place}"
    assert problem.rule == "unparsable-file"
    assert config.opaque


HOSTILE = [
    "x = " + "-" * 50000 + "1",
    "x = " + "(" * 50000,
    "x = 'a'\n" + "x = x + x\n" * 64,
    "a = [1]\n" + "a = [a, a]\n" * 60 + "b = str(a); c = a == [a]; d = f'{a}'",
    "for i in range(10 ** 12): x = i",
    "while True: pass",
    "def f(x): return f(x) + f(x)\ny = f(1)",
    "x = [i * j for i in range(9999) for j in range(9999)]",
    "y = 'a ' * 30000\nz = [y.split() for i in range(9999)]",
    "l = [0] * 9000\nfor i in range(99999): x = l + l == l",
    "a = []\na.append(a)\nb = a == a\nc = repr(a)\nd = sorted(a)",
    "import os\n" + "".join(f"if os.environ.get('A{i}'): v{i} = [{i}]\n" for i in range(2000)),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_files_end_soon(text: str) -> None:
    
    with no_hang():
        build.evaluated(text)


def test_nothing_is_executed(tmp_path: Any) -> None:
    target = tmp_path / "touched"
    text = f"import os, pathlib\nos.system('touch {target}')\npathlib.Path('{target}').touch()\nopen('{target}', 'w')\n"
    build.evaluated(text + f"exec(\"open('{target}', 'w')\")\n__import__('os').mkdir('{target}')\n")
    assert not target.exists()
