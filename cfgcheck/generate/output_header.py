"""The line on top of every generated file: who wrote it, from which spec, and a hash that tells whether it was edited.

All languages that are generated have comments that begin with ``#``.
"""

from __future__ import annotations

import hashlib
import re

from cfgcheck import __version__
from cfgcheck.record import record

_HEADER = re.compile(
    r"# Written by cfgcheck (?P<version>\S{1,40}) from (?P<spec>[^\n]{1,200}) "
    r"\(spec (?P<spec_hash>[0-9a-f]{12}), file (?P<file_hash>[0-9a-f]{12})\): "
)
_NAME = re.compile(r"[\w.+@-]{1,100}\Z", re.ASCII)


@record(frozen=True)
class Header:
    """What the line says. ``edited``: the rest of the file is not what was written."""

    version: str
    spec: str
    spec_hash: str
    edited: bool


@record(frozen=True)
class Origin:
    """What files are written from. ``name``: of the spec's file; ``spec_hash``: of the completed spec."""

    name: str
    spec_hash: str

    @property
    def shown(self) -> str:
        """The name where it can stand in a comment."""
        return self.name if _NAME.match(self.name) else "cfgcheck.yaml"


def short_hash(text: str) -> str:
    """Twelve hexadecimal digits: enough to see that something was edited; no protection against malice."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def stamped(text: str, origin: Origin) -> str:
    """The text with its header: on the first line, or on the second below ``#!``."""
    shebang, body = _split(text)
    line = (
        f"# Written by cfgcheck {__version__} from {origin.shown} (spec {origin.spec_hash}, "
        f"file {short_hash(shebang + body)}): change that file and run `cfgcheck generate`.\n"
    )
    return shebang + line + body


def header_of(text: str) -> Header | None:
    """The header of a file's text, None for a file that somebody else wrote."""
    shebang, body = _split(text)
    found = _HEADER.match(body)
    if found is None:
        return None
    _, _, rest = body.partition("\n")
    edited = short_hash(shebang + rest) != found["file_hash"]
    return Header(found["version"], found["spec"], found["spec_hash"], edited)


def _split(text: str) -> tuple[str, str]:
    if not text.startswith("#!"):
        return "", text
    first, feed, rest = text.partition("\n")
    return first + feed, rest
