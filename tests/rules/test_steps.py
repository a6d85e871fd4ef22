"""The steps of a fix: what a rule file may say, and what comes of it for a finding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cfgcheck.model.located import Located, UnknownValue
from cfgcheck.model.stack import Stack
from cfgcheck.rules.changes import Change, Remove, Repair, Replace, Setting
from cfgcheck.rules.compiler import compile_rule
from cfgcheck.rules.errors import RuleError
from cfgcheck.rules.run import judge
from cfgcheck.rules.selection import Selection
from cfgcheck.source.file import SourceFile
from tests.rules import build

TEXT = "timeout = 30\nkeepalive = 2\nworkers = 3\n"


def fix(edits: str) -> str:
    return f"{{title: mend it, applicability: safe, edits: {edits}}}"


def changes(folder: Path, edits: str, unknown: str = "", **fields: str) -> list[Change]:
    """What a rule on an app wants changed, whose settings are 30, 2 and 3."""
    file = SourceFile("gunicorn.conf.py", TEXT)
    settings: dict[str, Any] = {"timeout": 30, "keepalive": 2, "workers": 3}
    if unknown:
        settings[unknown] = Located.unknown("it is a secret", build.at(file, unknown))
    stack = Stack("shop", files=[file], apps=[build.app(file, **settings)])
    rules = build.catalogue(folder, {"some-rule": {"when": "1 == 1", "fix": fix(edits), **fields}})
    (finding,) = judge(stack, rules, Selection()).findings
    repair: Repair = finding.repairs[0]
    assert (repair.title, repair.applicability) == ("mend it", "safe")
    return repair.changes()


def test_a_place_gets_other_characters(tmp_path: Path) -> None:
    marks = "[app.gunicorn.bind, app.gunicorn.timeout]"
    (one,) = changes(tmp_path, f'[{{replace: {marks}, with: "a  {{app.gunicorn.keepalive * 2}}"}}]')
    assert isinstance(one, Replace)
    assert (one.span.text, one.text) == ("timeout", "a  4")


def test_a_place_is_removed(tmp_path: Path) -> None:
    (one,) = changes(tmp_path, "[{remove: app.gunicorn.keepalive}]")
    assert isinstance(one, Remove)
    assert one.span.text == "keepalive"


def test_values_keep_their_types(tmp_path: Path) -> None:
    edits = """[{app: app, set: {timeout: "{app.gunicorn.timeout + 1.0}", bind: "0.0.0.0:{app.gunicorn.workers}",
        reload: false, preload_app: null, workers: 5, pythonpath: ["{app.gunicorn.workers}", b], x: "{1 == 1}"}}]"""
    found = {one.name: one.value for one in changes(tmp_path, edits) if isinstance(one, Setting)}
    assert found == {
        "timeout": 31,
        "bind": "0.0.0.0:3",
        "reload": False,
        "preload_app": None,
        "workers": 5,
        "pythonpath": [3, "b"],
        "x": True,
    }
    assert {name: type(value) for name, value in found.items()}["timeout"] is int


def test_only_steps_whose_condition_holds_are_done(tmp_path: Path) -> None:
    edits = """[{if: app.gunicorn.timeout > 100, app: app, set: {a: 1}},
        {if: app.gunicorn.timeout < 100, app: app, set: {b: 1}},
        {if: 'app.gunicorn.pidfile == "x"', app: app, set: {c: 1}}]"""
    assert [one.name for one in changes(tmp_path, edits) if isinstance(one, Setting)] == ["b"]
    assert changes(tmp_path, "[{if: app.gunicorn.timeout > 100, app: app, set: {a: 1}}]") == []


def test_a_step_for_each_element(tmp_path: Path) -> None:
    edits = '[{each: {one: "[1, 2, 3]"}, if: one != 2, app: app, set: {a: "{one}"}}]'
    assert [one.value for one in changes(tmp_path, edits) if isinstance(one, Setting)] == [1, 3]


@pytest.mark.parametrize(
    "edits",
    [
        '[{app: app, set: {a: 1}}, {app: app, set: {a: "{app.gunicorn.timeout}"}}]',
        '[{app: app, set: {a: 1}}, {app: app, set: {a: "is {app.gunicorn.timeout}"}}]',
        "[{app: app, set: {a: 1}}, {if: app.gunicorn.timeout > 3, app: app, set: {b: 1}}]",
        "[{app: app, set: {a: 1}}, {replace: app.gunicorn.timeout, with: x}]",
    ],
)
def test_something_unknown_is_no_fix(tmp_path: Path, edits: str) -> None:
    with pytest.raises(UnknownValue, match="it is a secret"):
        changes(tmp_path, edits, unknown="timeout")


@pytest.mark.parametrize(
    "edits",
    [
        "[{app: app, set: {a: 1}}, {replace: app.gunicorn.pidfile, with: x}]",
        '[{app: app, set: {a: 1}}, {app: app, set: {a: "{app.gunicorn.pidfile}"}}]',
        "[{app: app, set: {a: 1}}, {unit: app.unit, set: {init: true}}]",
    ],
)
def test_something_absent_is_no_fix(tmp_path: Path, edits: str) -> None:
    assert changes(tmp_path, edits) == []


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        ("[{}]", "a step has one of `replace`, `remove`, `in`"),
        ("[{remove: app, app: app, set: {a: 1}}]", "a step has one of"),
        ("[{replace: app.gunicorn.timeout}]", "`replace` needs `with`"),
        ("[{remove: app.gunicorn.timeout, with: x}]", "`with` does not go with `remove`"),
        ("[{app: app, set: worker 1}]", "`set` is a mapping of settings here"),
        ("[{in: app, set: {a: 1}}]", "`set` is an nginx statement here"),
        ("[{in: app}]", "`in` needs one of `set` and `add`"),
        ('[{in: app, add: "x y"}]', "`app` is an App, not a Location or Server or Upstream or Proxy"),
        ("[{unit: app, set: {init: true}}]", "`app` is an App, not a Unit"),
        ("[{app: app, set: {a: '{apq.timeout}'}}]", "there is no `apq` here"),
        ("[{replace: app.name, with: x}]", "`app.name` has no place in a file"),
        ("[{each: {app: '[1]'}, app: app, set: {a: 1}}]", "`app` can't be the element's name"),
        ("[{apps: app, set: {a: 1}}]", "there is no field `apps` here"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, edits: str, told: str) -> None:
    with pytest.raises(RuleError) as caught:
        compile_rule(build.rule_file(tmp_path, "some-rule", when="1 == 1", fix=fix(edits)))
    assert told in str(caught.value)
    assert ":8:" in str(caught.value), "the line of `fix`"


def test_a_mend_in_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from types import ModuleType

    module = ModuleType("cfgcheck.checks.mend_doubling")
    module.changes = lambda case, values: [Setting(case.subject, "a", case.label)]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cfgcheck.checks.mend_doubling", module)
    (one,) = changes(tmp_path, "[{python: doubling}]")
    assert isinstance(one, Setting)
    assert one.value == "gunicorn web"
