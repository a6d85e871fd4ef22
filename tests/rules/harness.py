"""The examples of rule files, run through the whole program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import chdir
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cfgcheck import resources
from cfgcheck.findings import Finding, Unchecked
from cfgcheck.rules.catalogue import Catalogue, catalogue_of
from cfgcheck.rules.compiler import compile_rule
from cfgcheck.rules.errors import RuleError
from cfgcheck.rules.reader import read_rule, rule_paths
from cfgcheck.rules.run import judge
from cfgcheck.rules.schema import Expected, RuleFile
from cfgcheck.rules.selection import Selection

FOLDER = resources.folder("rules")
PATHS = list(rule_paths(FOLDER))


@dataclass(frozen=True)
class Outcome:
    """What the program says of an example."""

    findings: tuple[Finding, ...]
    unchecked: tuple[Unchecked, ...]
    files: Mapping[str, str]


def outcome(files: Mapping[str, str], settings: str, folder: Path) -> Outcome:
    """Write an example's files into ``folder`` and check that. The only place that knows how the program is called."""
    from cfgcheck.app import Input, load
    from cfgcheck.settings import load_settings

    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "cfgcheck.toml").write_text(settings, encoding="utf-8")
    with chdir(folder):  # so that the settings file has its short name
        _, stacks = load(Input((folder,)), load_settings(folder))
    judgements = [judge(stack, catalogue(), Selection()) for stack in stacks]
    findings = tuple(finding for judgement in judgements for finding in judgement.findings)
    unchecked = tuple(one for judgement in judgements for one in judgement.unchecked)
    return Outcome(findings, unchecked, {**files, "cfgcheck.toml": settings})


@cache
def catalogue() -> Catalogue:
    """All rules of the folder that compile: a mistake in one is found by its own test."""
    compiled = []
    for path in PATHS:
        try:
            compiled.append(compile_rule(path))
        except RuleError:
            continue
    return catalogue_of(compiled)


@cache
def rule_at(path: Path) -> RuleFile:
    return read_rule(path)[1]


def place_of(at: str, files: Mapping[str, str]) -> tuple[str, int]:
    """Path and line of ``path:line`` or ``path: text on that line``; an AssertionError where that is not one line."""
    path, _, rest = at.partition(":")
    assert path in files, f"`{at}`: the example has no file {path}"
    lines = files[path].split("\n")
    if rest.strip().isdigit():
        assert 1 <= int(rest) <= len(lines), f"`{at}`: {path} has {len(lines)} lines"
        return path, int(rest)
    found = [number for number, line in enumerate(lines, 1) if rest.strip() in line]
    assert rest.strip() and len(found) == 1, f"`{at}`: {len(found)} lines of {path} hold that text"
    return path, found[0]


def begins(finding: Finding) -> tuple[str, int]:
    return finding.primary.span.file.path, finding.primary.span.begin.line


def told(findings: Iterable[Finding]) -> str:
    """Findings for a failed test."""
    return "".join(
        f"\n  {one.severity.word} {one.rule} at {one.primary.span}: {one.message}"
        + "".join(f"\n      {label.span}: {label.text}" for label in (one.primary, *one.related))
        for one in findings
    )


def missed(expected: Expected, findings: Iterable[Finding], files: Mapping[str, str]) -> bool:
    """Whether no finding is as expected."""
    return not any(_fits(expected, finding, files) for finding in findings)


def _fits(expected: Expected, finding: Finding, files: Mapping[str, str]) -> bool:
    related = {(label.span.file.path, label.span.begin.line) for label in finding.related}
    return (
        begins(finding) == place_of(expected.at, files)
        and expected.severity in (None, finding.severity.word)
        and expected.message in finding.message
        and {place_of(at, files) for at in expected.related} <= related
    )
