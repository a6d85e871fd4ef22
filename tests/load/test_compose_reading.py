"""Compose files as services. Values, words and ports were seen with Docker Compose 2.40.3 (``config``)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cfgcheck.load.compose import read_compose
from cfgcheck.load.context import Context
from cfgcheck.load.disk import Disk
from cfgcheck.load.dockerfile import ImageReader
from cfgcheck.load.service import Carried, Service
from cfgcheck.load.tree_index import TreeIndex
from tests.hanging import no_hang

NAME = "docker-compose.yml"


def read(folder: Path, **files: str) -> Carried:
    """``files``: by path; ``__`` stands for ``/``, ``main`` for the compose file."""
    for name, text in files.items():
        path = folder / (NAME if name == "main" else name.replace("__", "/") + ".yml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    disk = Disk(folder)
    context = Context(disk, TreeIndex(disk, [folder]))
    return read_compose(context, [folder / NAME], ImageReader(context))


def service(carried: Carried, name: str = "web") -> Service:
    (found,) = (each for each in carried.services if each.unit.name == name)
    return found


def one(folder: Path, lines: str) -> Service:
    return service(read(folder, main=f"services:\n  web:\n    image: x\n    {lines}\n"))


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1.10", "1.1"),
        ("0644", "420"),
        ("1e3", "1000"),
        ("1_000", "1000"),
        (".5", "0.5"),
        ("0x10", "16"),
        ("True", "true"),
        ("yes", "yes"),
        ("22:22", "22:22"),
        ("'1.10'", "1.10"),
        ("${NO:-1.10}", "1.10"),
        ("$$HOME", "$HOME"),
    ],
)
def test_a_variable_of_a_mapping(tmp_path: Path, written: str, value: str) -> None:
    assert one(tmp_path, f"environment:\n      A: {written}").environment.values["A"] == value


def test_a_variable_of_a_list_is_taken_as_written(tmp_path: Path) -> None:
    assert one(tmp_path, "environment: [A=1.10]").environment.values["A"] == "1.10"


def test_variables_are_replaced_before_a_command_is_split(tmp_path: Path) -> None:
    command = one(tmp_path, "command: ${CMD:-gunicorn -b :8000} --name $$X ${NO} app").command
    assert command is not None
    assert [word.value for word in command.words] == ["gunicorn", "-b", ":8000", "--name", "$X", None, "app"]
    assert [command.words[at].span.text for at in (0, 4, 5, 6)] == ["${CMD:-gunicorn -b :8000}", "$$X", "${NO}", "app"]


@pytest.mark.parametrize(
    ("command", "said", "place"),
    [
        ("migrate && gunicorn app", "everything from && on", "&&"),
        ("migrate; gunicorn app", "everything from ; on", ";"),
        ("gunicorn 'app", "never closed", "gunicorn 'app"),
    ],
)
def test_what_compose_does_not_run_is_told(tmp_path: Path, command: str, said: str, place: str) -> None:
    carried = read(tmp_path, main=f"services:\n  web:\n    image: x\n    command: {command}\n")
    (problem,) = carried.problems
    assert said in problem.message
    assert problem.span.text == place


@pytest.mark.parametrize("command", ["gunicorn app > log", "sh -c 'a && b'", "gunicorn app 2>&1"])
def test_what_compose_runs_is_no_problem(tmp_path: Path, command: str) -> None:
    assert read(tmp_path, main=f"services:\n  web:\n    image: x\n    command: {command}\n").problems == []


@pytest.mark.parametrize(
    ("written", "doors"),
    [
        ("22:22", [("", 22, 22)]),
        ("127.0.0.1:9000-9001:9000-9001", [("127.0.0.1", 9000, 9000), ("127.0.0.1", 9001, 9001)]),
        ("'[::1]:80:80'", [("::1", 80, 80)]),
        ("3000", [("", None, 3000)]),
        ("5000-5010:80", [("", None, 80)]),
        ("${NO}:80", [("", None, 80)]),
        ("${PORT:-8080}:80", [("", 8080, 80)]),
        ("443:443/udp", []),
    ],
)
def test_a_port(tmp_path: Path, written: str, doors: list[tuple[str, int | None, int]]) -> None:
    carried = read(tmp_path, main=f"services:\n  web:\n    image: x\n    ports:\n    - {written}\n")
    assert [(door.address, door.port, door.to_port) for door in carried.doorways] == doors


def test_included_files_belong_to_the_project(tmp_path: Path) -> None:
    carried = read(
        tmp_path,
        main="include: [a/b.yml]\nservices:\n  web: {image: x}\n",
        a__b="include:\n- path: [../c.yml]\nservices:\n  inner: {image: x, volumes: ['./conf:/conf']}\n",
        c="include: [a/b.yml]\nservices:\n  last: {image: x}\n",
    )
    assert {each.unit.name for each in carried.services} == {"web", "inner", "last"}
    assert service(carried, "inner").unit.mounts[-1].source == str(tmp_path / "a" / "conf")
    networks = [host.networks for host in carried.hosts]
    assert all(each == networks[0] for each in networks)
    assert carried.problems == []


def test_an_included_file_that_is_not_there(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, main="include: [no.yml]\nservices:\n  web: {image: x}\n").problems
    assert (problem.rule, problem.span.text) == ("missing-include", "no.yml")


MANY = range(1500)
BOMBS = {
    "environment": "x: &e\n" + "".join(f"  K{n}: v\n" for n in range(3000)) + "services:\n"
    + "".join(f"  s{n}: {{image: x, environment: *e}}\n" for n in MANY),
    "ports": f"x: &e [{','.join(f'{n}-{n + 60}:{n}-{n + 60}' for n in range(1000, 3000))}]\nservices:\n"
    + "".join(f"  s{n}: {{image: x, ports: *e}}\n" for n in range(900)),
    "volumes": f"x: &e [{','.join(f'v{n}:/v{n}' for n in range(3000))}]\nservices:\n"
    + "".join(f"  s{n}: {{image: x, volumes: *e}}\n" for n in range(900)),
    "network modes": "services:\n" + "".join(f"  s{n}: {{image: x, network_mode: 'service:s{n + 1}'}}\n" for n in MANY),
    "services": "services:\n" + "".join(f"  s{n}: {{image: x}}\n" for n in range(3000)),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_and_says_what_is_left_out(tmp_path: Path, name: str) -> None:
    with no_hang():
        carried = read(tmp_path, main=BOMBS[name])
    assert any("left out" in problem.message for problem in carried.problems)


@pytest.mark.parametrize(
    "lines",
    [
        "deploy: {replicas: ²}",
        f"deploy: {{replicas: {'9' * 5000}}}",
        f"ulimits: {{nofile: {'9' * 5000}}}",
        f"stop_grace_period: {'9' * 5000}s",
        f"ports: ['{'9' * 5000}:80']",
        "stop_signal: ²",
        'env_file: "\\0"',
        "build: [x]",
        "command: {a: b}",
        "networks: x",
        "volumes: {a: b}",
        "environment: [~, [x]]",
    ],
)
def test_values_that_are_none(tmp_path: Path, lines: str) -> None:
    assert one(tmp_path, lines).unit.name == "web"


PIECES = st.sampled_from(
    [
        "services:\n", "  a:\n", "  b:\n", "    image: x\n", "    command: ", "gunicorn ", "'", '"', "&& ", "${A:-",
        "}", "$$", "    ports: [", "80:80", "]", ", ", "    extends: ", "a\n", "b\n", "    environment:\n", "      K: ",
        "1\n", "*x\n", "&x ", "    <<: *x\n", "include: [docker-compose.yml]\n", "    network_mode: service:",
        "\t", "\n",
        "    volumes: ['./a:/b']\n", "    deploy: {replicas: ²}\n", "{{ x }}", "!reset ", "    build: {context: ..}\n",
        "é", "\udcff", "~\n",
    ]
)  # fmt: skip


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_text(tmp_path: Path, text: str) -> None:
    carried = read(tmp_path, main=text)
    assert all(0 <= problem.span.start <= problem.span.end for problem in carried.problems)
    assert len({host.name for host in carried.hosts}) == len(carried.hosts)
