"""``exec``: the server takes the shell's place, and hears the order to stop."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.order import edits_of_order
from cfgcheck.rules.changes import Order
from tests.fix.ordering import Files, app_of, applied, stack_of

DOCKERFILE = "FROM python:3.12-slim\nRUN pip install gunicorn\nCOPY . .\n"
COMPOSE = "services:\n  web:\n    build: .\n    stop_grace_period: 40s\n"


LISTED = "\n      - sh\n      - -c\n      - |\n        "


def execed(root: Path, files: Files) -> dict[str, str]:
    """The files with ``exec``; the server is then signalled."""
    app = app_of(stack_of(root, files))
    assert app.unit is not None and app.signalled.value is False
    after = applied(files, edits_of_order(Order(app.unit, "exec", app)))
    assert app_of(stack_of(root, after)).signalled.value is True
    return after


def refused(root: Path, files: Files) -> str:
    app = app_of(stack_of(root, files))
    assert app.unit is not None and app.signalled.value is False
    with pytest.raises(CannotFix) as refusal:
        edits_of_order(Order(app.unit, "exec", app))
    return refusal.value.reason


def image(command: str) -> dict[str, str]:
    return {"compose.yaml": COMPOSE, "Dockerfile": f"{DOCKERFILE}{command}\n"}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("CMD gunicorn shop.wsgi", 'CMD ["gunicorn", "shop.wsgi"]'),
        ("CMD   gunicorn shop.wsgi  ", 'CMD   ["gunicorn", "shop.wsgi"]  '),
        (
            "CMD gunicorn --access-logformat '%(h)s \"%(r)s\"' shop.wsgi",
            r'CMD ["gunicorn", "--access-logformat", "%(h)s \"%(r)s\"", "shop.wsgi"]',
        ),
        ("CMD poetry run gunicorn shop.wsgi", 'CMD ["poetry", "run", "gunicorn", "shop.wsgi"]'),
        ("CMD gunicorn --bind 0.0.0.0:$PORT shop.wsgi", "CMD exec gunicorn --bind 0.0.0.0:$PORT shop.wsgi"),
        ("CMD PORT=1 gunicorn shop.wsgi", "CMD PORT=1 exec gunicorn shop.wsgi"),
        ("CMD gunicorn \\\n   shop.wsgi", "CMD exec gunicorn \\\n   shop.wsgi"),
        ("CMD cd /app && gunicorn shop.wsgi", "CMD cd /app && exec gunicorn shop.wsgi"),
        ('CMD ["sh", "-c", "gunicorn shop.wsgi; true"]', 'CMD ["sh", "-c", "exec gunicorn shop.wsgi; true"]'),
        ("ENTRYPOINT gunicorn shop.wsgi", "ENTRYPOINT exec gunicorn shop.wsgi"),
    ],
)
def test_in_a_dockerfile(tmp_path: Path, command: str, expected: str) -> None:
    assert execed(tmp_path, image(command))["Dockerfile"] == f"{DOCKERFILE}{expected}\n"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("gunicorn shop.wsgi", "exec gunicorn shop.wsgi"),
        ("PORT=8000 A='x y' gunicorn shop.wsgi", "PORT=8000 A='x y' exec gunicorn shop.wsgi"),
        ('if [ -n "$X" ]; then\n  gunicorn shop.wsgi\nfi', 'if [ -n "$X" ]; then\n  exec gunicorn shop.wsgi\nfi'),
        ("gunicorn shop.wsgi 2>&1 >log", "exec gunicorn shop.wsgi 2>&1 >log"),
        ("start() {\n  gunicorn shop.wsgi\n}\nstart", "start() {\n  exec gunicorn shop.wsgi\n}\nstart"),
        ("RUN='gunicorn shop.wsgi'\n$RUN", "RUN='gunicorn shop.wsgi'\nexec $RUN"),
        ("for x in a; do echo $x; done\ngunicorn x", "for x in a; do echo $x; done\nexec gunicorn x"),
    ],
)
def test_in_a_script(tmp_path: Path, script: str, expected: str) -> None:
    head = "#!/bin/sh\r\nset -e\r\n" if "\n" not in script else "#!/bin/sh\nset -e\n"
    files = {**image('ENTRYPOINT ["./entrypoint.sh"]'), "entrypoint.sh": f"{head}{script}\n"}
    assert execed(tmp_path, files)["entrypoint.sh"] == f"{head}{expected}\n"


def test_a_script_that_is_handed_its_command(tmp_path: Path) -> None:
    script = '#!/bin/sh\nset -e\n"$@"\n'
    files = {**image('ENTRYPOINT ["./entrypoint.sh"]\nCMD ["gunicorn", "shop.wsgi"]'), "entrypoint.sh": script}
    assert execed(tmp_path, files)["entrypoint.sh"] == '#!/bin/sh\nset -e\nexec "$@"\n'


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ('sh -c "cd /app && gunicorn shop.wsgi"', 'sh -c "cd /app && exec gunicorn shop.wsgi"'),
        (f"{LISTED}set -e\n        gunicorn x", f"{LISTED}set -e\n        exec gunicorn x"),
        ("[sh, -c, 'gunicorn x; true']", "[sh, -c, 'exec gunicorn x; true']"),
    ],
)  # fmt: skip
def test_in_a_compose_file(tmp_path: Path, command: str, expected: str) -> None:
    text = "services:\n  web:\n    image: python:3.12\n    command: {}\n    init: true\n"
    assert execed(tmp_path, {"compose.yaml": text.format(command)})["compose.yaml"] == text.format(expected)


def test_under_supervisord(tmp_path: Path) -> None:
    text = '[program:web]\ncommand=sh -c "cd /srv; gunicorn --bind :8000 shop.wsgi; true" ; x\n'
    after = execed(tmp_path, {"supervisord.conf": text})["supervisord.conf"]
    assert after == text.replace("gunicorn", "exec gunicorn")


def test_shells_inside_of_each_other_go_together(tmp_path: Path) -> None:
    files = {**image("CMD ./start.sh"), "start.sh": "#!/bin/sh\ngunicorn shop.wsgi\n"}
    after = execed(tmp_path, files)
    assert after["Dockerfile"] == f'{DOCKERFILE}CMD ["./start.sh"]\n'
    assert after["start.sh"] == "#!/bin/sh\nexec gunicorn shop.wsgi\n"


def test_a_shell_that_stands_in_the_text_of_another(tmp_path: Path) -> None:
    after = execed(tmp_path, image("CMD sh -c 'cd /app; gunicorn shop.wsgi'"))
    assert after["Dockerfile"] == f"{DOCKERFILE}CMD exec sh -c 'cd /app; exec gunicorn shop.wsgi'\n"


def test_a_script_that_execs_already_is_left_alone(tmp_path: Path) -> None:
    files = {**image("CMD ./start.sh"), "start.sh": "#!/bin/sh\nexec ./b.sh\n", "b.sh": "#!/bin/sh\ngunicorn b\n"}
    after = execed(tmp_path, files)
    assert after == {**files, "Dockerfile": after["Dockerfile"], "b.sh": "#!/bin/sh\nexec gunicorn b\n"}


BESIDE = "the command runs beside others, so its shell has to stay"
UNCLEAR = "where the command begins can't be told for sure"
MORE = "the shell does more there than start one program"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("CMD gunicorn shop.wsgi | tee log", BESIDE),
        ("CMD gunicorn shop.wsgi & wait", BESIDE),
        ("CMD while true; do gunicorn shop.wsgi; done", "the command stands in a loop, so its shell has to stay"),
        ("CMD (gunicorn shop.wsgi)", MORE),
    ],
)
def test_a_shell_that_has_to_stay(tmp_path: Path, command: str, reason: str) -> None:
    assert refused(tmp_path, image(command)) == reason


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("[sh, -c, 'A=''x y'' gunicorn x; true']", UNCLEAR),
        ('>\n      sh -c "cd /app &&\n             gunicorn x"', UNCLEAR),
        ("\n      - sh\n      - -c\n      - |\n        cat x |\n        gunicorn x", BESIDE),
        ("\n      - sh\n      - -c\n      - |\n        gunicorn x\n        nginx -g 'daemon off;'", UNCLEAR),
    ],
)
def test_a_command_that_is_not_found_for_sure(tmp_path: Path, command: str, reason: str) -> None:
    files = {"compose.yaml": f"services:\n  web:\n    image: python:3.12\n    command: {command}\n"}
    assert refused(tmp_path, files) == reason
