"""Each experiment of a rule file, on real servers: the bad example fails as the rule says, the good one does not."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.live import evidence
from tests.live.experiments import Case, cases, findings_of
from tests.live.lab import Observation, observe
from tests.live.servers import nginxes, no_namespaces
from tests.live.verdict import differences, refutes
from tests.rules import harness

pytestmark = pytest.mark.live

CASES = [pytest.param(case, version, id=f"{case.name}-nginx-{version}") for case in cases() for version in nginxes()]


def test_there_are_experiments() -> None:
    assert CASES


@pytest.mark.parametrize(("case", "version"), CASES)
def test_experiment(case: Case, version: str, tmp_path: Path) -> None:
    experiment = case.experiment
    if case.missing:
        pytest.skip(case.missing)
    if version not in case.nginxes:
        pytest.skip(f"holds for nginx {experiment.versions['nginx']}, not {version}")
    if "root" in experiment.needs and os.geteuid() != 0:
        pytest.skip("only root can make files of other users")
    if "namespaces" in experiment.needs and no_namespaces():
        pytest.skip(no_namespaces())
    program = case.nginxes[version]
    with ThreadPoolExecutor(1) as other:
        beside = other.submit(_observed, case, program, bad=False) if experiment.together else None
        bad = _observed(case, program, bad=True)
        assert differences(experiment.seen, bad) == [], "the bad example"
        _agrees(case, bad, tmp_path)
        good = beside.result() if beside else _observed(case, program, bad=False)
        assert differences(experiment.cured, good) == [], "the good example"
    evidence.record(case, version, bad, good)


def _observed(case: Case, program: str, *, bad: bool) -> Observation:
    experiment = case.experiment
    example, seen = (case.bad, experiment.seen) if bad else (case.good, experiment.cured)
    start = {**experiment.start, **({} if bad else experiment.start_good)}
    return observe(
        example.files,
        program,
        experiment.request,
        start=start,
        users="root" in experiment.needs,
        gunicorn=case.gunicorn or "",
        refuses=seen.refuses or "",
        enough=lambda found: not differences(seen, found),
    )


def _agrees(case: Case, found: Observation, folder: Path) -> None:
    """The finding that the program has for the bad example claims what was seen: status and log line."""
    if not case.experiment.symptom:
        return
    outcome = harness.outcome(case.bad.files, case.bad.settings, folder)
    findings = findings_of(case.rule, outcome.findings)
    assert findings, "the bad example gives no finding"
    refusals = [refutes(finding.symptom, found) for finding in findings]
    assert "" in refusals, refusals
