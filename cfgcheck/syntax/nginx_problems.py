"""What nginx refuses in the syntax of a file: one function for each, with the place and the likely cause.

That nginx refuses each of them is tested against the real one (tests/syntax/test_nginx_oracle.py).
"""

from __future__ import annotations

from typing import Final

from cfgcheck.findings import Label, Problem
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.nginx_tree import Directive, Word

RULE: Final = "unparsable-file"

LONG_WORD: Final = 4096
"""Bytes: nginx reads a word, and a comment, through a buffer of this size (NGX_CONF_BUFFER)."""

_SHOWN = 40


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def byte_order_mark(file: SourceFile, at: int) -> Problem:
    return Problem(
        RULE,
        "the file begins with a byte order mark, which nginx takes for part of the first word",
        Span(file, at, at + 1),
        "save the file as UTF-8 without a byte order mark",
        "invisible byte order mark (EF BB BF)",
    )


def missing_semicolon(file: SourceFile, words: list[Word], before: str = "") -> Problem:
    """``words``: the statement that is not ended; ``before``: what follows on the same line, if that matters."""
    end = words[-1].end
    statement = _short(file.text[words[0].start : end])
    return Problem(
        RULE,
        f'";" is missing after "{statement}"',
        Span(file, end - 1, end),
        f'add ";" before "{before}"' if before else 'add ";" at the end of the line',
        '";" is missing here',
    )


def stray_mark(file: SourceFile, at: int, mark: str) -> Problem:
    what = "there is no statement that it could end" if mark == ";" else "there is no name before the block"
    return Problem(RULE, f'unexpected "{mark}": {what}', Span(file, at, at + 1), f'remove this "{mark}"')


def extra_brace(file: SourceFile, at: int, sure: bool) -> Problem:
    """``sure``: the indentation shows that it is this one."""
    guess = "this one does not fit the indentation" if sure else "a block may have been closed too early above"
    message = 'a "}" too many: every block is closed already'
    return Problem(RULE, message, Span(file, at, at + 1), 'remove one "}"', guess)


def unclosed_block(directive: Directive, where: str, count: int = 1, at: Span | None = None) -> Problem:
    """``where``: in which way it is seen that this block is the one; ``at``: where its ``}`` is expected."""
    head = _short(directive.span.text.rstrip("{"))
    others = f" (and {count - 1} more)" if count > 1 else ""
    return Problem(
        RULE,
        f'the block "{head}" is never closed{others}',
        directive.span,
        'add "}" where the block ends',
        where,
        (Label(at, 'a "}" is missing before this'),) if at else (),
    )


def unclosed_quote(file: SourceFile, at: int, end: int) -> Problem:
    quote = file.text[at]
    return Problem(
        RULE,
        f"a quoted text begins with {quote} and is not closed",
        Span(file, at, end),
        f"add {quote} where the text ends",
        f"no closing {quote}",
    )


def glued_quote(file: SourceFile, start: int, end: int) -> Problem:
    following = file.text[end]
    return Problem(
        RULE,
        f'unexpected "{following}" after a quoted text: white space, ";", "{{" or ")" must follow the closing quote',
        Span(file, start, end + 1),
        "quote the whole word, or put a space after the quote",
        f'"{following}" is glued to the closing quote',
    )


def long_word(file: SourceFile, start: int, end: int, what: str) -> Problem:
    return Problem(
        RULE,
        f"this {what} is longer than the {LONG_WORD} bytes that nginx reads at once",
        Span(file, start, min(end, start + _SHOWN)),
        "shorten it" if what == "word" else "break it into several lines",
        f"{what} of more than {LONG_WORD} bytes",
    )
