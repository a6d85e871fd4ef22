"""A diagnosis for people: each group of lines, what explains it with both ends, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cfgcheck.diagnose.diagnosis import Diagnosis, Explanation, Group, StatusCount, Tops
from cfgcheck.findings import Finding
from cfgcheck.report.cells import wrap
from cfgcheck.report.frame import Mark, frame, mark
from cfgcheck.report.summary import counted
from cfgcheck.report.terminal import Terminal
from cfgcheck.report.text import status_words
from cfgcheck.source.file import SourceFile

_COLUMN = 11
"""Columns that the name of a fact takes (``upstreams`` and two blanks)."""
_SHOWN = 3
"""So many values of a fact are shown."""
_SAMPLE = 400
_MOST_GROUPS = 30
"""Groups shown whole, those with most lines; nobody reads more."""
_MOST_EXPLANATIONS = 6
"""Findings shown for one group."""


def render(diagnosis: Diagnosis, terminal: Terminal) -> str:
    """The whole report, ending in a line break."""
    shown: set[int] = set()
    troubles = [group for group in diagnosis.groups if group.trouble]
    blocks = ["\n".join(_group(group, terminal, shown)) for group in troubles[:_MOST_GROUPS]]
    if len(troubles) > _MOST_GROUPS:
        rest = troubles[_MOST_GROUPS:]
        lines = sum(group.count for group in rest)
        text = f"{counted(len(rest), 'further group')} with {lines:,} lines: --format json has them all."
        blocks.append("\n".join(wrap(terminal.paint("strong", text), terminal.width)))
    if diagnosis.statuses:
        blocks.append("\n".join(_statuses(diagnosis.statuses, terminal)))
    if notes := [group for group in diagnosis.groups if not group.trouble]:
        blocks.append("\n".join(_notes(notes, terminal)))
    blocks.append("\n".join(_conclusion(diagnosis, terminal)))
    return "\n\n".join(blocks) + "\n"


def _group(group: Group, terminal: Terminal, shown: set[int]) -> Iterator[str]:
    yield from _head(group, terminal)
    for name, text in _facts(group, terminal):
        yield from _fact(name, text, terminal)
    for text in group.meaning:
        yield from _fact("meaning", terminal.safe(text), terminal)
    yield ""
    alike: dict[tuple[str, str, str], list[Explanation]] = {}
    for each in group.explanations:
        alike.setdefault((each.finding.rule, each.finding.message, each.finding.remedy), []).append(each)
    for first, *more in list(alike.values())[:_MOST_EXPLANATIONS]:
        yield from _explanation(first, terminal, shown)
        if more:
            places = ", ".join(str(each.finding.primary.span) for each in more[:_SHOWN])
            further = f" and {len(more) - _SHOWN} more places" if len(more) > _SHOWN else ""
            yield from _indented(f"the same at {places}{further}", terminal, "  ", "quiet")
    if len(alike) > _MOST_EXPLANATIONS:
        hidden = counted(len(alike) - _MOST_EXPLANATIONS, "further finding")
        yield from _indented(f"and {hidden}: --format json has them all", terminal, "  ")
    if group.verdict:
        yield from _indented(_sentence(group.verdict), terminal, terminal.glyph("→ ", "-> "))
    for one in group.unchecked:
        because = f"{one.rule} could not be checked: {one.because}"
        yield from _indented(because, terminal, "? ", "quiet")


def _head(group: Group, terminal: Terminal) -> Iterator[str]:
    times = f"{group.count:,} {terminal.glyph('×', 'x')}"
    seen = f"  {terminal.glyph('→', '->')} {group.kind.seen}" if group.kind.seen else ""
    style = "error" if group.kind.weight > 2 else "warning"
    text = wrap(f"{times} {group.title}{seen}", terminal.width)
    first = text[0].removeprefix(times)
    yield terminal.paint(style, times) + terminal.paint("strong", first)
    for line in text[1:]:
        yield "  " + terminal.paint("strong", line)


def _facts(group: Group, terminal: Terminal) -> Iterator[tuple[str, str]]:
    if group.first:
        until = f" {terminal.glyph('…', '...')} {_short(group)}" if group.first != group.last else ""
        yield "when", group.first + until
    yield from _top("upstream", group.upstreams, terminal, group.count)
    yield from _top("server", group.servers, terminal, group.count)
    if [value for value, _ in group.hosts.values] != [value for value, _ in group.servers.values]:
        yield from _top("host", group.hosts, terminal, group.count)
    yield from _top("path", group.paths, terminal, group.count)
    yield from _top("from", group.sources, terminal, group.count)
    if group.kind.detail:
        yield from _top(group.kind.detail, group.details, terminal, group.count)
    yield "line", terminal.safe(group.text if len(group.text) <= _SAMPLE else f"{group.text[:_SAMPLE]} …")


def _short(group: Group) -> str:
    """The last time, without the day where it is the first one's."""
    same = group.first[:-9] == group.last[:-9]
    return group.last[-8:] if same else group.last


def _top(name: str, tops: Tops, terminal: Terminal, total: int) -> Iterator[tuple[str, str]]:
    if not tops.values:
        return
    alone = len(tops.values) == 1 and tops.values[0][1] == total
    words = [
        terminal.safe(value or "(none)") + ("" if alone else f" ({count:,})") for value, count in tops.values[:_SHOWN]
    ]
    hidden = len(tops.values) - _SHOWN
    more = ""
    if hidden > 0 or tops.others:
        at_least = "at least " if tops.others else ""
        more = f" and {at_least}{max(hidden, 0) + bool(tops.others)} more"
    yield name, ", ".join(words) + more


def _fact(name: str, text: str, terminal: Terminal) -> Iterator[str]:
    first, *rest = wrap(text, terminal.width - 2 - _COLUMN) or [""]
    yield f"  {terminal.paint('quiet', name.ljust(_COLUMN))}{first}"
    for line in rest:
        yield " " * (2 + _COLUMN) + line


def _explanation(explanation: Explanation, terminal: Terminal, shown: set[int]) -> Iterator[str]:
    finding = explanation.finding
    word = f"{finding.severity.word}[{finding.rule}]"
    lead = "likely " if explanation.likely else ""
    first, *more = wrap(terminal.safe(finding.message), terminal.width - 4, len(lead) + len(word) + 2) or [""]
    painted = terminal.paint(finding.severity.word, word)
    yield f"  {lead}{painted}" + terminal.paint("strong", f": {first}".rstrip())
    for line in more:
        yield "    " + terminal.paint("strong", line)
    if explanation.likely:
        yield from _indented(f"({explanation.likely})", terminal, "  ", "quiet")
    if id(finding) in shown:
        yield from _indented(f"shown above, at {finding.primary.span}", terminal, "  ", "quiet")
        return
    shown.add(id(finding))
    groups = _by_file(finding)
    gutter = max(len(str(one.last)) for _, marks in groups for one in marks)
    for file, marks in groups:
        for line in frame(file, marks, _narrower(terminal), gutter):
            yield f"  {line}"
    if finding.remedy:
        yield from _indented(f"mend: {finding.remedy}", terminal, "  = ")


def _narrower(terminal: Terminal) -> Terminal:
    return Terminal(terminal.width - 2, terminal.colour, terminal.unicode)


def _by_file(finding: Finding) -> list[tuple[SourceFile, list[Mark]]]:
    groups: dict[str, tuple[SourceFile, list[Mark]]] = {}
    for label in (finding.primary, *finding.related):
        file = label.span.file.whole
        primary = label is finding.primary
        style = finding.severity.word if primary else "related"
        groups.setdefault(file.path, (file, []))[1].append(mark(label, style, primary=primary))
    return list(groups.values())


def _indented(text: str, terminal: Terminal, bullet: str, style: str = "") -> Iterator[str]:
    first, *rest = wrap(terminal.safe(text), terminal.width - 2 - len(bullet)) or [""]
    yield f"  {bullet}{terminal.paint(style, first)}"
    for line in rest:
        yield f"  {' ' * len(bullet)}{terminal.paint(style, line)}"


def _sentence(text: str) -> str:
    """With a capital, unless a name comes first (``shop.example.com passes …``)."""
    if {".", ":", "/"} & set(text.partition(" ")[0].rstrip(".:")):
        return text
    return text[:1].upper() + text[1:]


def _statuses(statuses: Sequence[StatusCount], terminal: Terminal) -> Iterator[str]:
    yield terminal.paint("strong", "Answers in access logs")
    for one in statuses:
        words = "499 (the client went away)" if one.status == 499 else status_words(one.status)
        paths = ", ".join(f"{terminal.safe(path)} ({count:,})" for path, count in one.paths.values[:_SHOWN])
        hidden = len(one.paths.values) - _SHOWN
        more = f" and {hidden} more" if hidden > 0 else ""
        yield from _indented(f"{one.count:,} {terminal.glyph('×', 'x')} {words}: {paths}{more}", terminal, "")


def _notes(notes: Iterable[Group], terminal: Terminal) -> Iterator[str]:
    yield terminal.paint("strong", "No trouble by themselves")
    for group in notes:
        text = f"{group.count:,} {terminal.glyph('×', 'x')} {group.title}: {group.kind.agrees}"
        yield from _indented(text, terminal, "")


def _conclusion(diagnosis: Diagnosis, terminal: Terminal) -> Iterator[str]:
    looked = diagnosis.looked
    troubles = [group for group in diagnosis.groups if group.trouble]
    lines = sum(group.count for group in troubles)
    if troubles:
        explained = sum(1 for group in troubles if group.explanations)
        text = f"{lines:,} {'line' if lines == 1 else 'lines'} of trouble in {counted(len(troubles), 'group')}, "
        text += f"{explained} explained by findings."
        yield terminal.paint("strong", text)
    elif diagnosis.trouble:
        text = "Error answers in access logs, and no line that tells why: add the error logs."
        yield terminal.paint("strong", text)
    elif looked.logs:
        yield terminal.paint("good", "No lines of trouble.")
    logs = looked.logs[0] if len(looked.logs) == 1 else counted(len(looked.logs), "log")
    stack = (
        f"configuration: {', '.join(looked.stack)} ({counted(looked.files, 'file')}, "
        f"{counted(looked.routes, 'route')}, {counted(looked.apps, 'app')})"
        if looked.stack
        else "no configuration (--stack PATH names one)"
    )
    yield from wrap(terminal.safe(f"Read {logs} ({_size(looked.size)}); {stack}."), terminal.width)


def _size(size: int) -> str:
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return counted(size, "byte")
