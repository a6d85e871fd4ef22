"""What each manager is told, to the line; and what is left to people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.order import edits_of_order
from cfgcheck.fix.order_yaml import put
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.rules.changes import Order
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.yaml_tree import read_yaml
from tests.fix.ordering import Files, changed, ordered, stack_of, unit_of

DOCKERFILE = {"Dockerfile": 'FROM python:3.12-slim\nRUN pip install gunicorn\nCMD ["gunicorn", "shop.wsgi"]\n'}


def compose(text: str) -> dict[str, str]:
    return {"compose.yaml": text, **DOCKERFILE}


def told(root: Path, files: Files, name: str, order: str, value: Any) -> str:
    return changed(files, ordered(root, files, name, order, value))


def refused(root: Path, files: Files, name: str, order: str, value: Any) -> str:
    with pytest.raises(CannotFix) as refusal:
        ordered(root, files, name, order, value)
    return refusal.value.reason


# ── Compose ───────────────────────────────────────────────────────────────────────────────────────────────────────

WEB = "services:\n  web:\n    build: .\n    ports:\n      - 8000:8000\n\n  # the database\n  db:\n    image: postgres\n"


@pytest.mark.parametrize(
    ("order", "value", "lines"),
    [
        ("stop_grace", 35, ["stop_grace_period: 35s"]),
        ("stop_grace", 2.5, ["stop_grace_period: 2.5s"]),
        ("stop_signal", "INT", ["stop_signal: SIGINT"]),
        ("init", True, ["init: true"]),
        ("memory_folder", "/tmp", ["tmpfs: /tmp"]),
        ("open_files", 65536, ["ulimits:", "  nofile: 65536"]),
        ("environment", "A=b c", ["environment:", '  A: "b c"']),
        ("environment", "A=$b", ["environment:", '  A: "$$b"']),
    ],
)
def test_compose_gets_a_key_behind_what_starts_the_service(
    tmp_path: Path, order: str, value: Any, lines: list[str]
) -> None:
    files = compose(WEB)
    after = ordered(tmp_path, files, "web", order, value)["compose.yaml"]
    assert after == WEB.replace("    build: .\n", "".join(f"    {line}\n" for line in ["build: .", *lines]), 1)


@pytest.mark.parametrize(
    ("written", "order", "value", "expected"),
    [
        ("stop_grace_period: '20s' # hm", "stop_grace", 35, "stop_grace_period: '35s' # hm"),
        ("stop_signal: QUIT", "stop_signal", "INT", "stop_signal: INT"),
        ("stop_signal: SIGQUIT", "stop_signal", "INT", "stop_signal: SIGINT"),
        ("init: false", "init", True, "init: true"),
        ("tmpfs: /run", "memory_folder", "/tmp", "tmpfs: [/run, /tmp]"),
        ("tmpfs: [/run]", "memory_folder", "/tmp", "tmpfs: [/run, /tmp]"),
        ("tmpfs: ['/tmp:size=64m']", "memory_folder", "/tmp", "tmpfs: ['/tmp:size=64m']"),
        ("ulimits: {nofile: 100}", "open_files", 65536, "ulimits: {nofile: 65536}"),
        (
            "ulimits: {nofile: {soft: 100, hard: 200}}", "open_files", 65536,
            "ulimits: {nofile: {soft: 65536, hard: 65536}}",
        ),
        (
            "ulimits: {nofile: {soft: 100, hard: 100000}}", "open_files", 65536,
            "ulimits: {nofile: {soft: 65536, hard: 100000}}",
        ),
        ("environment: {A: x}", "environment", "A=z", "environment: {A: z}"),
        ("environment: [A=x]", "environment", "A=y", "environment: [A=y]"),
        ("environment: ['B=x']", "environment", "A=y", "environment: ['B=x', 'A=y']"),
        ("stop_grace_period:", "stop_grace", 35, "stop_grace_period: 35s"),
    ],
)  # fmt: skip
def test_compose_changes_what_is_set(tmp_path: Path, written: str, order: str, value: Any, expected: str) -> None:
    text = "services:\n  web:\n    build: .\n    {}\n    restart: always\n"
    after = ordered(tmp_path, compose(text.format(written)), "web", order, value)
    assert after["compose.yaml"] == text.format(expected)


def test_compose_adds_an_item_to_a_list_of_lines(tmp_path: Path) -> None:
    files = compose("services:\n  web:\n    build: .\n    environment:\n    -  A=b\n    # end\n")
    assert told(tmp_path, files, "web", "environment", "C=d") == "compose.yaml: +     -  C=d"


def test_compose_writes_into_a_service_in_braces(tmp_path: Path) -> None:
    files = compose('services:\n  web: {build: ., ports: ["8000:8000"]}\n')
    after = ordered(tmp_path, files, "web", "stop_grace", 35)["compose.yaml"]
    assert after == 'services:\n  web: {build: ., ports: ["8000:8000"], stop_grace_period: 35s}\n'


def test_a_value_with_a_name_of_its_own_is_left_where_it_is(tmp_path: Path) -> None:
    files = compose("x-grace: &grace 20s\nservices:\n  web:\n    build: .\n    stop_grace_period: *grace\n")
    assert told(tmp_path, files, "web", "stop_grace", 35) == (
        "compose.yaml: -     stop_grace_period: *grace\ncompose.yaml: +     stop_grace_period: 35s"
    )


@pytest.mark.parametrize(
    "text",
    [
        "x-base: &base\n  build: .\n  stop_grace_period: 20s\nservices:\n  web:\n    <<: *base\n  db:\n    <<: *base\n",
        "services:\n  base:\n    build: .\n    stop_grace_period: 20s\n  web:\n    extends: base\n",
    ],
)
def test_what_services_share_is_not_touched(tmp_path: Path, text: str) -> None:
    assert told(tmp_path, compose(text), "web", "stop_grace", 35) == "compose.yaml: +     stop_grace_period: 35s"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "services:\n  web: &web\n    build: .\n  jobs:\n    <<: *web\n",
            "other services use this definition, too (*web)",
        ),
        (
            "services:\n  web:\n    build: .\n    stop_grace_period: &g 20s\n  db:\n    stop_grace_period: *g\n",
            "the value of `stop_grace_period` has a name or a tag, so others may use it",
        ),
        (
            "services:\n  web:\n    build: .\n    stop_grace_period: ${GRACE:-5s}\n",
            "the value of `stop_grace_period` comes from a variable",
        ),
    ],
)
def test_compose_is_left_to_people(tmp_path: Path, text: str, reason: str) -> None:
    assert refused(tmp_path, compose(text), "web", "stop_grace", 35) == reason


def test_of_several_compose_files_the_last_that_sets_it_is_changed(tmp_path: Path) -> None:
    files = {
        **compose("services:\n  web:\n    build: .\n    stop_grace_period: 5s\n"),
        "compose.override.yaml": "services:\n  web:\n    stop_grace_period: 6s\n",
    }
    assert told(tmp_path, files, "web", "stop_grace", 35) == (
        "compose.override.yaml: -     stop_grace_period: 6s\ncompose.override.yaml: +     stop_grace_period: 35s"
    )


def test_of_several_compose_files_the_first_gets_what_none_sets(tmp_path: Path) -> None:
    files = {
        **compose("services:\n  web:\n    build: .\n"),
        "compose.override.yaml": "services:\n  web:\n    ports: ['80:80']\n",
    }
    assert told(tmp_path, files, "web", "stop_grace", 35) == "compose.yaml: +     stop_grace_period: 35s"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"web": {"build": "."}}', '{"web": {"build": ".", "stop_grace_period": "35s"}}'),
        (
            '{\n  "web": {\n    "build": "."\n  }\n}',
            '{\n  "web": {\n    "build": ".",\n    "stop_grace_period": "35s"\n  }\n}',
        ),
        ("web: {}", "web: {stop_grace_period: 35s}"),
        ("web: {build: ., init: }", "web: {stop_grace_period: 35s, build: ., init: }"),
        ("web:\n  command: |+\n    x\n\n# end\n", "web:\n  command: |+\n    x\n\n  stop_grace_period: 35s\n# end\n"),
        ("web:\n  a: |\n    x", "web:\n  stop_grace_period: 35s\n  a: |\n    x"),
        ("web:\n  'a': b", "web:\n  'a': b\n  'stop_grace_period': '35s'"),
        ("web:\n  a:\n  - b\n  -\n    c\n# end", "web:\n  a:\n  - b\n  -\n    c\n  stop_grace_period: 35s\n# end"),
        ("- web:\n    a: [b,\n  c]\n  # end", "- web:\n    a: [b,\n  c]\n    stop_grace_period: 35s\n  # end"),
    ],
)
def test_a_pair_is_written_like_its_neighbours(text: str, expected: str) -> None:
    root = read_yaml(SourceFile("compose.yaml", text)).documents[0]
    web = root.items[0] if not hasattr(root, "mapping") else root  # type: ignore[union-attr]
    edit = put(web.mapping("web"), "stop_grace_period", "35s")  # type: ignore[union-attr, arg-type]
    assert text[: edit.span.start] + edit.text + text[edit.span.end :] == expected


# ── systemd ───────────────────────────────────────────────────────────────────────────────────────────────────────

OVER = " goes over several lines, or comes from a template"
START = "ExecStart=/srv/shop/venv/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi"


@pytest.mark.parametrize(
    ("order", "value", "line"),
    [
        ("stop_grace", 35, "TimeoutStopSec=35"),
        ("stop_signal", "INT", "KillSignal=SIGINT"),
        ("open_files", 65536, "LimitNOFILE=65536"),
        ("private_tmp", True, "PrivateTmp=yes"),
        ("environment", "A=b c%d", 'Environment="A=b c%%d"'),
        ("runtime_directory", "shop/web", "RuntimeDirectory=shop/web"),
    ],
)
def test_systemd_gets_a_setting_in_its_section(tmp_path: Path, order: str, value: Any, line: str) -> None:
    files = {
        "shop.service": f"[Unit]\nAfter=network.target\n\n[Service]\n{START}\n\n[Install]\nWantedBy=multi-user.target\n"
    }
    after = ordered(tmp_path, files, "shop.service", order, value)["shop.service"]
    assert after == files["shop.service"].replace(START, f"{START}\n{line}")


@pytest.mark.parametrize(
    ("written", "order", "value", "expected"),
    [
        ("TimeoutStopSec=5", "stop_grace", 35, "TimeoutStopSec=35"),
        ("TimeoutSec=5", "stop_grace", 35, "TimeoutSec=5\nTimeoutStopSec=35"),
        ("TimeoutStopSec = 5 ", "stop_grace", 35, "TimeoutStopSec = 35 "),
        ("TimeoutStopSec=", "stop_grace", 35, "TimeoutStopSec=\nTimeoutStopSec=35"),
        ("RuntimeDirectory=other", "runtime_directory", "shop", "RuntimeDirectory=other shop"),
        ("RuntimeDirectory=other shop", "runtime_directory", "shop", "RuntimeDirectory=other shop"),
        ("PrivateTmp=true", "private_tmp", False, "PrivateTmp=false"),
        ("LimitNOFILE=100:4096", "open_files", 1000, "LimitNOFILE=1000:4096"),
        ("LimitNOFILE=100:4096", "open_files", 65536, "LimitNOFILE=65536"),
        ("LimitNOFILE=100:infinity", "open_files", 65536, "LimitNOFILE=65536:infinity"),
    ],
)
def test_systemd_changes_what_is_set(tmp_path: Path, written: str, order: str, value: Any, expected: str) -> None:
    text = f"[Service]\r\n# why\r\n{{}}\r\n{START}"
    files = {"shop.service": text.format(written.replace("\n", "\r\n"))}
    after = ordered(tmp_path, files, "shop.service", order, value)["shop.service"]
    assert after == text.format(expected.replace("\n", "\r\n"))


def test_a_command_over_several_lines_stays_in_one_piece(tmp_path: Path) -> None:
    files = {"shop.service": "[Service]\n  ExecStart = /usr/bin/gunicorn \\\n# why\n    shop.wsgi\n"}
    assert ordered(tmp_path, files, "shop.service", "stop_grace", 35)["shop.service"] == (
        f"{files['shop.service']}  TimeoutStopSec = 35\n"
    )


def test_a_drop_in_has_the_last_word(tmp_path: Path) -> None:
    files = {
        "shop.service": f"[Service]\nTimeoutStopSec=5\n{START}\n",
        "shop.service.d/override.conf": "[Service]\nTimeoutStopSec=7\n",
    }
    assert told(tmp_path, files, "shop.service", "stop_grace", 35) == (
        "shop.service.d/override.conf: - TimeoutStopSec=7\nshop.service.d/override.conf: + TimeoutStopSec=35"
    )


@pytest.mark.parametrize(
    ("written", "order", "value", "reason"),
    [
        ("DynamicUser=yes", "private_tmp", False, "DynamicUser= brings a /tmp of its own, whatever PrivateTmp= says"),
        ("User=shop", "init", True, "systemd has no setting for that (init)"),
        ("User=shop", "runtime_directory", "../etc", "../etc can't be the name of a folder that systemd makes"),
        ("User=shop", "runtime_directory", "a b", "a b can't be the name of a folder that systemd makes"),
        ("User=shop", "environment", "A=b\nExecStop=x", "that is no variable and its value"),
        ("Environment=A=c", "environment", "A=b", "A is set in the unit already"),
        (
            "TimeoutStopSec=5 \\\n6",
            "stop_grace",
            35,
            "TimeoutStopSec= goes over several lines, or comes from a template",
        ),
    ],
)
def test_systemd_is_left_to_people(tmp_path: Path, written: str, order: str, value: Any, reason: str) -> None:
    files = {"shop.service": f"[Service]\n{written}\n{START}\n"}
    assert refused(tmp_path, files, "shop.service", order, value) == reason


# ── the others ────────────────────────────────────────────────────────────────────────────────────────────────────

PROGRAM = "[program:web]\ndirectory=/srv/shop\ncommand = gunicorn shop.wsgi ; why\n\n[program:b]\ncommand=x\n"


@pytest.mark.parametrize(
    ("order", "value", "line"),
    [
        ("stop_grace", 35, "stopwaitsecs = 35"),
        ("stop_grace", 34.2, "stopwaitsecs = 35"),
        ("stop_signal", "SIGINT", "stopsignal = INT"),
    ],
)
def test_supervisord_gets_an_option(tmp_path: Path, order: str, value: Any, line: str) -> None:
    after = ordered(tmp_path, {"supervisord.conf": PROGRAM}, "web", order, value)["supervisord.conf"]
    assert after == PROGRAM.replace("; why\n", f"; why\n{line}\n")


def test_supervisord_gets_a_variable(tmp_path: Path) -> None:
    files = {"supervisord.conf": PROGRAM}
    first = ordered(tmp_path, files, "web", "environment", "A=b%c")
    assert changed(files, first) == 'supervisord.conf: + environment=A="b%%c"'
    assert changed(first, ordered(tmp_path, first, "web", "environment", "D=e")) == (
        'supervisord.conf: - environment=A="b%%c"\nsupervisord.conf: + environment=A="b%%c",D="e"'
    )
    assert refused(tmp_path, first, "web", "environment", "A=e") == "A is set already"
    assert refused(tmp_path, files, "web", "environment", 'A="\nuser=root') == (
        "the value can't be written into supervisord's file"
    )


def test_supervisord_has_no_limit_of_open_files(tmp_path: Path) -> None:
    assert refused(tmp_path, {"supervisord.conf": PROGRAM}, "web", "open_files", 1) == (
        "supervisord has no option for that (open_files)"
    )


POD = """\
apiVersion: v1
kind: Pod
metadata: {{name: web}}
spec:
  {}
  containers:
    - name: web
      image: python:3.12
      command: [gunicorn, shop.wsgi]
"""
GRACE = "terminationGracePeriodSeconds"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (f"{GRACE}: 5", f"{GRACE}: 47"),
        ("restartPolicy: Always", f"restartPolicy: Always\n  {GRACE}: 47"),
        ("# nothing", f"# nothing\n  {GRACE}: 47"),
        ("volumes: []", f"volumes: []\n  {GRACE}: 47"),
    ],
)
def test_kubernetes_gives_a_pod_time(tmp_path: Path, written: str, expected: str) -> None:
    after = ordered(tmp_path, {"web.yaml": POD.format(written)}, "web", "stop_grace", 46.5)["web.yaml"]
    assert after == POD.format(expected)


@pytest.mark.parametrize(
    ("text", "order", "value", "expected"),
    [
        ("CMD x", "stop_signal", "INT", "STOPSIGNAL SIGINT\nCMD x"),
        (
            "STOPSIGNAL SIGQUIT # no remark\nCMD x",
            "environment",
            "A=b",
            "STOPSIGNAL SIGQUIT # no remark\nENV A=b\nCMD x",
        ),
        ("STOPSIGNAL QUIT\nCMD x", "stop_signal", "INT", "STOPSIGNAL INT\nCMD x"),
        ("cmd x", "stop_signal", "INT", "stopsignal SIGINT\ncmd x"),
    ],
)
def test_a_dockerfile_is_told_in_its_last_stage(
    tmp_path: Path, text: str, order: str, value: Any, expected: str
) -> None:
    head = "FROM python:3.12-slim AS base\nCMD gunicorn a\nFROM base\nRUN pip install gunicorn\n"
    text, expected = (one.replace("x", "gunicorn shop.wsgi") for one in (text, expected))
    assert ordered(tmp_path, {"Dockerfile": head + text}, "Dockerfile", order, value)["Dockerfile"] == head + expected


def test_a_signal_from_a_variable_is_left_to_people(tmp_path: Path) -> None:
    files = {"Dockerfile": "FROM python:3.12\nSTOPSIGNAL $X\nCMD gunicorn shop.wsgi\n"}
    assert refused(tmp_path, files, "Dockerfile", "stop_signal", "INT") == "the signal comes from a variable"
    assert "a Dockerfile does not tell that" in refused(tmp_path, files, "Dockerfile", "stop_grace", 5)


def test_what_has_no_manager_is_left_to_people(tmp_path: Path) -> None:
    unit = unit_of(stack_of(tmp_path, {"Procfile": "web: gunicorn shop.wsgi\n"}), "web")
    assert unit.manager is Manager.PROCFILE and isinstance(unit, Unit)
    with pytest.raises(CannotFix, match="nothing tells how process web is started and stopped"):
        edits_of_order(Order(unit, "stop_grace", 35))
