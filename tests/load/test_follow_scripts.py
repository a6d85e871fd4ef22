"""Procfiles, and run scripts that nothing else starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.load.follow import follow
from cfgcheck.load.procfile_services import procfile_services
from cfgcheck.load.scripts import lone_scripts, looks_like_script
from cfgcheck.load.service import Carried
from cfgcheck.model.unit import Manager
from tests.load.carrying import context_of, write


def _commands(root: Path, carried: Carried) -> dict[str, list[str]]:
    context = context_of(root)
    found = {service.unit.name: follow(service, context).starts for service in carried.services}
    return {
        name: [" ".join(word.template for word in start.command.words) for start in starts]
        for name, starts in found.items()
    }


def test_the_processes_of_a_procfile(tmp_path: Path) -> None:
    files = {
        "app/Procfile": "web: gunicorn -b :$PORT -w ${WORKERS:-2} a:b\n"
        "release: ./manage.py migrate\nworker: bin/work\n",
        "app/bin/work": "#!/bin/sh\ncd src && exec celery -A $NAME worker\n",
        "app/.env": "NAME=shop\nPORT=1\n",
    }
    (path, *_) = write(tmp_path, files)
    carried = procfile_services(context_of(tmp_path), path)
    assert _commands(tmp_path, carried) == {
        "web": ["gunicorn -b :${PORT} -w 2 a:b"],
        "release": [],
        "worker": ["celery -A shop worker"],
    }
    web = carried.services[0]
    assert (web.unit.manager, web.together, web.unit.host) == (Manager.PROCFILE, "Procfile app/Procfile", "")
    assert web.environment.unknown["PORT"] == "the process manager sets it"
    assert [file.path for file in carried.files] == ["app/Procfile", "app/.env"]
    assert str(web.unit.span) == "app/Procfile:1:1"


def test_cd_moves_what_relative_paths_mean(tmp_path: Path) -> None:
    files = {"Procfile": "web: cd backend && ./run.sh\n", "backend/run.sh": "gunicorn a:b\n", "run.sh": "uwsgi\n"}
    write(tmp_path, files)
    carried = procfile_services(context_of(tmp_path), tmp_path / "Procfile")
    assert _commands(tmp_path, carried) == {"web": ["gunicorn a:b"]}
    (start,) = follow(carried.services[0], context_of(tmp_path)).starts
    assert start.service.files.beside == tmp_path / "backend"


def test_lines_of_a_procfile_that_are_none(tmp_path: Path) -> None:
    (path,) = write(tmp_path, {"Procfile": "web gunicorn\n"})
    carried = procfile_services(context_of(tmp_path), path)
    assert [str(problem.span) for problem in carried.problems] == ["Procfile:1:1"]


SCRIPTS = {
    "bin/serve": "#!/bin/bash\nsource $(dirname $0)/../env.sh\nexec gunicorn -b :$PORT a:b\n",
    "env.sh": "# for gunicorn\nPORT=9000\n",
    "run.sh": "./bin/serve &\nnginx -g 'daemon off;'\n",
    "install.sh": "pip install gunicorn\ngunicorn a:b\n",
    "check.sh": "# gunicorn is not run\ngrep gunicorn list\n",
    "other.sh": "uvicorn a:b\n",
}


def test_scripts_by_themselves(tmp_path: Path) -> None:
    paths = write(tmp_path, SCRIPTS)
    carried = lone_scripts(context_of(tmp_path), paths, {tmp_path / "other.sh"})
    assert _commands(tmp_path, carried) == {"run.sh": ["gunicorn -b :9000 a:b", "nginx -g daemon off;"]}
    (service,) = carried.services
    assert (service.unit.manager, service.unit.host) == (Manager.SCRIPT, "")
    assert not service.unit.stop_grace.known
    assert sorted(file.path for file in carried.files) == ["bin/serve", "env.sh", "run.sh"]
    signalled = [start.signalled for start in follow(service, context_of(tmp_path)).starts]
    assert [each.known for each in signalled] == [False, False]


def test_scripts_that_start_one_another(tmp_path: Path) -> None:
    paths = write(tmp_path, {"a.sh": "./b.sh\ngunicorn a:b\n", "b.sh": "./a.sh\ngunicorn a:b\n"})
    assert len(lone_scripts(context_of(tmp_path), paths, set()).services) == 1


@pytest.mark.parametrize(
    ("name", "text", "looks"),
    [
        ("run.sh", "exec gunicorn a:b", True),
        ("start", "#!/usr/bin/env bash\n/srv/venv/bin/uwsgi --ini x", True),
        ("start", "gunicorn a:b", False),
        ("run.sh", "# gunicorn", False),
        ("run.sh", "my-gunicorn-helper; gunicorn.pid", False),
        ("run.py", "gunicorn", False),
    ],
)
def test_what_looks_like_a_run_script(name: str, text: str, looks: bool) -> None:
    assert looks_like_script(name, text) is looks
