"""The whole report on small deployments, as it is printed: each was read by a person before it was accepted."""

from __future__ import annotations

import pytest

from tests.cli.running import REPOSITORY, run
from tests.stacks.snapshots import FOLDER, difference

STACKS = REPOSITORY / "fixtures" / "stacks"
CASES = sorted(path.name for path in STACKS.iterdir() if path.is_dir())
UNCHECKED = {"envsubst-templates", "jinja-templates", "many-apps", "nginx-dump"}
"""Deployments of which much can't be known: their reports are kept with the reasons."""


@pytest.mark.parametrize("name", CASES)
def test_whole_report(name: str) -> None:
    extras = ["--show-unchecked"] if name in UNCHECKED else []
    done = run("check", STACKS / name, *extras, "--color", "never")
    assert (done.code, done.err) == (1, "")
    assert "internal-error" not in done.out
    assert max(map(len, done.out.splitlines())) <= 100
    changed = difference(name, done.out)
    assert not changed, changed


def test_every_snapshot_has_its_deployment() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == {*CASES, "clean"}
