"""Versions that files tell: image tags, lock files, requirements, commands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.load.context import Context
from cfgcheck.load.disk import Disk
from cfgcheck.load.tree_index import TreeIndex
from cfgcheck.load.versions import in_command, of_image, of_tree
from cfgcheck.load.versions_lock import in_pipfile_lock, in_toml_lock
from cfgcheck.load.versions_requirements import in_conda, in_pyproject, in_requirements, in_strings, included
from cfgcheck.model.located import Located, UnknownValue
from cfgcheck.model.nginx_defaults import ByVersion, Defaults
from cfgcheck.model.version import ReleaseLine, Version
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.shell_words import in_file, split_commands
from tests.hanging import no_hang


def told(tmp_path: Path, files: Mapping[str, str], folder: str = ".") -> dict[str, str]:
    """What is found for an app in ``folder``: versions, or why they are not known."""
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    disk = Disk(tmp_path)
    found = of_tree(Context(disk, TreeIndex(disk, [tmp_path])), disk.absolute(folder))
    assert all(value.span is None or value.span.text for value in found.values())
    return {server: str(value.value) if value.known else value.because for server, value in found.items()}


def places(tmp_path: Path, files: Mapping[str, str]) -> dict[str, str]:
    told(tmp_path, files)
    disk = Disk(tmp_path)
    found = of_tree(Context(disk, TreeIndex(disk, [tmp_path])), tmp_path)
    return {server: value.span.text for server, value in found.items() if value.span is not None}


# ── images ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("nginx:1.27.3", "1.27.3"),
        ("nginx:1.30-alpine", "1.30"),
        ("docker.io/library/nginx:1.25-alpine3.18-slim", "1.25"),
        ("nginxinc/nginx-unprivileged:1.27.3@sha256:0123", "1.27.3"),
        ("bitnami/nginx:1.25.4-debian-12-r3", "1.25.4"),
        ("openresty/openresty:1.25.3.1-2-alpine", "1.25.3"),
        ("public.ecr.aws/docker/library/nginx:1.29.7", "1.29.7"),
        ("nginx", None),
        ("nginx:stable", None),
        ("nginx:latest", None),
        ("nginx:mainline-alpine", None),
        ("nginx:1", None),
        ("nginx@sha256:0123", None),
        ("nginx:${NGINX_VERSION}", None),
        ("registry.example.com:5000/nginx:1.2.0", None),
        ("shop/nginx:1.2.0", None),
    ],
)
def test_image(image: str, version: str | None) -> None:
    found = of_image(Located.read(image, None))["nginx"]
    assert found.known is (version is not None)
    assert (str(found.value) if found.known else None) == version
    assert found.known or "nginx" in found.because or image in found.because


@pytest.mark.parametrize("image", ["postgres:16", "nginx/nginx-ingress:3.4", "jwilder/nginx-proxy:1.4", "", "a/b/c@"])
def test_other_images_tell_nothing(image: str) -> None:
    assert of_image(Located.read(image, None)) == {}


def test_an_unknown_image() -> None:
    found = of_image(Located.unknown("WHERE is not set", text="${WHERE}/nginx:1.27.3"))
    assert found["nginx"].because == "WHERE is not set"


def test_the_tag_is_the_place() -> None:
    file = SourceFile("compose.yaml", "image: nginx:1.27.3-alpine\n")
    found = of_image(Located.read("nginx:1.27.3-alpine", file.span(7, 26)))
    assert found["nginx"].span is not None
    assert found["nginx"].span.text == "1.27.3-alpine"


# ── a line of releases ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_line_of_releases_answers_what_all_its_releases_do() -> None:
    line = ReleaseLine(1, 29)
    assert line >= (1, 29) and line > (1, 28, 9) and line < (1, 30) and line >= (1,)
    assert Version(1, 28, 3) < line <= (1, 30)
    assert not line < Version(1, 29)
    assert str(line) == "1.29"


@pytest.mark.parametrize("other", [(1, 29, 7), Version(1, 29, 7), (1, 29, 1)])
def test_and_does_not_answer_else(other: tuple[int, ...]) -> None:
    line = ReleaseLine(1, 29)
    for sign in ("__lt__", "__ge__", "__le__", "__gt__"):
        with pytest.raises(UnknownValue, match=r"1\.29"):
            getattr(line, sign)(other)
    with pytest.raises(UnknownValue):
        sorted([Version(1, 29, 7), line])


@given(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 3)))
def test_a_line_agrees_with_each_of_its_releases(other: tuple[int, int, int]) -> None:
    for sign in ("__lt__", "__le__", "__gt__", "__ge__"):
        answers = {getattr(Version(1, 1, patch), sign)(other) for patch in range(6)}
        if len(answers) == 1:
            assert getattr(ReleaseLine(1, 1), sign)(other) in answers
        else:
            with pytest.raises(UnknownValue):
                getattr(ReleaseLine(1, 1), sign)(other)


def test_defaults_of_a_line() -> None:
    default = ByVersion("1.0", ((Version(1, 29, 7), "1.1"),))
    assert Defaults(Located.declared(ReleaseLine(1, 30))).by_version("proxy_http_version", default).value == "1.1"
    assert Defaults(Located.declared(ReleaseLine(1, 28))).by_version("proxy_http_version", default).value == "1.0"
    assert not Defaults(Located.declared(ReleaseLine(1, 29))).by_version("proxy_http_version", default).known


# ── requirements ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("gunicorn==23.0.0", "23.0.0"),
        ("gunicorn == 23.0", "23.0.0"),
        ("gunicorn===23.0.0", "23.0.0"),
        ("Gunicorn[gevent,setproctitle]==22.0.0  # the server", "22.0.0"),
        ("gunicorn==23.0.0 ; python_version >= '3.8'", "23.0.0"),
        ("gunicorn==23.0.0 --hash=sha256:0123", "23.0.0"),
        ("gunicorn==23.0.0 \\\n    --hash=sha256:0123", "23.0.0"),
        ("gunicorn==23.0.0\r", "23.0.0"),
        ("gunicorn==23.*", "requirements.txt allows gunicorn ==23.*: which release is installed is not known"),
        ("gunicorn>=20,<24", "requirements.txt allows gunicorn >=20,<24: which release is installed is not known"),
        ("gunicorn~=23.0", "requirements.txt allows gunicorn ~=23.0: which release is installed is not known"),
        ("gunicorn", "requirements.txt names gunicorn without a version: which release is installed is not known"),
    ],
)
def test_requirement(line: str, expected: str, tmp_path: Path) -> None:
    assert told(tmp_path, {"requirements.txt": f"flask==3.0\n{line}\n"}) == {"gunicorn": expected}


@pytest.mark.parametrize(
    "line",
    [
        "# gunicorn==23.0.0",
        "gunicorn-color==1.0",
        "uvicorn-worker==0.2.0",
        "django-environ==0.11",
        "my-gunicorn==1.0",
        "gunicorn==23.0.0 ; sys_platform == 'win32'",
    ],
)
def test_no_requirement(line: str, tmp_path: Path) -> None:
    assert told(tmp_path, {"requirements.txt": f"{line}\n"}) == {}


def test_several_servers_and_their_places(tmp_path: Path) -> None:
    text = (
        "Django==4.2.1\nuvicorn[standard]==0.34.0 # fast\npyuwsgi==2.0.28.post1\nwaitress==3.0.2; python_version>'3'\n"
    )
    assert told(tmp_path, {"requirements.txt": text}) == {
        "django": "4.2.1",
        "uvicorn": "0.34.0",
        "uwsgi": "2.0.28",
        "waitress": "3.0.2",
    }
    assert places(tmp_path, {})["uvicorn"] == "uvicorn[standard]==0.34.0"


def test_production_goes_before_development(tmp_path: Path) -> None:
    files = {
        "requirements/base.txt": "gunicorn==23.0.0\n",
        "requirements/dev.txt": "-r base.txt\ngunicorn==19.9.0\nuvicorn==0.30.0\n",
        "requirements/production.txt": "-r base.txt\nhypercorn==0.17.3\n",
    }
    assert told(tmp_path, files) == {"gunicorn": "23.0.0", "hypercorn": "0.17.3", "uvicorn": "0.30.0"}


def test_includes_that_lead_back_end(tmp_path: Path) -> None:
    files = {"requirements.txt": "-r requirements.txt\n-c constraints.txt\n-r ../../etc/passwd\ngunicorn\n"}
    files["constraints.txt"] = "-r requirements.txt\ngunicorn==22.0.0\n"
    assert told(tmp_path, files) == {"gunicorn": "22.0.0"}


def test_pins_that_disagree_tell_nothing(tmp_path: Path) -> None:
    found = told(tmp_path, {"requirements-a.txt": "gunicorn==20.1\n", "requirements-b.txt": "gunicorn==23.0\n"})
    assert found == {"gunicorn": "gunicorn is pinned to 20.1.0 (requirements-a.txt) and 23.0.0 (requirements-b.txt)"}


def test_the_nearest_folder_counts(tmp_path: Path) -> None:
    files = {"requirements.txt": "gunicorn==20.1.0\ndaphne==4.1.0\n", "api/requirements.txt": "gunicorn==23.0.0\n"}
    assert told(tmp_path, files, "api/src") == {"gunicorn": "23.0.0", "daphne": "4.1.0"}
    assert told(tmp_path, files, "web") == {"gunicorn": "20.1.0", "daphne": "4.1.0"}
    assert told(tmp_path, files, "..") == {}


PYPROJECT = """
[project]
name = "shop"
dependencies = [
  "gunicorn>=20,<24",
  # "daphne==1.0",
  "uvicorn[standard]==0.34.1; python_version>'3.8'",
]

[tool.poetry.dependencies]
hypercorn = "0.17.3"
granian = {version = "2.8.1", extras = ["all"]}
waitress = "^3.0"

[tool.cfgcheck]
daphne = "4.1"
"""


def test_pyproject(tmp_path: Path) -> None:
    found = told(tmp_path, {"pyproject.toml": PYPROJECT})
    assert found.pop("gunicorn").startswith("pyproject.toml allows gunicorn >=20,<24")
    assert found.pop("waitress").startswith("pyproject.toml allows waitress ^3.0")
    assert found == {"uvicorn": "0.34.1", "hypercorn": "0.17.3", "granian": "2.8.1"}


def test_other_manifests(tmp_path: Path) -> None:
    assert (
        told(tmp_path / "a", {"Pipfile": '[packages]\ngunicorn = "==23.0.0"\nuvicorn = "*"\n'})["gunicorn"] == "23.0.0"
    )
    assert told(tmp_path / "b", {"setup.cfg": "[options]\ninstall_requires =\n    gunicorn==23.0.0\n"}) == {
        "gunicorn": "23.0.0"
    }
    assert told(tmp_path / "c", {"setup.py": "setup(install_requires=['gunicorn==23.0.0'])\n"}) == {
        "gunicorn": "23.0.0"
    }
    conda = "dependencies:\n  - gunicorn=23.0.0=py_0\n  - conda-forge::uvicorn=0.30\n  - pip:\n      - daphne==4.1\n"
    found = told(tmp_path / "d", {"environment.yml": conda})
    assert (found["gunicorn"], found["daphne"]) == ("23.0.0", "4.1.0")
    assert "allows uvicorn =0.30" in found["uvicorn"]


# ── lock files ────────────────────────────────────────────────────────────────────────────────────────────────────

LOCK = """
version = 1

[[package]]
name = "gunicorn"
version = "23.0.0"
dependencies = [
    { name = "uvicorn" },
]

[[package]]
category = "main"
name = "uvicorn"
optional = false
version = "0.34.3"

[[package]]
version = "0.17.3"
name = "hypercorn"

[[package]]
name = "gunicorn-color"
version = "1.0"
"""
PIPFILE_LOCK = """
{"default": {"gunicorn": {"hashes": ["sha256:0"], "markers": "python_version >= '3.7'", "version": "==23.0.0"}},
 "develop": {"gunicorn": {"version": "==19.0.0"}, "uvicorn": {"version": "==0.30.1"}}}
"""


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "pdm.lock"])
def test_lock(name: str, tmp_path: Path) -> None:
    files = {name: LOCK, "requirements.txt": "gunicorn==20.0\n", "pyproject.toml": PYPROJECT}
    found = told(tmp_path, files)
    assert (found["gunicorn"], found["uvicorn"], found["hypercorn"]) == ("23.0.0", "0.34.3", "0.17.3")
    assert places(tmp_path, {})["gunicorn"] == 'version = "23.0.0"'


def test_pipfile_lock(tmp_path: Path) -> None:
    assert told(tmp_path, {"Pipfile.lock": PIPFILE_LOCK}) == {"gunicorn": "23.0.0", "uvicorn": "0.30.1"}


def test_a_lock_above_settles_a_range(tmp_path: Path) -> None:
    files = {"uv.lock": LOCK, "api/pyproject.toml": PYPROJECT, "web/requirements.txt": "gunicorn==21.2.0\n"}
    assert told(tmp_path, files, "api")["gunicorn"] == "23.0.0"
    assert told(tmp_path, files, "web")["gunicorn"] == "21.2.0"


def test_a_lock_with_two_versions_tells_nothing(tmp_path: Path) -> None:
    two = LOCK + '\n[[package]]\nname = "gunicorn"\nversion = "22.0.0"\n'
    assert told(tmp_path, {"uv.lock": two})["gunicorn"] == "gunicorn is pinned to 22.0.0 (uv.lock) and 23.0.0 (uv.lock)"


# ── commands ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pip install gunicorn==23.0 'uvicorn[standard]==0.30.1'", {"gunicorn": "23.0.0", "uvicorn": "0.30.1"}),
        ("python3 -m pip install --no-cache-dir gunicorn==23.0.0", {"gunicorn": "23.0.0"}),
        ("pip3.12 install -U gunicorn", {"gunicorn": None}),
        ("pip install gunicorn==$VERSION", {"gunicorn": None}),
        ("pip install 'gunicorn>=20' gunicorn-color==1.0", {"gunicorn": None}),
        ("uv tool install granian==2.8.1", {"granian": "2.8.1"}),
        ("poetry add gunicorn@23.0.0", {"gunicorn": "23.0.0"}),
        ("conda install -y gunicorn=23.0.0 uvicorn=0.30", {"gunicorn": "23.0.0", "uvicorn": None}),
        ("apk add --no-cache nginx=1.26.2-r0", {"nginx": "1.26.2"}),
        ("apt-get install -y nginx=1.26.2-1~bookworm", {"nginx": "1.26.2"}),
        ("apt-get install -y nginx", {"nginx": None}),
        ("pip install -r requirements.txt", {}),
        ("gunicorn==23.0", {}),
        ("echo gunicorn==23.0", {}),
        ("pip uninstall gunicorn", {}),
    ],
)
def test_command(command: str, expected: dict[str, str | None]) -> None:
    (parsed,) = split_commands(command, in_file(SourceFile("Dockerfile", command)))
    found = in_command(parsed.words)
    assert {server: str(value.value) if value.known else None for server, value in found.items()} == expected
    assert all(value.known or value.because for value in found.values())


# ── any text at all ───────────────────────────────────────────────────────────────────────────────────────────────

READERS = (in_requirements, in_pyproject, in_strings, in_conda, in_toml_lock, in_pipfile_lock, included)
PIECES = (
    "gunicorn",
    "==",
    "1.0",
    "\n",
    " ",
    "[",
    "]",
    '"',
    "'",
    "{",
    "}",
    "name = ",
    "version = ",
    "[[package]]",
    ";",
    "\\",
)


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_read(pieces: list[str]) -> None:
    file = SourceFile("requirements.txt", "".join(pieces))
    for read in READERS:
        for found in read(file):
            if not isinstance(found, str):
                assert 0 <= found.span.start < found.span.end <= len(file.text)
    assert of_image(Located.read(file.text, None)) is not None


@pytest.mark.parametrize(
    "piece",
    [
        "gunicorn",
        "gunicorn ",
        "gunicorn==",
        '"gunicorn": {',
        '"gunicorn;',
        'name = "gunicorn"\n',
        "[",
        "a:",
        "-r ",
        " ",
        "\n",
        "version ",
    ],
)
def test_a_long_text_takes_no_time(piece: str) -> None:
    file = SourceFile("uv.lock", piece * (1_000_000 // len(piece)))
    with no_hang():
        for read in READERS:
            for _ in read(file):
                pass
        of_image(Located.read(file.text + "/nginx", None))


def test_files_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("gunicorn==23.0".encode("utf-16"))
    (tmp_path / "uv.lock").mkdir()
    disk = Disk(tmp_path)
    assert of_tree(Context(disk, TreeIndex(disk, [tmp_path])), tmp_path) == {}
    assert disk.problems == []
