"""Whatever carries an app: a setting that was given a value has that value when the files are read again, and no
other setting has another one."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from cfgcheck.fix.app_text import is_plain
from cfgcheck.fix.editing import CannotFix
from cfgcheck.model.app import App
from tests.fix.app_settings import CARRIERS, Files, app_of, told
from tests.profiles import examples

_TEXTS = st.text("ab'\"\\$%#:;*{}[] &|<>()!~,=@`é-/.", min_size=1, max_size=8).map(str.strip).filter(bool)
_NUMBERS = st.integers(1, 99999)
_ADDRESSES = st.sampled_from(["0.0.0.0:9000", "[::]:9000", "unix:/run/shop/web.sock"])

GUNICORN = [
    ("keepalive", _NUMBERS),
    ("workers", _NUMBERS),
    ("timeout", _NUMBERS),
    ("bind", _ADDRESSES),
    ("forwarded_allow_ips", st.sampled_from(["*", "10.0.0.4", "127.0.0.1,10.0.0.4"])),
    ("proc_name", _TEXTS),
    ("preload_app", st.just(True)),
    ("timeout", st.none()),
    ("preload_app", st.none()),
]
UWSGI = [
    ("listen", _NUMBERS),
    ("buffer-size", st.integers(1024, 65535)),
    ("harakiri", _NUMBERS),
    ("http-socket", st.sampled_from([":9000", "[::]:9000"])),
    ("procname-prefix", _TEXTS),
    ("need-app", st.just(True)),
    ("harakiri", st.none()),
]
_GUNICORN_OPTIONS = st.lists(
    st.sampled_from(
        [
            ("-w", "3"), ("-w3",), ("--workers=3",), ("--timeout", "20"), ("--timeout=20",), ("--preload",),
            ("-b", "127.0.0.1:8000"), ("--bind=127.0.0.1:8000",), ("--keep-alive", "3"), ("-n", "shop"),
        ]
    ),
    max_size=4,
    unique_by=lambda words: words[0][:3].replace("--w", "-w").replace("--b", "-b"),
)  # fmt: skip
_UWSGI_OPTIONS = st.lists(
    st.sampled_from(
        [
            ("--listen", "100"), ("--listen=100",), ("--harakiri", "20"), ("--http-socket", ":8000"), ("--need-app",),
            ("-p", "4"), ("-p4",), ("--buffer-size=4096",), ("--master",), ("--procname-prefix", "shop"),
        ]
    ),
    max_size=4,
    unique_by=lambda words: words[0].partition("=")[0].rstrip("4"),
)  # fmt: skip


def _words(draw: st.DrawFn, kind: str) -> list[str]:
    options = [word for words in draw(_GUNICORN_OPTIONS if kind == "gunicorn" else _UWSGI_OPTIONS) for word in words]
    if kind == "uwsgi":
        return ["uwsgi", *options, "--module", "shop"]
    return ["gunicorn", "shop.wsgi", *options] if draw(st.booleans()) else ["gunicorn", *options, "shop.wsgi"]


@st.composite
def _cases(draw: st.DrawFn, kind: str) -> tuple[str, Files, str, Any]:
    carrier = draw(st.sampled_from(sorted(CARRIERS)))
    name, values = draw(st.sampled_from(GUNICORN if kind == "gunicorn" else UWSGI))
    return carrier, CARRIERS[carrier](_words(draw, kind)), name, draw(values)


@pytest.mark.parametrize("kind", ["gunicorn", "uwsgi"])
def test_command_says_what_was_wanted(kind: str) -> None:
    @profile(max_examples=examples(60), deadline=None)
    @given(_cases(kind))
    def holds(case: tuple[str, Files, str, Any]) -> None:
        carrier, files, name, value = case
        _assert_told(files, name, value, refusable=value is None and "shell" in carrier)

    holds()


_CONFIGS = st.sampled_from(
    [
        {"gunicorn.conf.py": "bind = '127.0.0.1:8000'\nworkers = 3\n\n\ndef post_fork(server, worker):\n    pass\n"},
        {"gunicorn.conf.py": 'import os\n\nbind=["127.0.0.1:8000"]\ntimeout=int(os.environ.get("T", 20))  # s'},
        {"gunicorn.conf.py": 'workers: int = 2 * 2\r\ntimeout = (\r\n    30\r\n)\r\nproc_name = "a"; spew = 0\r\n'},
        {
            "Procfile": "web: gunicorn -c conf/gunicorn.py -w 2 shop.wsgi\n",
            "conf/gunicorn.py": "keepalive = 3\nforwarded_allow_ips = '10.0.0.1'\n",
        },
    ]
)
_UWSGI_CONFIGS = st.sampled_from(
    [
        {"uwsgi.ini": "[uwsgi]\nmodule = shop.wsgi\nlisten = 100\nharakiri=20\nhttp-socket = :8000\n\n[b]\nx = 1\n"},
        {"uwsgi.ini": "[uwsgi]\r\nmodule=shop.wsgi\r\nneed-app\r\nif-env = X\r\nthreads = 2\r\nendif =\r\n"},
        {"Procfile": "web: uwsgi --yaml u.yaml\n", "u.yaml": "uwsgi:\n  module: shop.wsgi\n  harakiri: 20\n"},
        {
            "Procfile": "web: uwsgi --json u.json\n",
            "u.json": '{\n  "uwsgi": {\n    "module": "shop.wsgi",\n    "listen": 100,\n    "http": ":80"\n  }\n}\n',
        },
        {
            "Procfile": "web: uwsgi --xml u.xml --listen 64\n",
            "u.xml": "<uwsgi>\n  <module>shop.wsgi</module>\n  <harakiri>20</harakiri>\n</uwsgi>\n",
        },
    ]
)


@profile(max_examples=examples(50), deadline=None)
@given(_CONFIGS, st.sampled_from(GUNICORN).flatmap(lambda each: st.tuples(st.just(each[0]), each[1])))
def test_config_file_of_gunicorn_says_what_was_wanted(files: Files, wanted: tuple[str, Any]) -> None:
    _assert_told(files, *wanted)


@profile(max_examples=examples(50), deadline=None)
@given(_UWSGI_CONFIGS, st.sampled_from(UWSGI).flatmap(lambda each: st.tuples(st.just(each[0]), each[1])))
def test_config_file_of_uwsgi_says_what_was_wanted(files: Files, wanted: tuple[str, Any]) -> None:
    _assert_told(files, *wanted, refusable=not is_plain(str(wanted[1])) or wanted[1] == "[::]:9000")


def _assert_told(files: Files, name: str, value: Any, refusable: bool = False) -> None:
    """``refusable``: the editor may say no; else only to a text that has signs with a meaning of their own."""
    with TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        before = app_of(root, files)
        try:
            after = app_of(root, told(root, files, name, value))
        except CannotFix:
            assert refusable or (isinstance(value, str) and name in ("proc_name", "procname-prefix"))
            return
        assert _said(after, name) == _meant(before, name, value)
        assert _others(after, name) == _others(before, name)


def _said(app: App, name: str) -> Any:
    found = app.settings[name]
    return list(found.value) if isinstance(found.value, tuple) else found.value


def _meant(before: App, name: str, value: Any) -> Any:
    if value is None:
        return {"timeout": 30, "preload_app": False, "harakiri": 0}[name]
    listed = name in ("bind", "http-socket", "forwarded_allow_ips")
    return str(value).split(",") if listed else value


def _others(app: App, name: str) -> dict[str, Any]:
    skipped = {name, "chdir"}
    return {each: repr(app.settings[each].get("?")) for each in app.settings if each not in skipped}
