"""Characters as a terminal shows them: how many columns they take, and none that the terminal would obey."""

from __future__ import annotations

from collections.abc import Iterator

TAB = "    "
"""What a tab is shown as; terminals differ in where they stop."""

_TYPOGRAPHY = {
    "→": "->", "←": "<-", "≤": "<=", "≥": ">=", "≠": "!=", "×": "x", "…": "...", "–": "-", "—": "-", "·": "-",
    "“": '"', "”": '"', "‘": "'", "’": "'", "−": "-", "‹": "<", "›": ">",
}  # fmt: skip
_JOINERS = "\u200c\u200d"


def cell(character: str, *, unicode: bool = True) -> tuple[str, int]:
    """What to print for one character, and its width in columns.

    Control characters, terminal escapes, invisible format characters (those that turn the direction of text among
    them) and bytes that are not UTF-8 are shown as escapes. Without ``unicode`` so is all that is not ASCII.
    """
    if " " <= character <= "~":
        return character, 1
    if character == "\t":
        return TAB, len(TAB)
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, kept as a surrogate escape
        return _counted(f"\\x{code - 0xDC00:02x}")
    if code < 0xA0:
        return _counted(f"\\x{code:02x}")
    if not unicode:
        return _counted(_TYPOGRAPHY.get(character) or _escape(code))
    return _wide_cell(character, code)


def _wide_cell(character: str, code: int) -> tuple[str, int]:
    import unicodedata

    category = unicodedata.category(character)
    if category in ("Mn", "Me") or character in _JOINERS:
        return character, 0
    if category in ("Cf", "Cs", "Cn", "Co", "Zl", "Zp"):
        return _counted(_escape(code))
    return character, 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _escape(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _counted(shown: str) -> tuple[str, int]:
    return shown, len(shown)


def cells(text: str, *, unicode: bool = True) -> Iterator[tuple[str, int]]:
    return (cell(character, unicode=unicode) for character in text)


def plain(text: str, *, unicode: bool = True) -> str:
    """``text`` as one line that is safe to print: line breaks and tabs are spaces, the rest as ``cell`` has it."""
    if text.isascii() and text.isprintable():
        return text
    flat = text.replace("\r\n", " ").replace("\n", " ").replace("\t", " ")
    return "".join(shown for shown, _ in cells(flat, unicode=unicode))


def width_of(text: str) -> int:
    """Columns that an already safe text takes."""
    return len(text) if text.isascii() else sum(width for _, width in cells(text))


def wrap(text: str, width: int, taken: int = 0) -> list[str]:
    """A safe text in lines of at most ``width`` columns, broken at spaces, longer words anywhere.

    ``taken``: columns of the first line that something else stands in; it may come out empty for that.
    """
    width = max(width, 8)
    lines: list[str] = []
    line, used = "", taken
    for word in text.split():
        size = width_of(word)
        blank = 1 if line else 0
        if used + blank + size > width and (line or taken):
            lines.append(line)
            line, used, blank, taken = "", 0, 0, 0
        if size > width:
            *full, word = _broken(word, width)
            lines.extend(full)
            size = width_of(word)
        line += " " * blank + word
        used += blank + size
    if line:
        lines.append(line)
    return lines


def _broken(word: str, width: int) -> list[str]:
    pieces, piece, used = [], "", 0
    for character in word:
        size = width_of(character)
        if used + size > width:
            pieces.append(piece)
            piece, used = "", 0
        piece += character
        used += size
    return [*pieces, piece]
