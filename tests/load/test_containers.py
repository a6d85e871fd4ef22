"""How containers come to their network, their command and their files, where that takes more than one look."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path

import pytest

from cfgcheck.app import Input, load
from cfgcheck.model.stack import Link, Stack
from cfgcheck.settings import Settings, load_settings

NGINX = "server {{ listen 80; location / {{ proxy_pass {}; }} }}\n"
PROXY = "services:\n  proxy:\n    image: nginx:1.30.1\n    volumes: [./n.conf:/etc/nginx/conf.d/default.conf]\n"


def stack(folder: Path, files: Mapping[str, str]) -> Stack:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with chdir(folder):
        _, (found,) = load(Input((folder,)), load_settings(folder))
    return found


def app(*lines: str, name: str = "app") -> str:
    return "".join(f"{indent}{line}\n" for indent, line in [("  ", f"{name}:"), *(("    ", each) for each in lines)])


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("service:app", Link.MATCHED),
        ("container:shown", Link.MATCHED),
        ("host", Link.EXTERNAL),
        # What listens in a container of another project is not known.
        ("container:elsewhere", Link.UNKNOWN),
    ],
)
def test_whose_loopback_it_is(tmp_path: Path, mode: str, expected: Link) -> None:
    proxy = PROXY + f"    network_mode: {mode}\n"
    server = app("image: a", "container_name: shown", "command: gunicorn -b 127.0.0.1:8000 a.b")
    files = {"compose.yaml": proxy + server, "n.conf": NGINX.format("http://127.0.0.1:8000")}
    assert [route.link for route in stack(tmp_path, files).routes] == [expected]


def test_a_file_that_others_extend_is_no_deployment(tmp_path: Path) -> None:
    files = {
        "compose.yaml": PROXY + app("extends: {file: common.yaml, service: python}"),
        "common.yaml": "services:\n" + app("image: a", "command: gunicorn -b 0.0.0.0:8000 a.b", name="python"),
        "n.conf": NGINX.format("http://app:8000"),
    }
    found = stack(tmp_path, files)
    assert [unit.name for unit in found.units] == ["proxy", "app"]
    assert [route.link for route in found.routes] == [Link.MATCHED]


def test_a_file_that_others_extend_may_be_run_as_well(tmp_path: Path) -> None:
    files = {
        "production.compose.yaml": "services:\n" + app("image: a", "command: gunicorn a.b", "ports: ['80:80']"),
        "staging.compose.yaml": "services:\n" + app("extends: {file: production.compose.yaml, service: app}"),
    }
    assert len(stack(tmp_path, files).apps) == 2


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], [False]),
        (["docker-compose.prod.yml"], [True, False]),
        (["docker-compose.production.yml"], [True, False]),
        (["docker-compose.test.yml"], [False, True]),
    ],
)
def test_who_keeps_a_file_for_production_runs_the_plain_one_elsewhere(
    tmp_path: Path, others: list[str], expected: list[bool]
) -> None:
    text = "services:\n" + app("image: a", "command: gunicorn --reload a.b")
    found = stack(tmp_path, dict.fromkeys(["docker-compose.yml", *others], text))
    assert [unit.development for unit in found.units] == expected


@pytest.mark.parametrize(
    ("target", "port", "expected"),
    [
        ("http://app:${PORT}", "$$PORT", Link.MATCHED),
        ("http://app:${PORT}", "8000", Link.UNKNOWN),
        ("http://app:${OTHER}", "$$PORT", Link.UNKNOWN),
        ("http://db:${PORT}", "$$PORT", Link.UNKNOWN),
    ],
)
def test_the_same_placeholder_on_both_sides(tmp_path: Path, target: str, port: str, expected: Link) -> None:
    proxy = PROXY.replace("n.conf:/etc/nginx/conf.d/default.conf", "templates:/etc/nginx/templates")
    command = f"command: [sh, -c, 'exec gunicorn --bind 0.0.0.0:{port} a.b']"
    files = {
        "compose.yaml": proxy + app("image: a", command, "environment: {PORT: '${PORT}'}"),
        "templates/default.conf.template": NGINX.format(target),
    }
    assert [route.link for route in stack(tmp_path, files).routes] == [expected]


@pytest.mark.parametrize(
    "line", ["set -euo pipefail", "set -e -o pipefail", "set -o pipefail", "set -eux", "set +o noglob", "set -e"]
)
def test_options_of_the_shell_are_no_arguments(tmp_path: Path, line: str) -> None:
    files = {
        "Dockerfile": 'FROM python\nCOPY run.sh /run.sh\nENTRYPOINT ["/run.sh"]\nCMD ["gunicorn", "-b:81", "a.b"]\n',
        "run.sh": f'#!/bin/bash\n{line}\nexec "$@"\n',
    }
    (found,) = stack(tmp_path, files).apps
    assert str(found.listeners[0].address.value) == "*:81"


@pytest.mark.parametrize(
    ("copied", "folder", "expected"),
    [
        ("gunicorn.conf.py ./", "/srv", "0.0.0.0:81"),
        ("deploy/ /srv/", "/srv", "0.0.0.0:82"),
        ("gunicorn.conf.py /etc/", "/srv", "127.0.0.1:8000"),
    ],
)
def test_the_config_file_that_gunicorn_takes_by_itself(tmp_path: Path, copied: str, folder: str, expected: str) -> None:
    files = {
        "Dockerfile": f'FROM python\nWORKDIR {folder}\nCOPY {copied}\nCMD ["gunicorn", "a.b"]\n',
        "gunicorn.conf.py": 'bind = "0.0.0.0:81"\n',
        "deploy/gunicorn.conf.py": 'bind = "0.0.0.0:82"\n',
    }
    found = next(each for each in stack(tmp_path, files).apps if each.unit is not None)
    assert str(found.listeners[0].address.value) == expected


ALIASES = """\
services:
  nginx:
    image: nginx:1.30.1
    volumes: [./nginx.conf:/etc/nginx/nginx.conf]
    networks: [{network}]
  app:
    image: example/app:1
    command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
    networks:
      front: {{}}
      back:
        aliases: [shop.internal]
networks:
  front:
  back:
"""


@pytest.mark.parametrize(("network", "link"), [("back", Link.MATCHED), ("front", Link.UNKNOWN)])
def test_an_alias_is_known_on_its_network_only(tmp_path: Path, network: str, link: Link) -> None:
    site = "server { listen 80; location / { proxy_pass http://shop.internal:8000; } }"
    (tmp_path / "nginx.conf").write_text(f"events {{}}\nhttp {{ {site} }}\n")
    (tmp_path / "compose.yaml").write_text(ALIASES.format(network=network))
    _, [stack] = load(Input((tmp_path,)), Settings())
    assert [route.link for route in stack.routes] == [link]
