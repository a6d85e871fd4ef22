"""A variable of an environment file, and what the dialects of those files share."""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.findings import Problem
from cfgcheck.record import record
from cfgcheck.source.file import SourceFile, Span

_TAGS = (("{{", "}}"), ("{%", "%}"), ("<%", "%>"))
BECAUSE_TEMPLATE = "a template placeholder stands there"


@record(frozen=True)
class Variable:
    """``NAME=value`` of an environment file.

    ``value``: None where it is not known, ``because`` then says why. ``span``: the value as written, quotes and all;
    for an empty value the whole assignment. ``template``: what is written in place of a value that is not known.
    """

    name: str
    value: str | None
    span: Span
    name_span: Span
    because: str = ""
    template: str = ""


def variable(
    file: SourceFile, name: tuple[int, int], place: tuple[int, int], value: str | None, because: str = ""
) -> Variable:
    """A variable whose name and value stand at these offsets. A template's placeholder in it makes it unknown."""
    written = file.text[place[0] : place[1]]
    if value is not None and has_placeholder(written):
        value, because = None, BECAUSE_TEMPLATE
    span = file.span(*place) if place[1] > place[0] else file.span(name[0], max(place[1], name[1]))
    text = file.text[name[0] : name[1]]
    return Variable(text, value, span, file.span(*name), because, written if value is None else "")


def has_placeholder(text: str) -> bool:
    """Whether a template's tag stands there, on one line."""
    if "{{" not in text and "{%" not in text and "<%" not in text:
        return False
    for line in text.split("\n"):
        for opening, closing in _TAGS:
            start = line.find(opening)
            if start >= 0 and line.find(closing, start + 2) >= 0:
                return True
    return False


def lines(text: str) -> Iterator[tuple[int, int]]:
    """Where each line begins and ends, without its line feed; a byte order mark is left out."""
    start = 1 if text.startswith("\ufeff") else 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1


def refused(file: SourceFile, start: int, end: int, message: str, hint: str) -> Problem:
    """What is wrong in a line; the place is never empty."""
    return Problem("unparsable-file", message, file.span(start, max(end, start + 1)), hint)
