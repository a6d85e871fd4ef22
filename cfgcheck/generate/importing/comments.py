"""Comments that stand beside what is carried over: they go with it."""

from __future__ import annotations

import re

from cfgcheck.generate.importing.draft import Draft
from cfgcheck.generate.importing.notes import is_generated
from cfgcheck.generate.importing.result import Key
from cfgcheck.source.file import SourceFile, Span

_OWN = re.compile(r"cfgcheck\s*:|Written by cfgcheck|configuration file /", re.IGNORECASE)
_CODE = re.compile(r"[;{}]\s*$|^[\w.-]+\s*=|^[A-Z]+=|^-+$|^[=#*~─-]{3,}|^(?:server|location)\b.*\{|-\*-|^vim?:")
_LINE = re.compile(r"[ \t]*[#;]+[ \t]?(.*?)[ \t]*\r?$")
_BEHIND = re.compile(r"(?<=[\s;{,])[#][#!]*[ \t]?(.*?)[ \t]*\r?$")
_MOST = 6
"""Lines of one comment that are kept; longer ones are essays about the file."""


def comments_of(draft: Draft) -> dict[Key, str]:
    """The comments above and behind what each key comes from. One that several keys share goes to the first, one at
    the top of a file to the whole spec (``()``)."""
    found: dict[Key, str] = {}
    used: set[tuple[str, int]] = set()
    heads = [head for file in _files(draft) if (head := _head(file, used))]
    if heads:
        found[()] = "\n".join(heads)
    for key, span in draft.spans.items():
        if draft.get(key) is None or is_generated(span.file):
            continue
        lines = [text for number, text in _beside(span) if _take(span.file, number, used)]
        if lines:
            found[key] = "\n".join(lines)
    return found


def _files(draft: Draft) -> list[SourceFile]:
    files = {span.file.path: span.file for span in draft.spans.values() if not is_generated(span.file)}
    return [files[path] for path in sorted(files)]


def _head(file: SourceFile, used: set[tuple[str, int]]) -> str:
    """The comment that a file begins with."""
    first = next((number for number in range(1, _MOST + 2) if not _LINE.fullmatch(file.line_text(number))), _MOST + 2)
    lines = [(number, text) for number, text in _above(file, first) if _take(file, number, used)]
    return "\n".join(text for _, text in lines)


def _take(file: SourceFile, line: int, used: set[tuple[str, int]]) -> bool:
    new = (file.path, line) not in used
    used.add((file.path, line))
    return new


def _beside(span: Span) -> list[tuple[int, str]]:
    """Line numbers and texts, in their order."""
    file, first, last = span.file, span.begin.line, span.finish.line
    found = _above(file, first)
    behind = _BEHIND.search(file.line_text(last), max(span.finish.column - 1, 0))
    if behind and _telling(behind[1]):
        found.append((last, behind[1]))
    return found


def _above(file: SourceFile, line: int) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for number in range(line - 1, 0, -1):
        match = _LINE.fullmatch(file.line_text(number))
        if match is None or file.line_text(number).startswith("#!"):
            break
        found.append((number, match[1]))
    found.reverse()
    if len(found) > _MOST or any(not _telling(text) for _, text in found if text):
        return []
    return [(number, text) for number, text in found if text]


def _telling(text: str) -> bool:
    """Whether it is a sentence of somebody, not a statement that was commented out or an order to cfgcheck."""
    return bool(text) and not _OWN.search(text) and not _CODE.search(text)
