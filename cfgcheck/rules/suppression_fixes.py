"""Taking a name out of an ``ignore[…]``, or the whole comment where it is the only one."""

from __future__ import annotations

import re

from cfgcheck.rules.changes import Replace
from cfgcheck.rules.comments import MARKED, Comment
from cfgcheck.source.file import SourceFile, Span

_BEFORE_MARK = re.compile(r"(?:[#;\s]|<!--)*\Z")
_CLOSING = re.compile(r"\s*-->\Z")


def without_name(span: Span) -> Replace:
    """One of several names, with the comma and blanks that part it from its neighbour."""
    text = span.file.text
    start, end = span.start, span.end
    after = re.compile(r"[\s,]*").match(text, end)
    assert after is not None
    if text[after.end()] != "]":
        return Replace(Span(span.file, start, after.end()), "")
    while text[start - 1] in ", \t":
        start -= 1
    return Replace(Span(span.file, start, end), "")


def without_ignore(file: SourceFile, comment: Comment, start: int, end: int) -> Replace:
    """The ``ignore[…]`` from ``start`` to ``end`` with its reason; the whole comment, and its line where it is alone
    there, if the comment says nothing else."""
    text = file.text
    rest = text.find(MARKED, end, comment.end)
    if rest >= 0:
        return Replace(Span(file, start, rest), "")
    if _BEFORE_MARK.match(text[comment.start : start]):
        return _comment(file, comment)
    closing = _CLOSING.search(text, end, comment.end)
    while text[start - 1] in " \t":
        start -= 1
    return Replace(Span(file, start, closing.start() if closing else comment.end), "")


def _comment(file: SourceFile, comment: Comment) -> Replace:
    text, start, end = file.text, comment.start, comment.end
    while start and text[start - 1] in " \t":
        start -= 1
    newline = text.find("\n", end)
    line_end = len(text) if newline < 0 else newline + 1
    if not text[end:line_end].strip() and (start == 0 or text[start - 1] == "\n"):
        return Replace(Span(file, start, line_end), "")
    return Replace(Span(file, start, end), "")
