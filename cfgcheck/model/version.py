"""Versions of servers: what is known of them, and whether a statement holds for them."""

from __future__ import annotations

import re
from typing import NamedTuple

_VERSION = re.compile(r"\s*v?(\d+)(?:\.(\d+))?(?:\.(\d+))?")


class Version(NamedTuple):
    """A version as three numbers; missing ones are 0."""

    major: int
    minor: int = 0
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> Version | None:
        """``1.30``, ``v27.0.1`` or ``1.22.1-debian`` as a Version; None when it does not begin with a number."""
        found = _VERSION.match(text)
        if not found:
            return None
        return cls(*(int(part) if part else 0 for part in found.groups()))

    def __str__(self) -> str:
        return ".".join(str(part) for part in self)
