"""Where the words of a shell script end: quotes, expansions and placeholders skipped, nothing expanded."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable

from cfgcheck.syntax.shell_script_tree import Mistake

DEEPEST = 30
"""Levels of expansions and compound commands inside one another; what lies deeper is not read."""

RUN = re.compile(r"[^\s'\"\\$`;&|<>(){#]+")
IN_DOUBLE = re.compile(r"[^\"\\$`{]+")
PLACEHOLDER = re.compile(r"\{\{[^\n]*?\}\}|\{%[^\n]*?%\}|<%[^\n]*?%>")
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?:\[[^\]\s]*\])?(?=\+?=)", re.ASCII)
WORD_END = frozenset(" \t\r\n\f\v;&|()<>")
_ARRAY = re.compile(r"[A-Za-z_]\w*\+?=\(", re.ASCII)
_IN_BRACES = re.compile(r"[^}'\"\\$`{]+")
_IN_BACKQUOTES = re.compile(r"(?:[^`\\]|\\.)*+", re.DOTALL)
_PARENTHESIS = re.compile(r"[()]")
_OPERATOR_IN_BRACES = re.compile(r"[A-Za-z_0-9@*#?!-]*(?:\[[^\]]*\])?(:?[-=?+])?", re.ASCII)


Scan = Callable[[int], int]
"""From where something begins to where it ends."""


class Scanner(ABC):
    """``mistake``: the first one met. What is open at the end of the text is taken as closed there."""

    def __init__(self, text: str, size: int, depth: int) -> None:
        self.text = text
        self.size = size
        self.depth = depth
        self.mistake: Mistake | None = None
        self._unclosed: dict[str, int] = {}
        self.no_arithmetic_before = 0

    @abstractmethod
    def substitution(self, at: int) -> int:
        """The end of ``$(…)``, ``<(…)``: ``at`` is behind the opening parenthesis."""

    def mistaken(self, message: str, offset: int, certain: bool = False) -> None:
        if self.mistake is None:
            self.mistake = Mistake(message, offset, certain)

    def word(self, at: int) -> int:
        """The end of the word that begins at ``at``."""
        text, size, start = self.text, self.size, at
        if (array := _ARRAY.match(text, at, size)) is not None:
            return self.array(array.end())
        while at < size:
            if (run := RUN.match(text, at, size)) is not None:
                at = run.end()
                continue
            char = text[at]
            if char in WORD_END:
                if char == "<" and text.startswith("<%", at) and (end := self.placeholder(at)) > at:
                    at = end
                elif char in "<>" and text.startswith("(", at + 1) and at == start:
                    at = self.nested(self.substitution, at + 2)
                elif char == "(" and at > start and text[at - 1] in "?*+@!":
                    at = self.nested(self.extended_pattern, at + 1)
                else:
                    break
            else:
                at = self.piece(at)
        return min(at, size)

    def piece(self, at: int) -> int:
        """The end of what begins at ``at`` outside quotes: a quoted text, an expansion, or one character."""
        text = self.text
        char = text[at]
        if char == "'":
            return self.single(at)
        if char == '"':
            return self.nested(self.double, at)
        if char == "\\":
            return min(at + (3 if text.startswith("\\\r\n", at) else 2), self.size)
        if char == "$":
            return self.dollar(at, False)
        if char == "`":
            return self.backquotes(at)
        if char in "{<":
            return max(self.placeholder(at), at + 1)
        return at + 1

    def single(self, at: int) -> int:
        end = self.text.find("'", at + 1, self.size)
        if end < 0:
            self.mistaken("this quote is not closed", at, True)
            return self.size
        return end + 1

    def double(self, start: int) -> int:
        """The end of ``"…"`` that begins at ``start``."""
        text, size, at = self.text, self.size, start + 1
        while at < size:
            if (run := IN_DOUBLE.match(text, at, size)) is not None:
                at = run.end()
                continue
            char = text[at]
            if char == '"':
                return at + 1
            if char == "\\":
                at += 2
            elif char == "$":
                at = self.dollar(at, True)
            elif char == "`":
                at = self.backquotes(at)
            else:
                at = max(self.placeholder(at), at + 1)
        self.mistaken("this quote is not closed", start, True)
        return size

    def dollar(self, at: int, quoted: bool) -> int:
        """The end of the expansion at ``at``; of ``$NAME`` only the ``$``, what follows is no special character."""
        text, begin = self.text, at + 1
        while text.startswith("\\\n", begin):
            begin += 2
        if text.startswith("((", begin) and (end := self.arithmetic(begin)) > at:
            return end
        if text.startswith("(", begin):
            return self.nested(self.substitution, begin + 1)
        if text.startswith("{", begin):
            return self.nested(self.quoted_braces if quoted else self.braces, begin)
        if not quoted and text.startswith("'", begin):
            return self.ansi(begin)
        # ``$#`` begins no comment, ``$(`` was met before.
        return min(begin + 1 if text[begin : begin + 1] in ("#", "?", "!", "$", "@", "*", "-") else begin, self.size)

    def ansi(self, at: int) -> int:
        """The end of ``$'…'``, in which a backslash escapes."""
        text, start = self.text, at
        at += 1
        while (end := text.find("'", at, self.size)) >= 0:
            backslashes = len(text[at:end]) - len(text[at:end].rstrip("\\"))
            at = end + 1
            if backslashes % 2 == 0:
                return at
        self.mistaken("this quote is not closed", start, True)
        return self.size

    def quoted_braces(self, at: int) -> int:
        return self.braces(at, True)

    def braces(self, start: int, quoted: bool = False) -> int:
        """The end of ``{…}`` of an expansion. In double quotes an apostrophe in its default is nothing special."""
        text, size = self.text, self.size
        head = _OPERATOR_IN_BRACES.match(text, start + 1, size)
        at = head.end() if head else start + 1
        literal = quoted and head is not None and bool(head[1])
        while at < size:
            if (run := _IN_BRACES.match(text, at, size)) is not None:
                at = run.end()
                continue
            char = text[at]
            if char == "}":
                return at + 1
            if char == "'":
                at = at + 1 if literal else self.single(at)
            elif char == '"':
                at = self.nested(self.double, at)
            elif char == "\\":
                at += 2
            elif char == "$":
                at = self.dollar(at, quoted)
            elif char == "`":
                at = self.backquotes(at)
            else:
                at += 1
        self.mistaken("this brace is not closed", start, True)
        return size

    def backquotes(self, at: int) -> int:
        found = _IN_BACKQUOTES.match(self.text, at + 1, self.size)
        end = found.end() if found else self.size
        if end >= self.size or self.text[end] != "`":
            self.mistaken("this backquote is not closed", at, True)
            return self.size
        return end + 1

    def arithmetic(self, start: int) -> int:
        """The end of ``((…))`` at ``start``; 0 when these are parentheses of something else."""
        if start < self.no_arithmetic_before:
            return 0
        depth, at = 0, start
        while (found := _PARENTHESIS.search(self.text, at, self.size)) is not None:
            at = found.end()
            depth += 1 if found[0] == "(" else -1
            if depth == 1 and found[0] == ")":
                return at + 1 if self.text.startswith(")", at) else 0
        # Nothing closes it: not to be looked for again at each of a thousand parentheses.
        self.no_arithmetic_before = self.size
        return 0

    def array(self, at: int) -> int:
        """The end of ``NAME=(…)``: ``at`` is behind the parenthesis."""
        return self.nested(self._list_of_words, at)

    def _list_of_words(self, at: int) -> int:
        text, size, start = self.text, self.size, at
        while at < size:
            char = text[at]
            if char == ")":
                return at + 1
            if char == "#" and text[at - 1] in " \t\n(":
                end = text.find("\n", at, size)
                at = size if end < 0 else end
            elif char in WORD_END:
                at += 1
            else:
                at = max(self.word(at), at + 1)
        self.mistaken("this parenthesis is not closed", start - 1, True)
        return size

    def extended_pattern(self, at: int) -> int:
        """The end of ``@(a|b)``."""
        start = at
        while at < self.size:
            char = self.text[at]
            if char == ")":
                return at + 1
            at = max(self.word(at), at + 1)
        self.mistaken("this parenthesis is not closed", start - 1)
        return self.size

    def placeholder(self, at: int) -> int:
        """The end of a template's placeholder at ``at``, or ``at``."""
        kind = self.text[at : at + 2]
        if kind not in ("{{", "{%", "<%") or at < self._unclosed.get(kind, 0):
            return at
        found = PLACEHOLDER.match(self.text, at, self.size)
        if found:
            return found.end()
        # Nothing closes it on this line: not to be looked for again at each of a thousand brackets.
        end = self.text.find("\n", at, self.size)
        self._unclosed[kind] = self.size if end < 0 else end
        return at

    def nested(self, scan: Scan, at: int) -> int:
        """``scan(at)``, one level deeper; too deep, all that follows belongs to it."""
        if self.depth >= DEEPEST:
            self.mistaken("too much stands inside one another", at)
            return self.size
        self.depth += 1
        end = scan(at)
        self.depth -= 1
        return end
