"""Taking a statement out of an nginx file."""

from __future__ import annotations

from cfgcheck.findings import Edit
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.layout import begins_line, ends_line, line_end, line_start, next_line
from cfgcheck.fix.nginx_blocks import check_layout
from cfgcheck.fix.trees import holding
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.nginx_tree import Directive


def nginx_statement(span: Span) -> list[Edit]:
    """The whole statement that holds a place, a block with all in it. Alone on its lines, these go, with a comment
    behind it; one line above stays. Of several on one line only it goes."""
    statement = _holding(span)
    file, start, end = span.file, statement.name.start, statement.end
    check_layout(file, start, end)
    if begins_line(file, start) and ends_line(file, end):
        return [_lines(file, start, end)]
    while file.text[end : end + 1] in (" ", "\t"):
        end += 1
    if file.text[end : end + 1] in ("", "\r", "\n", "}") and not begins_line(file, start):
        end = statement.end
        while file.text[start - 1] in (" ", "\t"):
            start -= 1
    return [Edit(Span(file, start, end), "")]


def _holding(span: Span) -> Directive:
    """The statement around a place; a block where the place begins in its head."""
    found = holding(span)
    if found is None:
        raise CannotFix("no statement stands there")
    return found


def _lines(file: SourceFile, start: int, end: int) -> Edit:
    """Whole lines; where they are the last ones, the line break before them goes instead of the one behind."""
    begin, stop = line_start(file, start), next_line(file, end)
    if not file.text.endswith("\n", begin, stop) and begin:
        begin = line_end(file, begin - 1)
    return Edit(Span(file, begin, stop), "")
