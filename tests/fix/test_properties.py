"""What must hold for fixes of any deployment: the fixtures, made-up ones, texts that were made to hurt."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from cfgcheck.app import Input, load, mend
from cfgcheck.findings import Finding
from cfgcheck.fix.rounds import Mended
from cfgcheck.fix.writing import Change, write_all
from cfgcheck.rules.run import judge
from cfgcheck.rules.selection import Selection
from cfgcheck.settings import load_settings
from tests.cli.running import REPOSITORY, run
from tests.hanging import no_hang
from tests.hostile_texts import BOMBS
from tests.profiles import examples
from tests.rules import harness
from tests.rules.mending import loud, texts_of
from tests.stack_strategies import Made, deployments

FIXTURES = sorted(path for kind in ("stacks", "clean", "demo") for path in (REPOSITORY / "fixtures" / kind).iterdir())
LONGEST = 200_000
"""Characters; longer texts were read by other tests, and are read several times here."""


def mended(folder: Path) -> Mended:
    """Mend everything in a folder, and write it."""
    found = mend(Input((folder,)), load_settings(folder), unsafe=True, catalogue=harness.catalogue())
    assert [one.reason for one in found.refused if "crashed" in one.reason or "not help" in one.reason] == []
    write_all({path: Change(found.before[path], text) for path, text in found.changed().items()})
    return found


def findings(folder: Path) -> list[Finding]:
    _, stacks = load(Input((folder,)), load_settings(folder))
    return [one for stack in stacks for one in judge(stack, harness.catalogue(), Selection()).findings]


def routes_joined(folder: Path) -> int:
    _, stacks = load(Input((folder,)), load_settings(folder))
    return sum(route.matched for stack in stacks for route in stack.routes)


def holds(folder: Path) -> None:
    """Nobody has more to say than before, but where a route was joined; other files stay; once more changes nothing."""
    texts = texts_of(folder)
    before, joined = loud(findings(folder)), routes_joined(folder)
    first = mended(folder)
    after = texts_of(folder)
    assert {name for name in texts if texts[name] != after[name]} == changed_names(folder, first)
    again = mended(folder)
    assert ([one.fix.title for one in again.done], texts_of(folder)) == ([], after)
    more = loud(findings(folder)) - before
    more.pop("unused-suppression", None)
    assert not more or routes_joined(folder) > joined


def changed_names(folder: Path, found: Mended) -> set[str]:
    """The changed files, under each of their names."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.resolve() in found.changed()
    }


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_fixture(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / path.name
    shutil.copytree(path, folder, symlinks=True)
    holds(folder)


@settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deployments())
def test_made_up_deployment(made: Made) -> None:
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base) / "stack"
        for name, text in made.files().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        holds(folder)


@pytest.mark.parametrize("name", [name for name, (_, content, _) in BOMBS.items() if len(content) < LONGEST])
def test_hostile_text(name: str, tmp_path: Path) -> None:
    file, content, _ = BOMBS[name]
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with no_hang():
        done = run("fix", "--unsafe", tmp_path)
    assert done.code in (0, 1), done.err
    assert "crashed" not in done.out
    once = path.read_bytes()
    run("fix", "--unsafe", tmp_path)
    assert path.read_bytes() == once
