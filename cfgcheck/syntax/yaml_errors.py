"""What is wrong with a YAML file, in words that say what to do."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple


class Reason(NamedTuple):
    """``message``: what is wrong; ``hint``: what to do. ``opening``: the place is where the construct begins."""

    message: str
    hint: str
    opening: bool = False


_REASONS: Final = (
    (r"character '\\t'", "", Reason("a tab stands where YAML has blanks only", "indent it with blanks")),
    (r"character '(.)' that cannot start", "",
     Reason("a value can't begin with {0}", "quote the value")),
    (r"end of stream", "quoted scalar", Reason("this quote is never closed", "close the quote", True)),
    (r"document separator", "quoted scalar", Reason("this quote is never closed", "close the quote", True)),
    (r"expected ',' or '[\]}]', but got '<stream end>'", "",
     Reason("this bracket is never closed", "close the bracket", True)),
    (r"expected ',' or '[\]}]'", "",
     Reason("a comma or the closing bracket is missing before this place", "close the bracket or put the comma")),
    (r"stream end", "flow", Reason("a bracket that was opened before is never closed", "close the bracket")),
    (r"mapping values are not allowed", "",
     Reason("there is a second `: ` in one value, or the line is not indented as those beside it",
            "quote the value, or indent the line like its neighbours")),
    (r"could not find expected ':'", "", Reason("this line is no `key: value`", "write `key: value`", True)),
    (r"but found '-'|but found '\?'", "",
     Reason("items of a list and keys of a mapping stand at the same level", "indent one of them")),
    (r"expected <block end>", "",
     Reason("the indentation of this line fits no line above", "indent it like the lines that it belongs to")),
    (r"unknown escape character '(.)'", "",
     Reason("\\{0} is no escape sequence within double quotes", "write \\\\{0}, or use single quotes")),
)  # fmt: skip


def reason_of(error: Any) -> tuple[Reason, int]:
    """Why ruamel.yaml refused a text, and where (an offset)."""
    problem, context = str(getattr(error, "problem", None) or ""), str(getattr(error, "context", None) or "")
    first, second = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    for pattern, within, reason in _REASONS:
        found = re.search(pattern, problem)
        if found and within in context:
            mark = second if reason.opening and second is not None else first or second
            groups = found.groups()
            return Reason(reason.message.format(*groups), reason.hint.format(*groups)), _offset(mark)
    told = problem or (str(error).splitlines() or [type(error).__name__])[0]
    return Reason(f"it is not valid YAML: {told}", ""), _offset(first or second)


def _offset(mark: Any) -> int:
    return mark.index if mark is not None else 0
