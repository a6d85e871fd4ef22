"""A value that stands on one line or on several, in one piece and located."""

from __future__ import annotations

from bisect import bisect_right

from cfgcheck.record import record
from cfgcheck.source.file import SourceFile, Span


@record(frozen=True)
class Value:
    """What a setting is set to, its lines joined.

    ``pieces``: offsets in ``text`` at which a stretch of the file begins, and where that begins in the file.
    ``whole``: where to point at when ``text`` is empty.
    """

    file: SourceFile
    text: str
    pieces: tuple[tuple[int, int], ...]
    whole: Span

    def span(self, start: int, end: int) -> Span:
        """Where a stretch of ``text`` stands; never empty."""
        if not self.text:
            return self.whole
        first = self._offset(min(start, len(self.text) - 1))
        return self.file.span(first, max(self._offset(max(end - 1, start)) + 1, first + 1))

    @property
    def place(self) -> Span:
        """Where all of it stands."""
        return self.span(0, len(self.text))

    def part(self, begin: int, end: int) -> Value:
        """A stretch of it."""
        text = self.text[begin:end]
        if not text:
            return Value(self.file, "", ((0, self.whole.start),), self.whole)
        if len(self.pieces) == 1:
            start = self.pieces[0][1] + begin
            return Value(self.file, text, ((0, start),), Span(self.file, start, start + len(text)))
        first = max(bisect_right(self.pieces, (begin, len(self.file.text))) - 1, 0)
        pieces = tuple((max(at - begin, 0), start + max(begin - at, 0)) for at, start in self.pieces[first:])
        return Value(self.file, text, pieces, self.span(begin, end))

    def _offset(self, at: int) -> int:
        if len(self.pieces) == 1:
            return self.pieces[0][1] + at
        text, begin = self.pieces[max(bisect_right(self.pieces, (at, len(self.file.text))) - 1, 0)]
        return begin + at - text
