"""A generated deployment on real servers: what the spec allows succeeds, what is beyond gets its status."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cfgcheck import resources
from cfgcheck.generate.plan import ServicePlan, plan
from cfgcheck.generate.render import render
from cfgcheck.generate.spec import Spec
from tests.live.ports import Ports
from tests.live.servers import environment, nginxes
from tests.load.carrying import write

SLOWEST, UPLOAD, LINE = 2, 100 << 10, 12 << 10
GUNICORN_LINE = 8190
NONE: Mapping[str, str] = {}

APP = """
import asyncio, time
from urllib.parse import parse_qs

def said(query):
    return {key: int(value[0]) for key, value in parse_qs(query).items() if value[0].isdigit()}

def wsgi(environ, start_response):
    asked = said(environ.get("QUERY_STRING", ""))
    time.sleep(asked.get("sleep", 0))
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    seen = repr((environ["wsgi.url_scheme"], environ["HTTP_HOST"], len(body))).encode()
    start_response("200 OK", [("Content-Length", str(len(seen))), ("X-Large", "x" * asked.get("large", 0))])
    return [seen]

async def asgi(scope, receive, send):
    assert scope["type"] == "http"
    asked, body, more = said(scope["query_string"].decode()), b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    await asyncio.sleep(asked.get("sleep", 0))
    seen = repr((scope["scheme"], dict(scope["headers"])[b"host"].decode(), len(body))).encode()
    headers = [(b"content-length", b"%d" % len(seen)), (b"x-large", b"x" * asked.get("large", 0))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": seen})
"""

PROGRAMS = {
    "gunicorn": [sys.executable, "-m", "gunicorn"],
    "uvicorn": [sys.executable, "-m", "uvicorn"],
    "uwsgi": [sys.executable, "-c", "import sys, pyuwsgi; pyuwsgi.run(sys.argv[1:])"],
}

SERVERS: dict[str, dict[str, Any]] = {
    "sync": {"worker-class": "sync"},
    "gthread": {"worker-class": "gthread"},
    "asgi": {"worker-class": "asgi"},
    "uvicorn-worker": {"worker-class": "uvicorn"},
    "uwsgi": {"kind": "uwsgi"},
    "uvicorn": {"kind": "uvicorn"},
}
TOO_SLOW = {"sync": 500, "uwsgi": 502}
"""Where the app server itself ends a request: Gunicorn with a page of its own, uWSGI by killing the worker."""


def deployment(name: str, version: str, folder: Path, ports: Ports) -> tuple[Spec, int]:
    asynchronous = name in ("asgi", "uvicorn", "uvicorn-worker")
    front, back = ports.take(), ports.take()
    service = {
        "domains": "shop.example.com",
        "app": {
            "module": "shop:asgi" if asynchronous else "shop:wsgi",
            "interface": "asgi" if asynchronous else "wsgi",
            "directory": str(folder),
        },
        "server": {**SERVERS[name], "workers": 2},
        "listener": f"127.0.0.1:{back}",
        "slowest-request": SLOWEST,
        "max-upload": UPLOAD,
        "request-headers": LINE,
        "response-headers": 20 << 10,
        "stop-grace": 8,
    }
    nginx = {"user": "root", "http-port": front}
    whole = {"runtime": "plain", "versions": {"nginx": version}, "nginx": nginx, "services": {"shop": service}}
    return Spec.model_validate(whole), front


def on_disk(files: Mapping[str, str], folder: Path) -> None:
    """The files, with nginx's logs in the folder; no IPv6, which a machine need not have."""
    for path, text in files.items():
        here = text.replace("/var/log/nginx/", f"{folder}/").replace("/run/nginx.pid", f"{folder}/nginx.pid")
        kept = [line for line in here.splitlines() if "[::]" not in line and not line.startswith("virtualenv = ")]
        write(folder, {path: "\n".join(kept) + "\n"})
    for stock in ("mime.types", "uwsgi_params"):
        shutil.copy(resources.data("nginx") / stock, folder / "nginx" / stock)
    write(folder, {"shop.py": APP})


@contextlib.contextmanager
def started(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "out.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(folder), stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def command_of(service: ServicePlan, folder: Path) -> list[str]:
    here = [str(folder / service.config) if word == service.config_path else word for word in service.command[1:]]
    return [*PROGRAMS[service.service.server.kind], *here]


def ask(port: int, path: str = "/", body: bytes | None = None, headers: Mapping[str, str] = NONE) -> tuple[int, str]:
    """Status and body; (0, "") where there is no answer."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        client.request("POST" if body else "GET", path, body, {"Host": "shop.example.com", **headers})
        answer = client.getresponse()
        return answer.status, answer.read().decode()
    except (http.client.RemoteDisconnected, ConnectionError):
        return 0, ""
    finally:
        client.close()


def line(length: int) -> str:
    """A path that makes a request line of so many bytes, its end included."""
    return "/?" + "a" * (length - len("GET /? HTTP/1.1\r\n"))


def cookie(length: int) -> dict[str, str]:
    """A header line of so many bytes, its end included."""
    return {"Cookie": "x" * (length - len("Cookie: \r\n"))}


@pytest.mark.live
@pytest.mark.parametrize("version", list(nginxes()))
@pytest.mark.parametrize("name", list(SERVERS))
def test_what_the_spec_allows_succeeds_and_no_more(name: str, version: str, tmp_path: Path) -> None:
    ports = Ports()
    spec, front = deployment(name, version, tmp_path, ports)
    made = plan(spec)
    on_disk(render(made), tmp_path)
    nginx = [nginxes()[version], "-p", str(tmp_path), "-c", str(tmp_path / "nginx/nginx.conf"), "-g", "daemon off;"]
    try:
        with started(nginx, tmp_path), started(command_of(made.services[0], tmp_path), tmp_path) as app:
            wait_until_it_answers(front, tmp_path)
            sizes_are_kept(front, name)
            times_are_kept(front, name)
            running_requests_end_well(front, app)
    finally:
        ports.release()


def wait_until_it_answers(port: int, folder: Path) -> None:
    for _ in range(200):
        if ask(port)[0] == 200:
            return
        time.sleep(0.1)
    raise AssertionError((folder / "out.log").read_text())


def sizes_are_kept(port: int, name: str) -> None:
    longest = GUNICORN_LINE + 2 if name in ("sync", "gthread", "asgi") else LINE
    assert ask(port, body=b"x" * UPLOAD) == (200, repr(("http", "shop.example.com", UPLOAD)))
    assert ask(port, body=b"x" * (UPLOAD + 1))[0] == 413
    assert ask(port, headers=cookie(LINE))[0] == 200
    assert ask(port, headers=cookie(LINE + 1))[0] == 400
    assert ask(port, line(longest))[0] == 200
    assert ask(port, line(longest + 1))[0] == 414
    assert ask(port, "/?large=19000")[0] == 200
    assert ask(port, "/?large=20481")[0] == 502
    assert ask(port, headers={"Host": "other.example.com"})[0] == 0
    spoofed = {"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "on", "X-Forwarded-Protocol": "ssl"}
    assert ask(port, headers=spoofed) == (200, repr(("http", "shop.example.com", 0)))


def times_are_kept(port: int, name: str) -> None:
    assert ask(port, f"/?sleep={SLOWEST}")[0] == 200
    status, page = ask(port, f"/?sleep={SLOWEST + 8}")
    assert status == TOO_SLOW.get(name, 504)
    assert status == 500 or "<!doctype html>" in page


def running_requests_end_well(port: int, app: subprocess.Popen[bytes]) -> None:
    seen: list[int] = []
    running = threading.Thread(target=lambda: seen.append(ask(port, f"/?sleep={SLOWEST}")[0]))
    running.start()
    time.sleep(0.5)
    app.send_signal(signal.SIGTERM)
    running.join()
    assert seen == [200]
    app.wait(20)
    assert ask(port)[0] == 502
