"""A server that is started where cfgcheck does not read takes certain claims back."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.app import Input, load
from cfgcheck.model.stack import Link
from cfgcheck.settings import Settings

NGINX = "events {}\nhttp {\n  server {\n    listen 80;\n    location / { proxy_pass http://127.0.0.1:8001; }\n  }\n}\n"
GUNICORN = 'bind = "127.0.0.1:8000"\n'
UWSGI = "[uwsgi]\nsocket = 127.0.0.1:8001\nmodule = app\n"


def link_of(folder: Path, files: dict[str, str]) -> tuple[Link, str]:
    for name, text in files.items():
        (folder / name).write_text(text)
    _, [stack] = load(Input((folder,)), Settings())
    [route] = stack.routes
    return route.link, route.because


def test_nothing_listens_there(tmp_path: Path) -> None:
    assert link_of(tmp_path, {"nginx.conf": NGINX, "gunicorn.conf.py": GUNICORN})[0] is Link.NO_LISTENER


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("web.service.j2", "ExecStart={{ venv }}/bin/gunicorn -b 127.0.0.1:8001 app:app\n"),
        ("Makefile", "serve:\n\tgunicorn -b 127.0.0.1:8001 app:app\n"),
        ("package.json", '{"scripts": {"start": "gunicorn -b 127.0.0.1:8001 app:app"}}\n'),
        ("gunicorn.socket", "[Socket]\nListenStream=127.0.0.1:8001\n"),
        (".env", 'GUNICORN_CMD_ARGS="--bind 127.0.0.1:8001"\n'),
    ],
)
def test_unless_a_command_that_is_not_read_may_listen_there(tmp_path: Path, name: str, text: str) -> None:
    link, because = link_of(tmp_path, {"nginx.conf": NGINX, "gunicorn.conf.py": GUNICORN, name: text})
    assert link is Link.UNKNOWN
    assert because.startswith(name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Dockerfile", 'FROM python:3.13\nCMD ["gunicorn", "--bind", "127.0.0.1:8001", "app:app"]\n'),
        ("web.service", "[Service]\nExecStart=/srv/venv/bin/gunicorn -b 127.0.0.1:8001 app:app\n"),
        ("docker-entrypoint.sh", "exec gunicorn -b 127.0.0.1:8001 app:app\n"),
        ("supervisor-shop.conf", "[program:shop]\ncommand=/srv/venv/bin/gunicorn -b 127.0.0.1:8001 app:app\n"),
        ("gunicorn_start", "#!/bin/bash\nexec gunicorn app:app \\\n  --bind=127.0.0.1:8001\n"),
    ],
)
def test_what_is_read_is_joined(tmp_path: Path, name: str, text: str) -> None:
    assert link_of(tmp_path, {"nginx.conf": NGINX, "gunicorn.conf.py": GUNICORN, name: text})[0] is Link.MATCHED


def test_what_runs_in_a_container_may_be_meant(tmp_path: Path) -> None:
    compose = "services:\n  web:\n    image: a/b\n    command: uvicorn app:app --port 8001\n"
    files = {"nginx.conf": NGINX, "gunicorn.conf.py": GUNICORN, "compose.yaml": compose}
    link, because = link_of(tmp_path, files)
    assert link is Link.UNKNOWN
    assert because.startswith("uvicorn web listens there in a container")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.in", "gunicorn==23.0.0\n"),
        ("pyproject.toml", '[project]\ndependencies = ["gunicorn>=20", "flask"]\n[x]\ngunicorn = "^20"\n'),
        ("environment.yml", "dependencies:\n  - gunicorn\n"),
        ("start.sh", "# gunicorn app:app was used before\npython manage.py runserver\n"),
        ("README.md", "Start it with gunicorn -b 127.0.0.1:8001 app:app\n"),
    ],
)
def test_to_name_a_server_is_not_to_start_it(tmp_path: Path, name: str, text: str) -> None:
    files = {"nginx.conf": NGINX, "gunicorn.conf.py": GUNICORN, name: text}
    assert link_of(tmp_path, files)[0] is Link.NO_LISTENER


def test_another_protocol_is_doubted_for_another_server_only(tmp_path: Path) -> None:
    files = {"nginx.conf": NGINX, "uwsgi.ini": UWSGI, "web.service": "ExecStart=uwsgi --ini uwsgi.ini\n"}
    assert link_of(tmp_path, files)[0] is Link.WRONG_PROTOCOL
    files["web.service"] = "ExecStart=gunicorn app:app\n"
    assert link_of(tmp_path, files)[0] is Link.UNKNOWN
