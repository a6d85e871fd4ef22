"""Every rule is proven, or says why not; the page of evidence is what the rules and the recorded runs say."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from cfgcheck.rules.proof import Experiment
from cfgcheck.rules.schema import RuleFile
from tests.live import evidence
from tests.live.experiments import Case, cases, own_tests, rules
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


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_its_examples_are_there(case: Case) -> None:
    assert case.bad.files
    assert case.good.files
    assert case.experiment.seen != case.experiment.cured, "bad and good would look the same"


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_the_recorded_run_is_of_this_experiment(case: Case) -> None:
    recorded = evidence.recorded().get(case.name, {})
    assert recorded, "never recorded: run `make evidence`"
    stale = [version for version, run in recorded.items() if run["digest"] != case.digest]
    assert stale == [], "the experiment has changed since: run `make evidence`"


def test_no_recorded_run_is_left_over() -> None:
    assert set(evidence.recorded()) - {case.name for case in cases()} == set()


@pytest.mark.parametrize(("rule", "proof"), list(own_tests()), ids=lambda one: getattr(one, "id", ""))
def test_tests_that_are_named_exist(rule: RuleFile, proof: object) -> None:
    path, _, name = str(getattr(proof, "test", "")).partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_the_page_is_fresh() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page(), "run `make generate`"
