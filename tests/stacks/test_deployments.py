"""Whole deployments in the forms in which people keep them, each as it should be and with mistakes: the whole report,
read by a person before it was accepted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import REPOSITORY, run
from tests.stacks.snapshots import FOLDER, difference

DEPLOYMENTS = REPOSITORY / "fixtures" / "deployments"
CASES = sorted(path.name for path in DEPLOYMENTS.iterdir() if path.is_dir())


def test_there_are_enough_and_each_has_both_variants() -> None:
    assert len(CASES) >= 12
    for name in CASES:
        assert {path.name for path in (DEPLOYMENTS / name).iterdir() if path.is_dir()} == {"broken", "clean"}


@pytest.mark.parametrize("name", CASES)
def test_as_it_should_be(name: str) -> None:
    """No error, no warning; and it was understood: what `show` prints is kept as well."""
    folder = DEPLOYMENTS / name / "clean"
    done = run("check", folder, "--color", "never", "--show-unchecked")
    assert (done.code, done.err) == (0, ""), done.out
    assert "0 linked" not in done.out
    changed = difference(f"deployments/{name}.clean", done.out)
    shown = run("show", folder, "--color", "never")
    changed += difference(f"deployments/{name}.show", shown.out)
    assert not changed, changed


@pytest.mark.parametrize("name", CASES)
def test_with_mistakes(name: str) -> None:
    done = run("check", DEPLOYMENTS / name / "broken", "--color", "never")
    assert (done.code, done.err) == (1, "")
    assert "internal-error" not in done.out
    changed = difference(f"deployments/{name}.broken", done.out)
    assert not changed, changed


def test_the_mistakes_are_of_many_kinds() -> None:
    """The broken variants together show most of what only hosts, units and images can tell."""
    found: set[str] = set()
    for name in CASES:
        report = json.loads(run("check", DEPLOYMENTS / name / "broken", "--format", "json").out)
        found |= {one["rule"] for one in report["findings"]}
    assert len(found) >= 25
    assert found >= {
        "unreachable-upstream",
        "loopback-bind-behind-remote-proxy",
        "loopback-upstream-across-hosts",
        "unshared-socket-volume",
        "unwritable-socket",
        "missing-runtime-directory",
        "stop-grace-below-app-grace",
        "reload-on-sigterm",
        "signal-swallowing-shell",
        "missing-prestop",
    }


def test_every_snapshot_has_its_deployment() -> None:
    kept = {path.stem.rpartition(".")[0] for path in Path(FOLDER, "deployments").glob("*.txt")}
    assert kept == set(CASES)
