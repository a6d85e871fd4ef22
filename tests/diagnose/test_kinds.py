"""Every kind of line is found in a log, for what it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cfgcheck.diagnose.app_kinds import APP_KINDS, APP_OTHER
from cfgcheck.diagnose.nginx_kinds import NGINX_KINDS, NGINX_OTHER, NGINX_START
from cfgcheck.rules.catalogue import load_catalogue
from tests.diagnose.samples import LINES, QUIET, TAIL, kinds_of, nginx

KINDS = (*NGINX_KINDS, NGINX_START, NGINX_OTHER, *APP_KINDS, APP_OTHER)
CASES = [(name, line) for name, lines in LINES.items() for line in lines]


@pytest.mark.parametrize(("name", "line"), CASES, ids=[f"{name}-{number}" for number, (name, _) in enumerate(CASES)])
def test_a_line_is_of_its_kind(name: str, line: str, tmp_path: Path) -> None:
    assert kinds_of(tmp_path, *QUIET, line, *QUIET) == [name]


def test_every_kind_has_a_line() -> None:
    assert {kind.name for kind in KINDS} == LINES.keys()


def test_healthy_lines_are_of_no_kind(tmp_path: Path) -> None:
    assert kinds_of(tmp_path, *QUIET) == []


def test_rules_that_kinds_name_are_there() -> None:
    catalogue = load_catalogue()
    assert {rule for kind in KINDS for rule in kind.rules} <= catalogue.keys()


def test_every_pattern_of_the_catalogue_is_one_of_these_lines() -> None:
    """So a line that a rule speaks of is never passed over."""
    lines = [line.replace(TAIL, "") for _, line in CASES]
    missing = [
        f"{rule.id}: {symptom['log']}"
        for rule in load_catalogue().values()
        for symptom in rule.data.get("symptom") or ()
        if symptom.get("log") and not any(re.search(symptom["log"], line) for line in lines)
    ]
    assert missing == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_titles_and_advice_are_there(kind: object) -> None:
    title, agrees, seen = (getattr(kind, name) for name in ("title", "agrees", "seen"))
    assert title and agrees and seen
    assert title[0].islower() or title.split()[0] in ("Gunicorn", "Gunicorn's", "uWSGI's", "TLS", "URLs")
    assert not agrees.endswith(".")


def test_debug_and_notice_lines_do_not_count(tmp_path: Path) -> None:
    message = "connect() failed (111: Connection refused) while connecting to upstream"
    assert kinds_of(tmp_path, nginx("upstream buf is full", "debug"), nginx("signal 15 received", "notice")) == []
    assert kinds_of(tmp_path, nginx(message)) == ["connection-refused"]
