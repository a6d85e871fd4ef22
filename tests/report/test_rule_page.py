"""Rule files as documentation."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgcheck.report import explanation, rule_list
from cfgcheck.report.cells import width_of
from cfgcheck.report.rule_page import RulePage, read_page, readable_template, rule_files
from cfgcheck.report.terminal import Terminal

PAGE = RulePage(
    {
        "id": "slow-reader",
        "category": "timeout",
        "severity": "warning",
        "message": "nginx gives up after {seconds(location.read_timeout)}, before {app.label} does",
        "symptom": [
            {"if": "x", "status": 504, "when": "a request takes longer", "log": r"upstream timed out \(110: .*\)"},
            {"none": "nobody sees it"},
        ],
        "why": "Because.\nReally.\n",
        "fix": {
            "title": "Raise {passes.family}_read_timeout",
            "text": "One second will do.",
            "applicability": "unsafe",
        },
        "versions": {"nginx": [">=1.29.7", "<1.2"]},
        "supersedes": ["other-rule", {"rule": "third-rule", "when": "x"}],
        "sources": ["facts: gunicorn 3.C"],
        "examples": {
            "bad": [
                {
                    "files": {"nginx.conf": "a;\n\tproxy_read_timeout 20s;\n"},
                    "expect": "nginx.conf: proxy_read_timeout 20s",
                }
            ],
            "good": [{"name": "longer", "files": {"nginx.conf": "a;\n"}, "settings": 'nginx = "1.30"'}],
        },
    }
)


def test_a_page() -> None:
    assert (
        explanation.render(PAGE, Terminal())
        == """\
slow-reader  warning, timeout, certain

  nginx gives up after ‹read timeout›, before ‹app› does

What a client sees
  - 504 Gateway Timeout, when a request takes longer
    log: upstream timed out (110: …)
  - nothing: nobody sees it

Why
  Because. Really.

How to mend it
  Raise ‹family›_read_timeout (changes behaviour).
  One second will do.

Holds for
  - nginx >=1.29.7 or <1.2

Speaks instead of
  - other-rule
  - third-rule

This is found
  nginx.conf
    │ a;
  > │     proxy_read_timeout 20s;

This is fine: longer
  nginx.conf
    │ a;
  cfgcheck.toml
    │ nginx = "1.30"

Sources
  - facts: gunicorn 3.C

To silence it, in either file
  # cfgcheck: ignore[slow-reader] why this is fine here
"""
    )


def test_the_list() -> None:
    shown = rule_list.render_text([PAGE], Terminal(60))
    assert (
        shown
        == """\
timeout
  slow-reader  warning  nginx gives up after ‹read timeout›,
                        before ‹app› does

1 rule. `cfgcheck explain RULE` says more of each.
"""
    )
    assert "‹" not in rule_list.render_text([PAGE], Terminal(40, unicode=False))


def test_the_list_for_programs_has_every_field() -> None:
    shown = json.loads(rule_list.render_json([PAGE]))
    assert shown["format"] == "cfgcheck.rules/1"
    assert shown["rules"] == [PAGE.fields]


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("a {x} b", "a ‹x› b"),
        ("{{literal}}", "{literal}"),
        ("{seconds(location.read_timeout)}", "‹read timeout›"),
        ('{"one" if x else "two" if y else ""}', "one / two"),
        ('{"{" if x else "}"}', "{ / }"),
        ("{seconds(x.one) if y.z else 'never'}", "‹one› / never"),
        ("a{' and b' if x else ' and c'} d", "a and b / and c d"),
        ("a{', not b' if x.y else ''}", "a, not b"),
        ("{header.name.split('_')[0]}", "‹header›"),
        ("{join(', ', names)}", "‹names›"),
        ("{not python(}", "…"),
        ("{1 + 1}", "…"),
        ("{", ""),
    ],
)
def test_templates_read_as_sentences(template: str, shown: str) -> None:
    assert readable_template(template) == shown


@given(st.text(max_size=60))
def test_any_text_is_a_readable_template(text: str) -> None:
    readable_template(text).encode("utf-8", "surrogatepass")


RULES = rule_files()


@pytest.mark.parametrize("name", RULES)
def test_every_rule_has_a_page_that_fits(name: str) -> None:
    page = read_page(RULES[name])
    assert page.id == name
    shown = explanation.render(page, Terminal(100))
    heads = [line for line in shown.splitlines() if line and not line.startswith(" ")]
    for wanted in ("What a client sees", "Why", "How to mend it", "Sources", "To silence it, in either file"):
        assert wanted in heads
    prose = [line for line in shown.splitlines() if "│" not in line and "http" not in line]
    assert max(width_of(line) for line in prose) <= 100
    explanation.render(page, Terminal(40, unicode=False)).encode("ascii")
