"""All rules: a table for people, every field for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from cfgcheck import __version__
from cfgcheck.report.cells import wrap
from cfgcheck.report.rule_page import RulePage
from cfgcheck.report.summary import counted
from cfgcheck.report.terminal import Terminal

FORMAT = "cfgcheck.rules/1"


def render_json(pages: Sequence[RulePage]) -> str:
    document = {"format": FORMAT, "version": __version__, "rules": [dict(page.fields) for page in pages]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def render_text(pages: Sequence[RulePage], terminal: Terminal) -> str:
    return "\n".join(_lines(pages, terminal)) + "\n"


def _lines(pages: Sequence[RulePage], terminal: Terminal) -> Iterator[str]:
    widest = max((len(page.id) for page in pages), default=0)
    category = ""
    for page in sorted(pages, key=lambda page: (page.category, page.id)):
        if page.category != category:
            yield from ([""] if category else [])
            category = page.category
            yield terminal.paint("strong", category)
        yield from _row(page, widest, terminal)
    yield ""
    yield f"{counted(len(pages), 'rule')}. `cfgcheck explain RULE` says more of each."


def _row(page: RulePage, widest: int, terminal: Terminal) -> Iterator[str]:
    severity = terminal.paint(page.severity, page.severity.ljust(7))
    column = 2 + widest + 2 + 7 + 2
    room = terminal.width - column
    if room < 24:
        yield f"  {severity}  {page.id}"
        return
    first, *more = wrap(terminal.safe(page.summary), room) or [""]
    yield f"  {page.id.ljust(widest)}  {severity}  {first}".rstrip()
    for line in more:
        yield " " * column + line
