"""One test over all rules: each is documented, speaks where its bad examples say and only there, and is silent else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from cfgcheck.findings import Finding, Severity
from cfgcheck.rules.catalogue import load_check
from cfgcheck.rules.compiler import compile_rule
from cfgcheck.rules.schema import Bad, Good, RuleFile
from tests.rules import harness

RULES = pytest.mark.parametrize("path", harness.PATHS, ids=lambda path: path.stem)


def _examples(kind: str) -> list[Any]:
    """One parameter an example; a rule file that can't be read fails its own test."""
    found = []
    for path in harness.PATHS:
        try:
            examples = getattr(harness.rule_at(path).examples, kind)
        except Exception:
            continue
        found += [
            pytest.param(path, number, id=f"{path.stem}-{example.name.replace(' ', '-') or number}")
            for number, example in enumerate(examples)
        ]
    return found


def test_there_are_rules() -> None:
    assert harness.PATHS
    ids = [path.stem for path in harness.PATHS]
    assert len(ids) == len(set(ids)), "two rules have one id"


@RULES
def test_it_compiles(path: Path) -> None:
    compiled = compile_rule(path, str(path.relative_to(harness.FOLDER)))
    assert compiled["id"] == path.stem


@RULES
def test_what_it_refers_to_is_there(path: Path) -> None:
    rule = harness.rule_at(path)
    ids = {other.stem for other in harness.PATHS}
    examples: list[Bad | Good] = [*rule.examples.bad, *rule.examples.good]
    named = [one.rule for one in rule.supersedes] + [name for example in examples for name in example.also]
    assert not set(named) - ids, "no such rules"
    assert rule.id not in named
    if rule.check is not None:
        assert callable(load_check(harness.catalogue()[rule.id]))


@RULES
def test_it_is_documented(path: Path) -> None:
    rule = harness.rule_at(path)
    assert not rule.message.endswith("."), "a message is no full sentence with a stop"
    assert len(rule.why.split()) >= 15, "`why` does not explain"
    assert all(":" in source for source in rule.sources), "a source names what it is, then the place"
    _assert_severity_is_not_in(rule)


def _assert_severity_is_not_in(rule: RuleFile) -> None:
    for text in (rule.id, rule.message):
        assert not {"error", "warning"} & set(text.lower().replace("-", " ").split()) or rule.id == "internal-error"


@pytest.mark.parametrize(("path", "number"), _examples("bad"))
def test_bad_example(path: Path, number: int, tmp_path: Path) -> None:
    rule = harness.rule_at(path)
    example = rule.examples.bad[number]
    outcome = harness.outcome(example.files, example.settings, tmp_path)
    own = [finding for finding in outcome.findings if finding.rule == rule.id]
    told = harness.told(outcome.findings) + "".join(f"\n  unchecked {one}" for one in outcome.unchecked)
    for expected in example.expect:
        assert not harness.missed(expected, own, outcome.files), f"nothing of {rule.id} at {expected}{told}"
    wanted = sorted(harness.place_of(one.at, outcome.files) for one in example.expect)
    assert sorted(harness.begins(finding) for finding in own) == wanted, f"{rule.id} elsewhere{told}"
    others = [finding for finding in _loud(outcome.findings, rule.id, example.also) if finding.rule != rule.id]
    assert not others, f"other rules speak{harness.told(others)}"
    for finding in own:
        _assert_complete(finding, example)


def _loud(findings: Iterable[Finding], rule: str, also: Iterable[str]) -> list[Finding]:
    """The rule's own findings, and what others warn of. That others find something worth knowing is no mistake."""
    heard = (one for one in findings if one.rule == rule or one.severity > Severity.INFO)
    return [finding for finding in heard if finding.rule not in also]


def _assert_complete(finding: Finding, example: Bad) -> None:
    """Its places lie in the example's files and are not empty; its texts are filled in."""
    for label in (finding.primary, *finding.related):
        assert label.span.file.path in (*example.files, "cfgcheck.toml")
        assert 0 <= label.span.start < label.span.end <= len(label.span.file.text)
    for text in (finding.message, finding.remedy, finding.subject, finding.symbol):
        assert text.strip()
        assert "  " not in text
        assert not {"?", "none"} & set(text.split()), f"a value is missing in: {text}"


@pytest.mark.parametrize(("path", "number"), _examples("good"))
def test_good_example(path: Path, number: int, tmp_path: Path) -> None:
    rule = harness.rule_at(path)
    example = rule.examples.good[number]
    outcome = harness.outcome(example.files, example.settings, tmp_path)
    wrong = _loud(outcome.findings, rule.id, example.also)
    assert not wrong, f"it is not silent{harness.told(wrong)}"
    unchecked = [one for one in outcome.unchecked if one.rule == rule.id]
    if example.unchecked:
        assert unchecked, "it should be among the unchecked"
    elif not rule.reported:
        assert not unchecked, f"it can't be checked: {unchecked}"
