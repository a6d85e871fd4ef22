"""What stands between the words of a shell script: white space, comments, redirections, here-documents."""

from __future__ import annotations

import re
from typing import NamedTuple

from cfgcheck.syntax.shell_script_scan import Scanner
from cfgcheck.syntax.shell_script_tree import Raw

BLANK = re.compile(r"(?:[ \t\r\f\v]|\\\r?\n)+")
_REDIRECTION = re.compile(r"(?:\d+|\{[A-Za-z_]\w*\})?(?:<<<|<<-?|<>|<&|>>|>&|>\||<|>)|&>>?", re.ASCII)
_DUPLICATED = re.compile(r"(?:\d+-?|-)(?=[\s;&|()<>]|\Z)")
_UNQUOTED = re.compile(r"\\(.)|['\"]", re.DOTALL)
_RESERVED = re.compile(
    r"(?:then|elif|else|fi|done|do|esac|in|if|for|while|until|case|select|function|time|[{}!])(?=[\s;&|()<>]|\Z)"
)


class _HereDocument(NamedTuple):
    delimiter: str
    indented: bool


class Ground(Scanner):
    """``at``: the place reached. ``pending``: here-documents that begin behind the end of this line."""

    def __init__(self, text: str, at: int, size: int, depth: int) -> None:
        super().__init__(text, size, depth)
        self.at = at
        self.pending: list[_HereDocument] = []

    def peek_word(self) -> str:
        """The reserved word at the place reached, or ""."""
        found = _RESERVED.match(self.text, self.at, self.size)
        return found[0] if found else ""

    def plain(self, raw: Raw) -> str:
        """A word without its quotes: names and delimiters."""
        return _UNQUOTED.sub(lambda found: (found[1] or "").replace("\n", ""), self.text[raw.start : raw.end])

    def take(self, word: str) -> int:
        start = self.at
        self.blanks(start + len(word))
        return start

    def blanks(self, at: int) -> None:
        """Go to ``at`` and past the white space there."""
        space = BLANK.match(self.text, at, self.size)
        self.at = min(space.end() if space else at, self.size)

    def newlines(self) -> None:
        """Past white space, comments and ends of lines, and past the here-documents that begin behind those."""
        text, size = self.text, self.size
        while True:
            self.blanks(self.at)
            if self.at >= size:
                return
            if text[self.at] == "#":
                end = text.find("\n", self.at, size)
                self.at = size if end < 0 else end
            elif text[self.at] == "\n":
                self.at += 1
                self._here_documents()
            else:
                return

    def redirections(self) -> None:
        while (end := self.redirection()) > self.at:
            self.blanks(end)

    def redirection(self) -> int:
        """The end of a redirection at the place reached, or that place. A comment ends there as well."""
        text, at, size = self.text, self.at, self.size
        match = _REDIRECTION.match(text, at, size)
        if match is None or text.startswith("<%", at):
            return at
        if text.startswith("(", match.end()) and match[0] in ("<", ">"):
            return at
        operator, end = match[0], match.end()
        if (duplicated := _DUPLICATED.match(text, end, size)) is not None and operator.endswith("&"):
            return duplicated.end()
        space = BLANK.match(text, end, size)
        start = space.end() if space else end
        end = self.word(start)
        if end == start:
            self.mistaken(f'"{operator}" names no file', at)
        elif operator.lstrip("0123456789") in ("<<", "<<-"):
            self.pending.append(_HereDocument(self.plain(Raw(start, end)), operator.endswith("-")))
        return max(end, match.end())

    def _here_documents(self) -> None:
        """Past the texts that stand for input, from the beginning of a line on."""
        for document in self.pending:
            self.at = self._end_of(document)
        self.pending.clear()

    def _end_of(self, document: _HereDocument) -> int:
        text, size, delimiter, line = self.text, self.size, document.delimiter, self.at
        while line < size:
            begin = line
            while document.indented and text.startswith("\t", begin):
                begin += 1
            next_line = text.find("\n", begin, size) + 1 or size
            if text.startswith(delimiter, begin) and text[begin:next_line].rstrip("\r\n") == delimiter:
                return next_line
            line = next_line
        return size
