"""What is said when no route leads to an app: what was found, what was looked for, which settings would tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.app import Input, load
from cfgcheck.report.absence import absence
from cfgcheck.settings import Settings
from tests.cli.running import run

SITE = "server {{\n  listen 80;\n  location / {{ proxy_pass http://{}; }}\n}}\n"
UNKNOWN_IMAGE = """\
services:
  nginx:
    image: nginx:1.30.1
    volumes: [./site.conf:/etc/nginx/conf.d/s.conf]
  app:
    image: example/app:3
"""


def told(tmp_path: Path, files: dict[str, str]) -> list[str]:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    _, stacks = load(Input((tmp_path,)), Settings())
    return absence(stacks[0])


@pytest.mark.parametrize(
    ("files", "parts"),
    [
        (
            {"gunicorn.conf.py": 'bind = "127.0.0.1:8000"\n'},
            ["gunicorn on 127.0.0.1:8000, and no nginx", "nginx -T | cfgcheck"],
        ),
        (
            {"site.conf": SITE.format("app:8000")},
            ["site.conf:3:27 passes to app:8000", "No app server was found; looked for Gunicorn"],
        ),
        ({"site.conf": "server {\n  listen 80;\n  root /srv;\n}\n"}, ["no location of it passes requests on"]),
        (
            {"site.conf": SITE.format("app.internal:8000"), "gunicorn.conf.py": 'bind = "0.0.0.0:9000"\n'},
            ["app.internal belongs to no known host", '[hosts.app] addresses = ["app.internal"], paths = ["."]'],
        ),
        (
            {"site.conf": SITE.format("app:8000"), "compose.yaml": UNKNOWN_IMAGE},
            ["the image example/app:3 runs is not known", '[[app]] name = "app", host = "app", command = "gunicorn'],
        ),
    ],
)  # fmt: skip
def test_what_is_said(tmp_path: Path, files: dict[str, str], parts: list[str]) -> None:
    said = " ".join(told(tmp_path, files))
    assert all(part in said for part in parts), said


@pytest.mark.parametrize("port", ["8000", "8001"])
def test_nothing_is_said_of_what_was_joined(tmp_path: Path, port: str) -> None:
    files = {"site.conf": SITE.format(f"127.0.0.1:{port}"), "gunicorn.conf.py": 'bind = "127.0.0.1:8000"\n'}
    assert told(tmp_path, files) == []


def test_the_settings_that_are_proposed_do_tell(tmp_path: Path) -> None:
    """The way out that is offered for a container of an unknown image leads there."""
    (tmp_path / "site.conf").write_text(SITE.format("app:8000"))
    (tmp_path / "compose.yaml").write_text(UNKNOWN_IMAGE)
    settings = '[[app]]\nname = "app"\nhost = "app"\ncommand = "gunicorn --bind 0.0.0.0:8000 shop.wsgi"\n'
    (tmp_path / "cfgcheck.toml").write_text(settings)
    shown = run("show", tmp_path).out
    assert "app:8000 linked to" in shown
    assert "gunicorn app on container app" in shown


def test_a_host_of_the_settings_that_nothing_is_called(tmp_path: Path) -> None:
    (tmp_path / "site.conf").write_text(SITE.format("app:8000"))
    (tmp_path / "cfgcheck.toml").write_text('[[app]]\nname = "app"\nhost = "web"\ncommand = "gunicorn shop.wsgi"\n')
    assert 'host = "web" names neither a [hosts.…] nor a service that was found' in run("check", tmp_path).out
