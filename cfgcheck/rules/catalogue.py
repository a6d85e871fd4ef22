"""All rules: the compiled ones that travel with the program, and those of the project's own folders."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cfgcheck import resources
from cfgcheck.findings import Confidence, Severity
from cfgcheck.rules.errors import RuleError

FORMAT = "cfgcheck.catalogue/1"

_PASSING = re.compile(
    r"\(*_need\(_s\.passes\)\.\w+ (?:==|in) [^()]*\)(?: or \(_need\(_s\.passes\)\.\w+ (?:==|in) [^()]*\))*\)? and "
)
"""A compiled condition that begins with a comparison of what a location passes to, or a choice of such."""


class Rule:
    """A compiled rule. ``data`` holds its fields as ``compiler.py`` writes them."""

    __slots__ = (
        "category", "check", "confidence", "data", "each", "id", "ingress", "links", "params", "passing", "plain",
        "severity", "subject",
    )  # fmt: skip

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.id: str = data["id"]
        self.category: str = data["category"]
        self.subject: str = data["subject"]
        self.links = frozenset(data.get("links", ()))
        self.ingress: bool = data.get("ingress", False)
        """Whether it judges a Kubernetes Ingress, too, whose settings are annotations."""
        self.severity = Severity.of(data["severity"])
        self.confidence = Confidence(data["confidence"])
        self.plain: bool = data.get("plain", False) or "slow" not in data
        """Whether ``when`` is a list of conditions without further logic: something absent makes it untrue."""
        self.passing: bool = data["subject"] == "location" and _PASSING.match(data.get("when", "")) is not None
        """Whether the first condition is on where a location passes to: it is not true of those that don't."""
        self.each: str | None = data.get("each")
        """The expression of the list whose elements are judged one by one."""
        self.params: Mapping[str, Any] | None = data["check"].get("params", {}) if "check" in data else None
        """What the check in Python is given; None for a rule without one."""
        self.check: Any = None
        """The function that ``load_check`` found."""

    @property
    def reported(self) -> str:
        """``reader`` or ``engine`` for a rule that is no expression but what these report; else ""."""
        return str(self.data.get("reported", ""))

    @property
    def why(self) -> str:
        return str(self.data["why"])

    @property
    def sources(self) -> list[str]:
        return list(self.data["sources"])

    def __repr__(self) -> str:
        return f"Rule({self.id!r})"


class Catalogue(Mapping[str, Rule]):
    """Rules by id, in the order of categories and ids."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = {rule.id: rule for rule in rules}

    def __getitem__(self, name: str) -> Rule:
        return self._rules[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    @property
    def categories(self) -> list[str]:
        return list(dict.fromkeys(rule.category for rule in self._rules.values()))


def load_catalogue(folders: Iterable[Path] = ()) -> Catalogue:
    """The program's own rules and those of further folders; raises RuleError for a mistake in these."""
    rules = _bundled()
    for folder in folders:
        rules += _folder(folder, {rule.id for rule in rules})
    catalogue = Catalogue(rules)
    if folders:
        _check_references(catalogue)
    return catalogue


def catalogue_of(compiled: Iterable[Mapping[str, Any]]) -> Catalogue:
    """A catalogue of rules that were just compiled."""
    return Catalogue(Rule(data) for data in compiled)


def _bundled() -> list[Rule]:
    table = json.loads(resources.data("catalogue.json").read_text(encoding="utf-8"))
    return [Rule(data) for data in table["rules"]]


def _folder(folder: Path, taken: set[str]) -> list[Rule]:
    from cfgcheck.rules.compiler import compile_rule
    from cfgcheck.rules.reader import rule_paths

    if not folder.is_dir():
        raise RuleError(str(folder), 1, 1, "there is no such folder of rules", "see `rules` in the settings")
    rules = []
    for path in rule_paths(folder):
        rule = Rule(compile_rule(path))
        if rule.id in taken:
            raise RuleError(str(path), 1, 1, f"there is a rule `{rule.id}` already", "take another id")
        taken.add(rule.id)
        rules.append(rule)
    return rules


def _check_references(catalogue: Catalogue) -> None:
    """Refuse a ``supersedes`` or a check that isn't there."""
    for rule in catalogue.values():
        for name, _ in rule.data.get("supersedes", ()):
            if name not in catalogue:
                raise RuleError(rule.id, 1, 1, f"`supersedes` names `{name}`, which is no rule")
        if "check" in rule.data:
            load_check(rule)
        for step in rule.data["fix"].get("edits", ()):
            if "python" in step:
                load_mend(rule.id, step["python"])


def load_check(rule: Rule) -> Any:
    """The function of ``cfgcheck/checks/`` that a rule names; raises RuleError when there is none."""
    if rule.check is not None:
        return rule.check
    from importlib import import_module

    name = rule.data["check"]["python"]
    try:
        rule.check = import_module(f"cfgcheck.checks.{name}").check
        return rule.check
    except ModuleNotFoundError as error:
        if error.name != f"cfgcheck.checks.{name}":
            raise
        raise RuleError(rule.id, 1, 1, f"there is no check `{name}` in cfgcheck/checks") from None


def load_mend(rule: str, name: str) -> Any:
    """``changes`` of ``cfgcheck/checks/mend_<name>.py``, which a step of a rule's fix names; raises RuleError when
    there is none."""
    from importlib import import_module

    module = f"cfgcheck.checks.mend_{name}"
    try:
        return import_module(module).changes
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise RuleError(rule, 1, 1, f"there is no mend `{name}` in cfgcheck/checks") from None


def dumps(compiled: Iterable[Mapping[str, Any]]) -> str:
    """The text of ``data/catalogue.json``: one rule a line, for diffs that can be read."""
    ordered = sorted(compiled, key=lambda data: (data["category"], data["id"]))
    lines = ",\n".join(json.dumps(data, ensure_ascii=False, separators=(",", ":")) for data in ordered)
    return f'{{"format":"{FORMAT}","rules":[\n{lines}\n]}}\n'
