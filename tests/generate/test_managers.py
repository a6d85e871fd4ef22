"""Files of managers: read again, they start what the plan says, whatever stands in the spec."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from cfgcheck.generate.defaults import complete
from cfgcheck.generate.escapes import UnwritableError
from cfgcheck.generate.managers import render_managers
from cfgcheck.generate.managers_steps import next_steps
from cfgcheck.generate.output_header import Origin, stamped
from cfgcheck.generate.plan import plan
from cfgcheck.generate.plan_records import Plan
from cfgcheck.generate.spec import Spec
from cfgcheck.load.compose import read_compose
from cfgcheck.load.dockerfile import ImageReader
from cfgcheck.load.service import Carried, Service
from cfgcheck.load.supervisor import read_supervisor
from cfgcheck.load.systemd import read_systemd
from tests.generate.odd_texts import paths, texts
from tests.load.carrying import context_of, words, write
from tests.profiles import examples, oracle_examples

RUNTIMES = ("systemd", "compose", "supervisord", "plain")
KINDS = ("gunicorn", "uwsgi", "uvicorn")


def made(runtime: str, kind: str = "gunicorn", **service: Any) -> Plan:
    app = {"module": "shop.wsgi:application", "framework": "django", **service.pop("app", {})}
    written = {"domains": "shop.example.com", "app": app, "server": {"kind": kind}, **service}
    return plan(complete(Spec.model_validate({"runtime": runtime, "services": {"shop": written}})))


def read(files: Mapping[str, str], folder: Path) -> Carried:
    """The files as they are written, read as their manager reads them."""
    origin = Origin("cfgcheck.yaml", "0" * 12)
    write(folder, {path: stamped(text, origin) for path, text in files.items()})
    context = context_of(folder)
    if units := sorted(folder.glob("systemd/*")):
        return read_systemd(context, units)
    if programs := sorted(folder.glob("supervisor/*")):
        return read_supervisor(context, programs)
    return read_compose(context, [folder / "compose.yaml"], ImageReader(context))


def service_of(carried: Carried) -> Service:
    assert not carried.problems
    (found,) = (one for one in carried.services if one.unit.name in ("shop", "shop.service"))
    return found


# ── whatever stands in the spec ───────────────────────────────────────────────────────────────────────────────────────

variables = st.dictionaries(st.sampled_from(["SHOP", "DATABASE_URL", "A1"]), texts, max_size=3)


@pytest.mark.parametrize("runtime", ["systemd", "compose", "supervisord"])
@settings(max_examples=examples(25), deadline=None)
@given(directory=paths, environment=variables, kind=st.sampled_from(KINDS))
def test_what_is_read_again_is_what_was_planned(
    runtime: str, directory: str, environment: dict[str, str], kind: str
) -> None:
    try:
        planned = made(runtime, kind, app={"directory": directory}, environment=environment)
        files = render_managers(planned)
    except UnwritableError:
        assert runtime != "compose" or kind == "uwsgi"
        return
    with tempfile.TemporaryDirectory() as scratch:
        carried = read(files, Path(scratch))
        service = service_of(carried)
        if any(mark in text for text in (directory, *environment.values()) for mark in _LIKE_TEMPLATES):
            return
        (expected,) = planned.services
        assert words(service) == list(expected.command)
        assert {name: service.environment.values.get(name) for name in environment} == environment
        assert service.folder == directory


_LIKE_TEMPLATES = ("{{", "{%", "<%", "__X__", "@X@", "<user>")
"""What cfgcheck takes for something that is filled in later, wherever no escape breaks it up."""

STUB = """#!/usr/bin/env python3
import json, os, sys
print(json.dumps([sys.argv, os.getcwd(), dict(os.environ)]))
"""


@pytest.mark.oracle
@settings(max_examples=oracle_examples(), deadline=None)
@given(directory=paths, environment=variables)
def test_a_script_starts_what_was_planned(directory: str, environment: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        planned = made("plain", app={"directory": f"{scratch}{directory}"}, environment=environment)
        (expected,) = planned.services
        write(Path("/"), {expected.command[0].removeprefix("/"): STUB})
        Path(expected.command[0]).chmod(0o755)
        (script,) = write(Path(scratch), {"start.sh": render_managers(planned)["shop/start.sh"]})
        done = subprocess.run(["/bin/sh", script], capture_output=True, text=True, check=True)
        arguments, folder, variables_ = json.loads(done.stdout)
        assert arguments == list(expected.command)
        assert folder == os.path.realpath(expected.directory)
        assert {name: variables_.get(name) for name in environment} == environment


@settings(max_examples=examples(25), deadline=None)
@given(st.sampled_from(RUNTIMES), st.dictionaries(st.sampled_from(["Nice", "LimitNOFILE", "mem"]), texts, max_size=2))
def test_nothing_said_of_a_manager_adds_a_setting(runtime: str, manager: dict[str, str]) -> None:
    try:
        files = render_managers(made(runtime, manager=manager))
    except UnwritableError as error:
        assert error.place[:3] == ("services", "shop", "manager")
        return
    plain = render_managers(made(runtime))
    assert files.keys() == plain.keys()
    for path, text in files.items():
        if path.endswith((".service", ".conf")):
            assert _names(text) == _names(plain[path]) | (set(manager) if "tmpfiles" not in path else set())
        if path == "compose.yaml":
            ours, theirs = (YAML(typ="safe", pure=True).load(each)["services"]["shop"] for each in (text, plain[path]))
            assert ours == {**theirs, **manager}


def _names(text: str) -> set[str]:
    lines = (line.strip() for line in text.splitlines())
    return {line.partition("=")[0] for line in lines if "=" in line and not line.startswith("#")}


# ── what people would write ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("runtime", ["systemd", "compose", "supervisord"])
@pytest.mark.parametrize("listener", ["unix", "tcp"])
def test_the_unit_is_what_the_plan_says(tmp_path: Path, runtime: str, kind: str, listener: str) -> None:
    planned = made(runtime, kind, listener=listener, slowest_request="45s", environment={"A": "b"})
    service = service_of(read(render_managers(planned), tmp_path))
    (expected,) = planned.services
    assert words(service) == list(expected.command)
    assert service.unit.user.value == "shop"
    assert service.unit.stop_signal.value == expected.stop_signal.removeprefix("SIG")
    grace = service.unit.stop_grace.value
    assert grace == expected.stop.value
    assert isinstance(expected.grace.value, int)
    assert grace is not None
    assert grace > expected.grace.value


@pytest.mark.parametrize("kind", KINDS)
def test_systemd_opens_the_socket_of_gunicorn(tmp_path: Path, kind: str) -> None:
    files = render_managers(made("systemd", kind))
    service = service_of(read(files, tmp_path))
    unit = files["systemd/shop.service"]
    if kind != "gunicorn":
        assert "systemd/shop.socket" not in files
        assert "RuntimeDirectory=shop\n" in unit
        assert "Group=www-data\n" in unit
        assert [each.value for each in service.unit.runtime_directories] == ["/run/shop"]
        return
    (socket,) = service.handed
    assert socket.address.value.path == "/run/shop/shop.sock"
    assert "RuntimeDirectory" not in unit, "it would be taken away under the socket when the service stops"
    assert "Requires=shop.socket\n" in unit
    assert "SocketUser=shop\nSocketGroup=www-data\nSocketMode=0660\n" in files["systemd/shop.socket"]


def test_a_private_tmp_would_hide_a_socket_there() -> None:
    assert "PrivateTmp=true" in render_managers(made("systemd"))["systemd/shop.service"]
    unit = render_managers(made("systemd", listener="unix:/tmp/shop.sock"))["systemd/shop.service"]
    assert "PrivateTmp" not in unit


def test_services_that_share_a_folder_of_sockets_keep_it() -> None:
    services = {
        name: {
            "domains": f"{name}.example.com",
            "app": {"module": "shop.asgi:app", "interface": "asgi"},
            "server": "uvicorn",
            "listener": f"unix:/run/apps/{name}.sock",
        }
        for name in ("shop", "blog")
    }
    files = render_managers(plan(complete(Spec.model_validate({"services": services}))))
    assert "RuntimeDirectoryPreserve=yes\n" in files["systemd/blog.service"]
    assert "RuntimeDirectory=apps\n" in files["systemd/shop.service"]


@pytest.mark.parametrize(
    ("runtime", "key", "path", "gone", "there"),
    [
        ("systemd", "TimeoutStopSec", "systemd/shop.service", "TimeoutStopSec=35", "TimeoutStopSec=99"),
        ("compose", "restart", "compose.yaml", "restart: always", 'restart: "99"'),
        ("supervisord", "stopwaitsecs", "supervisor/shop.conf", "stopwaitsecs=35", "stopwaitsecs=99"),
    ],
)
def test_an_override_stands_in_place_of_what_is_derived(
    runtime: str, key: str, path: str, gone: str, there: str
) -> None:
    text = render_managers(made(runtime, manager={key: "99"}))[path]
    assert there in text
    assert gone not in text
    assert _count(text, key) == (2 if runtime == "compose" else 1)  # nginx has one of its own


def _count(text: str, key: str) -> int:
    return sum(line.strip().startswith((f"{key}=", f"{key}:")) for line in text.splitlines())


def test_plain_has_nothing_that_reads_settings_of_a_manager() -> None:
    with pytest.raises(UnwritableError) as caught:
        render_managers(made("plain", manager={"Nice": 5}))
    assert caught.value.place == ("services", "shop", "manager", "Nice")


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_no_service_takes_the_place_of_nginx(runtime: str) -> None:
    service = {"domains": "shop.example.com", "app": "shop.wsgi"}
    planned = plan(complete(Spec.model_validate({"runtime": runtime, "services": {"nginx": service}})))
    with pytest.raises(UnwritableError) as caught:
        render_managers(planned)
    assert caught.value.place == ("services", "nginx")


def test_compose_shares_what_both_containers_need(tmp_path: Path) -> None:
    planned = made(
        "compose",
        listener="unix",
        static={"/static/": "/srv/shop/static"},
        media={"/media/": "/srv/shop/media: old"},
        tls={"certificate": "/etc/ssl/shop.pem", "key": "/etc/ssl/shop.key"},
        health="/healthz",
    )
    files = render_managers(planned)
    parsed = YAML(typ="safe", pure=True).load(files["compose.yaml"])
    nginx, shop = parsed["services"]["nginx"], parsed["services"]["shop"]
    assert nginx["ports"] == ["80:80", "443:443"]
    assert "/srv/shop/static:/srv/shop/static:ro" in nginx["volumes"]
    assert "/srv/shop/static:/srv/shop/static" in shop["volumes"]
    odd = {"type": "bind", "source": "/srv/shop/media: old", "target": "/srv/shop/media: old"}
    assert {**odd, "read_only": True} in nginx["volumes"]
    assert odd in shop["volumes"]
    shared = {"type": "volume", "source": "shop-socket", "target": "/run/shop"}
    assert shared in nginx["volumes"]
    assert shared in shop["volumes"]
    assert parsed["volumes"] == {"shop-socket": {}}
    assert "expose" not in shop
    assert "ports" not in shop
    assert shop["healthcheck"]["test"] == ["CMD", "python", "healthcheck.py"]
    assert nginx["stop_grace_period"] == shop["stop_grace_period"] == "35s"
    assert nginx["depends_on"] == {"shop": {"condition": "service_healthy"}}


def test_a_container_starts_without_a_shell_as_somebody() -> None:
    lines = render_managers(made("compose", "gunicorn"))["shop/Dockerfile"].splitlines()
    assert "USER shop" in lines
    assert lines[-1].startswith('CMD ["gunicorn", ')
    assert lines.index("USER shop") < len(lines) - 1
    assert any(line.startswith("RUN pip install") and line.endswith(" gunicorn==27.0.1") for line in lines)


@pytest.mark.parametrize(
    ("server", "package"),
    [
        ({"kind": "uwsgi"}, "pyuwsgi==2.0.31"),
        ({"kind": "gunicorn", "worker_class": "gevent"}, "'gunicorn[gevent]==27.0.1'"),
        ({"kind": "uvicorn"}, "'uvicorn[standard]==0.54.*'"),
    ],
)
def test_an_image_has_its_app_server(server: dict[str, str], package: str) -> None:
    service = {"domains": "shop.example.com", "app": "shop.wsgi", "server": server}
    planned = plan(complete(Spec.model_validate({"runtime": "compose", "services": {"shop": service}})))
    assert f" {package}\n" in render_managers(planned)["shop/Dockerfile"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("listener", ["unix", "tcp"])
def test_a_health_check_is_a_program(kind: str, listener: str) -> None:
    text = render_managers(made("compose", kind, listener=listener, health="/healthz"))["shop/healthcheck.py"]
    compile(text, "healthcheck.py", "exec")
    assert ('"/healthz"' in text) == (kind != "uwsgi")


@pytest.mark.parametrize("runtime", ["supervisord", "plain"])
def test_the_folder_of_a_socket_is_made_at_each_start(runtime: str) -> None:
    assert "d /run/shop 0755 shop - -\n" in render_managers(made(runtime))["tmpfiles.d/shop.conf"]
    assert "tmpfiles.d/shop.conf" not in render_managers(made(runtime, listener="tcp"))


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_next_steps_name_what_was_written(runtime: str) -> None:
    steps = " ".join(next_steps(made(runtime)))
    assert {
        "systemd": "systemctl daemon-reload && systemctl enable --now shop.socket shop.service",
        "compose": "docker compose up",
        "supervisord": "supervisorctl update",
        "plain": "start shop/start.sh as shop",
    }[runtime] in steps


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_what_import_needs_stands_in_the_file_that_starts_the_service(runtime: str) -> None:
    files = render_managers(made(runtime))
    path = {
        "systemd": "systemd/shop.service",
        "compose": "shop/Dockerfile",
        "supervisord": "supervisor/shop.conf",
        "plain": "shop/start.sh",
    }[runtime]
    assert "# framework: django\n" in files[path]


# ── systemd itself ────────────────────────────────────────────────────────────────────────────────────────────────────


def _verified(folder: Path, planned: Plan) -> str:
    program = Path(planned.services[0].command[0])
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    files = {path: text for path, text in render_managers(planned).items() if path.startswith("systemd/")}
    units = write(folder, files)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, units)], capture_output=True, text=True, check=False
    )
    return f"{done.returncode}{done.stdout}{done.stderr}"


def _can_verify() -> bool:
    return shutil.which("systemd-analyze") is not None


@pytest.mark.oracle
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("listener", ["unix", "tcp"])
def test_systemd_accepts_the_units(tmp_path: Path, kind: str, listener: str) -> None:
    if not _can_verify():
        pytest.skip("this machine has no systemd-analyze")
    planned = made(
        "systemd", kind, listener=listener, app={"directory": str(tmp_path / "srv")}, environment={"A": "b c"}
    )
    assert _verified(tmp_path / "units", planned) == "0"


@pytest.mark.oracle
@settings(max_examples=oracle_examples() // 2, deadline=None)
@given(paths, variables)
def test_systemd_accepts_odd_texts(directory: str, environment: dict[str, str]) -> None:
    if not _can_verify():
        pytest.skip("this machine has no systemd-analyze")
    with tempfile.TemporaryDirectory() as scratch:
        planned = made("systemd", app={"directory": f"{scratch}{directory}"}, environment=environment)
        try:
            said = _verified(Path(scratch, "units"), planned)
        except UnwritableError:
            return
        assert said == "0"


def _no_compose() -> str:
    """Why `docker compose config` can't be asked here; "" when it can. It needs no daemon."""
    if shutil.which("docker") is None:
        return "this machine has no docker"
    asked = subprocess.run(["docker", "compose", "version"], capture_output=True, text=True, check=False)
    return "" if asked.returncode == 0 else "this machine's docker has no compose"


@pytest.mark.oracle
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("listener", ["unix", "tcp"])
def test_compose_accepts_the_file(tmp_path: Path, kind: str, listener: str) -> None:
    if _no_compose():
        pytest.skip(_no_compose())
    for path, text in render_managers(made("compose", kind, listener=listener, environment={"A": "b $c"})).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    words = ["docker", "compose", "--file", str(tmp_path / "compose.yaml"), "config", "--quiet"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
