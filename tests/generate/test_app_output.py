"""The app servers' files: they say what was planned and nothing else, and the app servers accept them."""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck import app
from cfgcheck.generate.defaults import version_of
from cfgcheck.generate.escapes import UnwritableError
from cfgcheck.generate.plan import ServicePlan, plan
from cfgcheck.generate.plan_gunicorn import python_text
from cfgcheck.generate.plan_uwsgi import uwsgi_text
from cfgcheck.generate.render import render
from cfgcheck.generate.spec import Spec
from cfgcheck.model.app import AppKind
from cfgcheck.settings.find import load_settings
from tests.generate.generated import tried
from tests.generate.odd_texts import paths, texts
from tests.generate.strategies import specs
from tests.live.servers import environment, versions_of
from tests.load.carrying import write
from tests.profiles import examples

# ── what is written ───────────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=examples(150))
@given(texts | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False))
def test_python_reads_back_what_was_meant(value: str | int | float | bool) -> None:
    written = python_text(value)
    assert ast.literal_eval(written) == value and "\n" not in written
    assert not re.search(r"\{[{%#]|<%", written)


@tried(12)
@given(specs())
def test_settings_files_hold_what_was_planned_and_nothing_else(spec: Spec) -> None:
    try:
        made = plan(spec)
        files = render(made)
    except UnwritableError:
        return
    for service in made.services:
        names = [one.name for one in service.settings]
        if service.service.server.kind == "gunicorn":
            assert assigned(files[service.config]) == names
        elif service.service.server.kind == "uwsgi":
            lines = files[service.config].splitlines()
            assert [line.partition(" = ")[0] for line in lines if line and line[0] not in "#["] == names


def assigned(text: str) -> list[str]:
    """The names of a Python file that is assignments, and at most one import."""
    names = []
    for one in ast.parse(text).body:
        if not isinstance(one, ast.Import):
            assert isinstance(one, ast.Assign)
            (target,) = one.targets
            assert isinstance(target, ast.Name)
            names.append(target.id)
    return names


@settings(max_examples=examples(40), deadline=None)
@given(paths)
def test_cfgcheck_reads_paths_in_a_uwsgi_file_as_they_were_meant(directory: str) -> None:
    written = {"domains": "shop.example.com", "app": {"module": "shop", "directory": directory}, "server": "uwsgi"}
    spec = Spec.model_validate({"services": {"shop": {**written, "listener": "127.0.0.1:8000"}}})
    try:
        text = render(plan(spec))["shop/uwsgi.ini"]
    except UnwritableError as error:
        assert error.place[-1] in ("directory", "virtualenv")
        return
    assert read_back(text) == directory


def read_back(text: str) -> object:
    with tempfile.TemporaryDirectory(prefix="cfgcheck-") as folder:
        write(Path(folder), {"uwsgi.ini": text})
        _, (stack,) = app.load(app.Input((Path(folder),)), load_settings(Path(folder)))
        (found,) = stack.apps
        assert found.kind is AppKind.UWSGI
        assert not [use for use in found.uses if use.problem]
        return found.settings["chdir"].value


@pytest.mark.parametrize(
    "text", ["", " /srv", "a%", "%(x)", "$(HOME)", "@(/etc/passwd)", "{{ x }}", "<% x %>", "a #b", "a ;b"]
)
def test_what_uwsgi_would_take_for_something_else_is_refused(text: str) -> None:
    with pytest.raises(UnwritableError):
        uwsgi_text(text)


# ── real servers ──────────────────────────────────────────────────────────────────────────────────────────────────────

APP = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]

app = make_app = application
"""
MODULES = ("shop/wsgi.py", "app.py", "main.py", "Größe/web.py")
VERSIONS = {"26.2": "26.2.0"}
"""What stands for a version that is named by its beginning."""


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    """A folder with the apps that the specs name."""
    write(tmp_path / "apps", dict.fromkeys(MODULES, APP))
    return tmp_path / "apps"


@pytest.mark.oracle
def test_gunicorn_accepts_it(apps: Path) -> None:
    seen: set[str] = set()

    @tried(25)
    @given(specs())
    def run(spec: Spec) -> None:
        try:
            made = plan(spec)
            files = render(made)
        except UnwritableError:
            return
        version = version_of(spec.versions, "gunicorn")
        version = VERSIONS.get(version, version)
        for service in made.services:
            if service.service.server.kind == "gunicorn" and version in versions_of("gunicorn"):
                accepted_by_gunicorn(files[service.config], apps, version, service)
                seen.add(service.service.server.worker_class or "")

    run()
    assert len(seen) >= 3


def accepted_by_gunicorn(text: str, apps: Path, version: str, service: ServicePlan) -> None:
    if service.service.server.worker_class == "eventlet":
        return  # not installed here, and gone from version 26 on
    config = apps / "gunicorn.conf.py"
    config.write_text(text)
    other = "" if version == versions_of("gunicorn")[0] else version
    command = [sys.executable, "-m", "gunicorn", "--check-config", "--config", str(config)]
    told = subprocess.run(command, cwd=apps, env=environment(apps, other), capture_output=True, text=True)
    assert told.returncode == 0, told.stderr


@pytest.mark.oracle
def test_uwsgi_starts_with_it(apps: Path) -> None:
    """In strict mode, with the app and the listener here."""
    seen = 0

    @tried(12)
    @given(specs())
    def run(spec: Spec) -> None:
        nonlocal seen
        try:
            made = plan(spec)
            files = render(made)
        except UnwritableError:
            return
        for service in made.services:
            if service.service.server.kind == "uwsgi":
                started_by_uwsgi(files[service.config], apps)
                seen += 1

    run()
    assert seen


_OF_ANOTHER_PLACE = re.compile(r"^virtualenv = .*\n", re.MULTILINE)
_STARTED = b'running "unix_signal:15'


def started_by_uwsgi(text: str, apps: Path) -> None:
    here = _OF_ANOTHER_PLACE.sub("", text)
    for name, value in (("chdir", apps), ("socket", apps / "shop.sock"), ("processes", 2), ("threads", 2)):
        here = re.sub(rf"^{name} = (?!.*cores).*$", f"{name} = {value}", here, flags=re.MULTILINE)
    here = here.replace(":make_app", ":application").replace(":app\n", ":application\n")
    (apps / "uwsgi.ini").write_text(here)
    program = f"import pyuwsgi; pyuwsgi.run(['--ini', {str(apps / 'uwsgi.ini')!r}])"
    log = apps / "log"
    with log.open("wb") as output:
        command = [sys.executable, "-c", program]
        process = subprocess.Popen(
            command, cwd=apps, env=environment(apps), stdout=output, stderr=output, start_new_session=True
        )
    try:
        while process.poll() is None and _STARTED not in log.read_bytes():
            time.sleep(0.02)
        printed = log.read_text()
        assert process.poll() is None and "WSGI app 0" in printed, printed
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(apps / "shop.sock", ignore_errors=True)
