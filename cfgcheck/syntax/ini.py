"""uWSGI's ini dialect, read exactly as uWSGI reads it (core/ini.c; facts 7.01-7.11).

A line is stripped of blanks, tabs and carriage returns. ``[name]`` opens a section, whatever its last character is;
``;`` and ``#`` begin a comment only at the start of a line; the first ``=`` separates key and value; a key without
``=`` has the value "". There are no quotes, no inline comments and no continued lines.
"""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.findings import Problem
from cfgcheck.source.file import Span
from cfgcheck.syntax.uwsgi_entry import Entry, Reading
from cfgcheck.syntax.uwsgi_text import MagicText

_BLANKS = " \t\r"
_INSIDE = "it stands in a branch of a template"


def read_ini(text: MagicText, section: str = "uwsgi") -> Reading:
    """The options of one section; all of its repetitions count, in order."""
    reading = Reading()
    current, headers = "", []
    for start, end in _lines(text.text):
        line = text.text[start:end]
        if line[0] == "[":
            current = line[1:-1]
            headers.append((current, text.span(start, end)))
        elif line[0] not in ";#" and current == section:
            entry = _entry(text, start, end)
            entry.maybe = _INSIDE if text.in_branch(start) else ""
            reading.entries.append(entry)
    if not reading.entries and (problem := _hidden(text, section, headers)) is not None:
        reading.problems.append(problem)
        reading.lost = True
    elif not reading.entries and section != "uwsgi" and all(name != section for name, _ in headers):
        span = headers[0][1] if headers else text.span(0, 1)
        message, hint = f"{text.file.path} has no section [{section}]", f"add [{section}] or name another section"
        reading.problems.append(Problem("unparsable-file", message, span, hint))
    return reading


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Where each line that is not empty begins and ends, without the blanks around it."""
    position, size = 0, len(text)
    while position < size:
        stop = text.find("\n", position)
        stop = size if stop < 0 else stop
        line = text[position:stop].partition("\0")[0]  # C strings end at a NUL
        stripped = line.strip(_BLANKS)
        if stripped:
            start = position + len(line) - len(line.lstrip(_BLANKS))
            yield start, start + len(stripped)
        position = stop + 1


def _entry(text: MagicText, start: int, end: int) -> Entry:
    line = text.text[start:end]
    key, equals, value = line.partition("=")
    shown = key.rstrip(_BLANKS)
    key_span = text.span(start, start + len(shown)) if shown else text.span(start, end)
    if not equals:
        return Entry(shown, "", key_span, key_span)
    begin = start + len(key) + 1 + len(value) - len(value.lstrip(_BLANKS))
    value = value.strip(_BLANKS)
    value_span = text.span(begin, begin + len(value)) if value else text.span(start, end)
    return Entry(shown, value, key_span, value_span)


def _hidden(text: MagicText, section: str, headers: list[tuple[str, Span]]) -> Problem | None:
    """What hides a section that is there, so that uWSGI runs with nothing of the file (facts 7.02m-n, 7.11i)."""
    if text.text.startswith("\ufeff"):
        message = f"a byte order mark hides [{section}]: uWSGI reads nothing of {text.file.path}"
        hint = "save the file as UTF-8 without byte order mark"
        return Problem("unparsable-file", message, text.span(0, 1), hint)
    for name, span in headers:
        if name == section:
            return None  # it is there, and empty
        if name.strip(_BLANKS + "]").partition("]")[0].strip().lower() == section.lower():
            message = f"uWSGI reads nothing of {text.file.path}: it takes only [{section}], alone on its line"
            return Problem("unparsable-file", message, span, f"write [{section}]")
    return None
