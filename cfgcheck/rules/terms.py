"""Pieces of translated expressions, and what is said of a wrong one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cfgcheck.record import record, replace
from cfgcheck.rules.kinds import Kind

_HELPER_CALL = re.compile(r"\b_\w+\(")


class ExpressionError(Exception):
    """What is wrong with an expression, and how to mend it (``hint``, may be empty)."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@record(frozen=True)
class Term:
    """A piece of Python source, the kind of what it gives, and what the author wrote."""

    code: str
    kind: Kind
    shown: str = ""

    def give(self, kind: Kind) -> Term:
        return replace(self, kind=kind)


Scope = Mapping[str, Term]
"""The names that an expression may use."""


def suggestion(wrong: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known word; "" when none is near."""
    import difflib

    near = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else ""


def function_of(target: str, body: str) -> str:
    """A one-argument function of a loop's element (a pair is taken apart)."""
    if "," in target:
        return f"(lambda _pair: (lambda {target}: {body})(*_pair))"
    return f"(lambda {target}: {body})"


def calls_nothing(code: str) -> bool:
    """Whether translated code is made of fields alone, so that it can't be absent half way."""
    return not _HELPER_CALL.search(code)


def require(term: Term, what: str, *bases: str) -> Term:
    if term.kind.base not in (*bases, "any"):
        raise ExpressionError(f"`{term.shown}` is {term.kind.named}, not {what}")
    return term
