"""A uWSGI configuration as uWSGI parses it: the magic letters (``%d``, ``%n``, ``%%`` …) are replaced in the whole
file, comments included, before a line of it is read (core/utils.c ``magic_sub``; facts 7.03, 7.25).

What can't be known before the start (``%k``, the number of cores; a template's ``{{ port }}``) becomes a *mark*: a
number between two private characters that refers to a ``Part``. A value with a mark in it is not known, but can be
shown as written, and compared with the same placeholder elsewhere.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from cfgcheck.record import record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.templates import Template, detect, is_template_name

if TYPE_CHECKING:
    from cfgcheck.syntax.template_mask import Masked

MARK: Final = "\ue010"
"""What every mark begins with."""

_CLOSE: Final = "\ue011"
_MARK = re.compile(f"{MARK}([0-9]{{1,9}}){_CLOSE}")
_PERCENT_NAME: Final = re.compile(r"%[A-Z][A-Z0-9_]{2,}%")
_MAGIC = re.compile(rf"%([\s\S])|%\Z|[{MARK}{_CLOSE}]")


@record(frozen=True)
class Part:
    """A piece of text that is not known: how it is ``written``, why it is not known, and what it is on the machine that
    lints (``local``: the folder of the file for ``%d``), which serves for finding included files only."""

    written: str
    because: str
    local: str | None = None


class Parts:
    """The unknown pieces of one configuration, and the marks that stand for them."""

    def __init__(self) -> None:
        self._parts: list[Part] = []

    def mark(self, part: Part) -> str:
        self._parts.append(part)
        return f"{MARK}{len(self._parts) - 1}{_CLOSE}"

    def _of(self, found: re.Match[str]) -> Part | None:
        number = int(found.group(1))
        return self._parts[number] if number < len(self._parts) else None

    def because(self, value: str) -> str:
        """Why a value is not known; "" when it is."""
        if MARK not in value:
            return ""
        parts = (self._of(found) for found in _MARK.finditer(value))
        return next((part.because for part in parts if part is not None), "")

    def written(self, value: str) -> str:
        """The value with its unknown pieces as they are written in the configuration."""
        return self._replaced(value, lambda part: part.written)

    def local(self, value: str) -> str | None:
        """The value on this machine; None when not even that is known."""
        parts = (self._of(found) for found in _MARK.finditer(value))
        if any(part is None or part.local is None for part in parts):
            return None
        return self._replaced(value, lambda part: part.local or "")

    def _replaced(self, value: str, what: Callable[[Part], str]) -> str:
        if MARK not in value:
            return value

        def one(found: re.Match[str]) -> str:
            part = self._of(found)
            return found.group() if part is None else what(part)

        return _MARK.sub(one, value)


Piece = tuple[int, int, int]
"""A stretch of a substituted text: its offset there, where it begins in the file, and where it ends in the file (-1
for a stretch that is the file's own)."""


class MagicText:
    """The text of a file after substitution, with the way back to the offsets of the file."""

    __slots__ = ("_at", "_masked", "_pieces", "file", "text")

    def __init__(
        self, file: SourceFile, text: str, pieces: list[Piece] | None = None, masked: Masked | None = None
    ) -> None:
        self.file = file
        self.text = text
        self._pieces = pieces or []
        self._at = [piece[0] for piece in self._pieces]
        self._masked = masked

    def span(self, start: int, end: int) -> Span:
        """The place in the file of a stretch of the text; never empty unless the file is."""
        size = len(self.file.text)
        first = min(self._source(start, last=False), size)
        last = min(max(self._source(end - 1, last=True) if end > start else first, first), size)
        if last == first:
            last = min(first + 1, size)
            first = min(first, max(last - 1, 0))
        return Span(self.file, first, last)

    def in_branch(self, offset: int) -> bool:
        """Whether what stands at an offset is there only if a template has it so (``{% if %}``)."""
        return self._masked is not None and self._masked.branch_at(self._source(offset, last=False)) > 0

    def _source(self, offset: int, last: bool) -> int:
        if not self._at:
            return min(max(offset, 0), len(self.file.text)) + (1 if last else 0)
        at, start, end = self._pieces[max(bisect_right(self._at, offset) - 1, 0)]
        if end >= 0:  # a replaced stretch: its whole extent
            return end if last else start
        return start + offset - at + (1 if last else 0)


def magic_text(file: SourceFile, magic: Mapping[str, str], parts: Parts) -> MagicText:
    """The text of ``file`` with its magic letters and template placeholders replaced.

    ``magic``: what each letter stands for (marks for what is not known); a letter that is not in it vanishes.
    """
    masked = _masked(file)
    text = masked.text if masked is not None else file.text
    out: list[str] = []
    pieces: list[Piece] = []
    length = position = 0
    for start, end, instead in _replacements(file, masked, magic, parts):
        for stretch, begin, stop in ((text[position:start], position, -1), (instead, start, end)):
            if stretch:
                out.append(stretch)
                pieces.append((length, begin, stop))
                length += len(stretch)
        position = end
    if position:
        out.append(text[position:])
        pieces.append((length, position, -1))
        text = "".join(out)
    return MagicText(file, text, pieces, masked)


def _masked(file: SourceFile) -> Masked | None:
    template = detect(file.path, file.text, "uwsgi")
    if template is None:
        return None
    # %X% is no placeholder by itself: in ``%D%N`` two magic letters stand side by side.
    filled_in = is_template_name(file.path) and _PERCENT_NAME.search(file.text)
    dialects = template.dialects if filled_in else template.dialects - {"percent"}
    if not dialects:
        return None
    from cfgcheck.syntax.template_mask import mask

    return mask(file.text, Template(dialects, template.variables), marks="\n")


def _replacements(
    file: SourceFile, masked: Masked | None, magic: Mapping[str, str], parts: Parts
) -> Iterator[tuple[int, int, str]]:
    """Every stretch that is replaced, in order: where it begins and ends, and by what."""
    text = masked.text if masked is not None else file.text
    position = 0
    for start, end in masked.placeholders if masked is not None else ():
        yield from _letters(text, position, start, magic)
        written = file.text[start:end]
        yield start, end, parts.mark(Part(written, f"{written} is filled in by a template"))
        position = end
    yield from _letters(text, position, len(text), magic)


def _letters(text: str, start: int, end: int, magic: Mapping[str, str]) -> Iterator[tuple[int, int, str]]:
    for found in _MAGIC.finditer(text, start, end):
        letter = found.group(1)
        if letter == "(":
            continue
        if letter is None:  # a % at the very end vanishes; a private character of the file is none of ours
            instead = "" if found.group() == "%" else "?"
        else:
            instead = "%" if letter == "%" else magic.get(letter, "")
        yield found.start(), found.end(), instead
