"""What changes in a file, as a unified diff that ``patch -p1`` and ``git apply`` take."""

from __future__ import annotations

import re
from itertools import pairwise

from cfgcheck.source.file import SourceFile

_ODD = re.compile(r"[\x00-\x1f\"\\\x7f]")
_CONTEXT = 3
_LONG = 3_000
_NO_END = "\\ No newline at end of file\n"


def unified(path: str, before: str, after: str) -> str:
    """The diff of one file, "" where both texts are equal. Only ``\\n`` ends a line; carriage returns stay in it."""
    from difflib import SequenceMatcher

    old, new = _lines(before), _lines(after)
    # Taking frequent lines for noise makes a diff longer than it need be, but long texts can't be compared without.
    matcher = SequenceMatcher(None, old, new, autojunk=len(old) > _LONG)
    hunks = [_hunk(group, old, new) for group in matcher.get_grouped_opcodes(_CONTEXT)]
    return f"--- {_name(f'a/{path}')}\n+++ {_name(f'b/{path}')}\n{''.join(hunks)}" if hunks else ""


def _hunk(group: list[tuple[str, int, int, int, int]], old: list[str], new: list[str]) -> str:
    begin, end = group[0], group[-1]
    parts = [f"@@ -{_range(begin[1], end[2])} +{_range(begin[3], end[4])} @@\n"]
    for tag, *(old_start, old_end, new_start, new_end) in group:
        if tag == "equal":
            parts += [_line(" ", line) for line in old[old_start:old_end]]
            continue
        parts += [_line("-", line) for line in old[old_start:old_end]]
        parts += [_line("+", line) for line in new[new_start:new_end]]
    return "".join(parts)


def _range(start: int, end: int) -> str:
    """Lines from 1; of none, the line before."""
    count = end - start
    if count == 1:
        return str(start + 1)
    return f"{start + 1 if count else start},{count}"


def _line(mark: str, line: str) -> str:
    return f"{mark}{line}" if line.endswith("\n") else f"{mark}{line}\n{_NO_END}"


def _lines(text: str) -> list[str]:
    starts = [*SourceFile("", text).line_starts, len(text)]
    return [text[start:end] for start, end in pairwise(starts) if start < end]


def _name(path: str) -> str:
    """A path with a control character or a quote in it as git writes it."""
    if not _ODD.search(path):
        return path
    return '"' + _ODD.sub(lambda odd: "\\" + (odd[0] if odd[0] in '"\\' else f"{ord(odd[0]):03o}"), path) + '"'
