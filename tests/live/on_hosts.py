"""What experiments over several hosts share: examples of rules, and whether the program is right about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.rules.schema import Bad, Good, RuleFile
from tests.live.client import Answer
from tests.live.experiments import findings_of, rules
from tests.live.hosts import Host, stage
from tests.live.lab import Observation
from tests.live.servers import nginxes
from tests.live.verdict import refutes
from tests.rules import harness

EACH_NGINX = pytest.mark.parametrize("program", list(nginxes().values()), ids=list(nginxes()))


def bad(rule: str, name: str) -> Bad:
    return next(one for one in _rule(rule).examples.bad if one.name == name)


def good(rule: str, name: str) -> Good:
    return next(one for one in _rule(rule).examples.good if one.name == name)


def _rule(name: str) -> RuleFile:
    return next(rule for rule in rules() if rule.id == name)


def agrees(rule: str, example: Bad, found: Observation, folder: Path) -> None:
    """What the program says of the bad example is what was seen."""
    findings = findings_of(_rule(rule), harness.outcome(example.files, example.settings, folder).findings)
    assert findings
    refusals = [refutes(finding.symptom, found) for finding in findings]
    assert "" in refusals, refusals


def statuses(answers: list[Answer]) -> list[int]:
    return [answer.status for answer in answers]


def observed(example: Bad | Good, proxy: Host, other: Host, program: str, client: Host) -> Observation:
    """nginx on one host, the app on another, a client on a third."""
    with stage(example.files) as stack:
        stack.app(other)
        stack.nginx(proxy, program)
        return stack.observation(client.ask(proxy.address, 80))
