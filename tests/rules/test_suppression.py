"""``ignore[…]`` comments: where they speak, in every language, and what is said of those that silence nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgcheck.findings import Confidence, Finding, Label, Severity
from cfgcheck.model.nginx import Proxy
from cfgcheck.model.stack import Stack
from cfgcheck.rules.catalogue import Catalogue, Rule
from cfgcheck.rules.run import judge
from cfgcheck.rules.selection import Selection
from cfgcheck.rules.suppression import UNUSED, Silence, suppressions
from cfgcheck.source.file import SourceFile, Span
from tests.rules import build

EVERYTHING = Selection()


def finding(rule: str, *spans: Span) -> Finding:
    labels = [Label(span) for span in spans]
    return Finding(rule, "worker", Severity.WARNING, Confidence.CERTAIN, "m", "s", labels[0], tuple(labels[1:]))


def silenced(path: str, text: str, nginx: bool = False) -> list[str]:
    """The marks (``<1>``, ``<2>`` …) of a text whose findings of the rule ``some-rule`` are silenced."""
    file = SourceFile(path, text)
    found = Silence(_stack(file, nginx))
    marks = [text.index(f"<{number}>") for number in range(1, text.count("<") + 1) if f"<{number}>" in text]
    return [text[at : at + 3] for at in marks if found.covers(finding("some-rule", file.span(at, at + 3)))]


def _stack(file: SourceFile, nginx: bool) -> Stack:
    stack = build.stack(files=[file])
    if nginx:
        proxy = Proxy.__new__(Proxy)
        proxy.files, proxy.ingress = [file], False
        stack.proxies = [proxy]
    return stack


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("gunicorn.conf.py", "a = '<1>'  # cfgcheck: ignore[some-rule] why\nb = '<2>'\n", ["<1>"]),
        ("gunicorn.conf.py", "# cfgcheck: ignore[some-rule]\n\n# more\na = '<1>'\nb = '<2>'\n", ["<1>"]),
        (
            "gunicorn.conf.py",
            "# cfgcheck: ignore[some-rule]\na = [\n  '<1>',\n  '<2>',\n]\nb = '<3>'\n",
            ["<1>", "<2>"],
        ),
        ("gunicorn.conf.py", "# cfgcheck: ignore[some-rule]\nif x == '<1>':\n  b = '<2>'\n", ["<1>"]),
        ("gunicorn.conf.py", "a = [\n  '<1>',\n  # cfgcheck: ignore[some-rule]\n  '<2>',\n  '<3>',\n]\n", ["<2>"]),
        ("gunicorn.conf.py", "s = '# cfgcheck: ignore[some-rule] <1>'\n", []),
        ("gunicorn.conf.py", 's = """\n# cfgcheck: ignore[some-rule]\n<1>"""\n', []),
        ("gunicorn.conf.py", "a = '<1>' # cfgcheck: ignore[some-rule]\nb = (", ["<1>"]),
        ("uwsgi.ini", "[uwsgi]\n; cfgcheck: ignore[some-rule]\na = <1>\nb = <2>\n", ["<1>"]),
        ("uwsgi.ini", "[uwsgi]\n# cfgcheck: ignore[some-rule]\na = <1>\nb = <2>\n", ["<1>"]),
        ("uwsgi.yaml", "uwsgi:\n  a: <1>  # cfgcheck: ignore[some-rule] reason\n  b: <2>\n", ["<1>"]),
        ("uwsgi.yaml", "uwsgi:\n  a: x#cfgcheck: ignore[some-rule]<1>\n", []),
        ("Procfile", "# cfgcheck: ignore[some-rule]\nweb: <1>\nworker: <2>\n", ["<1>"]),
        (
            "uwsgi.xml",
            "<uwsgi>\n  <!-- cfgcheck: ignore[some-rule] -->\n  <a><1></a>\n  <b><2></b>\n</uwsgi>\n",
            ["<1>"],
        ),
        ("uwsgi.xml", "<uwsgi>\n  <a><1></a> <!-- cfgcheck: ignore[some-rule] -->\n  <b><2></b>\n</uwsgi>\n", ["<1>"]),
        ("uwsgi.json", '{"a": "# cfgcheck: ignore[some-rule] <1>"}', []),
    ],
)
def test_languages(path: str, text: str, expected: list[str]) -> None:
    assert silenced(path, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a <1>; # cfgcheck: ignore[some-rule]\nb <2>;\n", ["<1>"]),
        ("# cfgcheck: ignore[some-rule]\na <1>;\nb <2>;\n", ["<1>"]),
        ("# cfgcheck: ignore[some-rule]\n# and so on\n\na\n  <1>\n  <2>; b <3>;\nc <4>;", ["<1>", "<2>", "<3>"]),
        ("# cfgcheck: ignore[some-rule]\nlocation <1> {\n  b <2>;\n}\n", ["<1>"]),
        ("a <1>\n  # cfgcheck: ignore[some-rule]\n  <2>\n  <3>;\nb <4>;\n", ["<2>"]),
        ('a "# cfgcheck: ignore[some-rule] <1>";\n', []),
        ("a 'x\n# cfgcheck: ignore[some-rule]\n<1>';\n", []),
        ("a b#cfgcheck:ignore[some-rule]<1>;\n", []),
        ("a ${b}# cfgcheck: ignore[some-rule] <1>;\n", []),
        ("x { a <1>; } # cfgcheck: ignore[some-rule]\n", ["<1>"]),
        ("a <1>; # cfgcheck: ignore[other-rule]\n", []),
        ("a <1>; # cfgcheck: ignore some-rule\n", []),
        ("a <1>; # cfgcheck:ignore[other-rule,some-rule]\n", ["<1>"]),
        ("a <1>; # cfgcheck: ignore[other] cfgcheck: ignore[some-rule]\n", ["<1>"]),
        ("x {\n  # cfgcheck: ignore[some-rule]\n}\na <1>;\n", ["<1>"]),
    ],
)
def test_nginx(text: str, expected: list[str]) -> None:
    assert silenced("conf.d/site", text, nginx=True) == expected


def test_either_side_of_a_finding_counts() -> None:
    one = SourceFile("nginx.conf", "proxy_pass x;\n")
    other = SourceFile("gunicorn.conf.py", "timeout = 3  # cfgcheck: ignore[some-rule]\n")
    silence = Silence(build.stack(files=[one, other]))
    assert silence.covers(finding("some-rule", one.span(0, 3), other.span(0, 7)))
    assert not silence.covers(finding("some-rule", one.span(0, 3)))


def test_a_span_counts_where_it_begins() -> None:
    file = SourceFile("gunicorn.conf.py", "a = [\n  1,  # cfgcheck: ignore[some-rule]\n]\n")
    assert not Silence(build.stack(files=[file])).covers(finding("some-rule", file.span(0, len(file.text))))


# Unused ones

RULES = {
    "slow": {"when": "app.gunicorn.timeout > 60", "at": "app.gunicorn.timeout", "message": "too slow"},
    "few": {"when": "app.gunicorn.workers < 2", "at": "app.gunicorn.workers", "message": "too few"},
}


def catalogue(folder: Path) -> Catalogue:
    reported = {"category": "file", "subject": "file", "reported": "engine"}
    return Catalogue([*build.catalogue(folder, {**RULES, UNUSED: reported}).values()])


def run(
    folder: Path, text: str, selection: Selection = EVERYTHING, *, ignores: bool = True, **settings: Any
) -> tuple[list[str], int]:
    """What is found in a Gunicorn configuration with this text, as ``rule: message``; and how much is silenced."""
    file = build.source(text)
    rules = catalogue(folder)
    judgement = judge(build.stack(build.app(file, **settings)), rules, selection, ignores=ignores)
    return [f"{one.rule}: {one.message}" for one in judgement.findings], judgement.suppressed


BOTH = "timeout = 90  # cfgcheck: ignore[slow]\nworkers = 1\n"


def test_a_suppression_takes_its_finding_only(tmp_path: Path) -> None:
    assert run(tmp_path, BOTH, timeout=90, workers=1) == (["few: too few"], 1)
    assert run(tmp_path, BOTH, timeout=90, workers=1, ignores=False) == (["slow: too slow", "few: too few"], 0)


def test_what_silences_nothing_is_said(tmp_path: Path) -> None:
    assert run(tmp_path, BOTH, timeout=30, workers=2) == ([f"{UNUSED}: `slow` silences nothing here"], 0)


def test_a_name_that_is_no_rule_is_said(tmp_path: Path) -> None:
    text = "timeout = 90  # cfgcheck: ignore[slo, slow]\n"
    file = build.source(text)
    judgement = judge(build.stack(build.app(file, timeout=90)), catalogue(tmp_path), EVERYTHING)
    (found,) = judgement.findings
    assert (found.message, found.remedy, found.primary.span.text) == ("`slo` is no rule", "did you mean `slow`?", "slo")


def test_rules_that_did_not_run_are_not_missed(tmp_path: Path) -> None:
    only_few = Selection(select=frozenset({"few", UNUSED}))
    assert run(tmp_path, BOTH, only_few, timeout=30, workers=2) == ([], 0)


def test_rules_that_could_not_be_checked_are_not_missed(tmp_path: Path) -> None:
    from cfgcheck.model.located import Located

    unknown: Located[int] = Located.unknown("nobody knows")
    assert run(tmp_path, BOTH, timeout=unknown, workers=2) == ([], 0)


def test_brackets_are_required(tmp_path: Path) -> None:
    found, silenced_count = run(tmp_path, "timeout = 90  # cfgcheck: ignore slow\n", timeout=90)
    assert found == ["slow: too slow", f"{UNUSED}: this `ignore` names no rule in brackets, so it silences nothing"]
    assert silenced_count == 0


def test_a_name_twice_is_once_too_often(tmp_path: Path) -> None:
    found, _ = run(tmp_path, "timeout = 90  # cfgcheck: ignore[slow, slow]\n", timeout=90)
    assert found == [f"{UNUSED}: `slow` is named twice"]


def test_an_unused_one_can_be_silenced(tmp_path: Path) -> None:
    text = f"timeout = 30  # cfgcheck: ignore[slow, {UNUSED}]\n"
    assert run(tmp_path, text, timeout=30) == ([], 1)


def test_no_complaint_when_it_is_not_asked_for(tmp_path: Path) -> None:
    assert run(tmp_path, BOTH, Selection(ignore=frozenset({UNUSED})), timeout=30, workers=2) == ([], 0)


# Properties


@given(st.integers(0, 5), st.booleans(), st.lists(st.booleans(), min_size=6, max_size=6))
def test_a_suppression_removes_exactly_one_finding(which: int, own_line: bool, slow: list[bool]) -> None:
    """Six settings of six apps, one of them with a comment: all other findings stay, and nothing is added unless the
    comment silences nothing."""
    lines = [f"timeout{number} = 0" for number in range(6)]
    bare = SourceFile("gunicorn.conf.py", "".join(f"{line}\n" for line in lines))
    comment = "# cfgcheck: ignore[slow] reason"
    lines[which] = f"{comment}\n{lines[which]}" if own_line else f"{lines[which]}  {comment}"
    commented = SourceFile("gunicorn.conf.py", "".join(f"{line}\n" for line in lines))
    before, after = (_findings(file, slow) for file in (bare, commented))
    expected = set(before) - {f"slow timeout{which}"}
    if not slow[which]:
        expected.add(f"{UNUSED} slow")
    assert set(after) == expected
    assert len(after) == len(expected)


def _findings(file: SourceFile, slow: list[bool]) -> list[str]:
    apps = [
        build.app(file, str(number), **{f"timeout{number}": 90 if is_slow else 30})
        for number, is_slow in enumerate(slow)
    ]
    judgement = judge(build.stack(*apps), _SLOW, EVERYTHING)
    return [f"{one.rule} {one.primary.span.text.split()[0]}" for one in judgement.findings]


def _slow_catalogue() -> Catalogue:
    common = {"category": "worker", "severity": "warning", "confidence": "certain", "why": "", "sources": []}
    texts = {"message": ["too slow"], "fix": {"title": ["x"], "text": [], "applicability": "safe"}}
    setting = "_first(x for x in _s.settings.values())"
    at = [{"marks": [setting], "label": []}]
    slow = {"id": "slow", "subject": "app", "when": f"{setting}.value > 60", "at": at}
    unused = {"id": UNUSED, "subject": "file", "reported": "engine"}
    return Catalogue([Rule({**common, **texts, **one}) for one in (slow, unused)])


_SLOW = _slow_catalogue()


@given(
    st.lists(
        st.sampled_from(
            ["# cfgcheck: ignore[a]", "cfgcheck:", "\n", '"', "'", "{", "}", ";", "<!--", "-->", "\\", " x", "(", "#"]
        )
    ).map("".join),
    st.sampled_from(["nginx.conf", "a.py", "a.ini", "a.yaml", "a.xml", "a.json", "Procfile"]),
    st.booleans(),
)
def test_any_text_at_all(text: str, path: str, nginx: bool) -> None:
    """No exception, and every place lies in the file."""
    file = SourceFile(path, text)
    for one in suppressions([file], {path} if nginx else ()):
        assert 0 <= one.span.start < one.span.end <= len(text)
        assert 1 <= one.first_line <= one.last_line <= text.count("\n") + 1
        assert all(name.span.text == name.text for name in one.names)
