"""Applying a unified diff, as ``patch`` does it."""

from __future__ import annotations

import re

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@\n")
_NO_END = "\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    return [line for line in re.split(r"(?<=\n)", text) if line]


def patched(text: str, diff: str) -> str:
    """The text after one file's diff. An AssertionError where what the diff takes out does not stand there."""
    source, result, at = _lines(text), list[str](), 0
    lines = _lines(diff)[2:]
    for number, line in enumerate(lines):
        hunk = _HUNK.fullmatch(line)
        if hunk:
            begin = int(hunk[1]) - (hunk[2] != "0")
            result += source[at:begin]
            at = begin
            continue
        if line == _NO_END:
            continue
        body = line[1:-1] if lines[number + 1 : number + 2] == [_NO_END] else line[1:]
        if line[0] in " -":
            assert source[at] == body
            at += 1
        if line[0] in " +":
            result.append(body)
    return "".join([*result, *source[at:]])
