"""The built distribution, installed where nothing of this checkout is near."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from cfgcheck import __version__
from tests.cli.running import DEMO, REPOSITORY

pytestmark = pytest.mark.packaging


def call(*command: object, cwd: Path, code: int = 0) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == code, f"{command} gave {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_wheel_runs_in_a_clean_environment_from_another_folder(tmp_path: Path) -> None:
    built = tmp_path / "built"
    # Without a wish of its own, `build` makes the wheel from the sdist: both are proven.
    call(sys.executable, "-m", "build", "--no-isolation", "--outdir", built, cwd=REPOSITORY)
    (wheel,) = built.glob("*.whl")
    (sdist,) = built.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    own = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "cfgcheck").rglob("*.py")}
    rules = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "rules").rglob("*.yaml")}
    assert own <= packed
    assert {f"cfgcheck/_resources/{name}" for name in rules} <= packed
    assert "cfgcheck/py.typed" in packed
    assert any(name.endswith("licenses/LICENSE") for name in packed)
    assert not any(name.startswith(("tests/", "fixtures/", "benchmarks/")) for name in packed)
    with tarfile.open(sdist) as source:
        assert f"cfgcheck-{__version__}/LICENSE" in source.getnames()

    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    call(home / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", wheel, cwd=tmp_path)
    program = home / "bin" / "cfgcheck"
    assert call(program, "--version", cwd=tmp_path) == f"cfgcheck {__version__}\n"
    shown = json.loads(call(program, "check", DEMO, "--format", "json", cwd=tmp_path, code=1))
    assert "protocol-mismatch" in {finding["rule"] for finding in shown["findings"]}
    listed = json.loads(call(program, "rules", "--format", "json", cwd=tmp_path))
    assert len(listed["rules"]) == len(rules)
    assert call(program, "explain", "protocol-mismatch", cwd=tmp_path).startswith("protocol-mismatch  error")
    (tmp_path / "cfgcheck.toml").write_text('nginx = "1.30"\n[edge]\nkind = "heroku"\n', encoding="utf-8")
    assert '"origin": "declared"' in call(
        program, "show", DEMO, "--format", "json", "--config", "cfgcheck.toml", cwd=tmp_path
    )
    _deploys(program, tmp_path / "deployed")
    assert call(home / "bin" / "python", "-m", "cfgcheck", "--version", cwd=tmp_path) == f"cfgcheck {__version__}\n"


def _deploys(program: Path, folder: Path) -> None:
    """The templates are in the wheel: a spec becomes files, in which nothing is found, and a spec again."""
    folder.mkdir()
    call(program, "init", "--name", "shop", "--domain", "shop.example.com", "--app", "shop.wsgi:app", cwd=folder)
    call(program, "generate", cwd=folder)
    assert (folder / "deploy/nginx/conf.d/shop.conf").exists()
    call(program, "check", "--fail-on", "info", cwd=folder)
    call(program, "generate", "--check", cwd=folder)
    assert "shop.wsgi:app" in call(program, "import", "deploy", "--stdout", cwd=folder)
