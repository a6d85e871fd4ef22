"""The lines of a real nginx, a real Gunicorn and a real uWSGI are understood."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import run
from tests.model.nginx_real import running

pytestmark = pytest.mark.oracle

APP = "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'well']\n"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def started(arguments: list[str], folder: Path, port: int) -> Iterator[Path]:
    """A server of ours on a port, and the file that it writes its log to."""
    log = folder / "app.log"
    (folder / "shop.py").write_text(APP)
    with log.open("wb") as stream:
        process = subprocess.Popen(arguments, cwd=folder, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield log
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def groups(log: Path, *args: object) -> dict[str, dict[str, Any]]:
    done = run("diagnose", log, "--format", "json", *(args or ("--no-stack",)))
    assert done.err == ""
    return {group["kind"]: group for group in json.loads(done.out)["groups"]}


def test_what_nginx_says_when_nothing_listens(tmp_path: Path) -> None:
    port = free_port()
    http = (
        "server { listen unix:front.sock; server_name shop.example.com; "
        f"location / {{ proxy_pass http://127.0.0.1:{port}; }} "
        "location /file/ { proxy_pass http://unix:/nowhere/app.sock; } "
        "location /name/ { set $app web.invalid; proxy_pass http://$app; } "
        "client_max_body_size 1; }"
    )
    with running(http) as nginx:
        for path in ("/a/17?x=1", "/a/18", "/file/x", "/name/x"):
            nginx.request("front.sock", path, host="shop.example.com")
        nginx.request("front.sock", "/big", host="shop.example.com", headers="Content-Length: 99\r\n")
        found = groups(nginx.base / "error.log")
    assert found.keys() == {"connection-refused", "missing-socket", "no-resolver", "too-large-body"}
    refused = found["connection-refused"]
    assert refused["count"] == 2
    assert refused["upstreams"]["values"] == [{"value": f"127.0.0.1:{port}", "count": 2}]
    assert refused["servers"]["values"] == [{"value": "shop.example.com", "count": 2}]
    assert refused["paths"]["values"] == [{"value": "/a/<n>", "count": 2}]
    assert found["missing-socket"]["upstreams"]["values"][0]["value"] == "unix:/nowhere/app.sock"
    assert found["no-resolver"]["details"]["values"] == [{"value": "web.invalid", "count": 1}]
    assert found["too-large-body"]["details"]["values"] == [{"value": "99", "count": 1}]
    assert all(one["first"] and one["first"] <= one["last"] for one in found.values())


def test_what_both_say_when_http_comes_to_a_uwsgi_socket(tmp_path: Path) -> None:
    port = free_port()
    uwsgi = f"[uwsgi]\nsocket = 127.0.0.1:{port}\nmodule = shop\nmaster = true\nneed-app = true\ndie-on-term = true\n"
    (tmp_path / "uwsgi.ini").write_text(uwsgi)
    http = f"server {{ listen unix:front.sock; location / {{ proxy_pass http://127.0.0.1:{port}; }} }}"
    stack = tmp_path / "stack"
    stack.mkdir()
    (stack / "nginx.conf").write_text(f"events {{}}\nhttp {{ {http} }}\n")
    (stack / "uwsgi.ini").write_text(uwsgi)
    arguments = [str(Path(sys.executable).parent / "uwsgi"), "--ini", "uwsgi.ini"]
    with started(arguments, tmp_path, port) as log, running(http) as nginx:
        assert b"502" in nginx.request("front.sock", "/x")
        of_nginx = groups(nginx.base / "error.log", "--stack", stack)
        of_uwsgi = groups(log, "--stack", stack)
    (kind,) = of_nginx
    assert kind in ("closed-before-response", "reset-before-response")
    for group in (of_nginx[kind], of_uwsgi["foreign-protocol"]):
        assert "protocol-mismatch" in [one["rule"] for one in group["explanations"]]
    assert "“ET” of “GET”" in of_uwsgi["foreign-protocol"]["meaning"][0]


def test_what_gunicorn_says_of_an_app_that_is_not_there(tmp_path: Path) -> None:
    port = free_port()
    gunicorn = [sys.executable, "-m", "gunicorn", "--no-control-socket", "-b", f"127.0.0.1:{port}"]
    log = tmp_path / "app.log"
    with log.open("wb") as stream:
        missing = [*gunicorn, "no_such_module:app"]
        subprocess.run(missing, cwd=tmp_path, stdout=stream, stderr=stream, timeout=30, check=False)
    found = groups(log)
    assert found.keys() == {"unimportable-app", "unbootable-worker"}
    assert found["unimportable-app"]["details"]["values"][0]["value"] == "No module named 'no_such_module'"
    with started([*gunicorn, "shop:application"], tmp_path, port), log.open("wb") as stream:
        second = subprocess.Popen([*gunicorn, "shop:application"], cwd=tmp_path, stdout=stream, stderr=stream)
        second.wait(30)
    assert "address-in-use" in groups(log)
