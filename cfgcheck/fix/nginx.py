"""nginx statements: where one is written, and how."""

from __future__ import annotations

from cfgcheck.findings import Edit
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.nginx_blocks import Body, body_of, check_layout
from cfgcheck.fix.nginx_place import insertion
from cfgcheck.fix.nginx_words import is_about, read_statement, rewritten, says_the_same, written
from cfgcheck.rules.changes import Statement
from cfgcheck.syntax.nginx_tree import Directive


def edits_of_statement(change: Statement) -> list[Edit]:
    """What makes a block hold a statement; nothing where it does already. Errors: CannotFix."""
    wanted = read_statement(change.text)
    body = body_of(change, wanted.key)
    there = body.own if wanted.key == "include" else body.children
    if any(says_the_same(one, wanted) and not body.conditional(one) for one in there):
        return []
    standing = [] if change.beside else [one for one in body.children if is_about(one, wanted)]
    edits = _in_place(body, standing, wanted) if standing else [insertion(body, wanted.key, written(wanted))]
    for edit in edits:
        check_layout(edit.span.file, edit.span.start, edit.span.end)
    return edits


def _in_place(body: Body, standing: list[Directive], wanted: Directive) -> list[Edit]:
    """A statement that an include brings is changed in its file: nginx takes no second one."""
    if any(body.conditional(one) for one in standing):
        raise CannotFix(f"`{wanted.key}` stands in a branch of a template")
    if any(one.file.path.startswith("<") for one in standing):
        raise CannotFix(f"`{wanted.key}` stands in {standing[0].file.path}, which is not yours")
    return [edit for one in standing for edit in rewritten(one, wanted)]
