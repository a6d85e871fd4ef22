"""Texts as nginx sees them: bytes. Each character here is one byte (Latin-1), so lengths and patterns agree with it."""

from __future__ import annotations


def octets(text: str) -> str:
    """A text of a configuration, or of a command line, byte by byte."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("latin-1")


def shown(text: str) -> str:
    """Bytes as people read them; those that are not UTF-8 as Python writes them (``\\xff``)."""
    return text if text.isascii() else text.encode("latin-1", "replace").decode("utf-8", "backslashreplace")
