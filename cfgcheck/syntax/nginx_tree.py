"""The located tree of an nginx configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cfgcheck.findings import Problem
from cfgcheck.source.file import SourceFile, Span

if TYPE_CHECKING:
    from cfgcheck.syntax.template_mask import Masked
    from cfgcheck.syntax.templates import Template


class Word:
    """A name or an argument.

    ``value`` is what nginx takes it for: quotes gone, escapes resolved; template placeholders stay as they are
    written. ``start`` and ``end`` are offsets of what is written, quotes included. ``quoted``: it stood in quotes.
    ``templated``: it holds a template placeholder, so ``value`` is not known.
    """

    __slots__ = ("end", "quoted", "start", "templated", "value")

    def __init__(self, value: str, start: int, end: int, quoted: bool = False, templated: bool = False) -> None:
        self.value = value
        self.start = start
        self.end = end
        self.quoted = quoted
        self.templated = templated

    def __repr__(self) -> str:
        return f"Word({self.value!r}, {self.start}, {self.end})"


class Directive:
    """A statement: a name, its arguments and, for a block, what stands in it.

    ``start`` … ``end`` runs from the name through the ``;`` or the closing brace; ``head_end`` is where the ``;``
    or the ``{`` ends. ``branch`` numbers the template branch that it stands in (0: none): two directives of
    different branches are alternatives of each other, and one in a branch may be absent.
    ``data``: an entry of a data block (``map``, ``geo``, ``types``, ``split_clients`` …), whose name is a key.
    """

    __slots__ = ("args", "block", "branch", "data", "end", "file", "head_end", "name", "parent")

    def __init__(self, file: SourceFile, name: Word, args: tuple[Word, ...]) -> None:
        self.file = file
        self.name = name
        self.args = args
        self.block: list[Directive] | None = None
        self.parent: Directive | None = None
        self.head_end = self.end = name.end
        self.branch = 0
        self.data = False

    @property
    def key(self) -> str:
        return self.name.value

    @property
    def span(self) -> Span:
        """The whole statement; for a block its head only (name, arguments and brace)."""
        return Span(self.file, self.name.start, self.head_end)

    @property
    def whole(self) -> Span:
        return Span(self.file, self.name.start, self.end)

    def word_span(self, index: int) -> Span:
        """The span of argument ``index``; of the whole statement when there is none."""
        if index >= len(self.args):
            return self.span
        return Span(self.file, self.args[index].start, self.args[index].end)

    @property
    def args_span(self) -> Span:
        """From the first through the last argument; the whole statement when there is none."""
        if not self.args:
            return self.span
        return Span(self.file, self.args[0].start, self.args[-1].end)

    @property
    def values(self) -> list[str]:
        return [word.value for word in self.args]

    @property
    def templated(self) -> bool:
        return self.name.templated or any(word.templated for word in self.args)

    def children(self, name: str) -> Iterator[Directive]:
        return (child for child in self.block or () if child.name.value == name)

    def walk(self) -> Iterator[Directive]:
        """This directive and all below it, in the order of the text (without recursion: depth is the author's)."""
        stack = [self]
        while stack:
            directive = stack.pop()
            yield directive
            if directive.block:
                stack.extend(reversed(directive.block))

    def __repr__(self) -> str:
        return f"Directive({' '.join([self.key, *self.values])!r})"


_DATA_WITH_INCLUDES = frozenset({"map", "geo", "types"})


class NginxTree:
    """One file, or one of the files of an ``nginx -T`` dump, as parsed.

    ``name``: the path by which nginx knows it: the file's own, or the one that a dump's header gives.
    ``directives``: the statements of the outermost level. ``problems``: what nginx would refuse.
    ``comments``: start and end of each comment, from ``#`` to the end of its line.
    ``template``: what it is a template of, None for plain nginx; ``masked``: its placeholders and branches.
    ``damaged``: braces or quotes don't match, so what stands inside what is a guess.
    """

    __slots__ = ("comments", "damaged", "directives", "end", "file", "masked", "name", "problems", "start", "template")

    def __init__(self, file: SourceFile, name: str = "", start: int = 0, end: int | None = None) -> None:
        self.file = file
        self.name = name or file.path
        self.start = start
        self.end = len(file.text) if end is None else end
        self.directives: list[Directive] = []
        self.problems: list[Problem] = []
        self.comments: list[tuple[int, int]] = []
        self.template: Template | None = None
        self.masked: Masked | None = None
        self.damaged = False

    @property
    def includes(self) -> Iterator[Directive]:
        """The ``include`` statements with one argument, at every level. Of the data blocks, ``map``, ``geo`` and
        ``types`` know it; in others it is a key."""
        if self.file.text.find("include", self.start, self.end) < 0:
            return
        for directive in self.walk():
            if directive.name.value == "include" and len(directive.args) == 1 and directive.block is None:
                parent = directive.parent
                if not directive.data or (parent is not None and parent.key in _DATA_WITH_INCLUDES):
                    yield directive

    def walk(self) -> Iterator[Directive]:
        """Every directive of the file, in the order of the text; nothing of included files."""
        for directive in self.directives:
            yield from directive.walk()

    def __repr__(self) -> str:
        return f"NginxTree({self.name!r}, {len(self.directives)} directives)"
