"""What ``fix`` did, what it would do if allowed, and what is left, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cfgcheck.findings import Finding
from cfgcheck.record import field, record
from cfgcheck.report.cells import wrap
from cfgcheck.report.result import in_reading_order
from cfgcheck.report.summary import counted
from cfgcheck.report.terminal import Terminal

_MOST = 200
"""Findings that are listed under one heading."""


@record(frozen=True)
class Told:
    """A finding and what to say of it."""

    finding: Finding
    text: str


@record(frozen=True)
class Account:
    """``done``: mended (``files``: so many were changed); ``unsafe``: could be with ``--unsafe``; ``refused``: not
    applied, and why; ``left``: what only people can mend. ``written``: whether it is done or would be done."""

    done: list[Told] = field(default_factory=list)
    files: int = 0
    unsafe: list[Told] = field(default_factory=list)
    refused: list[Told] = field(default_factory=list)
    left: list[Finding] = field(default_factory=list)
    written: bool = True


def render(account: Account, terminal: Terminal) -> str:
    blocks = [
        _block("Mended" if account.written else "To be mended", account.done, terminal),
        _block("Needs --unsafe, for it changes behaviour", account.unsafe, terminal),
        _block("Not applied", account.refused, terminal),
        _block("Left to you", [Told(one, one.message) for one in in_reading_order(account.left)], terminal),
        conclusion(account),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def refusals(account: Account, terminal: Terminal) -> str:
    """What is not applied, and why; "" where there is nothing such."""
    return _block("Not applied", account.refused, terminal)


def _block(title: str, entries: list[Told], terminal: Terminal) -> str:
    if not entries:
        return ""
    lines = [terminal.paint("strong", title)]
    for one in entries[:_MOST]:
        lines += _entry(one, terminal)
    if len(entries) > _MOST:
        lines.append(f"  and {len(entries) - _MOST} more")
    return "\n".join(lines)


def _entry(told: Told, terminal: Terminal) -> Iterator[str]:
    finding = told.finding
    text = f"{finding.primary.span}: {told.text} [{finding.rule}]"
    first, *more = wrap(terminal.safe(text), terminal.width - 4)
    yield f"  {first}"
    yield from (f"    {line}" for line in more)


def conclusion(account: Account) -> str:
    """One sentence with the numbers."""
    parts = list(_numbers(account))
    if not parts:
        return "Nothing to mend."
    text = "; ".join(parts)
    return text[:1].upper() + text[1:] + "."


def _numbers(account: Account) -> Iterable[str]:
    if account.done:
        verb = "mended" if account.written else "would be mended"
        yield f"{len(account.done)} {verb} in {counted(account.files, 'file')}"
    elif account.unsafe or account.refused or account.left:
        yield "nothing mended"
    if account.unsafe:
        yield f"{len(account.unsafe)} more with --unsafe"
    if account.refused:
        yield f"{len(account.refused)} not applied"
    if account.left:
        yield f"{len(account.left)} left to you"
