"""Places as the machine formats have them: 1-based lines and columns, the end exclusive."""

from __future__ import annotations

from typing import Any

from cfgcheck.findings import Label
from cfgcheck.source.file import Position, Span


def clean(text: str) -> str:
    """``text`` without lone surrogates (bytes that were not UTF-8): every JSON reader takes it."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def point(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.column}


def start_of(span: Span) -> dict[str, Any]:
    """``{"path", "start"}``."""
    return {"path": clean(span.file.path), "start": point(span.begin)}


def place_of(label: Label) -> dict[str, Any]:
    """``{"path", "start", "end", "label"}``."""
    return {**start_of(label.span), "end": point(label.span.finish), "label": clean(label.text)}
