"""The demonstration: what it finds, and that real servers fail in just that way."""

from __future__ import annotations

import pytest

from cfgcheck.rules.proof import Request
from tests.cli.running import DEMO, run
from tests.live.lab import observe
from tests.live.servers import nginxes


@pytest.mark.parametrize(("stack", "rule"), [("gunicorn", "unreachable-upstream"), ("uwsgi", "protocol-mismatch")])
def test_each_shows_one_502_with_both_ends(stack: str, rule: str) -> None:
    done = run("check", DEMO / stack)
    assert (done.code, done.err) == (1, "")
    errors = [line for line in done.out.splitlines() if line.startswith("error[")]
    assert len(errors) == 1
    assert errors[0].startswith(f"error[{rule}]: ")
    assert "client sees: 502 Bad Gateway" in done.out
    assert done.out.count("╭─ ") >= 2


MENDED = {
    "gunicorn": ("nginx.conf", "127.0.0.1:8001", "127.0.0.1:8000"),
    "uwsgi": ("uwsgi.ini", "socket =", "http-socket ="),
}


@pytest.mark.oracle
@pytest.mark.parametrize("stack", MENDED)
def test_real_servers_answer_502(stack: str) -> None:
    """… and 200 once one place is mended, as the report says."""
    files = {path.name: path.read_text() for path in (DEMO / stack).iterdir()}
    name, wrong, right = MENDED[stack]
    assert files[name].count(wrong) == 1
    mended = {**files, name: files[name].replace(wrong, right)}
    program = next(iter(nginxes().values()))
    assert [answer.status for answer in observe(files, program, [Request()]).answers] == [502]
    assert [answer.status for answer in observe(mended, program, [Request()]).answers] == [200]
