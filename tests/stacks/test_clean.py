"""Correct deployments, each with something that a hasty linter would complain of: no error, no warning."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import REPOSITORY, run
from tests.gunicorn.oracle import asking
from tests.stacks.real import refusal
from tests.stacks.snapshots import difference
from tests.uwsgi.real import show_config

CLEAN = REPOSITORY / "fixtures" / "clean"
CASES = sorted(path.name for path in CLEAN.iterdir() if path.is_dir())
UNLIKE_NGINX = {"bare-server", "fragments", "nginx-dump"}
"""Not whole: what they include or stand in is missing, or it is a dump of several files."""


def found(name: str) -> dict[str, Any]:
    done = run("check", CLEAN / name, "--format", "json", "--fail-on", "warning")
    assert done.err == ""
    report: dict[str, Any] = json.loads(done.out)
    assert done.code == int(bool(loud(report)))
    return report


def loud(report: dict[str, Any]) -> list[str]:
    return [
        f"{one['severity']}[{one['rule']}] {one['primary']['path']}:{one['primary']['start']['line']}: {one['message']}"
        for one in report["findings"]
        if one["severity"] != "info"
    ]


@pytest.mark.parametrize("name", CASES)
def test_neither_errors_nor_warnings(name: str) -> None:
    assert loud(found(name)) == []


def test_what_was_looked_at_and_what_is_worth_knowing() -> None:
    """So that none of them is clean because it was not understood: the links made are kept, and every info."""
    text = "\n".join(line for name in CASES for line in described(name)) + "\n"
    changed = difference("clean", text)
    assert not changed, changed


def described(name: str) -> list[str]:
    report = found(name)
    summary = report["summary"]
    kinds = ("files", "proxies", "apps", "routes", "links", "unchecked")
    lines = [f"{name}: " + ", ".join(f"{summary[kind]} {kind}" for kind in kinds)]
    infos = sorted({(one["rule"], one["message"]) for one in report["findings"] if one["severity"] == "info"})
    return lines + [f"  info[{rule}] {message}" for rule, message in infos]


def test_each_tells_what_it_is() -> None:
    for name in CASES:
        texts = [path.read_text(encoding="utf-8") for path in (CLEAN / name).rglob("*") if path.is_file()]
        assert any(text.startswith(("#", "{#")) or "\n# " in text for text in texts), name
    assert len(CASES) >= 12
    assert all(Path(CLEAN / name).is_dir() for name in CASES)


WHOLE = sorted(name for name in CASES if not name.startswith("template-") and name not in UNLIKE_NGINX)


@pytest.mark.oracle
@pytest.mark.parametrize("name", WHOLE)
def test_nginx_accepts_it(name: str) -> None:
    assert refusal(CLEAN / name) == ""


@pytest.mark.oracle
def test_gunicorn_accepts_it() -> None:
    configs = [path for path in CLEAN.rglob("*.py") if "template-underscores" not in path.parts]
    assert len(configs) >= 10
    with asking() as oracle:
        refused = {str(path): oracle.ask(path.read_text(), ["app"], {"APP_PORT": "8000"}) for path in configs}
    assert {path: answer["refused"] for path, answer in refused.items() if "refused" in answer} == {}


@pytest.mark.oracle
def test_uwsgi_accepts_it() -> None:
    configs = [*CLEAN.rglob("*.ini"), *CLEAN.rglob("uwsgi.json")]
    assert len(configs) >= 3
    for path in configs:
        read = show_config([str(path)], path.parent)
        assert read.started, read.log
