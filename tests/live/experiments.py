"""All experiments that rule files describe, and which servers at hand they hold for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from packaging.specifiers import SpecifierSet

from cfgcheck.findings import Finding
from cfgcheck.rules.proof import Experiment, OwnTest
from cfgcheck.rules.schema import Bad, Good, RuleFile
from tests.live.servers import nginxes, versions_of
from tests.rules import harness

_OF_APPS = ("gunicorn", "uwsgi", "uvicorn", "hypercorn", "daphne", "granian", "waitress")


@dataclass(frozen=True)
class Case:
    """An experiment of a rule. ``number``: which of the rule's."""

    rule: RuleFile
    number: int
    experiment: Experiment

    @property
    def name(self) -> str:
        return f"{self.rule.id}-{self.number}"

    @property
    def bad(self) -> Bad:
        found = self._example(self.experiment.bad, list(self.rule.examples.bad))
        assert isinstance(found, Bad)
        return found

    @property
    def good(self) -> Good:
        found = self._example(self.experiment.good, list(self.rule.examples.good))
        assert isinstance(found, Good)
        return found

    def _example(self, name: str | None, examples: list[Bad | Good] | list[Bad] | list[Good]) -> Bad | Good:
        if name is None:
            return examples[0]
        found = [one for one in examples if one.name == name]
        assert len(found) == 1, f"{self.rule.id}: {len(found)} examples are called {name!r}"
        return found[0]

    @property
    def digest(self) -> str:
        """Changes with whatever the experiment is made of."""
        experiment = self.experiment.model_dump_json(exclude={"mended", "start_mended"})  # what is recorded has no fix
        bad = self.bad.model_dump_json(exclude={"fixed", "unfixed", "reveals"})
        parts = [experiment, bad, self.good.model_dump_json()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    @property
    def nginxes(self) -> dict[str, str]:
        """The programs at hand that it holds for, by version."""
        wanted = SpecifierSet(self.experiment.versions.get("nginx", ""))
        return {version: program for version, program in nginxes().items() if version in wanted}

    @property
    def gunicorn(self) -> str | None:
        """A version other than the installed one, "" for that, None where no fitting one is at hand."""
        fitting = _fitting("gunicorn", self.experiment.versions.get("gunicorn", ""))
        return None if fitting is None else "" if fitting == versions_of("gunicorn")[0] else fitting

    @property
    def missing(self) -> str:
        """Why it can't be made with what is at hand, else ""."""
        for server, wanted in self.experiment.versions.items():
            if server == "nginx" and not self.nginxes:
                return f"no nginx {wanted} is at hand, only {', '.join(nginxes())}"
            if server != "nginx" and _fitting(server, wanted) is None:
                return f"no {server} {wanted} is at hand, only {', '.join(versions_of(server))}"
        return ""

    def servers(self, nginx: str) -> Mapping[str, str]:
        """Name and version of each server that takes part."""
        text = "\n".join([*self.bad.files.values(), *self.bad.files, *self.experiment.start.values()])
        used = {"nginx": nginx}
        for server in _OF_APPS:
            if server in text:
                own = self.experiment.versions.get(server, "")
                used[server] = _fitting(server, own) or versions_of(server)[0]
        return used


def _fitting(server: str, wanted: str) -> str | None:
    return next((version for version in versions_of(server) if version in SpecifierSet(wanted)), None)


@cache
def rules() -> list[RuleFile]:
    return [harness.rule_at(path) for path in harness.PATHS]


def cases() -> Iterator[Case]:
    for rule in rules():
        for number, proof in enumerate(rule.proof, 1):
            if isinstance(proof, Experiment):
                yield Case(rule, number, proof)


def own_tests() -> Iterator[tuple[RuleFile, OwnTest]]:
    for rule in rules():
        for proof in rule.proof:
            if isinstance(proof, OwnTest):
                yield rule, proof


def findings_of(rule: RuleFile, findings: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in findings if finding.rule == rule.id]
