"""Finding the lines that matter in a stream of bytes, at the speed of memory.

Of most logs a hundredth is of interest. A chunk is searched for a few literals, each with the C library's own search;
only lines that hold one of them are looked at. What comes out does not depend on where the stream was cut into chunks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

LONGEST = 16_384
"""Bytes of a line that are looked at. nginx cuts its own error lines at 2048."""

_PATTERNS = (
    rb"\[(?:error|crit|alert|emerg|warn|info|ERROR|CRITICAL|WARNING|SSL: |Errno |strict-mode|uwsgi-|core)",
    rb"!(?:!!| worker)",
    rb"\*\*\*",
    rb'" (?:50\d|499) ',
)
"""Each begins with one literal character, by which alone most of a log is passed over."""

_LITERALS = (
    b"request block size",
    b"HTTP request size",
    b"ModuleNotFoundError",
    b"ImportError: ",
    b"ERROR",
    b"Invalid HTTP",
    b"CONTENT_LENGTH. skip",
    b" uWSGI ",
    b"callable not found or import error",
    b"no python application found",
    b"increasing buffer size",
    b"WORKER TIMEOUT",
    b"utorestarting worker after",
    b"...brutally killing workers",
    b"Listen queue size is greater",
    b"Killed process",
    b"Main process exited",
)
"""Every one costs a pass over the log: long ones less than short ones."""

Search = Callable[[bytes, int, int], int]


def _regex(pattern: bytes) -> Search:
    search = re.compile(pattern).search
    first = pattern.lstrip(b"\\")[:1]

    def find(data: bytes, start: int, end: int) -> int:
        at = data.find(first, start, end)
        found = search(data, at, end) if at >= 0 else None
        return found.start() if found else -1

    return find


def _literal(needle: bytes) -> Search:
    return lambda data, start, end: data.find(needle, start, end)


class Scanner:
    """Feed it chunks; ``wanted`` is called with each line that may matter, without its line ending, cut at
    ``LONGEST``. ``further``: literals beside the usual ones."""

    def __init__(self, wanted: Callable[[bytes], None], further: Iterable[bytes] = ()) -> None:
        self.wanted = wanted
        self.searches = [_regex(pattern) for pattern in _PATTERNS]
        self.searches += [_literal(needle) for needle in (*_LITERALS, *further)]
        self._rest = b""
        self._skipping = False
        self.fed = False
        """Whether there was anything."""

    def feed(self, data: bytes) -> None:
        self.fed = True
        if self._skipping:
            at = data.find(b"\n")
            if at < 0:
                return
            data = data[at:]
            self._skipping = False
        if self._rest:
            data = self._rest + data
        end = data.rfind(b"\n") + 1
        if end:
            self._look(data, end)
        self._rest = data[end:]
        if len(self._rest) > LONGEST:
            self._rest = self._rest[:LONGEST]
            self._skipping = True

    def finish(self) -> None:
        """The stream has ended: a last line may have no line ending."""
        if self._rest:
            self._look(self._rest, len(self._rest))
        self._rest, self._skipping = b"", False

    def _look(self, data: bytes, end: int) -> None:
        lines: dict[int, int] = {}
        for search in self.searches:
            at = search(data, 0, end)
            while at >= 0:
                start = data.rfind(b"\n", 0, at) + 1
                stop = data.find(b"\n", at, end)
                if stop < 0:
                    stop = end
                if at - start < LONGEST:
                    lines[start] = stop
                at = search(data, stop, end)
        for start in sorted(lines):
            self.wanted(data[start : min(lines[start], start + LONGEST)].rstrip(b"\r"))
