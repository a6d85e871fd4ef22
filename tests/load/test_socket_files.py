"""The files of unix sockets: their mode and owner, from the server's settings and from what starts it."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path
from textwrap import dedent

import pytest

from cfgcheck.app import Input, load
from cfgcheck.model.app import SocketFile
from cfgcheck.model.located import Located
from cfgcheck.settings import load_settings

UWSGI = "[uwsgi]\nsocket = /run/shop.sock\nmodule = shop.wsgi\n"
GUNICORN = 'bind = "unix:/run/shop.sock"\n'


def file_of(folder: Path, **files: str) -> SocketFile | None:
    """The socket file of the only listener of the only app. ``files``: text by name, ``__`` for the dot."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(dedent(text), encoding="utf-8")
    with chdir(folder):
        _, stacks = load(Input((folder,)), load_settings(folder))
    ((listener,),) = (app.listeners for stack in stacks for app in stack.apps)
    return listener.file


def told(file: SocketFile | None) -> str:
    assert file is not None
    mode = f"{file.mode.value:04o}" if file.mode.known else "?"
    return f"{mode} {_shown(file.user)}:{_shown(file.group)}"


def _shown(value: Located[str]) -> str:
    return value.value if value.known else "?"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", "0755 ?:?"),
        ("chmod-socket = 660", "0660 ?:?"),
        ("umask = 007", "0770 ?:?"),
        ("umask = 007\nchmod-socket = 666", "0666 ?:?"),
        ("umask = rwx", "? ?:?"),
        ("chmod-socket = 0666", "? ?:?"),
        ("chmod-socket = $(MODE)", "? ?:?"),
        ("uid = shop\ngid = www-data", "0755 shop:www-data"),
        ("uid = shop\ngid = shop\nchown-socket = nginx", "0755 nginx:shop"),
        ("uid = shop\nchown-socket = shop:www-data\nchmod-socket = 660", "0660 shop:www-data"),
        ("uid = shop\ngid = shop\ndrop-after-init = true", "0755 ?:?"),
    ],
)
def test_uwsgi(settings: str, expected: str, tmp_path: Path) -> None:
    assert told(file_of(tmp_path, uwsgi__ini=UWSGI + settings)) == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", "0777 ?:?"),
        ("umask = 0o007", "0770 ?:?"),
        ('user = "shop"\ngroup = "www-data"', "0777 shop:www-data"),
        ("user = 1000", "0777 1000:?"),
        ("umask = mask()", "? ?:?"),
        ("user = who()", "0777 ?:?"),
    ],
)
def test_gunicorn(settings: str, expected: str, tmp_path: Path) -> None:
    assert told(file_of(tmp_path, gunicorn__conf__py=GUNICORN + settings)) == expected


UNIT = "[Service]\nUser=shop\nGroup=shop\nUMask=0077\nExecStart="


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("/usr/bin/gunicorn --bind unix:/run/shop.sock shop.wsgi", "0777 shop:shop"),
        ("/usr/bin/gunicorn --bind unix:/run/shop.sock --umask 7 --group www-data shop.wsgi", "0770 shop:www-data"),
        ("/usr/bin/uwsgi --socket /run/shop.sock --module shop.wsgi", "0700 shop:shop"),
        ("/usr/bin/uwsgi --socket /run/shop.sock --module shop.wsgi --umask 022", "0755 shop:shop"),
        ("/usr/bin/uwsgi --socket /run/shop.sock --module shop.wsgi --chmod-socket", "0666 shop:shop"),
    ],
)
def test_the_unit_tells_what_the_settings_leave_open(command: str, expected: str, tmp_path: Path) -> None:
    assert told(file_of(tmp_path, shop__service=UNIT + command + "\n")) == expected


@pytest.mark.parametrize("socket", ["127.0.0.1:3031", "@shop"])
def test_what_is_no_file(socket: str, tmp_path: Path) -> None:
    assert file_of(tmp_path, uwsgi__ini=f"[uwsgi]\nsocket = {socket}\nmodule = shop.wsgi\n") is None


def test_a_socket_that_is_handed_over_has_its_managers_file(tmp_path: Path) -> None:
    file = file_of(
        tmp_path,
        shop__socket="[Socket]\nListenStream=/run/shop.sock\nSocketUser=www-data\nSocketMode=0600\n",
        shop__service="[Service]\nUser=shop\nExecStart=/usr/bin/gunicorn --umask 7 shop.wsgi\n",
    )
    assert told(file).startswith("0600 www-data:")
