"""Where in a block a new statement is written, and in what layout: as its neighbours stand there."""

from __future__ import annotations

from cfgcheck.findings import Edit
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.layout import (
    DEFAULT_INDENT,
    above_comments,
    begins_line,
    ends_line,
    indentation,
    line_break,
    line_end,
    line_start,
    step,
)
from cfgcheck.fix.nginx_blocks import Body
from cfgcheck.source.file import Span
from cfgcheck.syntax.nginx_tree import Directive

_HANDLERS = ("proxy_pass", "uwsgi_pass", "fastcgi_pass", "scgi_pass", "grpc_pass")


def insertion(body: Body, name: str, text: str) -> Edit:
    """A new statement (its text without the ``;``): after the last of the same name, else after its nearest relatives,
    else before the first block within. A handler (``proxy_pass``) stays the last of its family, and what is computed
    for it (``set``) stands before it."""
    own = body.own
    simple = [one for one in own if one.block is None]
    before = next((one for one in own if one.block is not None), None)
    anchor = _relative(simple, name)
    if anchor is None:
        handlers = [one for one in simple if one.key in _HANDLERS and (name == "set" or _kinship(one.key, name))]
        if handlers:
            return _before(body, handlers[0], text)
        anchor = _last_before(simple, before)
    if anchor is not None:
        return _after(body, anchor, text)
    return _before(body, before, text) if before is not None else _at_end(body, text)


def _relative(simple: list[Directive], name: str) -> Directive | None:
    """The last of the statements that are nearest of kin."""
    kin = [one for one in simple if one.key not in _HANDLERS or name == one.key]
    best = max((_kinship(one.key, name) for one in kin), default=0)
    return next((one for one in reversed(kin) if _kinship(one.key, name) == best), None) if best else None


def _kinship(one: str, other: str) -> int:
    """How many words two names have in common from the left: ``proxy_ssl_verify`` and ``proxy_ssl_name`` two."""
    if one == other:
        return 100
    count = 0
    for mine, theirs in zip(one.split("_"), other.split("_"), strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _last_before(simple: list[Directive], block: Directive | None) -> Directive | None:
    found = [one for one in simple if block is None or one.end <= block.name.start]
    return found[-1] if found else None


def _after(body: Body, anchor: Directive, text: str) -> Edit:
    file = body.file
    if not ends_line(file, anchor.end) or _on_one_line(body):
        return _insert(body, anchor.end, f" {text};")
    end = line_end(file, anchor.end)
    return _insert(body, end, f"{line_break(file, anchor.end)}{_indent(body, anchor)}{text};")


def _before(body: Body, anchor: Directive, text: str) -> Edit:
    """Above the comments that belong to the next statement; those that begin a file belong to all of it."""
    file, start = body.file, anchor.name.start
    if not begins_line(file, start):
        return _insert(body, start, f"{text}; ")
    above = above_comments(file, start)
    at = line_start(file, start) if body.is_file and above <= body.start else above
    if at < body.start:
        raise CannotFix("the braces of the block stand where nothing can be written beside them")
    return _insert(body, at, f"{indentation(file, start)}{text};{line_break(file, start)}")


def _at_end(body: Body, text: str) -> Edit:
    """In a block without statements of its own: before its closing brace, at the end of a file."""
    file = body.file
    if body.is_file:
        broken = "" if file.text.endswith("\n") or body.start == body.end else line_break(file)
        return _insert(body, body.end, f"{broken}{text};{line_break(file)}")
    if not begins_line(file, body.end):
        blank = "" if file.text[body.start : body.end].endswith((" ", "\t")) else " "
        if not file.text[body.start : body.end].strip():
            return _insert(body, body.start, f" {text};{blank}")
        return _insert(body, body.end, f"{blank and ' '}{text}; ")
    at = line_start(file, body.end)
    return _insert(body, at, f"{_inner_indent(body)}{text};{line_break(file, body.start)}")


def _on_one_line(body: Body) -> bool:
    return not body.is_file and "\n" not in body.file.text[body.start : body.end]


def _indent(body: Body, anchor: Directive) -> str:
    """As the anchor's line; where the anchor does not begin a line, as another statement of the block that does."""
    for one in (anchor, *body.own):
        if begins_line(body.file, one.name.start):
            return indentation(body.file, one.name.start)
    return _inner_indent(body)


def _inner_indent(body: Body) -> str:
    """What a line in an empty block is indented by: as its comments, or one step more than the block."""
    file, outer = body.file, indentation(body.file, body.directive.name.start)
    for line in file.text[body.start : body.end].splitlines()[1:]:
        if line.lstrip().startswith("#"):
            return line[: len(line) - len(line.lstrip())]
    return outer + (_step(body) or ("\t" if outer.startswith("\t") else DEFAULT_INDENT))


def _step(body: Body) -> str:
    """One step of indentation, as the blocks around this one have it, or those beside it."""
    inner, outer = body.directive, body.directive.parent
    while outer is not None:
        if found := _deeper(outer, inner):
            return found
        inner, outer = outer, outer.parent
    parent = body.directive.parent
    beside = (parent.block if parent is not None else None) or ()
    return next((found for one in beside for child in one.block or () if (found := _deeper(one, child))), "")


def _deeper(outer: Directive, inner: Directive) -> str:
    if outer.file is not inner.file:
        return ""
    return step(indentation(outer.file, outer.name.start), indentation(inner.file, inner.name.start))


def _insert(body: Body, at: int, text: str) -> Edit:
    return Edit(Span(body.file, at, at), text)
