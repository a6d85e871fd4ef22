"""What services come to start: entrypoints, scripts, shells and wrappers seen through."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.follow import follow
from cfgcheck.load.service import Launch, Service
from cfgcheck.load.start import Followed, Start
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Manager, Mount, Unit
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.shell_word import Word, in_file
from tests.hanging import no_hang
from tests.load.carrying import context_of, write

Given = list[str] | str | None


def launch(given: Given) -> Launch | None:
    """A list in exec form, a text in shell form."""
    if given is None:
        return None
    text = given if isinstance(given, str) else " ".join(given)
    file = SourceFile("compose.yml", text)
    span = file.span(0, max(len(text), 1))
    if isinstance(given, str):
        return Launch(span, shell=True, text=given, locate=in_file(file))
    words, at = [], 0
    for each in given:
        words.append(Word(each, each, file.span(at, at + len(each))))
        at += len(each) + 1
    return Launch(span, tuple(words))


def started(
    root: Path, command: Given, entrypoint: Given = None, scripts: dict[str, str] | None = None, *,
    environment: Environment | None = None, image: str = "python:3.12", manager: Manager = Manager.COMPOSE,
    unit_text: str = "web:",
) -> Followed:  # fmt: skip
    """``scripts`` stand in /app of a container."""
    write(root, scripts or {})
    context = context_of(root)
    file = SourceFile("unit", unit_text)
    unit = Unit(manager, "web", file.span(0, 3), container=True, image=Located.read(image, None), files=(file,))
    files = Filesystem(context.disk, context.index, [Mount("/app", str(root))], root, certain=True)
    service = Service(unit, files, launch(entrypoint), launch(command), environment or Environment(), "/app")
    return follow(service, context)


def shown(followed: Followed) -> list[str]:
    return [" ".join(word.template for word in start.command.words) for start in followed.starts]


def reaches(start: Start) -> bool | None:
    return start.signalled.get(None)


# ── commands ──────────────────────────────────────────────────────────────────────────────────────────────────────

GUNICORN = "gunicorn -b :8000 a:b"


@pytest.mark.parametrize(
    "command",
    [
        GUNICORN,
        f"exec {GUNICORN}",
        f"env A=1 B=2 {GUNICORN}",
        f"A=1 {GUNICORN}",
        f"poetry run {GUNICORN}",
        f"uv run --frozen --with x {GUNICORN}",
        f"pipenv run {GUNICORN}",
        f"newrelic-admin run-program {GUNICORN}",
        f"ddtrace-run {GUNICORN}",
        f"doppler run -- {GUNICORN}",
        f"./wait-for-it.sh db:5432 -t 30 -- {GUNICORN}",
        f"dockerize -wait tcp://db:5432 -timeout 60s {GUNICORN}",
        f"setpriv --reuid=1000 --init-groups {GUNICORN}",
        f"sudo -u www-data -E A=1 {GUNICORN}",
        f"gosu app {GUNICORN}",
        f"su-exec app:app {GUNICORN}",
        f"tini -s -- {GUNICORN}",
        f"dumb-init -- {GUNICORN}",
        f"timeout -k 5 10m {GUNICORN}",
        f"nice -n 5 {GUNICORN}",
        f"chpst -u app {GUNICORN}",
        f"runuser -u app -- {GUNICORN}",
        f"sh -c '{GUNICORN}'",
        f'bash -lc "exec {GUNICORN}"',
        f"/usr/bin/env bash -euo pipefail -c '{GUNICORN}'",
        f"su app -c '{GUNICORN}'",
        f"python manage.py migrate && {GUNICORN}",
        f"python wait.py; {GUNICORN}",
        f"flask db upgrade\n{GUNICORN}",
        f"cd /srv && {GUNICORN}",
        f"eval '{GUNICORN}'",
        f"eval 'set -- {GUNICORN}' && exec \"$@\"",
        f"command {GUNICORN}",
        f"( {GUNICORN} )",
        f"{{ {GUNICORN}; }} 2>&1",
        f"mkdir -p x || exit 1\n{GUNICORN} | tee log",
        f"echo it; if true; then {GUNICORN}; fi",
        f"! false && {GUNICORN}",
        f"gunicorn --check-config a:b && {GUNICORN}",
        "set -- -b :8000; gunicorn \"$@\" a:b",
        "args=(-b :8000)\nargs+=(a:b)\ngunicorn \"${args[@]}\"",
        ": \"${PORT:=8000}\"; gunicorn -b :$PORT a:b",
        "export PORT=${PORT:-8000}; gunicorn -b :${PORT} a:b",
        "run() { local port=$1; shift; gunicorn -b :$port \"$@\"; }\nrun 8000 a:b",
        "for port in 8000; do gunicorn -b :$port a:b & done; wait",
        "while [ $# -lt 1 ]; do set -- x; done; gunicorn -b :8000 a:b",
        "case 8000 in [0-9]*) gunicorn -b :8000 a:b;; *) other;; esac",
        "trap 'kill 1' TERM; gunicorn -b :8000 a:b & wait $!",
        "cat <<END\nuwsgi --http :1\nEND\ngunicorn -b :8000 a:b",
        "gunicorn -b :8000 a:b & tail -f /dev/null",
    ],
)  # fmt: skip
def test_one_server_is_seen(tmp_path: Path, command: str) -> None:
    followed = started(tmp_path, command)
    assert shown(followed) == [GUNICORN]
    assert followed.starts[0].maybe == ""
    assert not followed.unseen
    assert not followed.problems


@pytest.mark.parametrize(
    ("command", "because"),
    [
        ("make run", "`make run`"),
        ("npm start", "`npm start`"),
        ("python app.py", "Python script app.py"),
        ("python manage.py runserver 0.0.0.0:8000", "manage.py runserver"),
        ("./nowhere.sh", "not in the folder checked"),
        ("sh /app/nowhere", "not in the folder checked"),
        ("$COMMAND", "environment variable COMMAND"),
        ("./run.py", "no shell script"),
        ("./manage.py runserver", "manage.py runserver"),
        (["--verbose"], "the image of compose service web"),
        ("supervisord -c /etc/supervisord.conf", "configuration of supervisord"),
    ],
)
def test_what_cannot_be_seen_is_said(tmp_path: Path, command: Given, because: str) -> None:
    followed = started(tmp_path, command, scripts={"run.py": "#!/usr/bin/env python\n"})
    assert because in followed.unseen
    assert followed.starts == []


@pytest.mark.parametrize(
    "command",
    ["pip install gunicorn", "echo gunicorn a:b", "nginx -t", "gunicorn --version", "poetry install",
    "cat <<E\ngunicorn a:b\nE"],
)  # fmt: skip
def test_what_starts_nothing(tmp_path: Path, command: str) -> None:
    followed = started(tmp_path, command)
    assert [start for start in followed.starts if "gunicorn" in shown(followed)[0]] == []


def test_other_programs_are_kept_when_nothing_follows_them(tmp_path: Path) -> None:
    assert shown(started(tmp_path, "celery -A a worker")) == ["celery -A a worker"]
    assert shown(started(tmp_path, "node prepare.js; exec node server.js")) == ["node server.js"]
    assert shown(started(tmp_path, "celery -A a beat & gunicorn a:b")) == ["celery -A a beat", "gunicorn a:b"]


# ── entrypoints ───────────────────────────────────────────────────────────────────────────────────────────────────

WAITING = """#!/bin/sh
set -e
if [ "$DATABASE" = "postgres" ]
then
    while ! nc -z $SQL_HOST $SQL_PORT; do
      sleep 0.1
    done
fi
python manage.py migrate
exec "$@"
"""

CHOOSING = """#!/usr/bin/env bash
set -euo pipefail
WORKERS=${WORKERS:-3}
if [ "${1#-}" != "$1" ]; then
  set -- web "$@"
fi
case "${1:-web}" in
  web)
    shift || true
    exec gunicorn app:app -w "$WORKERS" "$@" ;;
  worker|beat) exec celery -A app "$1" ;;
  *) exec "$@" ;;
esac
"""


def test_an_entrypoint_goes_on_with_the_command(tmp_path: Path) -> None:
    followed = started(tmp_path, GUNICORN.split(), ["/app/entrypoint.sh"], {"entrypoint.sh": WAITING})
    (start,) = followed.starts
    assert shown(followed) == [GUNICORN]
    assert [str(word.span) for word in start.command.words[:2]] == ["compose.yml:1:1", "compose.yml:1:10"]
    assert reaches(start) is True
    assert [file.path for file in followed.files] == ["entrypoint.sh"]
    assert str(start.via[-1]) == "entrypoint.sh:10:1"
    assert (start.maybe, followed.unseen) == ("", "")


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (["web"], "gunicorn app:app -w 5"),
        (["--reload", "x"], "gunicorn app:app -w 5 --reload x"),
        (["beat"], "celery -A app beat"),
        (["uvicorn", "a:b"], "uvicorn a:b"),
        (["sh", "-c", "uvicorn a:b -w $WORKERS"], "uvicorn a:b -w 5"),
    ],
)
def test_arguments_decide(tmp_path: Path, command: list[str], wanted: str) -> None:
    environment = Environment({"WORKERS": "5"})
    followed = started(tmp_path, command, ["./run.sh"], {"run.sh": CHOOSING}, environment=environment)
    assert shown(followed) == [wanted]


def test_a_branch_that_nobody_can_decide_is_told(tmp_path: Path) -> None:
    script = '#!/bin/sh\nif [ "$DEBUG" = 1 ]; then\n  exec flask run\nelse\n  exec gunicorn a:b\nfi\n'
    followed = started(tmp_path, ["/app/run.sh"], None, {"run.sh": script})
    assert sorted(shown(followed)) == ["flask run", "gunicorn a:b"]
    assert {start.maybe for start in followed.starts} == {"whether it is started is decided at run.sh:2"}
    known = started(tmp_path, ["/app/run.sh"], environment=Environment({"DEBUG": "0"}))
    assert shown(known) == ["gunicorn a:b"]
    assert known.starts[0].maybe == ""


@pytest.mark.parametrize(
    ("guard", "maybe"),
    [
        ('if [ -z "$SECRET" ]; then echo no; exit 1; fi', False),
        ('[ -n "$SECRET" ] || exit 1', False),
        ("for i in 1 2 3; do if pg_isready; then break; fi; sleep 1; done", False),
        ("until pg_isready; do sleep 1; done", False),
        ('wait_for() { if [ "$X" ]; then return; fi; nc -z $1; }\nwait_for db', False),
        ('[ "$PREPARE" = 1 ] && ./prepare', False),
        ('if [ "$1" = test ]; then exec pytest; fi', False),
        ('if [ "$TEST" = 1 ]; then exec pytest; fi', True),
        ('if [ "$TEST" = 1 ]; then exit 0; fi', True),
    ],
)
def test_only_what_may_end_the_script_casts_doubt(tmp_path: Path, guard: str, maybe: bool) -> None:
    followed = started(tmp_path, ["/app/run.sh"], None, {"run.sh": f"#!/bin/sh\n{guard}\nexec gunicorn a:b\n"})
    (start,) = [each for each in followed.starts if each.command.words[0].value == "gunicorn"]
    assert bool(start.maybe) is maybe


def test_variables_of_sourced_files(tmp_path: Path) -> None:
    scripts = {
        "bin/run.sh": '#!/bin/bash\nHERE="$(cd "$(dirname "$0")" && pwd)"\n. "$HERE/env.sh"\ncd $HERE/..\n'
        'exec gunicorn $OPTIONS -b "$ADDRESS:$PORT" a:b\n',
        "bin/env.sh": "OPTIONS='-w 3 -t 9'\nexport ADDRESS=127.0.0.1\n",
    }
    followed = started(tmp_path, ["/app/bin/run.sh"], None, scripts)
    assert shown(followed) == ["gunicorn -w 3 -t 9 -b 127.0.0.1:${PORT} a:b"]
    assert followed.starts[0].folder == "/app"
    assert followed.starts[0].command.environment.values["ADDRESS"] == "127.0.0.1"


def test_what_branches_set_differently_is_not_known(tmp_path: Path) -> None:
    script = "#!/bin/sh\nP=1\nif [ $X ]; then P=2; Q=3; fi\nexec gunicorn -b :$P -w $Q a:b\n"
    (start,) = started(tmp_path, ["/app/run.sh"], None, {"run.sh": script}).starts
    bind = start.command.words[2]
    assert (bind.value, bind.template) == (None, ":${P}")
    assert "run.sh:3" in bind.because


def test_supervisord_inside(tmp_path: Path) -> None:
    conf = (
        "[supervisord]\nnodaemon=true\n[program:web]\ncommand=gunicorn a:b\n"
        "[program:x]\ncommand=sh -c 'uvicorn a:b; true'\n"
    )
    scripts = {"run.sh": "#!/bin/sh\nexec supervisord -n -c /app/s.conf\n", "s.conf": conf}
    followed = started(tmp_path, ["/app/run.sh"], None, scripts)
    assert shown(followed) == ["gunicorn a:b", "uvicorn a:b"]
    assert [reaches(start) for start in followed.starts] == [True, False]
    assert [start.service.unit.name for start in followed.starts] == ["web", "x"]


def test_the_official_nginx_image(tmp_path: Path) -> None:
    followed = started(tmp_path, ["nginx", "-g", "daemon off;"], ["/docker-entrypoint.sh"], image="nginx:1.30-alpine")
    assert shown(followed) == ["nginx -g daemon off;"]
    assert reaches(followed.starts[0]) is True
    assert not followed.unseen


def test_an_entrypoint_that_is_not_there(tmp_path: Path) -> None:
    followed = started(tmp_path, GUNICORN.split(), ["/entrypoint.sh"])
    assert shown(followed) == [GUNICORN]
    assert reaches(followed.starts[0]) is None


# ── signals ───────────────────────────────────────────────────────────────────────────────────────────────────────

DEBIAN, ALPINE, OTHER = "python:3.12-slim", "python:3.12-alpine", "ubuntu:20.04"
PRIVATE = "registry.example.com/base:1"


@pytest.mark.parametrize(
    ("command", "image", "wanted"),
    [
        (["gunicorn", "a:b"], OTHER, True),
        (["tini", "--", "gunicorn", "a:b"], OTHER, True),
        (["uv", "run", "gunicorn", "a:b"], OTHER, None),
        (["gunicorn", "a:b"], PRIVATE, None),
        ("python manage.py migrate && gunicorn a:b", PRIVATE, None),
        (["gunicorn", "a:b"], "docker.io/library/python:3.12@sha256:0", True),
        ("gunicorn a:b", DEBIAN, False),
        ("gunicorn a:b", "python:3.12-bookworm", False),
        ("gunicorn a:b", "python:3.12-bullseye", None),
        ("gunicorn a:b", ALPINE, True),
        ("gunicorn a:b", OTHER, None),
        ("exec gunicorn a:b", OTHER, True),
        ("python manage.py migrate && gunicorn a:b", DEBIAN, False),
        ("python manage.py migrate && gunicorn a:b", ALPINE, True),
        ("python manage.py migrate && exec gunicorn a:b", OTHER, True),
        (["bash", "-c", "gunicorn a:b"], OTHER, True),
        (["bash", "-c", "gunicorn a:b > log"], OTHER, False),
        (["bash", "-c", "cd /srv && gunicorn a:b"], OTHER, None),
        (["bash", "-c", "cd /srv && gunicorn a:b"], DEBIAN, True),
        (["bash", "-c", "gunicorn a:b; echo done"], DEBIAN, False),
        (["bash", "-c", "if true; then gunicorn a:b; fi"], OTHER, False),
        (["bash", "-c", "gunicorn a:b & wait"], OTHER, False),
        (["bash", "-c", "trap 'kill %1' TERM; gunicorn a:b & wait"], OTHER, None),
        (["dumb-init", "bash", "-c", "gunicorn a:b & wait"], OTHER, True),
        (["dumb-init", "-c", "bash", "-c", "gunicorn a:b & wait"], OTHER, False),
        (["tini", "-g", "--", "sh", "-c", "gunicorn a:b & wait"], OTHER, True),
        (["tini", "--", "sh", "-c", "gunicorn a:b & wait"], OTHER, False),
        (["/app/run.sh"], ALPINE, False),
        (["/app/exec.sh"], ALPINE, True),
    ],
)  # fmt: skip
def test_whether_signals_reach_the_server(tmp_path: Path, command: Given, image: str, wanted: bool | None) -> None:
    scripts = {"run.sh": "#!/bin/sh\ngunicorn a:b\n", "exec.sh": "#!/bin/sh\nexec gunicorn a:b\n"}
    (start,) = started(tmp_path, command, None, scripts, image=image).starts
    assert reaches(start) is wanted


@pytest.mark.parametrize(
    ("manager", "text", "wanted"),
    [
        (Manager.SYSTEMD, "[Service]\n", True),
        (Manager.SYSTEMD, "[Service]\nKillMode=mixed\n", False),
        (Manager.PROCFILE, "web: x\n", True),
        (Manager.SUPERVISOR, "[p]\ncommand=x\n[other]\nstopasgroup=true\n", False),
        (Manager.SUPERVISOR, "[p]\ncommand=x\nstopasgroup=true\n", True),
        (Manager.KUBERNETES, "web:\n", False),
    ],
)
def test_managers_that_signal_more_than_the_main_process(
    tmp_path: Path, manager: Manager, text: str, wanted: bool
) -> None:
    (start,) = started(tmp_path, ["sh", "-c", "gunicorn a:b; true"], manager=manager, unit_text=text).starts
    assert reaches(start) is wanted


# ── hostile scripts ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "script",
    [
        "./run.sh",
        "./run.sh & ./run.sh",
        'exec "$0"',
        '. "$0"',
        "f() { f; f; }; f",
        "while true; do while true; do while true; do f & done; done; done",
        "a=$a$a$a; eval \"$a\"; a=x$a$a\n" * 200,
        "eval 'eval \"eval f\"'",
        "set -- \"$@\" \"$@\" a\n" * 50 + 'f "$@"',
        "for i in 1 2 3 4 5 6 7 8 9; do " * 12 + "a" + "; done" * 12,
        "case $x in a) A=1;; b) B=1;; esac\n" * 3000,
        "if $x; then A=1; fi\n" * 3000,
        "$(" * 500,
        "{ " * 500,
    ],
)
def test_scripts_that_never_end(tmp_path: Path, script: str) -> None:
    with no_hang():
        started(tmp_path, ["/app/run.sh"], None, {"run.sh": "#!/bin/bash\n" + script})


def test_a_quote_that_is_not_closed_is_told(tmp_path: Path) -> None:
    followed = started(tmp_path, ["/app/run.sh"], None, {"run.sh": "#!/bin/sh\nexec gunicorn 'a:b\n"})
    (problem,) = followed.problems
    assert (problem.rule, str(problem.span)) == ("unparsable-file", "run.sh:2:15")
    assert problem.hint


_PIECES = st.sampled_from(
    ["gunicorn a:b", "exec ", "$@", '"$@"', "$1", " ", "\n", ";", "&", "&& ", "|| ", "if ", "then ", "fi\n",
    "case $1 in ",
     "a) ", ";;", "esac\n", "'", '"', "$(", ")", "<<E\n", "E\n", "f() {", "}\n", "f ", "shift", "set -- ", "cd ",
     ". ./run.sh",
     "./run.sh", "sh -c ", "env A=1 ", "while ", "do ", "done\n", "${A:-", "[ a = b ]", "tini -- ", "supervisord",
     "su -c "]
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.lists(_PIECES, max_size=14).map("".join), st.text(max_size=40)))
def test_any_script(tmp_path: Path, script: str) -> None:
    followed = started(tmp_path, ["/app/run.sh", "a"], None, {"run.sh": script})
    again = started(tmp_path, script or "x")
    for start in [*followed.starts, *again.starts]:
        assert start.command.words
        for word in start.command.words:
            assert 0 <= word.span.start <= word.span.end <= len(word.span.file.text)
    for problem in followed.problems:
        assert 0 <= problem.span.start < problem.span.end <= len(problem.span.file.text)
