"""What ``fix`` and ``check --fix`` have in common: writing, and telling what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cfgcheck.findings import Finding
from cfgcheck.report.mended_text import Account, Told

if TYPE_CHECKING:
    from cfgcheck.fix.rounds import Mended


def write(mended: Mended) -> None:
    """Write all changed files, or none: then it ends with what is in the way."""
    from cfgcheck.fix.writing import CannotWrite, Change, write_all

    try:
        write_all({path: Change(mended.before[path], text) for path, text in mended.changed().items()})
    except CannotWrite as error:
        raise click.ClickException(str(error)) from None


def account(mended: Mended, *, written: bool) -> Account:
    """What was done and what is left, sorted by what can be done about it."""
    told = Account(
        [Told(one.finding, one.fix.title) for one in mended.done], len(mended.changed()), written=written
    )
    reasons = {(one.finding.rule, one.finding.primary.span, one.finding.message): one for one in mended.refused}
    for finding in mended.view.findings:
        refused = reasons.get((finding.rule, finding.primary.span, finding.message))
        if refused:
            told.refused.append(Told(finding, refused.reason))
        else:
            _sort(finding, mended, told)
    return told


def _sort(finding: Finding, mended: Mended, told: Account) -> None:
    """A finding that is left: whether ``--unsafe`` would mend it, why it can't be mended, or that it never can."""
    from cfgcheck.fix.editing import CannotFix
    from cfgcheck.fix.resolve import fix_of

    if not finding.repairs:
        told.left.append(finding)
        return
    try:
        told.unsafe.append(Told(finding, fix_of(finding, mended.view.ground).title))
    except CannotFix as error:
        told.refused.append(Told(finding, error.reason))
