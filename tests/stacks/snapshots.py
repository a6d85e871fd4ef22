"""Whole outputs kept in files: compared, or written anew when ``CFGCHECK_UPDATE_SNAPSHOTS=1`` is set."""

from __future__ import annotations

import os
from difflib import unified_diff
from pathlib import Path

FOLDER = Path(__file__).parent / "snapshots"
VARIABLE = "CFGCHECK_UPDATE_SNAPSHOTS"


def updating() -> bool:
    return os.environ.get(VARIABLE, "") not in ("", "0")


def difference(name: str, text: str) -> str:
    """How ``text`` differs from the snapshot of that name; "" when it does not, or when it was written anew."""
    path = FOLDER / f"{name}.txt"
    if updating():
        path.write_text(text, encoding="utf-8", newline="\n")
        return ""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if before == text:
        return ""
    lines = unified_diff(before.splitlines(True), text.splitlines(True), f"snapshots/{name}.txt", "printed now")
    return (
        f"The output for {name} changed:\n\n{''.join(lines)}\n"
        f"Read it as somebody would who is on call. If it is right and better, write it down: {VARIABLE}=1 pytest "
        "tests/stacks. If not, something is broken."
    )
