"""What ``check`` says of generated files before they are written, and which override of the spec is to blame."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cfgcheck.app import Input, check
from cfgcheck.findings import Finding
from cfgcheck.generate.plan import plan
from cfgcheck.generate.render import render
from cfgcheck.generate.spec import Spec
from cfgcheck.record import record
from cfgcheck.settings import Settings, load_settings
from cfgcheck.settings.find import OWN_FILE

Keys = tuple[str, ...]

_OVERRIDES = (
    ("nginx", "main"),
    ("nginx", "events"),
    ("nginx", "http"),
    ("services", "*", "nginx", "server"),
    ("services", "*", "nginx", "location"),
    ("services", "*", "nginx", "upstream"),
    ("services", "*", "server", "settings"),
    ("services", "*", "manager"),
)
"""Where a spec may say what is written as it is."""


@record(frozen=True)
class Objection:
    """A finding about generated files. ``blamed``: the spec's overrides that cause it; none: the generator does."""

    finding: Finding
    blamed: tuple[Keys, ...]


def judge(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """What ``check`` finds in these files, information too."""
    with tempfile.TemporaryDirectory(prefix="cfgcheck-") as scratch:
        folder = Path(scratch, "deploy")
        for path, text in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", errors="surrogateescape")
        settings = load_settings(folder, folder / OWN_FILE) if OWN_FILE in files else Settings()
        return check(Input((folder,)), settings).findings


def objections(spec: Spec, files: Mapping[str, str]) -> list[Objection]:
    """The findings about ``files``, which were made of ``spec``, each with what in the spec is to blame."""
    findings = judge(files)
    if not findings:
        return []
    every = list(overrides(spec))
    without = {keys: {_identity(one) for one in judge(render(plan(_without(spec, [keys]))))} for keys in every}
    bare = {_identity(one) for one in judge(render(plan(_without(spec, every))))} if every else set()
    return [Objection(one, _blamed(one, every, without, bare)) for one in findings]


def _blamed(one: Finding, every: list[Keys], without: Mapping[Keys, set[Keys]], bare: set[Keys]) -> tuple[Keys, ...]:
    """Each override without which the finding is gone; all of them where only that helps."""
    alone = tuple(keys for keys in every if _identity(one) not in without[keys])
    if alone or not every or _identity(one) in bare:
        return alone
    return tuple(every)


def _identity(finding: Finding) -> Keys:
    return finding.rule, finding.primary.span.file.path, finding.symbol


def overrides(spec: Spec) -> Iterator[Keys]:
    """The places of all that the spec says to be written as it is."""
    written = spec.model_dump(by_alias=True)
    for pattern in _OVERRIDES:
        for keys in _matching(written, pattern):
            yield from ((*keys, name) for name in _at(written, keys))


def _matching(written: Any, pattern: Keys) -> Iterator[Keys]:
    if "*" not in pattern:
        yield pattern
        return
    at = pattern.index("*")
    for name in _at(written, pattern[:at]):
        yield (*pattern[:at], name, *pattern[at + 1 :])


def _at(written: Any, keys: Keys) -> Any:
    for key in keys:
        written = written[key]
    return written


def _without(spec: Spec, every: list[Keys]) -> Spec:
    written = spec.model_dump(by_alias=True)
    for keys in every:
        del _at(written, keys[:-1])[keys[-1]]
    return Spec.model_validate(written)
