"""``cfgcheck: ignore[rule-a, rule-b] reason`` in a comment: silences findings that have a place there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from cfgcheck.findings import Confidence, Finding, Label, Severity
from cfgcheck.model.stack import Stack
from cfgcheck.record import field, record
from cfgcheck.rules.catalogue import Catalogue
from cfgcheck.rules.comments import comments
from cfgcheck.rules.selection import nearest
from cfgcheck.source.file import SourceFile, Span

UNUSED = "unused-suppression"

_IGNORE = re.compile(r"cfgcheck:[ \t]*ignore(?P<list>[ \t]*\[(?P<names>[^\]\n]*)\])?")
_NAME = re.compile(r"[^\s,]+")


@record()
class Name:
    """One name in an ``ignore[…]``."""

    text: str
    span: Span
    used: bool = False


@record()
class Suppression:
    """An ``ignore[…]`` and the lines of its file that it speaks for. ``names`` is empty where brackets are missing."""

    span: Span
    first_line: int
    last_line: int
    names: list[Name] = field(default_factory=list)


def suppressions(files: Iterable[SourceFile], nginx: Collection[str]) -> Iterator[Suppression]:
    """All of a run. ``nginx``: paths of the files read as nginx configuration."""
    for file in files:
        for comment in comments(file, file.path in nginx):
            for found in _IGNORE.finditer(file.text, comment.start, comment.end):
                names = [
                    Name(name[0], Span(file, name.start(), name.end()))
                    for name in _NAME.finditer(file.text, *(found.span("names") if found["list"] else (0, 0)))
                ]
                span = Span(file, found.start(), found.end())
                yield Suppression(span, comment.first_line, comment.last_line, names)


class Silence:
    """The suppressions of a stack, and which of them were used."""

    def __init__(self, stack: Stack) -> None:
        nginx = {file.path for proxy in stack.proxies for file in proxy.files}
        self.all = list(suppressions(stack.files, nginx))
        self._by_line: dict[tuple[str, int], list[Suppression]] = {}
        for one in self.all:
            for line in range(one.first_line, one.last_line + 1):
                self._by_line.setdefault((one.span.file.path, line), []).append(one)

    def covers(self, finding: Finding) -> bool:
        """Whether a comment silences it; the names that do are marked as used."""
        silenced = False
        if not self._by_line:
            return silenced
        for label in (finding.primary, *finding.related):
            place = label.span.file.path, label.span.begin.line
            for one in self._by_line.get(place, ()):
                for name in one.names:
                    if name.text == finding.rule and not _repeated(one, name):
                        name.used = silenced = True
        return silenced

    def unused(self, catalogue: Catalogue, ran: Collection[str], doubtful: Collection[str]) -> Iterator[Finding]:
        """A finding for each name that silenced nothing. ``ran``: rules that ran; ``doubtful``: those of them that
        could not be checked somewhere, so that nobody knows."""
        for one in self.all:
            if not one.names:
                message = "this `ignore` names no rule in brackets, so it silences nothing"
                yield _finding(one.span, message, "write ignore[rule-id]", catalogue)
            for name in one.names:
                told = self._complaint(one, name, catalogue, ran, doubtful)
                if told:
                    yield _finding(name.span, *told, catalogue)

    def _complaint(
        self, one: Suppression, name: Name, catalogue: Catalogue, ran: Collection[str], doubtful: Collection[str]
    ) -> tuple[str, str] | None:
        if name.text not in catalogue:
            return f"`{name.text}` is no rule", nearest(name.text, catalogue) or "see `cfgcheck rules`"
        if name.used or name.text == UNUSED or name.text not in ran or name.text in doubtful:
            return None
        if _repeated(one, name):
            return f"`{name.text}` is named twice", "take one out"
        return f"`{name.text}` silences nothing here", "take it out"


def _repeated(one: Suppression, name: Name) -> bool:
    return next(other for other in one.names if other.text == name.text) is not name


def _finding(span: Span, message: str, remedy: str, catalogue: Catalogue) -> Finding:
    rule = catalogue.get(UNUSED)
    severity, category = (rule.severity, rule.category) if rule else (Severity.WARNING, "file")
    return Finding(
        UNUSED,
        category,
        severity,
        Confidence.CERTAIN,
        message,
        span.file.path,
        Label(span, "silences nothing"),
        remedy=remedy,
        symbol=f"file {span.file.path}",
    )
