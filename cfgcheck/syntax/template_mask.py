"""A template's text with the template's parts masked, so that the language beneath can be read.

Masking keeps every offset. A placeholder becomes a run of ``FILLER``, which every language takes for part of a word;
statement tags become blanks; a choice or a loop that holds no whole statement counts as one placeholder.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from cfgcheck.record import field, record
from cfgcheck.syntax.template_tags import Role, Tag, all_tags
from cfgcheck.syntax.templates import FILLER, Template


class Branch(NamedTuple):
    """One alternative of a choice, or the body of a loop. ``choice``: a number for the choice; ``parent``: the branch
    that the choice itself stands in, 0 for none."""

    choice: int
    parent: int


class Turn(NamedTuple):
    """Where a choice begins, goes on with its next alternative, or ends."""

    offset: int
    role: Role


@record()
class Masked:
    """A text with its template's parts masked; all offsets are those of the text itself.

    ``placeholders``: start and end of each, in order. ``turns``: where choices begin, go on and end.
    ``branches``: by number; number 0 is none.
    """

    text: str
    placeholders: list[tuple[int, int]] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=lambda: [Branch(0, 0)])
    _starts: list[int] = field(default_factory=lambda: [0])
    _numbers: list[int] = field(default_factory=lambda: [0])

    def branch_at(self, offset: int) -> int:
        """The number of the innermost branch that an offset stands in; 0 for none."""
        return self._numbers[bisect_right(self._starts, offset) - 1]

    def enter(self, offset: int, number: int) -> None:
        """From ``offset`` on (beyond all offsets given before), the branch is ``number``."""
        self._starts.append(offset)
        self._numbers.append(number)

    def exclusive(self, one: int, other: int) -> bool:
        """Whether two branches are never there at once: alternatives of one choice, or within such."""
        chosen = {self.branches[number].choice: number for number in self._ancestry(one)}
        return any(chosen.get(self.branches[number].choice, number) != number for number in self._ancestry(other))

    def _ancestry(self, number: int) -> Iterator[int]:
        while number:
            yield number
            number = self.branches[number].parent


_NOT_LINE_END = re.compile(r"[^\n]")


def mask(text: str, template: Template, marks: str = ";{}") -> Masked:
    """``text`` with the parts of the template masked, of the same length.

    ``marks``: the characters that end statements in the language (in ini and Procfiles a line feed). A choice or
    loop without any of them within counts as one placeholder.
    """
    tags = all_tags(text, template)
    choices = _Choices(tags, _overwrite(text, tags), marks)
    kept = [tag for tag in choices.merged() if tag[1] > tag[0]]
    masked = Masked(_overwrite(text, kept))
    masked.placeholders = [(start, end) for start, end, role in kept if role is Role.VALUE]
    choices.number(masked)
    return masked


def _overwrite(text: str, tags: list[Tag]) -> str:
    parts = []
    end = 0
    for start, stop, role in tags:
        parts.append(text[end:start])
        written = text[start:stop]
        parts.append(FILLER * len(written) if role is Role.VALUE else _NOT_LINE_END.sub(" ", written))
        end = stop
    parts.append(text[end:])
    return "".join(parts)


class _Choices:
    """Pairs the tags of choices, and tells those around statements from those within one.

    ``kinds``: the index of each tag that belongs to a choice around statements, with the role it has there.
    """

    def __init__(self, tags: list[Tag], text: str, marks: str) -> None:
        self.tags = tags
        self.mark_offsets: list[int] = []
        self.word_offsets: list[int] = []
        self.inline: list[tuple[int, int]] = []
        self.kinds: dict[int, Role] = {}
        self._index(text, re.escape(marks))
        self._pair()

    def _index(self, text: str, marks: str) -> None:
        """Where the marks and the other words of the language stand, comments left out."""
        for found in re.finditer(rf"(?<!\S)\#[^\n]*+|([{marks}])|[^\s{marks}]++", text):
            if found[1]:
                self.mark_offsets.append(found.start())
            elif found[0][0] != "#":
                self.word_offsets.append(found.start())

    def _pair(self) -> None:
        opened: list[list[int]] = []
        for index, (_, _, role) in enumerate(self.tags):
            if role is Role.BEGIN:
                opened.append([index])
            elif opened and role is Role.OTHERWISE:
                opened[-1].append(index)
            elif opened and role is Role.FINISH:
                self._decide([*opened.pop(), index])

    def _decide(self, choice: list[int]) -> None:
        start, end = self.tags[choice[0]][0], self.tags[choice[-1]][1]
        if _any_between(self.mark_offsets, start, end):
            self.kinds.update((index, self.tags[index][2]) for index in choice)
        elif _any_between(self.word_offsets, start, end):
            self.inline.append((start, end))

    def merged(self) -> Iterator[Tag]:
        """The tags with each choice within a statement as one placeholder."""
        inline = sorted(self.inline, key=lambda span: (span[0], -span[1]))
        end = position = 0
        for start, stop, role in self.tags:
            while position < len(inline) and inline[position][0] <= start:
                if inline[position][1] > end:
                    end = inline[position][1]
                    yield inline[position][0], end, Role.VALUE
                position += 1
            if start >= end:
                yield start, stop, role

    def number(self, masked: Masked) -> None:
        """Numbers the branches of the choices around statements, and notes where they begin and end."""
        opened: list[tuple[int, int]] = []
        choice = current = 0
        for index in sorted(self.kinds):
            role = self.kinds[index]
            start, end, _ = self.tags[index]
            masked.turns.append(Turn(start, role))
            if role is Role.FINISH:
                _, current = opened.pop()
                masked.enter(start, current)
                continue
            if role is Role.BEGIN:
                choice += 1
                opened.append((choice, current))
            masked.branches.append(Branch(*opened[-1]))
            current = len(masked.branches) - 1
            masked.enter(end if role is Role.BEGIN else start, current)


def _any_between(offsets: list[int], start: int, end: int) -> bool:
    index = bisect_left(offsets, start)
    return index < len(offsets) and offsets[index] < end
