"""Judging: what is found, what is not checked, what crashes, what is said once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cfgcheck.findings import Problem, Severity
from cfgcheck.model.located import Located
from cfgcheck.rules.errors import RuleError
from cfgcheck.rules.filling import functions_of
from cfgcheck.rules.run import INTERNAL_ERROR, fingerprint, judge
from cfgcheck.rules.selection import Selection
from tests.rules import build

EVERYTHING = Selection()
SLOW = {"when": "app.gunicorn.timeout > 60", "at": "app.gunicorn.timeout"}


def test_a_rule_speaks_where_it_holds(tmp_path: Path) -> None:
    rules = build.catalogue(
        tmp_path, {"slow": {**SLOW, "message": "'{app.name} waits {seconds(app.gunicorn.timeout)}'"}}
    )
    quick = build.source("timeout = 30\n", "quick.py")
    slow = build.source("timeout = 90\n", "slow.py")
    stack = build.stack(build.app(quick, timeout=30), build.app(slow, "api", timeout=90))
    found = judge(stack, rules, EVERYTHING)
    assert [(one.message, one.subject, str(one.primary.span)) for one in found.findings] == [
        ("api waits 90 s", "gunicorn api", "slow.py:1:1")
    ]
    assert found.rules == 1
    assert not found.unchecked


def test_what_is_not_known_is_not_checked(tmp_path: Path) -> None:
    rules = build.catalogue(tmp_path, {"slow": SLOW})
    file = build.source("timeout = T\n")
    span = build.at(file, "T")
    found = judge(build.stack(build.app(file, timeout=Located.unknown("T is nowhere", span))), rules, EVERYTHING)
    assert not found.findings
    assert [(one.rule, one.because, one.at) for one in found.unchecked] == [("slow", "T is nowhere", span)]


def test_a_doubt_that_decides_nothing_is_no_doubt(tmp_path: Path) -> None:
    rules = build.catalogue(tmp_path, {"slow": {**SLOW, "when": "[app.gunicorn.timeout > 60, app.name == 'other']"}})
    file = build.source("timeout = T\n")
    found = judge(build.stack(build.app(file, timeout=Located.unknown("T"))), rules, EVERYTHING)
    assert not found.findings
    assert not found.unchecked


def test_many_apps_with_one_reason_are_one_entry(tmp_path: Path) -> None:
    rules = build.catalogue(tmp_path, {"slow": SLOW})
    file = build.source("timeout = T\n")
    unknown: Located[int] = Located.unknown("T is nowhere", build.at(file, "T"))
    apps = [build.app(file, f"app{number}", timeout=unknown) for number in range(5)]
    found = judge(build.stack(*apps), rules, EVERYTHING)
    assert [one.subject for one in found.unchecked] == ["gunicorn app0 and 4 more"]


def test_severity_follows_the_first_condition_that_is_true(tmp_path: Path) -> None:
    escalate = "[{to: error, when: app.gunicorn.workers == 1}, {to: info, when: app.gunicorn.timeout < 100}]"
    rules = build.catalogue(tmp_path, {"slow": {**SLOW, "escalate": escalate}})
    file = build.source("timeout = 90\nworkers = W\n")
    unknown: Located[int] = Located.unknown("W")
    for timeout, workers, severity in ((90, 1, "error"), (90, unknown, "info"), (200, unknown, "warning")):
        found = judge(build.stack(build.app(file, timeout=timeout, workers=workers)), rules, EVERYTHING)
        assert [one.severity for one in found.findings] == [Severity.of(severity)]


def test_places_fall_back(tmp_path: Path) -> None:
    places = (
        "[{mark: app.gunicorn.timeout, label: set here}, {mark: app, label: 'its default, {app.gunicorn.timeout}'}]"
    )
    rules = build.catalogue(tmp_path, {"slow": {**SLOW, "at": places}})
    file = build.source("timeout = 90\n")
    for value, label in ((90, "set here"), (Located.default(90), "its default, 90")):
        (finding,) = judge(build.stack(build.app(file, timeout=value)), rules, EVERYTHING).findings
        assert finding.primary.text == label


def test_the_other_end_is_shown_once_and_never_at_the_same_place(tmp_path: Path) -> None:
    related = "[app.gunicorn.timeout, {mark: app.gunicorn.workers, label: here}, app.gunicorn.workers]"
    rules = build.catalogue(tmp_path, {"slow": {**SLOW, "related": related}})
    file = build.source("timeout = 90\nworkers = 3\n")
    (finding,) = judge(build.stack(build.app(file, timeout=90, workers=3)), rules, EVERYTHING).findings
    assert [(str(label.span), label.text) for label in finding.related] == [("gunicorn.conf.py:2:1", "here")]


def test_a_text_shows_what_is_not_known_as_written(tmp_path: Path) -> None:
    message = "'{app.gunicorn.workers} {app.gunicorn.backlog} {app.gunicorn.user}'"
    rules = build.catalogue(tmp_path, {"slow": {**SLOW, "message": message}})
    file = build.source("timeout = 90\n")
    settings: dict[str, Any] = {
        "workers": Located.unknown("template", text="{{ workers }}"),
        "backlog": Located.unknown("lost"),
    }
    (finding,) = judge(build.stack(build.app(file, timeout=90, **settings)), rules, EVERYTHING).findings
    assert finding.message == "{{ workers }} ? none"


def test_a_rule_that_crashes_is_a_finding(tmp_path: Path) -> None:
    rules = build.catalogue(tmp_path, {"broken": {"when": "1 / app.gunicorn.timeout > 1"}, "slow": SLOW})
    file = build.source("timeout = 0\nworkers = 90\n")
    stack = build.stack(
        build.app(file, timeout=0), build.app(file, "late", timeout=Located.read(90, file.span(13, 25)))
    )
    found = judge(stack, rules, EVERYTHING).findings
    assert sorted(one.rule for one in found) == [INTERNAL_ERROR, "slow"]
    crash = next(one for one in found if one.rule == INTERNAL_ERROR)
    assert "broken" in crash.message
    assert "ZeroDivisionError" in crash.message
    assert crash.severity is Severity.ERROR


def test_elements_are_judged_one_by_one(tmp_path: Path) -> None:
    fields = {
        "each": "{listener: app.listeners}",
        "when": "listener.option == 'bind'",
        "message": "'{listener.option}'",
    }
    rules = build.catalogue(tmp_path, {"bound": {**fields, "at": "app"}})
    file = build.source("x")
    (finding,) = judge(build.stack(build.app(file)), rules, EVERYTHING).findings
    assert finding.message == "bind"


def test_an_element_is_looked_at_closely_too(tmp_path: Path) -> None:
    fields = {"each": "{listener: app.listeners}", "when": "listener.keepalive > 3 or listener.option == 'bind'"}
    rules = build.catalogue(tmp_path, {"bound": {**fields, "message": "found", "at": "app"}})
    assert len(judge(build.stack(build.app(build.source("x"))), rules, EVERYTHING).findings) == 1


@pytest.mark.parametrize(
    ("versions", "version", "expected"),
    [
        ('{gunicorn: ">=22"}', "23", 1),
        ('{gunicorn: ">=22, <23"}', "23", 0),
        ('{gunicorn: ["<20", "==23.0.0"]}', "23", 1),
        ('{uwsgi: ">=2"}', "23", 0),
        ('{gunicorn: ">=22"}', None, -1),
        ('{uwsgi: ">=2"}', None, 0),
    ],
)
def test_a_rule_holds_for_its_versions(tmp_path: Path, versions: str, version: str | None, expected: int) -> None:
    from cfgcheck.record import replace

    rules = build.catalogue(tmp_path, {"slow": {**SLOW, "versions": versions}})
    file = build.source("timeout = 90\n")
    one = build.app(file, timeout=90)
    if version is None:
        one = replace(one, version=Located.unknown("no version is stated"))
    found = judge(build.stack(one), rules, EVERYTHING)
    assert len(found.findings) - len(found.unchecked) == expected


def test_the_specific_rule_speaks(tmp_path: Path) -> None:
    general = {"when": "app.gunicorn.timeout > 60", "at": "app"}
    file = build.source("timeout = 90\n")
    stack = build.stack(build.app(file, timeout=90))
    for supersedes, left in (
        ("[general]", ["special"]),
        ("[{rule: general, when: app.name == 'web'}]", ["special"]),
        ("[{rule: general, when: app.name == 'api'}]", ["general", "special"]),
    ):
        rules = build.catalogue(tmp_path, {"general": general, "special": {**SLOW, "supersedes": supersedes}})
        assert sorted(one.rule for one in judge(stack, rules, EVERYTHING).findings) == left


@pytest.mark.parametrize(("special", "general"), [("app", "listener"), ("listener", "app")])
def test_a_part_and_its_whole_are_one_subject(tmp_path: Path, special: str, general: str) -> None:
    fields = {"when": "app.gunicorn.timeout > 60"}
    rules = build.catalogue(
        tmp_path,
        {
            "general": {**fields, "subject": general, "at": "app.gunicorn.timeout"},
            "special": {**fields, "subject": special, "at": "app.gunicorn.workers", "supersedes": "[general]"},
        },
    )
    stack = build.stack(build.app(build.source("timeout = 90\nworkers = 1\n"), timeout=90, workers=1))
    assert [one.rule for one in judge(stack, rules, EVERYTHING).findings] == ["special"]


def test_the_same_place_is_the_same_subject(tmp_path: Path) -> None:
    each = {"each": "{listener: app.listeners}", "when": "listener.option == 'bind'"}
    fields = {"when": "app.gunicorn.timeout > 60", "at": "app.gunicorn.timeout"}
    for at, left in (("app.gunicorn.timeout", ["special"]), ("app.gunicorn.workers", ["general", "special"])):
        rules = build.catalogue(
            tmp_path, {"general": {**each, "at": at}, "special": {**fields, "supersedes": "[general]"}}
        )
        stack = build.stack(build.app(build.source("timeout = 90\nworkers = 1\n"), timeout=90, workers=1))
        assert sorted(one.rule for one in judge(stack, rules, EVERYTHING).findings) == left


def test_other_subjects_are_not_superseded(tmp_path: Path) -> None:
    rules = build.catalogue(
        tmp_path,
        {
            "general": {"when": "app.gunicorn.timeout > 60", "at": "app.gunicorn.timeout"},
            "special": {**SLOW, "when": "app.gunicorn.timeout > 100", "supersedes": "[general]"},
        },
    )
    one, other = build.source("timeout = 90\n", "a.py"), build.source("timeout = 190\n", "b.py")
    stack = build.stack(build.app(one, "a", timeout=90), build.app(other, "b", timeout=190))
    assert [(f.rule, f.subject) for f in judge(stack, rules, EVERYTHING).findings] == [
        ("general", "gunicorn a"),
        ("special", "gunicorn b"),
    ]


def test_the_same_thing_is_said_once(tmp_path: Path) -> None:
    rules = build.catalogue(tmp_path, {"slow": {**SLOW, "message": "too slow"}})
    file = build.source("timeout = 90\n")
    stack = build.stack(*(build.app(file, name, timeout=90) for name in ("a", "b", "c")))
    (finding,) = judge(stack, rules, EVERYTHING).findings
    assert finding.subject == "gunicorn a"
    assert finding.also == ("gunicorn b", "gunicorn c")


def test_problems_of_readers_are_findings(tmp_path: Path) -> None:
    fields = {
        "reported": "reader",
        "subject": "file",
        "severity": "error",
        "fix": "{title: Close it, applicability: safe}",
    }
    rules = build.catalogue(tmp_path, {"unparsable-file": {**fields, "message": "a file that is none"}})
    file = build.source("x {\n", "nginx.conf")
    stack = build.stack(files=[file])
    stack.problems = [Problem("unparsable-file", "the brace is not closed", build.at(file, "{"))]
    (finding,) = judge(stack, rules, EVERYTHING).findings
    assert (finding.message, finding.remedy, finding.severity) == (
        "the brace is not closed",
        "Close it",
        Severity.ERROR,
    )
    assert not judge(stack, rules, Selection(ignore=frozenset({"unparsable-file"}))).findings


def test_order_does_not_depend_on_that_of_judging(tmp_path: Path) -> None:
    rules = {"b-rule": SLOW, "a-rule": SLOW}
    files = [build.source("timeout = 90\n", path) for path in ("z.py", "a.py")]
    stack = build.stack(*(build.app(file, file.path, timeout=90) for file in files))
    found = judge(stack, build.catalogue(tmp_path, rules), EVERYTHING).findings
    assert [(one.primary.span.file.path, one.rule) for one in found] == [
        ("a.py", "a-rule"),
        ("a.py", "b-rule"),
        ("z.py", "a-rule"),
        ("z.py", "b-rule"),
    ]


def test_fingerprints_survive_moved_lines_and_are_told_apart(tmp_path: Path) -> None:
    rules = build.catalogue(tmp_path, {"slow": {**SLOW, "message": "'{app.gunicorn.workers}'"}})
    prints = []
    for text in ("timeout = 90\n", "# a comment\n\ntimeout   = 90\n"):
        file = build.source(text)
        twice = [build.app(file, timeout=90, workers=Located.read(number, None)) for number in (1, 2)]
        found = judge(build.stack(*twice), rules, EVERYTHING).findings
        prints.append([fingerprint(one) for one in found])
    assert prints[0] == prints[1]
    assert len(set(prints[0])) == 2


def test_checks_in_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from collections.abc import Iterator, Mapping
    from types import ModuleType

    from cfgcheck.findings import Unchecked
    from cfgcheck.rules.contract import Case, Hit

    def check(case: Case, params: Mapping[str, Any]) -> Iterator[Hit | Unchecked]:
        timeout = case.subject.settings["timeout"]
        if timeout.value > params["limit"]:
            yield Hit(at=timeout, label="here", related=[(case.subject, "its app")], values={"by": timeout.value - 60})
        if case.subject.name == "odd":
            yield case.unchecked("it is odd", timeout)

    module = ModuleType("cfgcheck.checks.too_long")
    module.check = check  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cfgcheck.checks.too_long", module)
    fields = {"check": "{python: too_long, params: {limit: 60}, values: [by]}", "message": "'{by} s too long'"}
    rules = build.catalogue(tmp_path, {"too-long": fields})
    file = build.source("#\ntimeout = 90\n")
    unknown: Located[int] = Located.unknown("nobody knows", build.at(file, "90"))
    stack = build.stack(
        build.app(file, timeout=90), build.app(file, "odd", timeout=30), build.app(file, timeout=unknown)
    )
    found = judge(stack, rules, EVERYTHING)
    (finding,) = found.findings
    assert finding.message == "30 s too long"
    assert (str(finding.primary.span), finding.primary.text) == ("gunicorn.conf.py:2:1", "here")
    assert [label.text for label in finding.related] == ["its app"]
    assert {one.because for one in found.unchecked} == {"it is odd", "nobody knows"}


def test_a_check_that_does_not_exist_is_a_mistake(tmp_path: Path) -> None:
    from cfgcheck.rules.catalogue import load_check

    rules = build.catalogue(tmp_path, {"too-long": {"check": "{python: nowhere}"}})
    with pytest.raises(RuleError, match="no check `nowhere`"):
        load_check(rules["too-long"])


def test_no_rule_can_reach_builtins() -> None:
    with pytest.raises(NameError):
        functions_of(["print"])[0](None, None, None, None)
