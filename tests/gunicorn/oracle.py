"""Asks a real Gunicorn what it makes of a config file, a command line and an environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gunicorn
import pytest

from cfgcheck.model.version import Version
from tools.gunicorn_versions import VERSIONS, package


def package_of(version: str) -> Path | None:
    """The folder that holds that version, None for the installed one; where it is not there, the test is skipped and
    says so."""
    found = package(version)
    if found is None and version != gunicorn.__version__:
        missing = sum(package(each) is None for each in VERSIONS)
        pytest.skip(f"Gunicorn {version} is not there ({missing} of {len(VERSIONS)}): run tools/gunicorn_versions.py")
    return found


def search_path(package: Path | None) -> str:
    """``PYTHONPATH`` for that version and what it imports."""
    return os.pathsep.join((str(package), str(package.parent / "deps"))) if package else ""


class Oracle:
    """One process that answers many questions about one version."""

    def __init__(self, folder: Path, version: str, package: Path | None) -> None:
        self.folder = folder
        self.text = version
        parsed = Version.parse(version)
        assert parsed is not None
        self.version = parsed
        command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("real_server.py"))]
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": search_path(package),
            "HOME": str(folder),
            # A config file that changes within a second and keeps its size would be taken from the cache.
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        pipe, silent = subprocess.PIPE, subprocess.DEVNULL
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=silent, text=True, env=environment)

    def ask(self, config: str | None, arguments: Sequence[str], environment: Mapping[str, str]) -> dict[str, Any]:
        """The effective settings, or ``{"refused": message}``."""
        path = self.folder / "gunicorn.conf.py"
        path.unlink(missing_ok=True)
        if config is not None:
            path.write_text(config, encoding="utf-8", newline="")
        case = {"arguments": list(arguments), "environment": dict(environment), "folder": str(self.folder)}
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None and stdout is not None
        stdin.write(json.dumps(case) + "\n")
        stdin.flush()
        answer: dict[str, Any] = json.loads(stdout.readline())
        return answer

    def close(self) -> None:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None and stdout is not None
        stdin.close()
        self.process.wait(10)
        stdout.close()


@contextmanager
def asking(version: str = gunicorn.__version__) -> Iterator[Oracle]:
    package = package_of(version)
    with tempfile.TemporaryDirectory() as name:
        oracle = Oracle(Path(name), version, package)
        try:
            yield oracle
        finally:
            oracle.close()
