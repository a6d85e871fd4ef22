"""Which brace is missing or too many, told by the indentation; and the tokens with that mended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cfgcheck.findings import Problem
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax import nginx_problems as problems
from cfgcheck.syntax.nginx_tokens import CLOSED, MARK, QUOTED, WORD, Token
from cfgcheck.syntax.nginx_tree import Directive, NginxTree

_MOST_OPEN = 3
"""Blocks that somebody may have forgotten to close; of more, one is shown for all."""

_TAB = 8


@record()
class Repairs:
    """``closes``: offsets of tokens, with how many ``}`` are missing before each; ``skips``: offsets of ``}`` too
    many. ``problems``: what to tell of them."""

    closes: dict[int, int] = field(default_factory=dict)
    skips: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.closes or self.skips)

    def apply(self, tokens: Iterable[Token]) -> Iterator[Token]:
        for token in tokens:
            at = token[1]
            if at in self.closes and token[2]:
                for _ in range(self.closes[at]):
                    yield CLOSED, at, ""
            if at not in self.skips or token[2] != "}":
                yield token


def repair_braces(
    tree: NginxTree, text: str, tokens: Iterable[Token], opened: list[Directive], extras: list[int]
) -> Repairs:
    """Mends a file that leaves the blocks ``opened`` open, or closes too often (at ``extras``).

    The indentation is believed only if it explains just that; else the places are those where nginx notices.
    ``text``: what the tokens are of.
    """
    layout = _Layout(text)
    layout.read(tokens)
    heads = {directive.head_end - 1: directive for directive in tree.walk() if directive.block is not None}
    if (len(layout.missing), len(layout.extra)) == (len(opened), len(extras)) and len(opened) <= _MOST_OPEN:
        return _by_layout(tree.file, layout, heads)
    repairs = Repairs(skips=set(extras))
    if len(opened) > _MOST_OPEN:
        repairs.problems.append(problems.unclosed_block(opened[-1], "opened here", len(opened)))
    else:
        repairs.problems.extend(problems.unclosed_block(block, "opened here") for block in opened)
    if extras:
        repairs.problems.append(problems.extra_brace(tree.file, extras[0], sure=False))
    return repairs


def _by_layout(file: SourceFile, layout: _Layout, heads: dict[int, Directive]) -> Repairs:
    repairs = Repairs(skips=set(layout.extra))
    for brace, before, length in layout.missing:
        if length:
            repairs.closes[before] = repairs.closes.get(before, 0) + 1
        place = Span(file, before, before + length) if length else None
        repairs.problems.append(problems.unclosed_block(heads[brace], "opened here", at=place))
    repairs.problems.extend(problems.extra_brace(file, at, sure=True) for at in layout.extra)
    return repairs


class _Layout:
    """The braces as the indentation has them.

    ``missing``: (opening brace, place before which its ``}`` is missing, length of what stands there, 0 for the end
    of the text); ``extra``: offsets of ``}`` that fit no block.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.open: list[tuple[int, int]] = []
        self.missing: list[tuple[int, int, int]] = []
        self.extra: list[int] = []

    def read(self, tokens: Iterable[Token]) -> None:
        fresh, column, end = True, 0, 0
        for kind, at, text in tokens:
            indent = self._indent(end, at)
            end = at + len(text)
            if kind not in (WORD, MARK, QUOTED):
                continue
            if text == "}" and kind == MARK:
                self._close(at, indent)
            elif fresh and indent is not None:
                column = indent
                self._close_deeper(at, indent, len(text))
            if text == "{" and kind == MARK:
                self.open.append((at, column))
            fresh = kind == MARK
        self._close_deeper(len(self.text), 0, 0)

    def _close_deeper(self, at: int, indent: int, length: int) -> None:
        """Ends the blocks whose heads stand at column ``indent`` or deeper, at a token that stands further left."""
        while self.open and self.open[-1][1] >= indent:
            self.missing.append((self.open.pop()[0], at, length))

    def _close(self, at: int, indent: int | None) -> None:
        if indent is not None:
            self._close_deeper(at, indent + 1, 1)
        if self.open and indent in (None, self.open[-1][1]):
            self.open.pop()
        else:
            self.extra.append(at)

    def _indent(self, end: int, at: int) -> int | None:
        """The column of a token if it is the first of its line, else None; ``end``: of the token before."""
        line = self.text.rfind("\n", end, at)
        if line < 0 and end:
            return None
        return len(self.text[line + 1 : at].expandtabs(_TAB))
