"""Who may write to a unix socket, told to whoever makes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.model.app import App, Listener
from cfgcheck.rules.changes import Change, Replace, Setting
from cfgcheck.rules.contract import Case
from cfgcheck.source.file import Span

_SECTION = re.compile(r"^[ \t]*\[", re.MULTILINE)


def changes(case: Case, values: Mapping[str, Any]) -> Iterator[Change]:
    """``settings`` of the app, or ``lines`` of the section in which its manager opens the socket."""
    app: App = case.subject
    listener: Listener = case.element
    settings: Mapping[str, Any] = values["settings"]
    for name, value in settings.items():
        yield Setting(app, name, value)
    lines: Mapping[str, str] = values["lines"]
    if lines and listener.address.span is not None:
        yield from _lines(listener.address.span, lines)


def _lines(opened: Span, lines: Mapping[str, str]) -> Iterator[Change]:
    """Each line in the place of that of the same name, or behind the one that opens the socket."""
    file = opened.file
    heads = [head.start() for head in _SECTION.finditer(file.text)]
    start = max((at for at in heads if at <= opened.start), default=0)
    stop = min((at for at in heads if at > opened.start), default=len(file.text))
    behind = re.compile(r"[^\r\n]*").match(file.text, opened.end)
    assert behind is not None
    ending = "\r\n" if file.text[behind.end() : behind.end() + 1] == "\r" else "\n"
    fresh = ""
    for name, value in lines.items():
        written = re.compile(rf"^[ \t]*{name}[ \t]*=[ \t]*([^\r\n]*?)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
        found = written.search(file.text, start, stop)
        if found is None:
            fresh += f"{ending}{name}={value}"
        elif found[1] != value:
            yield Replace(Span(file, *found.span(1)), value)
    if fresh:
        yield Replace(Span(file, behind.end(), behind.end()), fresh)
