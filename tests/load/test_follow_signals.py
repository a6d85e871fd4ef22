"""Whether a shell stays between its parent and the program that it starts: held against real shells."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from cfgcheck.load.follow_images import official, shell_of
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.source.file import SourceFile
from tests.load.test_follow import reaches, started

PROGRAM = "sleep 20"
TEXTS = [
    PROGRAM,
    f"exec {PROGRAM}",
    f"true && {PROGRAM}",
    f"true; {PROGRAM}",
    f"A=1 {PROGRAM}",
    f"{PROGRAM} > /dev/null",
    f"{PROGRAM}; true",
    f"( {PROGRAM} )",
    f"if true; then {PROGRAM}; fi",
    f"{PROGRAM} & wait",
    f"true\n{PROGRAM}\n",
]


def _becomes(shell: str, text: str) -> bool:
    """Whether a real shell turns into the program."""
    process = subprocess.Popen([shell, "-c", text], start_new_session=True)
    try:
        for _ in range(200):
            own = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            if own.startswith(b"sleep\0"):
                return True
            if any(Path(f"/proc/{child}/cmdline").read_bytes().startswith(b"sleep\0") for child in children):
                return False
            time.sleep(0.01)
        pytest.skip("the program did not start in time")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.oracle
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc")
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_real_shells(tmp_path: Path, shell: str, text: str) -> None:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"there is no {shell}")
    command = [shell, "-c", text.replace(PROGRAM, "gunicorn a:b")]
    (start,) = started(tmp_path, command, image="ubuntu:20.04").starts
    assert reaches(start) in (None, _becomes(path, text))


@pytest.mark.parametrize(
    ("image", "shell"),
    [
        ("python:3.12", "dash"),
        ("python", "dash"),
        ("docker.io/library/python:3.11-slim@sha256:12", "dash"),
        ("python:3.12-slim-bookworm", "dash"),
        ("python:3.9-bullseye", ""),
        ("python:3.7", ""),
        ("python:3.12-alpine3.20", "busybox"),
        ("nginx:1.30-alpine", "busybox"),
        ("nginx:1.30", ""),
        ("alpine", "busybox"),
        ("debian:12-slim", "dash"),
        ("debian:11", ""),
        ("ubuntu:24.04", "dash"),
        ("ubuntu:20.04", ""),
        ("cgr.dev/chainguard/python:latest", ""),
        ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", "dash"),
        ("shop", ""),
    ],
)
def test_shells_of_images(image: str, shell: str) -> None:
    file = SourceFile("compose.yml", "web")
    assert shell_of(Unit(Manager.COMPOSE, "web", file.span(0, 3), image=Located.read(image, None))) == shell


def test_official_images() -> None:
    assert official("python") == ("python", "latest")
    assert official("public.ecr.aws/docker/library/python:3") == ("python", "3")
    assert official("registry.example.com/python:3") is None
