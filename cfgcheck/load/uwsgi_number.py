"""Numbers as C's library reads them."""

from __future__ import annotations

_BLANKS = " \t\n\v\f\r"


def _digits(text: str) -> tuple[bool, int]:
    """The sign (negative?) and the number that the leading digits make; 0 where there are none."""
    stripped = text.lstrip(_BLANKS)
    negative = stripped[:1] == "-"
    if stripped[:1] in ("-", "+"):
        stripped = stripped[1:]
    size = 0
    while size < len(stripped) and stripped[size] in "0123456789":
        size += 1
    return negative, int(stripped[:size]) if 0 < size <= 40 else (10**40 if size else 0)


def strtoll(text: str) -> int:
    """``strtoll(text, NULL, 10)``: clamped to 64 bits."""
    negative, number = _digits(text)
    return max(-(2**63), -number) if negative else min(number, 2**63 - 1)


def strtoul(text: str) -> int:
    """``strtoul(text, NULL, 10)``: clamped, a negative number wraps round (``-1`` is the largest there is)."""
    negative, number = _digits(text)
    number = min(number, 2**64 - 1)
    return (-number) % 2**64 if negative and number != 2**64 - 1 else number


def atoi(text: str) -> int:
    """``atoi`` on a 32-bit int: what ``strtol`` gives, cut to 32 bits (facts 7.17, 7.30)."""
    return (strtoll(text) + 2**31) % 2**32 - 2**31
