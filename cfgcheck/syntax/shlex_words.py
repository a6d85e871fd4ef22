"""Words as Python's ``shlex.split`` has them, located."""

from __future__ import annotations

import re

from cfgcheck.syntax.shell_word import Builder, Locate, ShellSyntaxError, Word

_RUN = re.compile(r"[^\s'\"\\]+")
_IN_DOUBLE = re.compile(r"[^\"\\]+")


class PlainLexer:
    """``shlex.split`` with places."""

    def __init__(self, text: str, locate: Locate) -> None:
        self.text = text
        self.locate = locate

    def words(self) -> list[Word]:
        text, at, size = self.text, 0, len(self.text)
        found: list[Word] = []
        while at < size:
            if text[at] in " \t\r\n":
                at += 1
                continue
            word = Builder(at)
            while at < size and text[at] not in " \t\r\n":
                at = self._piece(word, at)
            found.append(word.word(at, self.locate))
        return found

    def _piece(self, word: Builder, at: int) -> int:
        text = self.text
        char = text[at]
        if char == "'":
            end = text.find("'", at + 1)
            if end < 0:
                raise ShellSyntaxError("No closing quotation", at)
            word.parts.append(text[at + 1 : end])
            return end + 1
        if char == '"':
            return self._double(word, at)
        if char == "\\":
            if at + 1 >= len(text):
                raise ShellSyntaxError("No escaped character", at)
            word.parts.append(text[at + 1])
            return at + 2
        run = _RUN.match(text, at)
        # \s of the pattern knows more kinds of space than shlex does: those belong to the word.
        end = run.end() if run else at + 1
        word.parts.append(text[at:end])
        return end

    def _double(self, word: Builder, start: int) -> int:
        text, at = self.text, start + 1
        while at < len(text):
            if text[at] == '"':
                return at + 1
            if text[at] == "\\":
                escaped = text[at + 1 : at + 2]
                if not escaped:
                    raise ShellSyntaxError("No escaped character", at)
                word.parts.append(escaped if escaped in ('"', "\\") else "\\" + escaped)
                at += 2
                continue
            run = _IN_DOUBLE.match(text, at)
            end = run.end() if run else at + 1
            word.parts.append(text[at:end])
            at = end
        raise ShellSyntaxError("No closing quotation", start)
