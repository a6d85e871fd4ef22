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
from tests.live.servers import nginxes, versions_of

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


@pytest.mark.parametrize("version", sorted({versions_of("gunicorn")[0], versions_of("gunicorn")[-1]}))
def test_gunicorn_ends_when_it_reloads_half_a_deployment(version: str) -> None:
    """One that does not watch its files goes on with the version that it has imported."""
    other = "" if version == versions_of("gunicorn")[0] else version
    _half_deployed({"gunicorn.conf.py": f"{_GUNICORN}reload = True\n"}, ends=True, gunicorn=other)
    _half_deployed({"gunicorn.conf.py": _GUNICORN}, ends=False, gunicorn=other)


def test_uwsgi_ends_when_it_reloads_half_a_deployment() -> None:
    _half_deployed({"uwsgi.ini": f"{_UWSGI}py-autoreload = 1\n"}, ends=True)
    _half_deployed({"uwsgi.ini": _UWSGI}, ends=False)


def _half_deployed(files: dict[str, str], *, ends: bool, gunicorn: str = "") -> None:
    written = {"nginx.conf": _HTTP, "shop/wsgi.py": "# the old version\n", **files}
    with running(written, next(iter(nginxes().values())), gunicorn=gunicorn) as stack:
        time.sleep(3)  # whoever watches must have seen the old version; some look once a second
        assert _status(stack) == 200
        (stack.home.base / "shop/wsgi.py").write_text(_HALF)
        assert (stack.server("app").wait(20 if ends else 4) is not None) == ends
        assert _status(stack) == (502 if ends else 200)


def _status(stack: Running) -> int:
    (answer,) = stack.ask(Request(patience=5))
    return answer.status


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
