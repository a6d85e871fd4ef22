"""Which block of which file a statement is to stand in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.layout import line_end, line_start
from cfgcheck.model.nginx import Location, Proxy, Scope, Server, Upstream
from cfgcheck.record import record
from cfgcheck.rules.changes import Block, Statement
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.nginx_directives import forms
from cfgcheck.syntax.nginx_tree import Directive

_CONTEXTS = {"if": "location/if"}


@record(frozen=True, eq=False)
class Body:
    """What stands between the braces of a block, or the whole of a file that is a fragment.

    ``start``, ``end``: offsets of what is inside; ``directive``: the block, whose name is empty for a whole file.
    ``children``: all statements in effect at that level, those of included files among them.
    """

    directive: Directive
    start: int
    end: int
    children: Sequence[Directive]

    @property
    def file(self) -> SourceFile:
        return self.directive.file

    @property
    def is_file(self) -> bool:
        return not self.directive.key

    @property
    def own(self) -> list[Directive]:
        """The statements that stand in this very block and are always there: in no branch of a template."""
        block = self.directive.block or ()
        return [one for one in block if one.file is self.file and not one.templated and not self.conditional(one)]

    def conditional(self, child: Directive) -> bool:
        return child.branch != 0 and (child.branch != self.directive.branch or child.file is not self.file)


def body_of(change: Statement, name: str) -> Body:
    """The block that a change means, or the nearest one around it that may hold the statement. Errors: CannotFix."""
    found = [
        _body(directive, children)
        for context, directive, children in _levels(change.block, change.level)
        if _may_stand(name, context)
    ]
    if not found:
        raise CannotFix(f"`{name}` may not stand there, or the files have no such block")
    return found[0]


def _levels(block: Block, level: str) -> Iterator[tuple[str, Directive, Sequence[Directive]]]:
    """The block, and of an ``if`` or ``limit_except`` the locations around it."""
    if isinstance(block, Location):
        location: Location | None = block
        while location is not None:
            yield _context(location), location.directive, location.scope.children
            location = location.parent if location.modifier in ("if", "limit_except") else None
    elif isinstance(block, Server):
        yield _kind(block.scope), block.directive, block.scope.children
    elif isinstance(block, Upstream):
        if block.directive is not None:
            yield "upstream", block.directive, block.directive.block or ()
    else:
        yield from _of_proxy(block, level)


def _context(location: Location) -> str:
    if location.modifier == "server":
        return _kind(location.scope)
    return _CONTEXTS.get(location.scope.kind, location.scope.kind)


def _kind(scope: Scope) -> str:
    return scope.kind


def _of_proxy(proxy: Proxy, level: str) -> Iterator[tuple[str, Directive, Sequence[Directive]]]:
    if proxy.scope.kind == level:
        yield level, proxy.directive, proxy.scope.children
    elif proxy.scope.kind == "main":
        scopes = [server.scope.parent for server in proxy.servers]
        for directive in proxy.scope.own.get(level, ()):
            known = next((scope for scope in scopes if scope is not None and scope.directive is directive), None)
            yield level, directive, known.children if known is not None else directive.block or ()


def check_layout(file: SourceFile, start: int, end: int) -> None:
    """A text that stands inside another one can be edited where its lines are lines of that, too: then no signs of the
    outer language stand beside it. Errors: CannotFix."""
    if file.whole is file:
        return
    begin, stop = line_start(file, start), line_end(file, end)
    if file.whole.text[begin:stop] != file.text[begin:stop]:
        raise CannotFix(f"it stands inside {file.path} in the midst of a line")


def _may_stand(name: str, context: str) -> bool:
    """What is not known may stand anywhere."""
    ways = forms(name)
    return not ways or any(context in way.contexts for way in ways)


def _body(directive: Directive, children: Sequence[Directive]) -> Body:
    text = directive.file.text
    if directive.key:
        if text[directive.head_end - 1] != "{" or text[directive.end - 1] != "}":
            raise CannotFix("a brace is missing")
        return Body(directive, directive.head_end, directive.end - 1, children)
    if directive.file.whole is not directive.file:
        raise CannotFix(f"where it stands inside {directive.file.path} nothing can be written on its outermost level")
    return Body(directive, 1 if text.startswith("\ufeff") else 0, len(text), children)
