"""What the steps of an experiment can't say of workers: a source file that changes, a file that a worker holds open."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cfgcheck.rules.proof import Request
from tests.live.lab import Running, running
from tests.live.servers import nginxes

_GUNICORN = """\
bind = "127.0.0.1:8000"
workers = 2
wsgi_app = "shop.wsgi:application"
"""
_HTTP = """\
events {}
http {
  server {
    listen 80;
    location / {
      proxy_pass http://127.0.0.1:8000;
    }
  }
}
"""
_UWSGI = """\
[uwsgi]
http-socket = 127.0.0.1:8000
module = shop.wsgi
master = true
need-app = true
processes = 2
listen = 1024
die-on-term = true
"""
_HALF = "from shop.prices import vat\n\napplication = None\n"
"""A module of the new version: the one that it imports has not been copied yet."""


def _fails(stack: Running, within: float) -> bool:
    """Whether a client gets anything but 200 in so many seconds."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if {answer.status for answer in stack.ask(Request(patience=2))} != {200}:
            return True
        time.sleep(0.2)
    return False


@pytest.mark.parametrize(
    ("files", "on"),
    [
        pytest.param({"gunicorn.conf.py": _GUNICORN}, "reload = True\n", id="gunicorn"),
        pytest.param({"uwsgi.ini": _UWSGI}, "py-autoreload = 1\n", id="uwsgi"),
    ],
)
def test_half_a_deployment_is_served_by_a_server_that_watches_its_files(files: dict[str, str], on: str) -> None:
    """One that does not goes on with the version that it has imported."""
    ((name, text),) = files.items()
    program = next(iter(nginxes().values()))
    for line, fails in ((on, True), ("", False)):
        written = {"nginx.conf": _HTTP, "shop/wsgi.py": "# the old version\n", name: text + line}
        with running(written, program) as stack:
            assert not _fails(stack, 2)
            (stack.home.base / "shop/wsgi.py").write_text(_HALF)
            assert _fails(stack, 20 if fails else 5) == fails


def _held(pid: int) -> Iterator[str]:
    """The names of the files that a process holds open."""
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            yield os.readlink(handle)
        except FileNotFoundError:
            continue  # closed meanwhile


def _heartbeats(text: str) -> set[str]:
    """In which folders the heartbeat files of Gunicorn's processes lie."""
    with running({"gunicorn.conf.py": text}, "") as stack:
        paths = {path for pid in stack.server("app").members() for path in _held(pid)}
        assert paths
        return {str(Path(path).parent) for path in paths if re.search(r"/wgunicorn-\w+ \(deleted\)$", path)}


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="which files a process holds open is read from /proc")
def test_heartbeats_are_files_in_tmp_unless_a_folder_in_memory_is_named() -> None:
    text = 'bind = "127.0.0.1:8000"\nworkers = 2\n'
    assert _heartbeats(text) == {"/tmp"}
    assert _heartbeats(f'{text}worker_tmp_dir = "/dev/shm"\n') == {"/dev/shm"}
