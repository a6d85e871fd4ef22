"""uWSGI on command lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.load.disk import Disk
from cfgcheck.load.uwsgi import UwsgiStart, build_uwsgi
from cfgcheck.load.uwsgi_command import UwsgiCommand, find_uwsgi
from cfgcheck.model.app import App
from cfgcheck.model.located import Origin
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.environment import NOTHING_KNOWN
from cfgcheck.syntax.shell_words import in_file, split_commands

_FILES = {"uwsgi.ini": "[uwsgi]\nprocesses = 2\nsocket = :3031\n[prod]\nprocesses = 7\n"}


def find(text: str) -> UwsgiCommand | None:
    file = SourceFile("Procfile", text)
    for command in split_commands(text, in_file(file)):
        found = find_uwsgi(command, command.environment)
        if found is not None:
            return found
    return None


def start(text: str, find_file: object = None) -> App:
    found = find(text)
    assert found is not None
    disk = Disk(Path("/nowhere"))
    for name, content in _FILES.items():
        disk.overlay[disk.absolute(name)] = content
    app, _ = build_uwsgi(disk, UwsgiStart("web", folder="", command=found, find=find_file))  # type: ignore[arg-type]
    return app


@pytest.mark.parametrize(
    "text",
    [
        "uwsgi --http :8000",
        "/usr/local/bin/uwsgi --http :8000",
        "exec uwsgi --http :8000",
        "poetry run uwsgi --http :8000",
        "uv run --no-dev uwsgi --http :8000",
        "gosu www-data uwsgi --http :8000",
        "tini -- uwsgi --http :8000",
        "nice -n 5 env A=b uwsgi --http :8000",
        "newrelic-admin run-program uwsgi --http :8000",
        "A=b pyuwsgi --http :8000",
        "uwsgi_python3 --http :8000",
        "cd /srv && uwsgi --http :8000 2>&1 | tee log",
    ],
)
def test_commands_that_start_uwsgi(text: str) -> None:
    app = start(text)
    assert str(app.listeners[0].address.value) == "*:8000"
    assert app.listeners[0].address.origin is Origin.CLI
    assert app.span.text.endswith("--http :8000")


@pytest.mark.parametrize(
    "text",
    [
        "pip install uwsgi",
        "poetry add uwsgi",
        "pkill uwsgi",
        "echo uwsgi",
        "uwsgitop :9000",
        "which uwsgi",
        "cat uwsgi.ini",
        "apt-get install uwsgi",
    ],
)
def test_commands_that_do_not(text: str) -> None:
    assert find(text) is None


@pytest.mark.parametrize(
    ("arguments", "processes"),
    [
        ("-p 4", 4),
        ("-p4", 4),
        ("-Mp4", 4),
        ("--processes 4", 4),
        ("--processes=4", 4),
        ("--process 4", 4),  # 5.13x
        ("--workers 4 -p 5", 5),
        ("--ini uwsgi.ini --processes 5", 5),  # 7.12b
        ("--processes 5 --ini uwsgi.ini", 2),  # 7.12
        ("uwsgi.ini --processes 5", 2),  # 7.12e
        ("--processes 5 uwsgi.ini", 2),  # 7.12d
        ("--ini uwsgi.ini:prod", 7),  # 7.02e
        ("--set processes=6", 6),
        ("-S processes=6", 6),
        ("-- uwsgi.ini", 2),
    ],
)
def test_arguments(arguments: str, processes: int) -> None:
    found = start(f"uwsgi {arguments}").settings["processes"]
    assert found.value == processes
    assert found.span is not None and found.span.text.endswith(str(processes))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--master=false", "option '--master' doesn't allow an argument"),  # 7.12l
        ("--procesess 4", "unrecognized option '--procesess'"),
        ("--proc 4", "unrecognized option '--proc'"),  # procname, processes …: which one?
        ("-Y", "unrecognized option '-Y'"),
        ("--ini", "option '--ini' requires an argument"),
        ("uwsgi.conf", "unable to load configuration from uwsgi.conf"),  # 7.34
    ],
)
def test_arguments_that_are_refused(arguments: str, said: str) -> None:
    uses = start(f"uwsgi {arguments}").uses
    assert [use.problem for use in uses] == [f"uWSGI refuses to start: {said}"]
    assert uses[0].means == "refused"


def test_bare_chmod_socket_means_666_on_a_command_line_only() -> None:
    """1.05e."""
    assert start("uwsgi --chmod-socket -s a.sock").settings["chmod-socket"].value == "666"
    assert start("uwsgi -C660 -s a.sock").settings["chmod-socket"].value == "660"


def test_variables() -> None:
    app = start("UWSGI_HARAKIRI=30 LOG=x uwsgi --http :$PORT -p ${WORKERS:-3} --procname $LOG")
    address = app.listeners[0].address.value
    assert (address.port, address.port_text, address.templated) == (None, "${PORT}", True)
    assert (app.settings["processes"].value, app.settings["procname"].known) == (3, False)
    assert app.settings["harakiri"].value == 30


def test_arguments_nobody_knows() -> None:
    app = start("uwsgi --http :8000 $UWSGI_OPTS")
    assert "UWSGI_OPTS" in app.opaque and not app.settings["master"].known
    assert app.listeners[0].address.known


def test_file_of_a_container() -> None:
    inside = SourceFile("app/uwsgi.ini", "[uwsgi]\nprocesses = 9\n")
    app = start("uwsgi --ini /app/uwsgi.ini", lambda path: inside if path == "/app/uwsgi.ini" else None)
    assert app.settings["processes"].value == 9
    assert inside in app.files


def test_environment_names_the_file() -> None:
    """As the usual Docker image does it: ``UWSGI_INI``."""
    app = start("UWSGI_INI=uwsgi.ini uwsgi --master")
    assert (app.settings["processes"].value, app.settings["master"].value) == (2, True)


def test_empty_command() -> None:
    found = find_uwsgi(split_commands("uwsgi", in_file(SourceFile("x", "uwsgi")))[0], NOTHING_KNOWN)
    assert found is not None and not found.words and found.span.text == "uwsgi"
