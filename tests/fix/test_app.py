"""One setting, many carriers: which characters change, and what is left to people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cfgcheck.fix.app import edits_of_app_removal
from cfgcheck.fix.editing import CannotFix
from cfgcheck.source.file import SourceFile, Span
from tests.fix.app_settings import Files, app_of, changed, told


def compose(command: str, environment: str = "") -> Files:
    return {"compose.yaml": f"services:\n  web:\n    image: shop\n{environment}    command: {command}\n"}


COMMANDS = [
    ("gunicorn -w3 shop.wsgi", "workers", 9, "gunicorn -w9 shop.wsgi"),
    ("gunicorn --workers=3 shop.wsgi", "workers", 9, "gunicorn --workers=9 shop.wsgi"),
    ("gunicorn -w ${N:-3} shop.wsgi", "workers", 9, "gunicorn -w ${N:-9} shop.wsgi"),
    ("gunicorn shop.wsgi", "keepalive", 75, "gunicorn --keep-alive 75 shop.wsgi"),
    ("gunicorn shop.wsgi -w 3", "keepalive", 75, "gunicorn shop.wsgi -w 3 --keep-alive 75"),
    ("gunicorn -w=3 shop.wsgi", "keepalive", 75, "gunicorn -w=3 --keep-alive=75 shop.wsgi"),
    ('gunicorn -b "0.0.0.0:80" shop.wsgi', "bind", "[::]:80", 'gunicorn -b "[::]:80" shop.wsgi'),
    ("gunicorn shop.wsgi", "forwarded_allow_ips", "*", "gunicorn --forwarded-allow-ips '*' shop.wsgi"),
    ("gunicorn --reload shop.wsgi", "reload", None, "gunicorn shop.wsgi"),
    ("gunicorn --timeout 5 -w 3 shop.wsgi", "timeout", None, "gunicorn -w 3 shop.wsgi"),
    ("python -m gunicorn shop.wsgi", "preload_app", True, "python -m gunicorn --preload shop.wsgi"),
    ("gunicorn -b :80 -b :81 shop.wsgi", "bind", [":90", ":91"], "gunicorn -b :90 -b :91 shop.wsgi"),
    ("gunicorn shop.wsgi", "umask", 7, "gunicorn --umask 007 shop.wsgi"),
    ('["gunicorn", "shop.wsgi"]', "keepalive", 75, '["gunicorn", "--keep-alive", "75", "shop.wsgi"]'),
    ("[gunicorn, -w, 3, shop.wsgi]", "workers", 9, "[gunicorn, -w, 9, shop.wsgi]"),
    (
        "[gunicorn, -w, 3, shop.wsgi]",
        "forwarded_allow_ips",
        "*",
        '[gunicorn, -w, 3, --forwarded-allow-ips, "*", shop.wsgi]',
    ),
    ("['gunicorn', '-w', '3', 'a.b']", "keepalive", 75, "['gunicorn', '-w', '3', '--keep-alive', '75', 'a.b']"),
    ('["gunicorn", "--bind=:80", "a.b"]', "bind", "[::]:80", '["gunicorn", "--bind=[::]:80", "a.b"]'),
    ("[gunicorn, --bind=0.0.0.0:80, a.b]", "bind", "[::]:80", '[gunicorn, "--bind=[::]:80", a.b]'),
    ("[gunicorn, shop.wsgi, -n, a]", "proc_name", "a$b", '[gunicorn, shop.wsgi, -n, "a$$b"]'),
    ('sh -c "exec gunicorn -w 3 a.b"', "proc_name", "a b", "sh -c \"exec gunicorn -w 3 --name 'a b' a.b\""),
    ('["sh", "-c", "gunicorn -b \\":80\\" a.b"]', "bind", ":90", '["sh", "-c", "gunicorn -b \\":90\\" a.b"]'),
    ("uwsgi --http :80 --module a", "listen", 1024, "uwsgi --http :80 --module a --listen 1024"),
    ("uwsgi --socket a.sock --module a", "chmod-socket", "660", "uwsgi --socket a.sock --module a --chmod-socket=660"),
    ("uwsgi --http :80 -p4 --module a", "processes", 8, "uwsgi --http :80 -p8 --module a"),
    ("uwsgi --http :80 --module a", "master", True, "uwsgi --http :80 --module a --master"),
    ("uvicorn a:b --workers 2", "timeout_keep_alive", 75, "uvicorn a:b --workers 2 --timeout-keep-alive 75"),
    ("uvicorn a:b --no-access-log", "access_log", True, "uvicorn a:b --access-log"),
    ("uvicorn a:b --reload", "reload", None, "uvicorn a:b"),
    ("fastapi dev api.py", "reload", False, "fastapi dev --no-reload api.py"),
    ("hypercorn a:b", "keep_alive_timeout", 75, "hypercorn --keep-alive 75 a:b"),
    ("waitress-serve --port=80 a:b", "channel_timeout", 75, "waitress-serve --port=80 --channel-timeout=75 a:b"),
    ("daphne a:b", "host", "0.0.0.0", "daphne --bind 0.0.0.0 a:b"),
    ("granian --interface asgi a:b", "host", "0.0.0.0", "granian --interface asgi --host 0.0.0.0 a:b"),
]


@pytest.mark.parametrize(
    ("before", "name", "value", "after"), COMMANDS, ids=[f"{row[0]}, {row[1]}" for row in COMMANDS]
)
def test_command_of_compose(before: str, name: str, value: Any, after: str, tmp_path: Path) -> None:
    files = compose(before)
    assert told(tmp_path, files, name, value) == compose(after)
    assert told(tmp_path, compose(after), name, value) == compose(after), "once more"


LINES: list[tuple[str, Files, str, Any, list[str]]] = [
    (
        "systemd goes on in a line of its own",
        {"web.service": "[Service]\nExecStart=/srv/bin/gunicorn \\\n    -w 3 \\\n    shop.wsgi\n"},
        "keepalive",
        75,
        ["+    --keep-alive 75 \\"],
    ),
    (
        "systemd doubles per cent signs",
        {"web.service": "[Service]\nExecStart=/srv/bin/gunicorn -n shop shop.wsgi\n"},
        "proc_name",
        "50% of",
        ["-ExecStart=/srv/bin/gunicorn -n shop shop.wsgi", '+ExecStart=/srv/bin/gunicorn -n "50%% of" shop.wsgi'],
    ),
    (
        "a folded text",
        compose(">-\n      gunicorn\n      -w 3\n      shop.wsgi"),
        "keepalive",
        75,
        ["+      --keep-alive 75"],
    ),
    (
        "a block list",
        compose("\n      - gunicorn\n      - -w\n      - '3'\n      - shop.wsgi"),
        "keepalive",
        75,
        ["+      - --keep-alive", '+      - "75"'],
    ),
    (
        "GUNICORN_CMD_ARGS",
        compose("gunicorn shop.wsgi", "    environment:\n      GUNICORN_CMD_ARGS: --keep-alive 5 --preload\n"),
        "keepalive",
        75,
        [
            "-      GUNICORN_CMD_ARGS: --keep-alive 5 --preload",
            "+      GUNICORN_CMD_ARGS: --keep-alive 75 --preload",
        ],
    ),
    (
        "a variable of the unit",
        compose("gunicorn shop.wsgi", "    environment:\n      - WEB_CONCURRENCY=3\n"),
        "workers",
        9,
        ["-      - WEB_CONCURRENCY=3", "+      - WEB_CONCURRENCY=9"],
    ),
    (
        "a variable of a script",
        {"start.sh": "#!/bin/sh\nexport WEB_CONCURRENCY='3'\nexec gunicorn shop.wsgi\n"},
        "workers",
        9,
        ["-export WEB_CONCURRENCY='3'", "+export WEB_CONCURRENCY='9'"],
    ),
    (
        "quotes of the file",
        {"gunicorn.conf.py": "bind = 'unix:/run/a.sock'\n\n\ndef post_fork(server, worker):\n    pass\n"},
        "forwarded_allow_ips",
        "*",
        ["+forwarded_allow_ips = '*'"],
    ),
    (
        "an expression goes as a whole",
        {"gunicorn.conf.py": "import os\nworkers = 2 * 2 + 1  # cores\n"},
        "workers",
        9,
        ["-workers = 2 * 2 + 1  # cores", "+workers = 9  # cores"],
    ),
    (
        "the default of a variable that nobody sets",
        {"gunicorn.conf.py": 'import os\nworkers = int(os.environ.get("N", "3"))  # cores\n'},
        "workers",
        9,
        ['-workers = int(os.environ.get("N", "3"))  # cores', '+workers = int(os.environ.get("N", "9"))  # cores'],
    ),
    (
        "a variable that a config file asks for",
        {
            **compose("gunicorn -c gunicorn.conf.py shop.wsgi", "    environment:\n      BIND: 127.0.0.1:80\n"),
            "gunicorn.conf.py": 'import os\nbind = os.getenv("BIND", "0.0.0.0:80")\n',
        },
        "bind",
        "0.0.0.0:80",
        ["-      BIND: 127.0.0.1:80", "+      BIND: 0.0.0.0:80"],
    ),
    (
        "a list of one",
        {"gunicorn.conf.py": "bind=['127.0.0.1:80']\n"},
        "bind",
        "0.0.0.0:80",
        ["-bind=['127.0.0.1:80']", "+bind=['0.0.0.0:80']"],
    ),
    ("the file's spacing", {"gunicorn.conf.py": "workers=3"}, "keepalive", 75, ["+keepalive=75"]),
    ("octal", {"gunicorn.conf.py": "workers = 3\n"}, "umask", 7, ["+umask = 0o007"]),
    (
        "a line goes",
        {"gunicorn.conf.py": "workers = 3\nreload = True  # why\n"},
        "reload",
        None,
        ["-reload = True  # why"],
    ),
    (
        "ini",
        {"uwsgi.ini": "[uwsgi]\nmodule=a\nlisten=100\n\n[other]\nlisten=1\n"},
        "buffer-size",
        32768,
        ["+buffer-size=32768"],
    ),
    (
        "ini with conditions",
        {"uwsgi.ini": "[uwsgi]\nmodule = a\nif-env = X\nlisten = 100\nendif =\n"},
        "buffer-size",
        32768,
        ["+buffer-size = 32768"],
    ),
    (
        "ini, two places go",
        {"uwsgi.ini": "[uwsgi]\nmodule=a\nharakiri=1\nharakiri=2\n"},
        "harakiri",
        None,
        ["-harakiri=1", "-harakiri=2"],
    ),
    (
        "ini, per cent signs",
        {"uwsgi.ini": "[uwsgi]\nmodule = a\nprocname-prefix = b\n"},
        "procname-prefix",
        "50%",
        ["-procname-prefix = b", "+procname-prefix = 50%%"],
    ),
    ("yaml", {"uwsgi.yaml": "uwsgi:\n  module: a\n  listen: 100\n"}, "buffer-size", 32768, ["+  buffer-size: 32768"]),
    (
        "json",
        {"uwsgi.json": '{\n  "uwsgi": {\n    "module": "a"\n  }\n}\n'},
        "buffer-size",
        32768,
        ['+    "buffer-size": 32768,'],
    ),
    (
        "xml",
        {"uwsgi.xml": "<uwsgi>\n  <module>a</module>\n  <listen>100</listen>\n</uwsgi>\n"},
        "buffer-size",
        32768,
        ["+  <buffer-size>32768</buffer-size>"],
    ),
]


@pytest.mark.parametrize(("files", "name", "value", "lines"), [row[1:] for row in LINES], ids=[row[0] for row in LINES])
def test_lines_that_change(files: Files, name: str, value: Any, lines: list[str], tmp_path: Path) -> None:
    after = told(tmp_path, files, name, value)
    assert [line for line in changed(files, after) if line != "+" and line[0] in "+-"] == lines
    app_of(tmp_path, after)
    assert told(tmp_path, after, name, value) == after, "once more"


def test_condition_of_uwsgi_does_not_decide_over_a_new_option(tmp_path: Path) -> None:
    files = {"uwsgi.ini": "[uwsgi]\nmodule = a\nif-env = X\nlisten = 100\nendif =\n"}
    after = told(tmp_path, files, "buffer-size", 32768)["uwsgi.ini"]
    assert after.index("buffer-size") < after.index("if-env")


def test_file_inside_a_config_map_keeps_its_indentation(tmp_path: Path) -> None:
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: conf\ndata:\n  gunicorn.conf.py: |\n    workers = 3\n---\n"
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: shop\nspec:\n  containers:\n    - name: web\n      image: shop\n"
        "      args: [gunicorn, -c, /conf/gunicorn.conf.py, shop.wsgi]\n      volumeMounts:\n"
        "        - {name: conf, mountPath: /conf}\n  volumes:\n    - name: conf\n      configMap: {name: conf}\n"
    )
    files = {"shop.yaml": text}
    assert changed(files, told(tmp_path, files, "keepalive", 75)) == ["+    keepalive = 75"]


REFUSED: list[tuple[str, Files, str, Any, str]] = [
    ("a branch", {"gunicorn.conf.py": "workers = 3\nif True:\n    timeout = 5\n"}, "timeout", 9, "branch"),
    ("a list of two", {"gunicorn.conf.py": "bind = [':80', ':81']\n"}, "bind", ":90", "several"),
    ("unknown", {"gunicorn.conf.py": "import shop\nworkers = shop.N\n"}, "workers", 9, "shop"),
    ("a variable's value", compose("gunicorn -w $N shop.wsgi"), "workers", 9, "N"),
    ("no option for it", compose("gunicorn shop.wsgi"), "post_fork", "x", "no option"),
    ("no setting", compose("gunicorn shop.wsgi"), "buffer-size", 1, "no setting"),
    ("a shell's signs", compose("gunicorn shop.wsgi"), "proc_name", "$(reboot)", "mean more"),
    ("a line break", compose("[gunicorn, shop.wsgi]"), "proc_name", "a\nb", "characters"),
    ("uWSGI's references", {"uwsgi.ini": "[uwsgi]\nmodule = a\n"}, "procname-prefix", "%(x)", "reference"),
    ("uWSGI's references, on a command line", compose("[uwsgi, --module, a]"), "procname-prefix", "@(x)", "reference"),
    ("a switch that only turns on", compose("uwsgi --module a --http :80"), "master", False, "turned on"),
    ("two sockets", {"uwsgi.ini": "[uwsgi]\nhttp = :80\nhttp = :81\nmodule = a\n"}, "http", ":90", "several"),
]


@pytest.mark.parametrize(
    ("files", "name", "value", "reason"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_left_to_people(files: Files, name: str, value: Any, reason: str, tmp_path: Path) -> None:
    with pytest.raises(CannotFix, match=reason):
        told(tmp_path, files, name, value)


REMOVALS = [
    ("gunicorn.conf.py", "a = 1\nreload = True\nb = 2\n", "True", "a = 1\nb = 2\n"),
    ("start.sh", "exec gunicorn --reload -w 3 shop.wsgi\n", "--reload", "exec gunicorn -w 3 shop.wsgi\n"),
    ("start.sh", "exec gunicorn -w 3 shop.wsgi\n", "3", "exec gunicorn shop.wsgi\n"),
    ("compose.yaml", "command: [gunicorn, -w, '3', a]\n", "3", "command: [gunicorn, a]\n"),
    ("compose.yaml", "command:\n  - gunicorn\n  - --timeout=3\n  - a\n", "3", "command:\n  - gunicorn\n  - a\n"),
    ("uwsgi.xml", "<uwsgi>\n  <a>1</a>\n  <b>2</b>\n</uwsgi>\n", "2", "<uwsgi>\n  <a>1</a>\n</uwsgi>\n"),
    ("uwsgi.yaml", "uwsgi:\n  a: 1\n  b: 2\n", "2", "uwsgi:\n  a: 1\n"),
    ("uwsgi.json", '{"uwsgi": {"a": 1, "b": 2}}', 'a": 1', '{"uwsgi": {"b": 2}}'),
]


@pytest.mark.parametrize(("name", "text", "place", "after"), REMOVALS, ids=[f"{row[0]}, {row[2]}" for row in REMOVALS])
def test_what_holds_a_place_goes(name: str, text: str, place: str, after: str) -> None:
    start = text.index(place)
    (edit,) = edits_of_app_removal(Span(SourceFile(name, text), start, start + len(place)))
    assert text[: edit.span.start] + edit.text + text[edit.span.end :] == after
