"""Revisions of git as sides of ``cfgcheck diff``."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.compare.stacks import FILES, edited, write


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A work tree whose one commit is the usual stack in ``deploy/``; 120 s have become 20 s since."""
    git(tmp_path, "init", "-q", "-b", "main")
    write(tmp_path / "deploy", FILES)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    write(tmp_path / "deploy", edited(("120s", "20s")))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("sides", [("main",), ("main", "."), ("main", "deploy"), ("HEAD", "deploy")])
def test_a_revision_beside_the_work_tree(repository: Path, sides: tuple[str, ...]) -> None:
    done = run("diff", *sides)
    assert done.code == 1
    assert "proxy_read_timeout  2 min → 20 s" in done.out
    assert "+ error[read-timeout-not-above-app-timeout]" in done.out


def test_two_revisions(repository: Path) -> None:
    git(repository, "commit", "-qam", "second")
    done = run("diff", "HEAD", "HEAD~1")
    assert done.code == 0
    assert "proxy_read_timeout  20 s → 2 min" in done.out
    assert "- error[read-timeout-not-above-app-timeout]" in done.out


def test_only_the_folder_that_the_other_side_names(repository: Path) -> None:
    write(repository / "other", {"nginx.conf": "events {}\nhttp { server { listen 81; } }\n"})
    git(repository, "add", "-A")
    git(repository, "commit", "-qam", "second")
    assert "81" not in run("diff", "HEAD", "deploy").out
    assert run("diff", "HEAD", "deploy").out.startswith("No difference")


@pytest.mark.parametrize("name", ["nowhere", "--upload-pack=x", "main:deploy/nothing", "@{99}", "a b"])
def test_what_is_no_revision(repository: Path, name: str) -> None:
    done = run("diff", "--", name, "deploy")
    assert done.code == 2
    assert "neither a path nor a git revision" in done.err
    assert "Traceback" not in done.err


def test_outside_of_a_work_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    done = run("diff", "main")
    assert (done.code, done.out) == (2, "")


def test_nothing_of_the_repository_is_run(repository: Path) -> None:
    """A smudge filter would run at a checkout; here it must not."""
    mark = repository / "ran"
    (repository / ".gitattributes").write_text("* filter=evil\n")
    git(repository, "config", "filter.evil.smudge", f"touch {mark}; cat")
    git(repository, "add", ".gitattributes")
    git(repository, "commit", "-qm", "filters")
    mark.unlink(missing_ok=True)
    assert run("diff", "HEAD").code == 1
    assert not mark.exists()


def test_nothing_is_left_behind(repository: Path, tmp_path_factory: pytest.TempPathFactory,
                                monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    scratch = tmp_path_factory.mktemp("scratch")
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr("tempfile.tempdir", None)
    run("diff", "HEAD")
    assert list(scratch.iterdir()) == []
