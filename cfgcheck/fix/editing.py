"""What the editors of files have in common: one says no by raising CannotFix."""

from __future__ import annotations


class CannotFix(Exception):  # noqa: N818  (nobody's mistake: the place is one that the program leaves to people)
    """A change that can't be written into the files. ``reason``: a clause for people, such as ``the value comes from a
    template``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
