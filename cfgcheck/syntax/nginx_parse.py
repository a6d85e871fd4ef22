"""nginx configuration text to a located tree, going on after errors.

Nothing here knows what a directive means, but for two questions that error recovery asks of the table of directives:
is this word the name of one, and does it take so many arguments?
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from cfgcheck.findings import Problem
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax import nginx_problems as problems
from cfgcheck.syntax.nginx_statements import split_statement
from cfgcheck.syntax.nginx_tokens import (
    BROKEN,
    CLOSED,
    COMMENT,
    HOLE,
    LUA_SUFFIX,
    MARK,
    QUOTED,
    TURN,
    WORD,
    Token,
    tokenize,
)  # fmt: skip
from cfgcheck.syntax.nginx_tree import Directive, NginxTree, Word
from cfgcheck.syntax.templates import DOLLAR, FILLER, Template, detect

if TYPE_CHECKING:
    from cfgcheck.syntax.nginx_braces import Repairs
    from cfgcheck.syntax.nginx_template_tokens import Turns

DATA_BLOCKS: Final = frozenset({"map", "geo", "types", "split_clients", "charset_map", "match", "geoip2"})
"""Blocks whose entries are no directives."""

AUTO: Final = Template(frozenset({"auto"}))
"""Find out whether the file is a template."""

MOST_PROBLEMS: Final = 10
"""A file: nginx stops at the first; later ones help only as long as the author recognises the file."""

_DOLLAR: Final = f"${{{DOLLAR}}}"
_MOST_BROKEN: Final = 100
"""Broken quotes, after which the rest of a file is not read: it is no configuration."""

_ESCAPE = re.compile(r"""\\(["'\\trn])""")
_ESCAPED = {"t": "\t", "r": "\r", "n": "\n"}
_SHORT = problems.LONG_WORD // 4
"""Characters: what is shorter is no long word, in whichever letters."""


def unescape(text: str) -> str:
    r"""A word as nginx takes it: it knows ``\"``, ``\'``, ``\\``, ``\t``, ``\r``, ``\n``; other backslashes stay."""
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text)


def parse(
    file: SourceFile, template: Template | None = AUTO, *, name: str = "", start: int = 0, end: int | None = None
) -> NginxTree:
    """The tree of ``file``, or of a part of it (one file of a dump). Never fails: see the tree's ``problems``."""
    tree = NginxTree(file, name, start, end)
    tree.template = detect(tree.name, file.text) if template is AUTO else template
    if tree.template is not None:
        from cfgcheck.syntax.template_mask import mask

        tree.masked = mask(file.text, tree.template)
    # All that a tree is made of stays, so the collector would look through it again and again for a third of the time.
    collects = gc.isenabled()
    gc.disable()
    try:
        _parse(tree)
    finally:
        if collects:
            gc.enable()
    return tree


def _parse(tree: NginxTree) -> None:
    """Reads the text into the tree; if the braces do not match, once more with the best guess of what is meant."""
    parser = _Parser(tree)
    parser.run()
    if (parser.opened or parser.extras) and not (parser.turns and parser.turns.uneven):
        from cfgcheck.syntax.nginx_braces import repair_braces

        repairs = repair_braces(tree, parser.text, parser.all_tokens(), parser.opened, parser.extras)
        _Parser(tree, repairs).run()
        tree.problems.extend(repairs.problems)
        tree.damaged = True
    tree.problems.sort(key=lambda problem: problem.span.start)
    del tree.problems[MOST_PROBLEMS:]


class _Parser:
    """One reading of a file. ``opened``: blocks still open at its end; ``extras``: offsets of ``}`` too many."""

    def __init__(self, tree: NginxTree, repairs: Repairs | None = None) -> None:
        self.tree = tree
        self.file = tree.file
        self.text = tree.masked.text if tree.masked else tree.file.text
        self.lua = self.text.find(LUA_SUFFIX, tree.start, tree.end) >= 0
        self.repairs = repairs
        self.turns: Turns | None = None
        self.broken = 0
        self.words: list[Word] = []
        self.current: Directive | None = None
        self.opened: list[Directive] = []
        self.extras: list[int] = []
        tree.directives = []
        tree.comments = []
        tree.problems = []
        tree.damaged = False

    def tokens(self, start: int) -> Iterator[Token]:
        tokens = tokenize(self.text, start, self.tree.end, lua=self.lua)
        if self.tree.masked is not None:
            from cfgcheck.syntax.nginx_template_tokens import Turns, templated_tokens

            self.turns = self.turns or Turns()
            tokens = templated_tokens(tokens, self.tree.masked, start)
        return self.repairs.apply(tokens) if self.repairs else tokens

    def all_tokens(self) -> Iterator[Token]:
        """The tokens with broken quotes mended in the same way as ``read`` goes on after them."""
        begin: int | None = self.tree.start
        broken = 0
        while begin is not None and broken < _MOST_BROKEN:
            again, begin = begin, None
            for kind, at, text in self.tokens(again):
                if kind == BROKEN:
                    broken += 1
                    begin = self.after_quote(at, text)
                    yield QUOTED, at, self.text[at:begin]
                    break
                yield kind, at, text

    def run(self) -> None:
        begin: int | None = self.tree.start
        if self.text.startswith("\ufeff", self.tree.start):
            self.report(problems.byte_order_mark(self.file, self.tree.start))
            begin = self.tree.start + 1
        while begin is not None:
            begin = self.read(begin)
        if self.words:
            self.end_words(self.tree.end, "")
        while self.current is not None:
            self.opened.append(self.current)
            self.close(self.tree.end)
        self.opened.reverse()

    def read(self, begin: int) -> int | None:
        """Reads from an offset to the end; stops earlier at a broken quote and gives the place to go on from.

        The first branch of a mark is the common case, a sound statement on one line: most of the time goes by here.
        """
        file, find, comments, plain = self.file, self.text.find, self.tree.comments, self.tree.masked is None
        words, current, block, data = self.state()
        for kind, at, text in self.tokens(begin):
            if kind == WORD:
                words.append(Word(text if "\\" not in text else unescape(text), at, at + len(text)))
            elif kind == MARK:
                # sound: on one line, and too short to hold a word that is too long
                if (
                    plain
                    and text != "}"
                    and words
                    and at - (first := words[0]).start < _SHORT
                    and (len(words) == 1 or find("\n", first.start, words[-1].start) < 0)
                ):
                    directive = Directive(file, first, tuple(words[1:]))
                    directive.parent = current
                    directive.head_end = directive.end = at + 1
                    directive.data = data
                    block.append(directive)
                    words = self.words = []
                    if text == "{":
                        directive.block = block = []
                        self.current = current = directive
                        data = data or directive.name.value in DATA_BLOCKS
                else:
                    self.mark(at, text)
                    words, current, block, data = self.state()
            elif kind == QUOTED:
                inner = text[1:-1]
                words.append(Word(inner if "\\" not in inner else unescape(inner), at, at + len(text), True))
            elif kind == COMMENT:
                comments.append((at, at + len(text)))
                if len(text) > _SHORT:
                    self.check_length(at, at + len(text), "comment")
            elif kind == BROKEN:
                return self.broken_quote(at, text)
            elif kind >= CLOSED:
                self.special(kind, at, text)
                words, current, block, data = self.state()
        return None

    def state(self) -> tuple[list[Word], Directive | None, list[Directive], bool]:
        current = self.current
        if current is None or current.block is None:
            return self.words, None, self.tree.directives, False
        return self.words, current, current.block, current.data or current.key in DATA_BLOCKS

    # --- what is uncommon

    def mark(self, at: int, text: str) -> None:
        if text == "}":
            if self.words:
                self.end_words(at, text)
            if self.current is None:
                self.extras.append(at)
            else:
                self.close(at + 1)
        elif self.words:
            self.end_words(at, text)
        else:
            self.stray(at, text)

    def special(self, kind: int, at: int, text: str) -> None:
        """A missing brace, a hole of a template, or one of its turns."""
        if kind == CLOSED:
            if self.words:
                self.end_words(at, "}")
            if self.current is not None:
                self.close(at)
        elif kind == HOLE:
            self.words = [Word(text, at, at + len(text))]
            self.restore(self.words)
            self.add(self.words, at + len(text), False)
            self.words = []
        elif self.turns is not None:
            self.current, self.words = self.turns.take(kind - TURN, self.current, self.words)

    def end_words(self, at: int, mark: str) -> None:
        """Ends the pending words at a mark, or ("") at the end of the text; some ``;`` may be missing in them."""
        words, self.words = self.words, []
        self.restore(words)
        self.check_lengths(words)
        current, data = self.current, self.state()[3]
        pieces = split_statement(words, self.text, mark, current.key if current else "", data)
        last = pieces.pop() if mark in (";", "{") else None
        for piece in pieces:
            self.unended(piece, mark if piece is pieces[-1] and last is None else "")
        if last:
            self.add(last, at + 1, mark == "{")

    def unended(self, words: list[Word], following: str) -> None:
        """A statement without its ``;``. In ``return 200}`` nginx takes the brace for part of the word."""
        word = words[-1]
        glued = 0 if word.quoted or word.templated else _glued_braces(word.value)
        if glued:
            word.value = word.value[:-glued]
            word.end -= glued
        if not word.templated:
            brace = following == "}" and "\n" not in self.text[word.end : self.text.find("}", word.end) + 1]
            self.report(problems.missing_semicolon(self.file, words, "}" if glued or brace else ""))
        if word.value or word.quoted or len(words) > 1:
            self.add(words, word.end, False)
        for offset in range(glued):
            if self.current is None:
                self.extras.append(word.end + offset)
            else:
                self.close(word.end + offset + 1)

    def add(self, words: list[Word], end: int, block: bool) -> None:
        directive = Directive(self.file, words[0], tuple(words[1:]))
        _, directive.parent, siblings, directive.data = self.state()
        directive.head_end = directive.end = end
        if self.tree.masked is not None:
            directive.branch = self.tree.masked.branch_at(words[0].start)
        siblings.append(directive)
        if block:
            directive.block = []
            self.current = directive

    def close(self, end: int) -> None:
        block = self.current
        if block is not None:
            block.end = end
            if self.turns is not None:
                self.turns.close(block)
            self.current = block.parent

    def stray(self, at: int, mark: str) -> None:
        if self.tree.template is None or not self.tree.template.has_tags:
            self.report(problems.stray_mark(self.file, at, mark))
        if mark == "{":
            self.add([Word("", at, at)], at + 1, True)

    def restore(self, words: list[Word]) -> None:
        """Puts the placeholders of a template back into the words; ``${DOLLAR}`` is known to be a "$"."""
        if self.tree.masked is None:
            return
        for word in words:
            if FILLER in word.value:
                start, end = (word.start + 1, word.end - 1) if word.quoted else (word.start, word.end)
                written = self.file.text[start:end]
                word.templated = word.value.count(FILLER) > len(_DOLLAR) * written.count(_DOLLAR)
                word.value = unescape(written.replace(_DOLLAR, "$"))

    def after_quote(self, at: int, text: str) -> int:
        """Where to go on after a quote that is not closed, or that something is glued to."""
        line = self.text.find("\n", at, at + len(text))
        if line < 0 and len(text) > 1 and text[-1] == text[0] and at + len(text) < self.tree.end:
            return at + len(text)
        end = at + len(text) if line < 0 else line
        return at + max(1, len(self.text[at:end].rstrip(" \t\r;{")))

    def broken_quote(self, at: int, text: str) -> int | None:
        end = self.after_quote(at, text)
        if end == at + len(text) and end < self.tree.end and self.text[end] not in " \t\r\n;{":
            self.report(problems.glued_quote(self.file, at, end))
            inner = text[1:-1]
        else:
            self.report(problems.unclosed_quote(self.file, at, end))
            inner = self.text[at + 1 : end]
            self.tree.damaged = True
        self.words.append(Word(unescape(inner), at, end, True))
        self.broken += 1
        return end if self.broken < _MOST_BROKEN else None

    def check_lengths(self, words: list[Word]) -> None:
        if self.tree.masked is None and words[-1].end - words[0].start > _SHORT:
            for word in words:
                if word.end - word.start > _SHORT:
                    self.check_length(word.start + word.quoted, word.end - word.quoted, "word")

    def check_length(self, start: int, end: int, what: str) -> None:
        length = len(self.file.text[start:end].encode("utf-8", "surrogateescape"))
        if self.tree.masked is None and length >= problems.LONG_WORD + (what == "comment"):
            self.report(problems.long_word(self.file, start, end, what))

    def report(self, problem: Problem) -> None:
        if len(self.tree.problems) < MOST_PROBLEMS:
            self.tree.problems.append(problem)


def _glued_braces(text: str) -> int:
    """How many of the braces at the end of a word close nothing in it."""
    return max(0, min(len(text) - len(text.rstrip("}")), text.count("}") - text.count("{")))
