"""systemd's unit files: sections of ``Name=value`` lines, located (systemd.syntax(7); ``src/shared/conf-parser.c``).

A line that ends with a backslash goes on in the next one; comment lines (``#``, ``;``) in between fall away.
Placeholders of templates stay in the values as ``FILLER``; statements of templates fall away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from cfgcheck.findings import Problem
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.joined_value import Value

_LINE = re.compile(r"([^\n\r]*)(?:\r\n|\n\r|\n|\r|\Z)")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\\"']")
_BLANKS = " \t\n\r"


@record(frozen=True)
class Setting:
    """``Name=value`` in a section. ``maybe``: it stands in a branch of a template."""

    section: str
    name: str
    value: Value
    name_span: Span
    maybe: bool = False


@record(eq=False)
class UnitFile:
    """A unit file or drop-in as written. ``template``: what is made of it first is not known; ``section``: where each
    section begins."""

    file: SourceFile
    settings: list[Setting] = field(default_factory=list)
    sections: dict[str, Span] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    template: bool = False


def read_unit(file: SourceFile) -> UnitFile:
    """The settings of a unit file in order. Lines without ``=`` are passed over, as systemd does it."""
    unit = UnitFile(file)
    text, branch = _masked(file, unit)
    section = ""
    for lines in _logical(text):
        value = _joined(file, text, lines)
        if value.text.startswith("["):
            section = _header(unit, value)
            continue
        begin = value.text.find("=") + 1
        name = value.text[: max(begin - 1, 0)].rstrip(_BLANKS)
        if name:
            place = value.span(0, len(name))
            maybe = branch is not None and branch(place.start) != 0
            unit.settings.append(Setting(section, name, _stripped(value, begin), place, maybe))
    return unit


def _masked(file: SourceFile, unit: UnitFile) -> tuple[str, Callable[[int], int] | None]:
    """The text to read, of the same length as the file's, and which branch of a template an offset stands in."""
    text = file.text
    if "{{" not in text and "{%" not in text and "<%" not in text and "__" not in text and "@" not in text:
        return text, None
    from cfgcheck.syntax.templates import Template, detect

    found = detect(file.path, text, "systemd")
    # ``${NAME}`` and ``%N`` are systemd's own.
    dialects = found.dialects - {"envsubst", "percent", "python"} if found is not None else frozenset()
    if not dialects:
        return text, None
    from cfgcheck.syntax.template_mask import mask

    masked = mask(text, Template(dialects), marks="\n")
    unit.template = True
    return masked.text, masked.branch_at


def _logical(text: str) -> Iterator[list[tuple[int, int]]]:
    """The stretches of each line, a continued one's together; comment lines and empty ones are left out."""
    at, size = 1 if text.startswith("\ufeff") else 0, len(text)
    open_lines: list[tuple[int, int]] = []
    while at < size:
        match = _LINE.match(text, at)
        start, end = match.span(1) if match else (at, size)
        at = match.end() if match else size
        bare = text[start:end].lstrip(_BLANKS)
        if bare and bare[0] in "#;":
            continue
        if text[end - 1 : end] == "\\" and (end - start - len(text[start:end].rstrip("\\"))) % 2:
            open_lines.append((start, end))
            continue
        if open_lines or bare:
            yield [*open_lines, (start, end)]
        open_lines = []
    if open_lines:
        yield open_lines


def _joined(file: SourceFile, text: str, lines: list[tuple[int, int]]) -> Value:
    """One value of all of a line's stretches, without the blanks around it. The backslash becomes a blank."""
    first, last = lines[0][0], lines[-1][1]
    whole = file.span(first, max(last, first + 1))
    if len(lines) == 1 and text[last - 1 : last] != "\\":
        return _stripped(Value(file, text[first:last], ((0, first),), whole), 0)
    parts: list[str] = []
    pieces: list[tuple[int, int]] = []
    length = 0
    for start, end in lines:
        part = text[start:end]
        if (len(part) - len(part.rstrip("\\"))) % 2:
            part = part[:-1] + " "
        pieces.append((length, start))
        parts.append(part)
        length += len(part)
    return _stripped(Value(file, "".join(parts), tuple(pieces), whole), 0)


def _stripped(value: Value, begin: int) -> Value:
    """The value from ``begin`` on, without the blanks around it."""
    text = value.text
    size = len(text)
    while begin < size and text[begin] in _BLANKS:
        begin += 1
    end = len(text.rstrip(_BLANKS))
    return value if begin == 0 and end == size else value.part(begin, max(begin, end))


def _header(unit: UnitFile, value: Value) -> str:
    name = value.text[1:-1]
    if value.text.endswith("]") and not _UNSAFE.search(name):
        unit.sections.setdefault(name, value.whole)
        return name
    if not unit.template:
        message = "systemd refuses the whole file: this line is no section"
        unit.problems.append(Problem("unparsable-file", message, value.whole, "write [Name] alone on the line"))
    return ""
