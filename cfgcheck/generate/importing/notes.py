"""Comments of the form ``# key: value`` in files that ``cfgcheck generate`` wrote: what they hold of the spec that
leaves no other trace."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from cfgcheck.generate.output_header import header_of
from cfgcheck.model.app import SettingUse
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.nginx_tree import Directive

_WRITTEN = re.compile(r"\s*(?:#!.*\n)?\s*[#;]+ Written by cfgcheck ")
_HEAD = re.compile(r"(?:[ \t]*(?:[#;].*)?\r?\n)*")
_NOTE = re.compile(r"^[ \t]*[#;]+ ([a-z][a-z0-9.-]*): (.+?)[ \t]*\r?$", re.MULTILINE)
_BEHIND = re.compile(r"[#;] from the spec[ \t]*\r?$")
_ABOVE = re.compile(r"[ \t]*[#;] from the spec[ \t]*\r?$")
_LAST_GROUP = re.compile(r"^[#;] Set in the spec\r?$", re.MULTILINE)

_NUMBERS = frozenset({"slowest-request", "workers", "response-headers", "websocket-idle"})

Notes = dict[str, str]


def is_generated(file: SourceFile) -> bool:
    """Whether ``cfgcheck generate`` wrote it (it may have been changed since)."""
    return bool(_WRITTEN.match(file.whole.text[:500]))


def is_edited(file: SourceFile) -> bool:
    """Whether ``cfgcheck generate`` wrote it and somebody changed it since."""
    header = header_of(file.whole.text)
    return header is not None and header.edited


def is_untouched(file: SourceFile) -> bool:
    """Whether it is as ``cfgcheck generate`` wrote it."""
    return is_generated(file) and not is_edited(file)


def lasting(notes: Notes, files: Iterable[SourceFile]) -> Notes:
    """The notes that still hold where some of ``files`` were edited: numbers are told by the statements then."""
    if not any(map(is_edited, files)):
        return notes
    return {key: value for key, value in notes.items() if key not in _NUMBERS}


def notes_of(files: Iterable[SourceFile]) -> Notes:
    """All notes of the generated ones of these files; of two for one key the first counts."""
    found: Notes = {}
    for file in files:
        if is_generated(file):
            for key, value in _notes(file.whole.text):
                found.setdefault(key, value)
    return found


def is_override(what: Directive | SettingUse) -> bool:
    """Whether it stands in a generated file as the spec itself says it."""
    span = what.span
    if not is_generated(span.file):
        return False
    if isinstance(what, SettingUse) and _LAST_GROUP.search(span.file.text, 0, span.start):
        return True
    return marked(span)


def marked(span: Span) -> bool:
    """Whether ``# from the spec`` stands behind it, or above it on a line of its own."""
    file, line = span.file, span.finish.line
    return bool(_BEHIND.search(file.line_text(line)) or _ABOVE.match(file.line_text(line - 1)))


def _notes(text: str) -> Iterator[tuple[str, str]]:
    """Comments before the first statement, which are the only ones that may be notes."""
    head = _HEAD.match(text)
    return ((match[1], _said(match[2])) for match in _NOTE.finditer(head[0] if head is not None else ""))


def _said(text: str) -> str:
    """The inverse of ``plan_notes.noted``."""
    if not text.startswith('"'):
        return text
    try:
        said = json.loads(text)
    except ValueError:
        return text
    return said if isinstance(said, str) else text
