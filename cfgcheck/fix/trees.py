"""Files as trees, parsed once for all fixes of a round: a large file may have a thousand."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache

from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.nginx_parse import parse
from cfgcheck.syntax.nginx_tree import Directive, NginxTree


@lru_cache(maxsize=4)
def nginx_tree(file: SourceFile) -> NginxTree:
    """A file parsed as nginx configuration; not to be changed."""
    return parse(file)


@lru_cache(maxsize=4)
def _in_order(file: SourceFile) -> tuple[list[int], list[Directive]]:
    found = list(nginx_tree(file).walk())
    return [one.name.start for one in found], found


def holding(span: Span) -> Directive | None:
    """The innermost statement around a place; a block where the place begins in its head."""
    starts, found = _in_order(span.file)
    one = found[at - 1] if (at := bisect_right(starts, span.start)) else None
    while one is not None and not (span.start < one.head_end and span.end <= one.end):
        one = one.parent
    return one
