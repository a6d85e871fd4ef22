"""Texts with ``{expression}`` in them: taken apart when a rule is compiled, filled in when it has fired."""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.rules import expressions
from cfgcheck.rules.terms import ExpressionError, Scope

Parts = list[str | list[str]]
"""Literal texts, and lists of one expression's source."""


def compile_template(text: str, scope: Scope) -> Parts:
    """A template as literal texts and compiled expressions. Errors: an ExpressionError for what can't be shown."""
    return compile_exactly(" ".join(text.split()), scope)


def compile_exactly(text: str, scope: Scope) -> Parts:
    """The same with blanks and line breaks kept, for what is written into files."""
    parts: Parts = []
    for piece, is_expression in _pieces(text):
        if not is_expression:
            parts.append(piece)
            continue
        compiled = expressions.value(piece, scope)
        cls = compiled.kind.cls
        if compiled.kind.base == "object" and cls is not None and "__str__" not in vars(cls):
            raise ExpressionError(f"`{piece}` is {compiled.kind.named}, which can't be shown", "name one of its fields")
        parts.append([compiled.slow])
    return parts


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Literal texts and expressions, in order; ``{{`` and ``}}`` are braces."""
    literal, at = "", 0
    while at < len(text):
        char = text[at]
        if char in "{}" and text[at : at + 2] == char * 2:
            literal, at = literal + char, at + 2
        elif char == "{":
            end = _closing(text, at + 1)
            if literal:
                yield literal, False
            yield text[at + 1 : end], True
            literal, at = "", end + 1
        elif char == "}":
            raise ExpressionError(f"a `}}` without a `{{` in {text!r}", "write }} for a brace")
        else:
            literal, at = literal + char, at + 1
    if literal:
        yield literal, False


def _closing(text: str, at: int) -> int:
    """The offset of the brace that ends an expression; braces in quotes don't."""
    quote, depth = "", 0
    for offset in range(at, len(text)):
        char = text[offset]
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == "{":
            depth += 1
        elif char == "}" and depth:
            depth -= 1
        elif char == "}":
            return offset
    raise ExpressionError(f"an expression is not closed in {text!r}", "write {{ for a brace")
