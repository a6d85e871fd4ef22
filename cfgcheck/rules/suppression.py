"""``cfgcheck: ignore[rule-a, rule-b] reason`` in a comment: silences findings that have a place there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from cfgcheck.findings import Confidence, Finding, Label, Severity
from cfgcheck.model.stack import Stack
from cfgcheck.record import field, record
from cfgcheck.rules.catalogue import Catalogue
from cfgcheck.rules.comments import Comment, comments
from cfgcheck.rules.selection import nearest
from cfgcheck.source.file import SourceFile, Span

if TYPE_CHECKING:
    from cfgcheck.rules.changes import Change, Repair

UNUSED = "unused-suppression"

_Named = dict[str, list["Name"]]
"""Names by rule, of one or more suppressions that speak for the same lines."""

_IGNORE = re.compile(r"cfgcheck:[ \t]*ignore(?P<list>[ \t]*\[(?P<names>[^\[\]\n]*)\])?")
_NAME = re.compile(r"[^\s,]+")
_MOST_NAMES = 200
"""Names of one ``ignore[…]`` that are read: more than there are rules."""
_MOST_GUESSES = 100
"""Unknown names of a run for which a rule is looked up that may be meant."""


@record()
class Name:
    """One name in an ``ignore[…]``. ``repeated``: it stands there before."""

    text: str
    span: Span
    repeated: bool = False
    used: bool = False


@record()
class Suppression:
    """An ``ignore[…]`` and the lines of its file that it speaks for. ``names`` is empty where brackets are missing."""

    span: Span
    first_line: int
    last_line: int
    names: list[Name] = field(default_factory=list)
    comment: Comment | None = None


def suppressions(files: Iterable[SourceFile], nginx: Collection[str]) -> Iterator[Suppression]:
    """All of a run. ``nginx``: paths of the files read as nginx configuration."""
    for file in files:
        for comment in comments(file, file.path in nginx):
            for found in _IGNORE.finditer(file.text, comment.start, comment.end):
                names = list(_names(file, *found.span("names"))) if found["list"] else []
                span = Span(file, found.start(), found.end())
                yield Suppression(span, comment.first_line, comment.last_line, names, comment)


def _names(file: SourceFile, start: int, end: int) -> Iterator[Name]:
    seen: set[str] = set()
    for found in islice(_NAME.finditer(file.text, start, end), _MOST_NAMES):
        yield Name(found[0], Span(file, found.start(), found.end()), found[0] in seen)
        seen.add(found[0])


class Silence:
    """The suppressions of a stack, and which of them were used."""

    def __init__(self, stack: Stack) -> None:
        read = [file for proxy in stack.proxies if not proxy.ingress for file in proxy.files]
        nginx = {file.path for file in read if file.whole is file}
        self.all = list(suppressions(stack.files, nginx))
        self._by_line: dict[tuple[str, int], list[_Named]] = {}
        ranges: dict[tuple[str, int, int], _Named] = {}
        for one in self.all:
            named = ranges.setdefault((one.span.file.path, one.first_line, one.last_line), {})
            for name in one.names:
                if not name.repeated:
                    named.setdefault(name.text, []).append(name)
        for (path, first, last), named in ranges.items():
            for line in range(first, last + 1):
                self._by_line.setdefault((path, line), []).append(named)

    def covers(self, finding: Finding) -> bool:
        """Whether a comment silences it; the names that do are marked as used."""
        silenced = False
        if not self._by_line:
            return silenced
        for label in (finding.primary, *finding.related):
            place = label.span.file.path, label.span.begin.line
            for named in self._by_line.get(place, ()):
                for name in named.get(finding.rule, ()):
                    name.used = silenced = True
        return silenced

    def unused(self, catalogue: Catalogue, ran: Collection[str], doubtful: Collection[str]) -> Iterator[Finding]:
        """A finding for each name that silenced nothing. ``ran``: rules that ran; ``doubtful``: those of them that
        could not be checked somewhere, so that nobody knows."""
        guesses = 0
        for one in self.all:
            if not one.names:
                message = "this `ignore` names no rule in brackets, so it silences nothing"
                yield _finding(one.span, message, "write ignore[rule-id]", catalogue)
            for name in one.names:
                if name.text not in catalogue:
                    guesses += 1
                    near = nearest(name.text, catalogue) if guesses <= _MOST_GUESSES else ""
                    told: tuple[str, str] | None = f"`{name.text}` is no rule", near or "see `cfgcheck rules`"
                else:
                    told = _complaint(name, ran, doubtful)
                if told:
                    yield _finding(name.span, *told, catalogue, (_repair(one, name),))


def _complaint(name: Name, ran: Collection[str], doubtful: Collection[str]) -> tuple[str, str] | None:
    if name.used or name.text == UNUSED or name.text not in ran or name.text in doubtful:
        return None
    if name.repeated:
        return f"`{name.text}` is named twice", "take one out"
    return f"`{name.text}` silences nothing here", "take it out"


def _repair(one: Suppression, name: Name) -> Repair:
    from cfgcheck.rules.changes import Repair

    alone = len(one.names) == 1
    title = "Take the comment out" if alone else f"Take `{name.text}` out of the comment"
    return Repair(title, "safe", partial(_changes, one, name))


def _changes(one: Suppression, name: Name) -> list[Change]:
    from cfgcheck.rules.suppression_fixes import without_ignore, without_name

    if len(one.names) > 1:
        return [without_name(name.span)]
    assert one.comment is not None
    return [without_ignore(one.span.file, one.comment, one.span.start, one.span.end)]


def _finding(
    span: Span, message: str, remedy: str, catalogue: Catalogue, repairs: tuple[Repair, ...] = ()
) -> Finding:
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
        repairs=repairs,
    )
