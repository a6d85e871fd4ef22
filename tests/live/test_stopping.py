"""What becomes of running requests when a manager loses its patience: it signals, waits, and kills."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from cfgcheck.rules.proof import Request
from cfgcheck.rules.schema import Bad, Good
from tests.live.experiments import findings_of, rules
from tests.live.lab import Observation, Running, running
from tests.live.servers import RefusedError, app, nginxes, no_namespaces
from tests.live.verdict import refutes
from tests.rules import harness

pytestmark = pytest.mark.live

_RULE = next(rule for rule in rules() if rule.id == "stop-grace-below-app-grace")
EACH_NGINX = pytest.mark.parametrize("program", nginxes().values(), ids=nginxes())


def _example(name: str) -> Bad | Good:
    examples: list[Bad | Good] = [*_RULE.examples.bad, *_RULE.examples.good]
    (found,) = (one for one in examples if one.name == name)
    return found


def _patience(files: Mapping[str, str]) -> float:
    """How long the manager of an example waits, in seconds."""
    (found,) = re.findall(r"(?:stop_grace_period: |stopwaitsecs=)(\d+)", "\n".join(files.values()))
    return float(found)


def _command(files: Mapping[str, str]) -> str:
    (found,) = re.findall(r"command[:=] ?(gunicorn .*)", "\n".join(files.values()))
    return str(found)


def _agrees(bad: Bad | Good, found: Observation, folder: Path) -> None:
    outcome = harness.outcome(bad.files, bad.settings, folder)
    refusals = [refutes(finding.symptom, found) for finding in findings_of(_RULE, outcome.findings)]
    assert "" in refusals, refusals


def _stop(stack: Running, patience: float) -> bool:
    """As a manager does it; whether it had to kill."""
    server = stack.server("app")
    server.signal("TERM")
    if server.wait(patience) is not None:
        return False
    server.signal("KILL")
    server.wait(10)
    return True


def _in_a_container(files: Mapping[str, str], program: str) -> Observation:
    """A request of 6 s is running when the container, a namespace of processes, is stopped."""
    start = {"web": f"unshare --pid --fork --kill-child {_command(files)}"}
    with running(files, program, start=start) as stack:
        stack.take(Request(path="/?sleep=6", background=True))
        killed = _stop(stack, _patience(files))
        stack.finish()
        stack.collect()
        stack.observation.left = len(stack.server("app").members())
        assert killed == (_patience(files) < 6)
        return stack.observation


@EACH_NGINX
def test_killed_before_its_requests_are_done(program: str, tmp_path: Path) -> None:
    if no_namespaces():
        pytest.skip(no_namespaces())
    bad, good = _example("3 s, behind nginx"), _example("20 s, behind nginx")
    found = _in_a_container(bad.files, program)
    assert [answer.status for answer in found.answers] == [502]
    assert found.left == 0
    _agrees(bad, found, tmp_path)
    assert [answer.status for answer in _in_a_container(good.files, program).answers] == [200]


def _restarted_alone(files: Mapping[str, str], program: str) -> Observation:
    """The master alone is told to stop and killed; then a new one is started in its place."""
    command = _command(files)
    with running(files, program, start={"web": command}) as stack:
        stack.take(Request(path="/?sleep=9", background=True))
        stack.observation.left = -1
        _stop(stack, _patience(files))
        stack.observation.left = len(stack.server("app").members())
        try:
            with app(stack.home, "again", command):
                stack.take(Request())
        except RefusedError as refused:
            stack.observation.refused, stack.observation.says = refused.who, refused.says
            stack.take(Request(background=True))  # waits behind what still runs
            stack.finish()
            stack.take(Request())
        stack.finish()
        stack.collect()
        return stack.observation


@EACH_NGINX
def test_a_killed_master_leaves_workers_with_the_port(program: str, tmp_path: Path) -> None:
    bad, good = _example("3 s of supervisord, behind nginx"), _example("20 s of supervisord, behind nginx")
    found = _restarted_alone(bad.files, program)
    assert found.left, "its worker lives on"
    assert found.refused == "again"
    assert "Connection in use" in found.says
    *together, last = [answer.status for answer in found.answers]
    assert sorted(together) == [200, 502], "the running request, and the one that waited: they end at one moment"
    assert last == 502
    assert "failed (104: Connection reset by peer) while reading response header from upstream" in found.log
    assert "connect() failed (111: Connection refused) while connecting to upstream" in found.log
    _agrees(bad, found, tmp_path)
    cured = _restarted_alone(good.files, program)
    assert (cured.left, cured.refused) == (0, "")
    assert [answer.status for answer in cured.answers] == [200, 200]
