"""What of a folder is looked at, and what each file is taken for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cfgcheck.load.discover import Exclusions, FileKind, discover, excluded
from cfgcheck.load.disk import Disk

SITE = "server {\n  listen 80;\n  location / { proxy_pass http://127.0.0.1:8000; }\n}\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def kinds(folder: Path, exclude: tuple[str, ...] = ()) -> dict[str, FileKind]:
    found = discover(Disk(folder), [folder], Exclusions(exclude))
    return {item.path.relative_to(folder).as_posix(): item.kind for item in found}


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("nginx.conf", "events {}\nhttp {}\n", FileKind.NGINX),
        ("deploy/shop.conf", SITE, FileKind.NGINX),
        ("nginx/sites-enabled/shop", SITE, FileKind.NGINX),
        ("nginx/default.conf.template", SITE, FileKind.NGINX),
        ("roles/web/templates/site.conf.j2", "{% if tls %}\n" + SITE + "{% endif %}\n", FileKind.NGINX),
        ("gunicorn.conf.py", "", FileKind.GUNICORN),
        ("config/gunicorn_settings.py", "bind = '0.0.0.0:8000'\n", FileKind.GUNICORN),
        ("gunicorn/prod.py", "workers: int = 3\n", FileKind.GUNICORN),
        ("uwsgi.ini", "[uwsgi]\nsocket = :3031\n", FileKind.UWSGI),
        ("apps/search.ini:socket", "[uwsgi]\nsocket = /run/a.sock\n", FileKind.UWSGI),
        ("conf/uwsgi.yaml", "uwsgi:\n  socket: :3031\n", FileKind.UWSGI),
        ("conf/uwsgi.conf", "[uwsgi]\nsocket = :3031\n", FileKind.UWSGI),
        ("Procfile", "web: gunicorn app:app\n", FileKind.PROCFILE),
    ],
)
def test_kind_is_told_by_name_and_text(tmp_path: Path, name: str, text: str, kind: FileKind) -> None:
    write(tmp_path, name, text)
    assert kinds(tmp_path) == {name: kind}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("docs/deploy.md", SITE),
        ("tox.ini", "[tox]\nenvlist = py\n"),
        ("app/gunicorn_helpers.py", "def start():\n    pass\n"),
        ("node_modules/x/nginx.conf", SITE),
        ("tests/data/nginx.conf", SITE),
        ("openssl.conf", "[req]\nlisten = 1\n"),
        ("haproxy.conf", "frontend a\n  bind :80\n"),
    ],
)
def test_what_is_no_configuration_is_passed_over(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path, name, text)
    assert kinds(tmp_path) == {}


def test_a_named_file_is_always_taken(tmp_path: Path) -> None:
    path = write(tmp_path, "tests/odd-name", SITE)
    [found] = discover(Disk(tmp_path), [path])
    assert (found.path, found.kind, found.named) == (path, FileKind.NGINX, True)


def test_a_named_folder_is_looked_into_though_it_holds_test_data(tmp_path: Path) -> None:
    write(tmp_path, "tests/stack/nginx.conf", SITE)
    assert kinds(tmp_path) == {}
    assert list(kinds(tmp_path / "tests" / "stack")) == ["nginx.conf"]


def test_what_git_ignores_is_left_out(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    write(tmp_path, ".gitignore", "build/\n")
    write(tmp_path, "build/nginx.conf", SITE)
    write(tmp_path, "deploy/new.conf", SITE)
    assert list(kinds(tmp_path)) == ["deploy/new.conf"]
    # The ignored folder itself, when somebody names it, is not passed over in silence.
    assert list(kinds(tmp_path / "build")) == ["nginx.conf"]


def test_links_in_circles_end(tmp_path: Path) -> None:
    write(tmp_path, "a/nginx.conf", SITE)
    (tmp_path / "a" / "again").symlink_to(tmp_path / "a", target_is_directory=True)
    assert list(kinds(tmp_path)) == ["a/nginx.conf"]


@pytest.mark.parametrize("pattern", ["old", "old/", "ops/old", "ops/old/*", "*.conf", "ops/*/site.conf", "./ops"])
def test_exclude_patterns(pattern: str) -> None:
    assert excluded("ops/old/site.conf", (pattern,))
    assert not excluded("web/new.inc", (pattern,))
