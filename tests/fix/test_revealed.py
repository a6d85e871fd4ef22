"""Mending a dead route brings to light what was wrong behind it: that is no reason to leave the route dead."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.running import REPOSITORY, run

DEPLOYMENTS = sorted(path.parent for path in (REPOSITORY / "fixtures" / "deployments").glob("*/broken"))
LEFT_TO_PEOPLE = {
    "compose-socket-volume": ["unshared-socket-volume"],
    "kubernetes-ingress": ["missing-prestop"],
    "kubernetes-sidecar-nginx": ["missing-prestop", "missing-prestop"],
    "machine-nginx-published-port": ["bypassable-proxy", "trusting-everyone"],
    "uvicorn-worker-websocket": ["retried-writes"],
    "uwsgi-in-dockerfile": ["signal-swallowing-shell"],
}
"""What no program can know: whether a retry is harmless, how long the network needs to hear of a pod's end, what a loop
around a server is for, which firewall there is, which volume was meant."""

NGINX = """\
events {}
http {
    server {
        listen 80;
        server_name shop.example.com;
        location / {
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_read_timeout 20s;
            proxy_pass http://127.0.0.1:8001;
        }
    }
}
"""


def test_a_dead_route_and_the_timeout_behind_it(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(NGINX)
    (tmp_path / "gunicorn.conf.py").write_text('bind = "127.0.0.1:8000"\nworkers = 3\ntimeout = 30\n')
    done = run("fix", tmp_path, "--unsafe", "--color", "never")
    assert done.code == 0
    assert "Not applied" not in done.out
    nginx = (tmp_path / "nginx.conf").read_text()
    assert "proxy_pass http://127.0.0.1:8000;" in nginx
    assert "proxy_read_timeout 35s;" in nginx


@pytest.mark.parametrize("folder", DEPLOYMENTS, ids=lambda path: path.name)
def test_a_broken_deployment_is_mended(folder: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    shutil.copytree(folder / "broken", work)
    run("fix", work, "--unsafe")
    done = run("check", work, "--color", "never")
    left = [
        line.partition("[")[2].partition("]")[0]
        for line in done.out.splitlines()
        if line.startswith(("error[", "warning["))
    ]
    assert sorted(left) == LEFT_TO_PEOPLE.get(folder.name, [])
