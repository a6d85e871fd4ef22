"""The bad examples of rule files, mended through the whole program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import chdir
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from cfgcheck.app import Input, mend
from cfgcheck.findings import Finding, Severity
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.resolve import fix_of
from cfgcheck.fix.rounds import Mended
from cfgcheck.fix.writing import Change, write_all
from cfgcheck.record import replace
from cfgcheck.settings import Choice, load_settings
from tests.rules import harness


@dataclass(frozen=True)
class Mending:
    """An example before and after: its files as they are on the disk, and what the program says of them."""

    mended: Mended
    before: harness.Outcome
    after: harness.Outcome

    @property
    def changed(self) -> str:
        return changed_lines(self.before.files, self.after.files)


def mend_folder(folder: Path, rule: str = "", *, unsafe: bool = True) -> Mended:
    """Mend what is in a folder, for one rule or all, and write it."""
    settings = load_settings(folder)
    if rule:
        settings = replace(settings, select=(Choice(rule),))
    mended = mend(Input((folder,)), settings, unsafe=unsafe, catalogue=harness.catalogue())
    write_all({path: Change(mended.before[path], text) for path, text in mended.changed().items()})
    return mended


def mend_example(files: Mapping[str, str], settings: str, folder: Path, rule: str) -> Mending:
    """Write an example's files into ``folder`` and mend what one rule finds there, ``unsafe`` or not."""
    before = harness.outcome(files, settings, folder)
    with chdir(folder):  # so that the settings file has its short name
        mended = mend_folder(folder, rule)
    texts = texts_of(folder)
    return Mending(mended, before, harness.outcome({name: texts[name] for name in files}, settings, folder))


def texts_of(folder: Path) -> dict[str, str]:
    """All files of a folder by their relative paths, bytes that are not UTF-8 as surrogate escapes."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8", "surrogateescape") for path in paths
    }


def changed_lines(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """For each changed file its path, then the lines that went (``-``) and came (``+``), without those between."""
    lines: list[str] = []
    for name, text in before.items():
        if after[name] != text:
            lines += [name, *_changed(text, after[name])]
    return "".join(f"{line}\n" for line in lines)


def _changed(before: str, after: str) -> Iterator[str]:
    for line in list(unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=0))[2:]:
        if not line.startswith("@@"):
            yield line.rstrip()


def loud(findings: Iterable[Finding]) -> Counter[str]:
    """How many errors and warnings each rule gives."""
    return Counter(finding.rule for finding in findings if finding.severity > Severity.INFO)


def reasons(mended: Mended) -> list[str]:
    """What keeps the rest from being mended."""
    told = [f"{one.finding.primary.span}: {one.reason}" for one in mended.refused]
    for finding in mended.view.findings:
        try:
            fix_of(finding, mended.view.ground)
        except CannotFix as error:
            told.append(f"{finding.primary.span}: {error.reason}")
    return told
