"""Asks the real Gunicorn what it makes of a config file, a command line and an environment."""

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

VERSION = gunicorn.__version__


class Oracle:
    """One process that answers many questions. ``package``: a folder with another version than the installed one."""

    def __init__(self, folder: Path, package: Path | None = None) -> None:
        self.folder = folder
        path = os.pathsep.join(str(each) for each in (package, package and package.parent / "deps") if each)
        command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("real_server.py"))]
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": path,
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
def asking(package: Path | None = None) -> Iterator[Oracle]:
    with tempfile.TemporaryDirectory() as name:
        oracle = Oracle(Path(name), package)
        try:
            yield oracle
        finally:
            oracle.close()
