"""Places as the machine formats have them: 1-based lines and columns, the end exclusive."""

from __future__ import annotations

import os
from typing import Any

from cfgcheck.findings import Label
from cfgcheck.source.file import Position, Span


def clean(text: str) -> str:
    """``text`` without lone surrogates (bytes that were not UTF-8): every JSON reader takes it."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def from_here(root: str) -> str:
    """What stands before a shown path to make it one from the current folder: "" or ``deploy/``. Tools that read a
    report in CI stand at the top of the checkout, whichever folder of it was checked."""
    try:
        prefix = os.path.relpath(root or ".")
    except (OSError, ValueError):
        return ""
    return "" if prefix == "." or prefix.startswith("..") else prefix.replace(os.sep, "/") + "/"


def moved(path: str, prefix: str) -> str:
    """A shown path seen from the current folder; absolute ones and ``<stdin>`` stay as they are."""
    return path if path.startswith(("/", "<")) else prefix + path


def point(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.column}


def start_of(span: Span) -> dict[str, Any]:
    """``{"path", "start"}``."""
    return {"path": clean(span.file.path), "start": point(span.begin)}


def place_of(label: Label) -> dict[str, Any]:
    """``{"path", "start", "end", "label"}``."""
    return {**start_of(label.span), "end": point(label.span.finish), "label": clean(label.text)}
