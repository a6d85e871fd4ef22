"""The logical lines of a Dockerfile: continuation lines joined, comments left out, heredocs with their lines.

As BuildKit's parser has them (``frontend/dockerfile/parser``): a comment or an empty line between continued lines is
dropped; ``# escape=`` in the first lines changes the character that continues a line.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from cfgcheck.findings import Problem
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.dockerfile_words import raw_words

_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S.*?)\s*\Z")
_DIRECTIVES = frozenset({"escape", "syntax", "check"})
_HEREDOC = re.compile(r"(?:ONBUILD\s+)?(?:ADD|COPY|RUN)\s", re.IGNORECASE)
_HEREDOC_WORD = re.compile(r"\d*<<(-?)([^<\s]+)\Z")
_MOST_HEREDOCS = 64
_MOST_LINES = 10_000
"""An image has at most 127 layers; a file with more instructions than this is none that is built."""

_ARRAY = re.compile(r"(?:ONBUILD\s+)?\w+\s*\[\s*[\"\]]", re.IGNORECASE)


@record(frozen=True)
class Heredoc:
    """``<<NAME`` and the lines that follow. ``content``: where they stand; ``expand``: variables in them are replaced
    (the name is not quoted); ``chomp``: leading tabs are removed (``<<-``)."""

    name: str
    content: Span
    expand: bool
    chomp: bool


@record(eq=False)
class Line:
    """One logical line.

    ``text``: joined; ``plain``: the same with the placeholders of a template masked, of the same length.
    ``starts`` and ``sources``: where each piece begins in the text, and in the file.
    """

    file: SourceFile
    text: str
    plain: str
    starts: list[int]
    sources: list[int]
    heredocs: list[Heredoc] = field(default_factory=list)

    def offset(self, at: int) -> int:
        piece = bisect_right(self.starts, at) - 1
        return self.sources[piece] + at - self.starts[piece]

    def locate(self, start: int, end: int) -> Span:
        begin = self.offset(start)
        return Span(self.file, begin, self.offset(end - 1) + 1 if end > start else begin)


@record(eq=False)
class Lines:
    """``escape``: the character that continues a line and takes the meaning of others."""

    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    escape: str = "\\"


def logical_lines(file: SourceFile, plain: str) -> Lines:
    """``plain``: the file's text with the placeholders of a template masked."""
    return _Reader(file, plain).read()


class _Reader:
    def __init__(self, file: SourceFile, plain: str) -> None:
        self.file = file
        self.plain = plain
        self.found = Lines()
        self.physical = self._physical()
        self.seen: set[str] = set()
        self.in_directives = True

    def _physical(self) -> Iterator[tuple[int, int]]:
        """Start and end (without the line ending) of each line."""
        text, starts = self.file.text, self.file.line_starts
        for number, start in enumerate(starts):
            end = starts[number + 1] - 1 if number + 1 < len(starts) else len(text)
            if number == 0 and text.startswith("\ufeff"):
                start += 1
            while end > start and text[end - 1] == "\r":
                end -= 1
            yield start, end

    def read(self) -> Lines:
        for start, end in self.physical:
            line = self.plain[start:end]
            bare = line.lstrip()
            if self.in_directives:
                self._directive(bare, start + len(line) - len(bare), end)
            if bare and not bare.startswith("#"):
                self._logical(start + len(line) - len(bare), end)
            if len(self.found.lines) > _MOST_LINES:
                message = f"the file has more than {_MOST_LINES:,} instructions: what follows is not read"
                self._problem(message, Span(self.file, start, end), "is it a Dockerfile? Exclude it otherwise")
                break
        return self.found

    def _directive(self, bare: str, start: int, end: int) -> None:
        match = _DIRECTIVE.match(bare)
        if not match:
            self.in_directives = False
            return
        name, value = match[1].lower(), match[2]
        self.in_directives = name in _DIRECTIVES
        if name == "escape" and name not in self.seen:
            if value in ("\\", "`"):
                self.found.escape = value
            else:
                message = f"escape={value}: the escape character can only be \\ or `"
                self._problem(message, Span(self.file, start, end), "write # escape=\\ or # escape=`")
        self.seen.add(name)

    def _problem(self, message: str, span: Span, hint: str) -> None:
        self.found.problems.append(Problem("unparsable-file", message, span, hint))

    def _logical(self, start: int, end: int) -> None:
        pieces: list[tuple[int, int]] = []
        start, end, more = self._piece(start, end)
        pieces.append((start, end))
        while more:
            following = next(self.physical, None)
            if following is None:
                break
            start, end = following
            bare = self.plain[start:end].lstrip()
            if not bare or bare.startswith("#"):
                continue
            start, end, more = self._piece(start, end)
            pieces.append((start, end))
        line = self._join(pieces)
        if line.text.strip():
            self.found.lines.append(line)
            if "<<" in line.plain and _HEREDOC.match(line.plain) and not _ARRAY.match(line.plain):
                self._heredocs(line)

    def _piece(self, start: int, end: int) -> tuple[int, int, bool]:
        """A physical line without the character that continues it, and whether it is continued."""
        stop = end
        while stop > start and self.plain[stop - 1] in " \t":
            stop -= 1
        escape = self.found.escape
        if stop > start and self.plain[stop - 1] == escape and self.plain[max(start, stop - 2) : stop - 1] != escape:
            return start, stop - 1, True
        return start, end, False

    def _join(self, pieces: list[tuple[int, int]]) -> Line:
        text, plain = self.file.text, self.plain
        starts, at = [], 0
        for start, end in pieces:
            starts.append(at)
            at += end - start
        joined = "".join([text[start:end] for start, end in pieces])
        masked = joined if plain is text else "".join([plain[start:end] for start, end in pieces])
        size = len(masked.rstrip())
        return Line(self.file, joined[:size], masked[:size], starts, [start for start, _ in pieces])

    def _heredocs(self, line: Line) -> None:
        for start, end in raw_words(line.plain, self.found.escape):
            match = _HEREDOC_WORD.match(line.plain[start:end])
            if match and len(line.heredocs) < _MOST_HEREDOCS:
                name = match[2].replace('"', "").replace("'", "")
                line.heredocs.append(self._heredoc(line, start, end, name, bool(match[1]), name == match[2]))

    def _heredoc(self, line: Line, start: int, end: int, name: str, chomp: bool, expand: bool) -> Heredoc:
        begin = stop = -1
        for at, until in self.physical:
            begin = at if begin < 0 else begin
            text = self.file.text[at:until]
            if (text.lstrip("\t") if chomp else text) == name:
                return Heredoc(name, Span(self.file, begin, max(begin, at)), expand, chomp)
            stop = until
        begin = len(self.file.text) if begin < 0 else begin
        hint = f"end it with a line that is {name} and nothing else"
        self._problem(f"the heredoc {name} is never ended", line.locate(start, end), hint)
        return Heredoc(name, Span(self.file, begin, max(begin, stop)), expand, chomp)
