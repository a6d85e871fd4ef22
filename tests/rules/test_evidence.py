"""Every rule is proven, or says why not; the page of evidence is what the rules and the recorded runs say."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from cfgcheck.rules.proof import Experiment
from cfgcheck.rules.schema import RuleFile
from tests.live import evidence
from tests.live.experiments import cases, own_tests, rules
from tools import evidence as page

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_it_is_proven_or_says_why_not(rule: RuleFile) -> None:
    assert rule.proof or rule.unproven, "no proof, and no reason why there is none"


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_each_status_that_it_names_was_seen(rule: RuleFile) -> None:
    """… by an experiment, or it says why not: ``unproven`` names that status."""
    named = {case.status for case in rule.symptom if case.status is not None}
    shown: set[int] = set()
    for proof in rule.proof:
        if isinstance(proof, Experiment):
            shown |= {*(proof.seen.status or ()), *(proof.seen.some or ())}
        else:
            shown |= _statuses(proof.observed)
    for one in rule.unproven:
        shown |= _statuses(one.because)
    assert named <= shown, f"no experiment shows {sorted(named - shown)}"


def _statuses(text: str) -> set[int]:
    return {int(word) for word in re.findall(r"\b[1-5]\d\d\b", text)}


def test_their_examples_are_there() -> None:
    for case in cases():
        assert case.bad.files
        assert case.good.files
        assert case.bad.files != case.good.files, case.name
        assert case.experiment.seen != case.experiment.cured, f"{case.name}: bad and good would look the same"


def test_the_recorded_runs_are_of_these_experiments() -> None:
    recorded = evidence.recorded()
    missing = [case.name for case in cases() if not recorded.get(case.name)]
    assert missing == [], "never recorded: run `make evidence`"
    stale = [case.name for case in cases() if {run["digest"] for run in recorded[case.name].values()} != {case.digest}]
    assert stale == [], "these have changed since: run `make evidence`"
    assert recorded.keys() == {case.name for case in cases()}, "some are left over"


def test_tests_that_are_named_exist() -> None:
    for _, proof in own_tests():
        path, _, name = proof.test.partition("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, proof.test


def test_the_page_is_fresh() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page(), "run `make generate`"
