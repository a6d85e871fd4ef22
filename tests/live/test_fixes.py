"""Each experiment of a rule file whose bad example can be mended: with the fix applied, real servers show the cure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.live.experiments import Case, cases
from tests.live.lab import observe
from tests.live.servers import no_namespaces
from tests.live.verdict import differences
from tests.rules import mending

pytestmark = pytest.mark.live

CASES = [pytest.param(case, id=case.name) for case in cases() if case.bad.fixed is not None]


def test_there_are_cases() -> None:
    assert CASES


@pytest.mark.parametrize("case", CASES)
def test_the_fix_cures(case: Case, tmp_path: Path) -> None:
    experiment = case.experiment
    if case.missing:
        pytest.skip(case.missing)
    if "root" in experiment.needs and os.geteuid() != 0:
        pytest.skip("only root can make files of other users")
    if "namespaces" in experiment.needs and no_namespaces():
        pytest.skip(no_namespaces())
    mended = mending.mend_example(case.bad.files, case.bad.settings, tmp_path, case.rule.id)
    wanted = experiment.mended or experiment.cured
    found = observe(
        {name: mended.after.files[name] for name in case.bad.files},
        next(iter(case.nginxes.values())),
        experiment.request,
        start={**experiment.start, **experiment.start_mended},
        users="root" in experiment.needs,
        gunicorn=case.gunicorn or "",
        refuses=wanted.refuses or "",
        enough=lambda one: not differences(wanted, one),
    )
    assert differences(wanted, found) == []
