"""Files that stand inside of YAML files: the keys of a ConfigMap, the ``content`` of a compose config."""

from __future__ import annotations

import re

from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.yaml_nodes import Scalar

_NOT_LINE_END = re.compile(r"[^\n]")
_AT_TOP_LEVEL = "if 1:"


def embedded(scalar: Scalar, python: bool = False) -> SourceFile | None:
    """The file whose content is a scalar: under the same path and at the same offsets, all else blank.

    ``python``: its lines may all be indented, which Python refuses: ``if 1:`` stands in front of them then.
    None where what is written is not what the file holds (folding, escapes).
    """
    place = _place(scalar)
    if place is None:
        return None
    start, end = place
    text = scalar.span.file.text
    before = _NOT_LINE_END.sub(" ", text[:start])
    after = _NOT_LINE_END.sub(" ", text[end:])
    if python and scalar.indent:
        before = _with_head(before)
    whole = scalar.span.file.whole
    return SourceFile(whole.path, before + text[start:end] + after, whole)


def _place(scalar: Scalar) -> tuple[int, int] | None:
    """Where the content stands as it is."""
    if scalar.style == ">":
        return None
    if scalar.style == "|":
        return None if scalar.content is None else (scalar.content.start, scalar.content.end)
    start, end = scalar.span.start, scalar.span.end
    if scalar.style:
        start, end = start + 1, end - 1
    return (start, end) if scalar.span.file.text[start:end] == scalar.text else None


def _with_head(blanks: str) -> str:
    """``if 1:`` at the beginning of the line before: that of the key, so there is room for it."""
    line = blanks.rfind("\n", 0, len(blanks) - 1) + 1
    room = len(blanks) - 1 - line
    if room < len(_AT_TOP_LEVEL):
        return blanks
    return blanks[:line] + _AT_TOP_LEVEL + blanks[line + len(_AT_TOP_LEVEL) :]
