"""supervisord's configuration, read as its ``RawConfigParser`` reads it (supervisor 4, ``options.py``), located.

``;`` and ``#`` begin a comment at the start of a line or behind a blank; a value goes on in lines that are indented
deeper; names of options are taken in lower case; of an option that is set twice the last one counts.
Placeholders of templates stay in the values as ``FILLER``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from cfgcheck.findings import Problem
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.joined_value import Value

_SECTION = re.compile(r"\[(.+)\]")
_LINE = re.compile(r"([^\n\r]*)(?:\r\n|\n|\r|\Z)")
_DELIMITER = re.compile(r"[=:]")
_COMMENT = re.compile(r"[;#]")


@record(frozen=True)
class Option:
    """``name = value`` in a section. ``maybe``: it stands in a branch of a template that its section does not."""

    name: str
    value: Value
    name_span: Span
    maybe: bool = False


@record(eq=False)
class Section:
    """A section: ``program:web``. ``title``: with placeholders as they are written. ``options``: by name."""

    name: str
    title: str
    span: Span
    branch: int = 0
    options: dict[str, Option] = field(default_factory=dict)


@record(eq=False)
class SupervisorFile:
    """One file. ``template``: what is made of it first is not known."""

    file: SourceFile
    sections: dict[str, Section] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    template: bool = False


def read_supervisor_ini(file: SourceFile) -> SupervisorFile:
    """The sections of a file in order, and what supervisord refuses."""
    reader = _Reader(file)
    reader.read()
    if reader.found.template:
        reader.found.problems = []
    return reader.found


class _Reader:
    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self.found = SupervisorFile(file)
        self.text, self.branch = self._masked()
        self.section: Section | None = None
        self.name: tuple[str, Span, bool] | None = None
        self.lines: list[tuple[int, int]] = []
        self.indent = 0

    def _masked(self) -> tuple[str, Callable[[int], int] | None]:
        text = self.file.text
        if not any(mark in text for mark in ("{{", "{%", "<%", "__", "@", "${")):
            return text, None
        from cfgcheck.syntax.templates import Template, detect, is_template_name

        found = detect(self.file.path, text, "supervisor")
        # ``%(name)s`` is supervisord's own; ``${NAME}`` means nothing to it, unless the file is made by envsubst.
        own = {"percent", "python"} if is_template_name(self.file.path) else {"percent", "python", "envsubst"}
        dialects = found.dialects - own if found is not None else frozenset()
        if found is None or not dialects:
            return text, None
        from cfgcheck.syntax.template_mask import mask

        masked = mask(text, Template(dialects, found.variables), marks="\n")
        self.found.template = True
        return masked.text, masked.branch_at

    def read(self) -> None:
        at, size = 1 if self.text.startswith("\ufeff") else 0, len(self.text)
        while at < size:
            match = _LINE.match(self.text, at)
            start, end = match.span(1) if match else (at, size)
            at = match.end() if match else size
            self._line(start, end)
        self._finish()

    def _line(self, start: int, end: int) -> None:
        line = self.text[start:end]
        cut = _comment(line)
        bare = line if cut is None else line[:cut]
        value = bare.strip()
        if not value:
            if cut is None and self.name is not None:
                self.lines.append((start, start))
            return
        begin = start + len(bare) - len(bare.lstrip())
        place = (begin, begin + len(value))
        indent = len(line) - len(line.lstrip())
        if self.section is not None and self.name is not None and indent > self.indent:
            self.lines.append(place)
            return
        self.indent = indent
        self._finish()
        header = _SECTION.match(value)
        if header is not None:
            self._header(header[1], place)
        elif self.section is None:
            self._refuse(
                "supervisord refuses the file: a section has to come first", place, "write [program:NAME] above"
            )
        else:
            self._option(self.section, value, place)

    def _header(self, name: str, place: tuple[int, int]) -> None:
        branch = self.branch(place[0]) if self.branch is not None else 0
        title = self.file.text[place[0] + 1 : place[0] + 1 + len(name)]
        span = self.file.span(*place)
        self.section = self.found.sections.setdefault(title, Section(name, title, span, branch))

    def _option(self, section: Section, value: str, place: tuple[int, int]) -> None:
        delimiter = _DELIMITER.search(value)
        name = value[: delimiter.start()].rstrip() if delimiter else ""
        if delimiter is None or not name:
            self._refuse("supervisord refuses the file: this line is no option", place, "write name=value")
            return
        rest = value[delimiter.end() :]
        begin = place[0] + delimiter.end() + len(rest) - len(rest.lstrip())
        maybe = self.branch is not None and self.branch(place[0]) != section.branch
        self.name = name.lower(), self.file.span(place[0], place[0] + len(name)), maybe
        self.lines = [(begin, max(begin, place[1]))]

    def _finish(self) -> None:
        """Keeps the option whose lines have been read."""
        if self.section is None or self.name is None:
            return
        name, span, maybe = self.name
        value = _joined(self.file, self.text, self.lines, span)
        self.section.options[name] = Option(name, value, span, maybe)
        self.name, self.lines = None, []

    def _refuse(self, message: str, place: tuple[int, int], hint: str) -> None:
        if not self.found.problems:
            self.found.problems.append(Problem("unparsable-file", message, self.file.span(*place), hint))


def _comment(line: str) -> int | None:
    """Where a comment begins; None where there is none. Of each mark the first that stands behind a blank counts; the
    two are looked for in step, so that a mark's first place hides an earlier, later found one of the other."""
    if not _COMMENT.search(line):
        return None
    if line.lstrip()[:1] in (";", "#"):
        return 0
    for places in _in_step([found.start() for found in re.finditer(mark, line)] for mark in (";", "#")):
        begins = [at for at in places if at == 0 or line[at - 1].isspace()]
        if begins:
            return min(begins)
    return None


def _in_step(lists: Iterator[list[int]]) -> Iterator[list[int]]:
    """The first of each list, the second of each …"""
    columns = list(lists)
    for number in range(max(map(len, columns))):
        yield [column[number] for column in columns if number < len(column)]


def _joined(file: SourceFile, text: str, lines: list[tuple[int, int]], name: Span) -> Value:
    parts: list[str] = []
    pieces: list[tuple[int, int]] = []
    length = 0
    for start, end in lines:
        pieces.append((length, start))
        parts.append(text[start:end])
        length += end - start + 1
    joined = "\n".join(parts).rstrip()
    return Value(file, joined, tuple(pieces), name)
