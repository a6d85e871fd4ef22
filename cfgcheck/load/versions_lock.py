"""Versions that lock files pin: uv.lock, poetry.lock, pdm.lock, pylock.toml, Pipfile.lock."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from cfgcheck.load.versions_pin import NAMES, Pin, exact
from cfgcheck.source.file import SourceFile, Span

_NAME = re.compile(rf"^name = \"({NAMES})\"", re.MULTILINE | re.IGNORECASE)
_TABLE = re.compile(r"^\[\[", re.MULTILINE)
_VERSION = re.compile(r"^version = \"([^\"\n]*)\"", re.MULTILINE)
_PIPFILE = re.compile(
    rf"\"({NAMES})\"\s*:\s*\{{[^{{}}]{{0,20000}}?(\"version\"\s*:\s*\"==?([^\"\n]*)\")", re.IGNORECASE
)
_DEVELOP = re.compile(r"\"develop\"[ \t]*:")


def in_toml_lock(file: SourceFile) -> Iterator[Pin]:
    """``[[package]]`` tables, the order of their keys whatever it is."""
    text = file.text
    borders = [found.start() for found in _TABLE.finditer(text)]
    seen: set[int] = set()
    for found in _NAME.finditer(text):
        number = bisect_right(borders, found.start())
        if number == 0 or number in seen:
            continue
        seen.add(number)
        end = borders[number] if number < len(borders) else len(text)
        version = _VERSION.search(text, borders[number - 1], end)
        if version is not None:
            yield exact(found[1], version[1], Span(file, version.start(), version.end()))


def in_pipfile_lock(file: SourceFile) -> Iterator[Pin]:
    """Packages of ``default``, and of ``develop`` those that are in it alone."""
    develop = _DEVELOP.search(file.text)
    border = develop.start() if develop else len(file.text)
    seen: set[str] = set()
    for found in _PIPFILE.finditer(file.text):
        if found.start() > border and found[1].lower() in seen:
            continue
        seen.add(found[1].lower())
        yield exact(found[1], found[3], Span(file, found.start(2), found.end(2)))
