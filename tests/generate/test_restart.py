"""A restart under load: while systemd keeps the socket, requests wait for the new process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cfgcheck.generate.defaults import complete
from cfgcheck.generate.plan import plan
from cfgcheck.generate.render import render
from cfgcheck.generate.spec import Spec
from tests.load.carrying import write

APP = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""

HANDED = """
import os, sys
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[1], sys.argv[1:])
"""


def start(listening: socket.socket, config: Path, folder: Path) -> subprocess.Popen[bytes]:
    """Gunicorn as systemd starts it: with the socket as its file descriptor 3."""

    def handed() -> None:
        os.dup2(listening.fileno(), 3, inheritable=True)

    gunicorn = str(Path(sys.executable).with_name("gunicorn"))
    command = [sys.executable, "-c", HANDED, gunicorn, "--config", str(config)]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(command, cwd=folder, pass_fds=(3,), preexec_fn=handed, stdout=log, stderr=log)


def status(path: str) -> str:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(path)
        client.sendall(b"GET / HTTP/1.1\r\nHost: shop.example.com\r\nConnection: close\r\n\r\n")
        return client.recv(100).split(b"\r\n")[0].decode()


@pytest.mark.live
def test_no_request_fails_while_the_app_is_restarted(tmp_path: Path) -> None:
    place = str(tmp_path / "shop.sock")
    app = {"module": "shop:application", "directory": str(tmp_path)}
    service = {"domains": "shop.example.com", "app": app, "listener": f"unix:{place}", "server": {"workers": 2}}
    files = render(plan(complete(Spec.model_validate({"services": {"shop": service}}))))
    assert f"ListenStream={place}\n" in files["systemd/shop.socket"]
    config, _ = write(tmp_path, {"gunicorn.conf.py": files["shop/gunicorn.conf.py"], "shop.py": APP})
    seen: list[str] = []
    over = threading.Event()

    def load() -> None:
        while not over.is_set():
            seen.append(status(place))

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place)
        listening.listen(1024)
        first = start(listening, config, tmp_path)
        clients = [threading.Thread(target=load) for _ in range(3)]
        for client in clients:
            client.start()
        try:
            time.sleep(2)
            first.terminate()
            assert first.wait(30) == 0
            assert Path(place).exists(), "what ends must leave the socket"
            before = len(seen)
            second = start(listening, config, tmp_path)
            while len(seen) < before + 50 and second.poll() is None:
                time.sleep(0.1)
            over.set()
            for client in clients:
                client.join(30)
            second.terminate()
            assert second.wait(30) == 0
        finally:
            over.set()
            first.kill()
    assert before > 10
    assert set(seen) == {"HTTP/1.1 200 OK"}, (tmp_path / "log").read_text()
