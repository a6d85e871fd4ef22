"""A made-up rule that finds words in files and changes them, for tests of the rounds alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from cfgcheck.findings import Confidence, Finding, Label, Severity
from cfgcheck.fix.ground import Ground
from cfgcheck.fix.view import Look, View
from cfgcheck.load.disk import Disk
from cfgcheck.rules.changes import Change, Repair, Replace
from cfgcheck.source.file import Span

Changes = Callable[[Span], list[Change]]


def instead(text: str) -> Changes:
    return lambda span: [Replace(span, text)]


def nowhere(span: Span) -> list[Change]:
    return []


class Words:
    """Finds each word in the files of a folder; ``rules`` say by word what mends it, and whether that is safe."""

    def __init__(self, folder: Path, rules: Mapping[str, tuple[Changes, str]]) -> None:
        self.folder = folder
        self.rules = rules
        self.looks = 0

    @property
    def look(self) -> Look:
        return self._look

    def _look(self, texts: Mapping[Path, str]) -> View:
        self.looks += 1
        disk = Disk(self.folder)
        disk.rewritten.update(texts)
        found = [
            self._finding(word, Span(file, match.start(), match.end()), *rule)
            for path in sorted(self.folder.rglob("*.conf"))
            if (file := disk.read(path)) is not None
            for word, rule in self.rules.items()
            for match in re.finditer(rf"\b{word}\b", file.text)
        ]
        findings = tuple(sorted(found, key=lambda one: one.primary.span.key))
        return View(Ground(disk), findings, findings)

    def _finding(self, word: str, span: Span, changes: Changes, applicability: str) -> Finding:
        return Finding(
            word,
            "file",
            Severity.WARNING,
            Confidence.CERTAIN,
            f"there is {word}",
            "it",
            Label(span),
            symbol=f"{span.file.path}",
            repairs=(Repair(f"mend {word}", applicability, partial(changes, span)),),
        )
