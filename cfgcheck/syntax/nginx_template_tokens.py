"""The tokens of an nginx template: those of the masked text, with the template's own turns among them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from cfgcheck.syntax.nginx_tokens import COMMENT, HOLE, MARK, TURN, WORD, Token
from cfgcheck.syntax.nginx_tree import Directive, Word
from cfgcheck.syntax.template_mask import Masked, Turn
from cfgcheck.syntax.template_tags import Role
from cfgcheck.syntax.templates import FILLER


def templated_tokens(tokens: Iterable[Token], masked: Masked, start: int) -> Iterator[Token]:
    """``tokens`` (of the masked text, from ``start``) with holes told from words, and turns where they stand."""
    turns = masked.turns
    index = bisect_left(turns, start, key=lambda turn: turn.offset)
    fresh = True
    for token in tokens:
        kind, at, text = token
        while index < len(turns) and turns[index].offset <= at:
            yield _turn(turns[index])
            index += 1
        if fresh and kind == WORD and text[0] == FILLER and _is_hole(masked.text, at, text):
            yield HOLE, at, text
            continue
        yield token
        if kind != COMMENT:
            fresh = kind == MARK
    for turn in turns[index:]:
        yield _turn(turn)


def _turn(turn: Turn) -> Token:
    return TURN + turn.role, turn.offset, ""


def _is_hole(text: str, at: int, word: str) -> bool:
    """Whether a word is nothing but placeholders, and neither arguments nor a ``;`` follow on its line."""
    if word.count(FILLER) != len(word):
        return False
    end = at + len(word)
    while end < len(text) and text[end] in " \t\r":
        end += 1
    return end == len(text) or text[end] in "\n#}" or text[end] == FILLER


class Choice:
    """An open choice: the block and the words pending where it began, and the blocks where its branches ended."""

    __slots__ = ("block", "ends", "other", "words")

    def __init__(self, block: Directive | None, words: list[Word]) -> None:
        self.block = block
        self.words = words
        self.ends: list[Directive | None] = []
        self.other = False


class Turns:
    """Follows a template's choices, whose branches may each open or close blocks.

    ``uneven``: branches of one choice end at different depths, so that the braces can't be counted.
    """

    def __init__(self) -> None:
        self.choices: list[Choice] = []
        self.uneven = False
        self._twins: dict[int, tuple[list[Directive], int]] = {}

    def take(self, role: int, block: Directive | None, words: list[Word]) -> tuple[Directive | None, list[Word]]:
        """The block and the words to go on with after a turn."""
        if role == Role.BEGIN:
            self.choices.append(Choice(block, words))
            return block, list(words)
        if not self.choices:
            return block, words
        choice = self.choices[-1]
        choice.ends.append(block)
        if role == Role.OTHERWISE:
            choice.other = True
            return choice.block, list(choice.words)
        self.choices.pop()
        self._join(choice, block)
        return block, words

    def _join(self, choice: Choice, last: Directive | None) -> None:
        """After a choice: branches that each opened a block of their own go on alike; other differences are uneven.

        Not so within such blocks: each level would double what is below.
        """
        others = [end for end in choice.ends if end is not last]
        if not choice.other and last is not choice.block:
            self.uneven = True
        elif others:
            alike = last is not None and all(_beside(end, last) for end in others)
            if alike and not self._twins and last is not None and last.block is not None:
                self._twins[id(last)] = ([end for end in others if end is not None], len(last.block))
            else:
                self.uneven = True

    def close(self, block: Directive) -> None:
        """``block`` ended: what it got after a choice belongs to its twins of the other branches, too."""
        twins, index = self._twins.pop(id(block), ((), 0))
        for twin in twins:
            if twin.block is not None and block.block is not None:
                twin.block.extend(block.block[index:])
                twin.end = twin.head_end


def _beside(end: Directive | None, last: Directive) -> bool:
    return end is not None and end.block is not None and end.parent is last.parent
