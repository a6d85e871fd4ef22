"""What a report is written to: how wide it is, whether it shows colours, which characters it has."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TextIO

from cfgcheck.record import record
from cfgcheck.report.cells import plain

NARROWEST = 40
WIDEST = 120
USUAL = 100
"""The width where there is no terminal, so that output is the same everywhere."""
_LONGEST = 2000
"""Characters of one text: a value of a megabyte in a message helps nobody."""

_STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "info": "1;36",
    "related": "34",
    "rule": "1",
    "strong": "1",
    "frame": "34",
    "quiet": "2",
    "good": "1;32",
}


@record(frozen=True)
class Terminal:
    """``width`` in columns; ``colour``: escape sequences are understood; ``unicode``: more than ASCII can be shown."""

    width: int = USUAL
    colour: bool = False
    unicode: bool = True

    @classmethod
    def of(cls, stream: TextIO, colour: str = "auto", environment: Mapping[str, str] | None = None) -> Terminal:
        """What ``stream`` is. ``colour``: ``auto``, ``always`` or ``never``."""
        environment = os.environ if environment is None else environment
        on_terminal = _is_terminal(stream)
        return cls(
            _width(stream) if on_terminal else USUAL,
            _coloured(colour, on_terminal, environment),
            _has_unicode(stream),
        )

    def paint(self, style: str, text: str) -> str:
        if not self.colour or not style or not text:
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"

    def safe(self, text: str) -> str:
        """One line of text that this terminal can show and won't obey; a monstrous one without its middle."""
        if len(text) > _LONGEST:
            text = f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"
        return plain(text, unicode=self.unicode)

    def glyph(self, pretty: str, simple: str) -> str:
        return pretty if self.unicode else simple


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def _width(stream: TextIO) -> int:
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError, AttributeError):
        return USUAL
    return min(max(columns, NARROWEST), WIDEST) if columns else USUAL


def _coloured(choice: str, on_terminal: bool, environment: Mapping[str, str]) -> bool:
    """``--color`` decides; then NO_COLOR, then FORCE_COLOR (https://no-color.org, https://force-color.org)."""
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR", "0") not in ("", "0", "false"):
        return True
    return on_terminal and environment.get("TERM") != "dumb"


def _has_unicode(stream: TextIO) -> bool:
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "").replace("_", "")
    return encoding in ("utf8", "utf16", "utf32", "utf8sig")
