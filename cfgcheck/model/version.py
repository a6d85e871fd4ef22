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


class ReleaseLine(Version):
    """Some release of a line, nobody knows which: an image's tag ``1.29`` is 1.29.0 or any later 1.29.

    Comparing it gives an answer where all releases of the line give the same one, and raises ``UnknownValue``
    otherwise. As a tuple it is the line's first release.
    """

    __slots__ = ()

    def _before(self, major: int, minor: int = 0, patch: int = 0) -> bool:
        line, theirs = (self.major, self.minor), (major, minor)
        if line != theirs or patch == 0:
            return line < theirs
        # Imported here: located values are of no use to those who only know versions.
        from cfgcheck.model.located import Located, UnknownValue

        because = f"whether the release of {self} in use is {major}.{minor}.{patch} or later is not known"
        raise UnknownValue(Located.unknown(because))

    def __lt__(self, other: tuple[int, ...], /) -> bool:
        return self._before(*other)

    def __ge__(self, other: tuple[int, ...], /) -> bool:
        return not self._before(*other)

    def __le__(self, other: tuple[int, ...], /) -> bool:
        major, minor, patch = (*other, 0, 0)[:3]
        return self._before(major, minor, patch + 1)

    def __gt__(self, other: tuple[int, ...], /) -> bool:
        return not self <= other

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"
