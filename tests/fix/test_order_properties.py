"""Whatever a carrier looks like: once told, it says so, and says all else as before."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from cfgcheck.fix.order import edits_of_order
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Unit
from cfgcheck.rules.changes import Order
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.supervisor_ini import read_supervisor_ini
from cfgcheck.syntax.systemd_unit import read_unit
from tests.fix.ordering import applied, stack_of, unit_of
from tests.profiles import examples

STOPPED = st.sampled_from([("stop_grace", 35), ("stop_grace", 7), ("stop_signal", "INT"), ("stop_signal", "QUIT")])
FIELDS = ("stop_grace", "stop_signal", "private_tmp", "open_files", "runtime_directories", "user", "image", "replicas")


def told(files: Mapping[str, str], name: str, order: str, value: Any) -> tuple[Unit, Unit, dict[str, str]]:
    """The unit before and after, and the files after. Told once more, nothing changes."""
    with tempfile.TemporaryDirectory() as folder:
        before = unit_of(stack_of(Path(folder), files), name)
        after = applied(files, edits_of_order(Order(before, order, value)))
    with tempfile.TemporaryDirectory() as folder:
        unit = unit_of(stack_of(Path(folder), after), name)
        assert applied(after, edits_of_order(Order(unit, order, value))) == after
    return before, unit, after


def same_but(order: str, before: Unit, after: Unit) -> None:
    left = "runtime_directories" if order == "runtime_directory" else order
    for field in FIELDS:
        if field != left:
            assert shown(getattr(before, field)) == shown(getattr(after, field)), field


def shown(value: Any) -> Any:
    if isinstance(value, tuple):
        return [shown(one) for one in value]
    return (value.get("?"), value.because) if isinstance(value, Located) else value


def endings_kept(before: Mapping[str, str], after: Mapping[str, str], ending: str) -> None:
    for name, text in after.items():
        assert text.count("\n") == text.count(ending)
        assert text.endswith("\n") == before[name].endswith("\n")
        assert {line for line in text.splitlines() if "#" in line} >= {
            line for line in before[name].splitlines() if line.lstrip().startswith("#")
        }


# ── YAML ──────────────────────────────────────────────────────────────────────────────────────────────────────────

WEB = (
    "build: .",
    "image: shop/web:1.0 # from the registry",
    "command: gunicorn --bind 0.0.0.0:8000 --workers 3 shop.wsgi",
    "command:\n  - gunicorn\n  # where\n  - --bind=0.0.0.0:8000\n  - shop.wsgi",
    "command:\n- gunicorn\n- shop.wsgi",
    "command: >\n  gunicorn\n\n  shop.wsgi",
    'command: ["gunicorn",\n  "shop.wsgi"]',
    "environment:\n  A: 'b'\n  # deep\n  C: d",
    "ports: ['127.0.0.1:8000:8000']",
    "'restart': unless-stopped",
    "labels: {a: b, c: [d, e]}",
    "init: true",
    "stop_grace_period: 20s",
    'stop_grace_period: "1m"  # long',
    "stop_grace_period:",
    "stop_grace_period: *grace",
    "stop_signal: 'SIGQUIT'",
    "stop_signal: TERM",
    "<<: *common",
)


@st.composite
def compose_files(draw: st.DrawFn) -> tuple[dict[str, str], str]:
    keys = draw(st.lists(st.sampled_from(WEB), min_size=1, max_size=7, unique_by=lambda one: one.partition(":")[0]))
    keys = keys if any(one.startswith(("build", "image")) for one in keys) else ["image: python:3.12", *keys]
    step = draw(st.sampled_from((1, 2, 4)))
    lines = [" " * 2 * step + line for key in draw(st.permutations(keys)) for line in key.split("\n")]
    for at in draw(st.lists(st.integers(0, len(lines)), max_size=2)):
        if not any("command: " in line and ("[" in line or ">" in line) for line in lines):
            lines.insert(at, draw(st.sampled_from(("", " " * 2 * step + "# a remark", "# far out"))))
    other = [f"{' ' * step}db:", f"{' ' * 2 * step}image: postgres:16"]
    web = [f"{' ' * step}web:", *lines]
    services = draw(st.sampled_from(([*web, *other], [*other, *web], [*web, "", *other])))
    common = ["x-common: &common", "  restart: always", *draw(st.sampled_from(([], ["  stop_grace_period: 15s"])))]
    text = "\n".join(["x-grace: &grace 12s", *common, "services:", *services]) + draw(st.sampled_from(("", "\n")))
    ending = draw(st.sampled_from(("\n", "\r\n")))
    dockerfile = "FROM python:3.12-slim\nRUN pip install gunicorn\n" + 'CMD ["gunicorn", "shop.wsgi"]\n'
    return {"compose.yaml": text.replace("\n", ending), "Dockerfile": dockerfile.replace("\n", ending)}, ending


@settings(max_examples=examples(25), deadline=None)
@given(compose_files(), st.one_of(STOPPED, st.just(("init", True))))
def test_compose(made: tuple[dict[str, str], str], order: tuple[str, Any]) -> None:
    files, ending = made
    before, unit, after = told(files, "web", *order)
    same_but(order[0], before, unit)
    endings_kept(files, after, ending)
    key = {"stop_grace": "stop_grace_period", "stop_signal": "stop_signal", "init": "init"}[order[0]]
    was, now = plain(files["compose.yaml"]), plain(after["compose.yaml"])
    wanted = now["services"]["web"].pop(key)
    was["services"]["web"].pop(key, None)
    assert was == now
    assert str(wanted).removeprefix("SIG") == {"stop_grace": f"{order[1]}s"}.get(order[0], str(order[1]))
    if order[0] != "init":
        assert getattr(unit, order[0]).value == order[1]


def plain(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


POD = (
    "restartPolicy: Always",
    "terminationGracePeriodSeconds: 35",
    "terminationGracePeriodSeconds: 3 # short",
    "securityContext: {runAsUser: 1000}",
    "volumes:\n  - name: run\n    emptyDir: {}",
    "# a remark",
)
CONTAINER = 'containers:\n  - name: web\n    image: "python:3.12"\n    command: [gunicorn, shop.wsgi]'


@st.composite
def manifests(draw: st.DrawFn) -> tuple[dict[str, str], str]:
    keys = draw(st.lists(st.sampled_from(POD), max_size=4, unique_by=lambda one: one.partition(":")[0]))
    spec = [line for key in draw(st.permutations([CONTAINER, *keys])) for line in key.split("\n")]
    head = [
        "apiVersion: apps/v1",
        "kind: Deployment",
        "metadata: {name: shop}",
        "spec:",
        "  selector: {matchLabels: {a: b}}",
    ]
    lines = [*head, "  template:", "    metadata: {labels: {a: b}}", "    spec:", *(f"      {line}" for line in spec)]
    other = ["---", "apiVersion: v1", "kind: ConfigMap", "metadata: {name: c}"]
    ending = draw(st.sampled_from(("\n", "\r\n")))
    every = [*other, "---", *lines] if draw(st.booleans()) else [*lines, *other]
    return {"web.yaml": ending.join(every) + draw(st.sampled_from(("", ending)))}, ending


@settings(max_examples=examples(25), deadline=None)
@given(manifests(), st.integers(36, 400))
def test_kubernetes(made: tuple[dict[str, str], str], seconds: int) -> None:
    files, ending = made
    before, unit, after = told(files, "shop/web", "stop_grace", seconds)
    same_but("stop_grace", before, unit)
    endings_kept(files, after, ending)
    assert unit.stop_grace.value == seconds
    was, now = (list(YAML(typ="safe", pure=True).load_all(one["web.yaml"])) for one in (files, after))
    for documents in (was, now):
        pods = [one["spec"]["template"]["spec"] for one in documents if one["kind"] == "Deployment"]
        assert [pod.pop("terminationGracePeriodSeconds", None) for pod in pods] == [
            seconds if documents is now else before.stop_grace.span and before.stop_grace.value
        ]
    assert was == now


# ── lines ─────────────────────────────────────────────────────────────────────────────────────────────────────────

SERVICE = (
    "User=shop",
    "  User = shop",
    "TimeoutSec=5",
    "TimeoutStopSec=20 ",
    "TimeoutStopSec=",
    "KillSignal=SIGQUIT",
    "KillMode=mixed",
    "RuntimeDirectory=other",
    "PrivateTmp=true",
    "LimitNOFILE=100:4096",
    "Restart=on-failure",
    "# a remark",
    "; another = one",
    "",
    "ExecStart=/usr/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi",
    "ExecStart=/usr/bin/gunicorn \\\n# between\n    --bind 127.0.0.1:8000 \\\n    shop.wsgi",
)
OF_SYSTEMD = st.one_of(
    STOPPED,
    st.sampled_from([("runtime_directory", "shop"), ("private_tmp", False), ("private_tmp", True)]),
    st.sampled_from([("open_files", 65536), ("open_files", 200)]),
)


@st.composite
def units(draw: st.DrawFn) -> tuple[dict[str, str], str]:
    ending = draw(st.sampled_from(("\n", "\r\n")))
    lines = draw(st.lists(st.sampled_from(SERVICE[:-2]), max_size=6))
    lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(SERVICE[-2:])))
    install = draw(st.sampled_from(("", "\n\n[Install]\nWantedBy=multi-user.target")))
    text = "\n".join(["[Unit]", "Description=Shop", "", "[Service]", *lines]) + install
    files = {"shop.service": text + draw(st.sampled_from(("", "\n")))}
    extra = draw(st.lists(st.sampled_from(SERVICE[:-2]), max_size=3))
    if draw(st.booleans()):
        files["shop.service.d/override.conf"] = "\n".join(["[Service]", *extra]) + "\n"
    return {name: text.replace("\n", ending) for name, text in files.items()}, ending


@settings(max_examples=examples(25), deadline=None)
@given(units(), OF_SYSTEMD)
def test_systemd(made: tuple[dict[str, str], str], order: tuple[str, Any]) -> None:
    files, ending = made
    before, unit, after = told(files, "shop.service", *order)
    endings_kept(files, after, ending)
    same_but(order[0], before, unit)
    if order[0] == "runtime_directory":
        assert "/run/shop" in [made.value for made in unit.runtime_directories]
    else:
        assert getattr(unit, order[0]).value == order[1]
    names = {"stop_grace": "TimeoutStopSec", "stop_signal": "KillSignal", "runtime_directory": "RuntimeDirectory"}
    name = {**names, "private_tmp": "PrivateTmp", "open_files": "LimitNOFILE"}[order[0]]
    for path in files:
        was, now = (settings_of(SourceFile(path, text), name) for text in (files[path], after[path]))
        assert was == now


def settings_of(file: SourceFile, without: str) -> list[tuple[str, str, str]]:
    found = [(one.section, one.name, one.value.text) for one in read_unit(file).settings]
    return [one for one in found if one[1] != without]


PROGRAM = (
    "directory=/srv/shop",
    "autostart = true",
    "stopwaitsecs=3 ; short",
    "stopwaitsecs = 60",
    "stopsignal=QUIT",
    "; a remark",
    "# another",
    "",
    'environment=A="b",\n    C="d"',
)


@st.composite
def programs(draw: st.DrawFn) -> tuple[dict[str, str], str]:
    lines = draw(st.lists(st.sampled_from(PROGRAM), max_size=5))
    command = "command=gunicorn --bind 127.0.0.1:8000 shop.wsgi"
    lines.insert(
        draw(st.integers(0, len(lines))),
        draw(st.sampled_from((command, command + " ; x", command.replace("=", " = ", 1)))),
    )
    text = "\n".join(["[supervisord]", "nodaemon=true", "[program:web]", *lines, "[program:db]", "command=postgres"])
    ending = draw(st.sampled_from(("\n", "\r\n")))
    return {"supervisord.conf": (text + draw(st.sampled_from(("", "\n")))).replace("\n", ending)}, ending


@settings(max_examples=examples(20), deadline=None)
@given(programs(), STOPPED)
def test_supervisor(made: tuple[dict[str, str], str], order: tuple[str, Any]) -> None:
    files, ending = made
    before, unit, after = told(files, "web", *order)
    endings_kept(files, after, ending)
    same_but(order[0], before, unit)
    assert getattr(unit, order[0]).value == order[1]
    name = {"stop_grace": "stopwaitsecs", "stop_signal": "stopsignal"}[order[0]]
    was, now = (options_of(one["supervisord.conf"], name) for one in (files, after))
    assert was == now


def options_of(text: str, without: str) -> list[tuple[str, str, str]]:
    sections = read_supervisor_ini(SourceFile("supervisord.conf", text)).sections
    return [
        (title, name, option.value.text)
        for title, section in sections.items()
        for name, option in section.options.items()
        if (title, name) != ("program:web", without)
    ]
