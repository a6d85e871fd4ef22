"""Files that travel with the program: rules, templates and data tables, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def data(name: str) -> Path:
    """A data table of the package (``data/<name>``)."""
    return PACKAGE / "data" / name


def folder(name: str) -> Path:
    """``rules`` or ``templates``: inside the wheel, or at the top of a checkout (an editable install)."""
    installed = PACKAGE / "_resources" / name
    return installed if installed.is_dir() else PACKAGE.parent / name
