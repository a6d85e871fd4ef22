"""The pre-commit hook: which files start it, and a run by the real pre-commit."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from cfgcheck.cli import main
from tests.cli.running import DEMO, REPOSITORY

HOOKS = REPOSITORY / ".pre-commit-hooks.yaml"
SHIPPED = ("cfgcheck", "rules", "templates", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")


def hook(name: str = "cfgcheck") -> dict[str, Any]:
    hooks = YAML(typ="safe", pure=True).load(HOOKS.read_text(encoding="utf-8"))
    (found,) = (one for one in hooks if one["id"] == name)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", ["cfgcheck", "cfgcheck-fix", "cfgcheck-generate"])
def test_a_hook_judges_the_whole_stack(name: str) -> None:
    assert hook(name)["pass_filenames"] is False
    assert hook(name)["language"] == "python"
    program, *words = hook(name)["entry"].split()
    assert program == "cfgcheck"
    out = io.StringIO()
    assert main([*words, "--help"], stdout=out) == 0
    assert "Usage: cfgcheck" in out.getvalue()


def test_the_hook_that_mends_starts_for_the_same_files() -> None:
    assert hook("cfgcheck-fix")["files"] == hook()["files"]


@pytest.mark.parametrize(
    ("path", "starts"),
    [
        ("cfgcheck.yaml", True),
        ("ops/cfgcheck.yml", True),
        ("deploy/nginx/nginx.conf", True),
        ("deploy/shop/gunicorn.conf.py", True),
        ("nginx.conf", False),
        ("notcfgcheck.yaml", False),
        ("README.md", False),
    ],
)
def test_which_files_start_the_drift_check(path: str, starts: bool) -> None:
    assert bool(re.search(hook("cfgcheck-generate")["files"], path)) is starts


@pytest.mark.parametrize(
    ("path", "starts"),
    [
        ("nginx.conf", True),
        ("deploy/nginx/default", True),
        ("docker/nginx/default.conf.template", True),
        ("etc/sites-enabled/shop", True),
        ("conf.d/shop.conf", True),
        ("deploy/shop.conf.j2", True),
        ("gunicorn.conf.py", True),
        ("config/gunicorn.py", True),
        ("gunicorn/production.py", True),
        ("uwsgi.ini", True),
        ("deploy/app.ini", True),
        ("uwsgi_params", True),
        ("Procfile", True),
        ("Procfile.dev", True),
        ("pyproject.toml", True),
        ("ops/cfgcheck.toml", True),
        ("shop/views.py", False),
        ("README.md", False),
        ("package.json", False),
        ("src/main.py", False),
    ],
)
def test_which_files_start_the_hook(path: str, starts: bool) -> None:
    assert bool(re.search(hook()["files"], path)) is starts


def git(*args: object, cwd: Path) -> str:
    settings = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "init.defaultBranch=main")
    return subprocess.run(
        ["git", *settings, *map(str, args)], cwd=cwd, capture_output=True, text=True, check=True
    ).stdout.strip()


def repository(folder: Path) -> str:
    """A repository of all that is in ``folder``; returns its commit."""
    git("init", "--quiet", cwd=folder)
    git("add", "--all", cwd=folder)
    git("commit", "--quiet", "--message", "x", "--no-verify", cwd=folder)
    return git("rev-parse", "HEAD", cwd=folder)


@pytest.mark.packaging
def test_pre_commit_installs_and_runs_it(tmp_path: Path) -> None:
    tool, project = tmp_path / "tool", tmp_path / "project"
    tool.mkdir()
    for name in SHIPPED:
        source = REPOSITORY / name
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, tool / name)
    shutil.copytree(DEMO / "uwsgi", project)
    commit = repository(tool)
    (project / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: file://{tool}\n    rev: {commit}\n    hooks:\n      - id: cfgcheck\n", encoding="utf-8"
    )
    repository(project)

    def run() -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home"), "PRE_COMMIT_COLOR": "never"}
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--all-files"],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    done = run()
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Failed" in done.stdout
    assert "error[protocol-mismatch]" in done.stdout

    mended = (project / "uwsgi.ini").read_text(encoding="utf-8").replace("socket =", "http-socket =")
    (project / "uwsgi.ini").write_text(mended, encoding="utf-8")
    (project / "cfgcheck.toml").write_text('select = ["protocol-mismatch"]\n', encoding="utf-8")
    git("add", "--all", cwd=project)
    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout
