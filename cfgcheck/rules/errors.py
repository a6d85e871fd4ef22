"""Mistakes in rules and in what selects them. Each is the user's to mend: a usage error, never a finding."""

from __future__ import annotations


class RuleError(Exception):
    """A mistake in a rule file, with its place (both numbers from 1) and how to mend it (may be empty)."""

    def __init__(self, path: str, line: int, column: int, message: str, hint: str = "") -> None:
        super().__init__(f"{path}:{line}:{column}: {message}{f' ({hint})' if hint else ''}")
        self.path = path
        self.line = line
        self.column = column
        self.message = message
        self.hint = hint


class SelectionError(Exception):
    """A name in ``select`` or ``ignore`` that is no rule and no category. ``where``: where it stands, "" on the
    command line."""

    def __init__(self, name: str, hint: str = "", where: str = "") -> None:
        at = f"{where}: " if where else ""
        super().__init__(f"{at}there is no rule and no category `{name}`{f', {hint}' if hint else ''}")
        self.name = name
        self.hint = hint
        self.where = where
