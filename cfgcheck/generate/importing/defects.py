"""Raw overrides that bring the old problems back are not carried over: they were the defect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cfgcheck.findings import Finding
from cfgcheck.generate.importing.draft import short
from cfgcheck.generate.importing.result import Imported, Key, Left
from cfgcheck.generate.spec import Spec
from cfgcheck.record import replace
from cfgcheck.source.file import SourceFile, Span

Judge = Callable[[Spec], Sequence[Finding]]
"""What is found in the files that a spec would be turned into."""

_NOWHERE = Span(SourceFile("", ""), 0, 0)


def without_defects(found: Imported, judge: Judge) -> Imported:
    """The import without those overrides that cause findings."""
    findings = judge(found.spec)
    for keys in _choices(found.spec):
        if not findings:
            break
        present = [key for key in keys if key in set(overrides(found.spec))]
        shorter = _without(found.spec, present)
        fewer = judge(shorter) if present else findings
        if len(fewer) < len(findings):
            gone = {finding.rule for finding in findings} - {finding.rule for finding in fewer}
            why = f"it is what {', '.join(sorted(gone)) or 'a rule'} found"
            left = [Left(found.spans.get(key, _NOWHERE), short(f"`{key[-1]}`"), why) for key in present]
            found = replace(found, spec=shorter, left=(*found.left, *left))
            findings = fewer
    return found


def _choices(spec: Spec) -> Iterator[list[Key]]:
    """What to try without: each override by itself, all of one name (two levels may say the same), all together."""
    every = list(overrides(spec))
    yield from ([key] for key in every)
    for name in dict.fromkeys(key[-1] for key in every):
        yield [key for key in every if key[-1] == name]
    yield every


def overrides(spec: Spec) -> Iterator[Key]:
    """The keys of all raw directives and settings."""
    for level in ("main", "events", "http"):
        yield from (("nginx", level, name) for name in getattr(spec.nginx, level))
    for name, service in spec.services.items():
        for level in ("server", "location", "upstream"):
            yield from (("services", name, "nginx", level, each) for each in getattr(service.nginx, level))
        yield from (("services", name, "server", "settings", each) for each in service.server.settings)
        yield from (("services", name, "manager", each) for each in service.manager)


def _without(spec: Spec, keys: Sequence[Key]) -> Spec:
    data: dict[str, Any] = spec.model_dump(by_alias=True, exclude_unset=True)
    for key in keys:
        tables: list[Any] = [data]
        for name in key[:-1]:
            tables.append(tables[-1][name])
        del tables[-1][key[-1]]
        for name, table in zip(reversed(key[:-1]), reversed(tables[:-1]), strict=True):
            if not table[name]:  # an empty block says nothing
                del table[name]
    return Spec.model_validate(data)
