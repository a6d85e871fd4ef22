"""``cfgcheck diff``."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from cfgcheck.app import Input, check
from cfgcheck.cli import CLEAN, FINDINGS, options
from cfgcheck.cli.output import emit
from cfgcheck.compare.comparison import Comparison, compare
from cfgcheck.findings import Severity
from cfgcheck.load.revision import RevisionError, lay_out
from cfgcheck.report.result import Result

_EPILOG = """\b
Examples:
  cfgcheck diff origin/main                     what this work tree changes
  cfgcheck diff v1.2 v1.3
  cfgcheck diff deploy/staging deploy/production
  cfgcheck diff origin/main --format markdown   for a comment on a pull request"""


@click.command(epilog=_EPILOG)
@click.argument("before", metavar="A")
@click.argument("after", metavar="[B]", default=".")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info"]),
    help="Exit with 1 when B has a finding of this severity or above that A has not.  [default: as the settings say]",
)
@options.output_option
@options.config_option
@options.color_option
def command(
    before: str, after: str, form: str, fail_on: str | None, output: Path | None, config: Path | None, color: str
) -> int:
    """Show what changes in effect from A to B: timeouts, limits, headers, routes, findings gained and lost.

    A and B are folders, files or git revisions; B is the current folder by default. A revision is read in the folder
    that the other side names, or in the current one.
    """
    with ExitStack() as scratch:
        folder = next((Path(one) for one in (after, before) if os.path.isdir(one)), Path())
        old, new = (_checked(side, folder, config, scratch) for side in (before, after))
    comparison = compare((old.stacks, old.findings), (new.stacks, new.findings))
    emit(_report(comparison, form, output, color), output, machine=form != "text")
    threshold = Severity.of(fail_on) if fail_on else options.settings_for([folder], config).fail_on
    return FINDINGS if any(one.severity >= threshold for one in comparison.gained) else CLEAN


def _checked(side: str, folder: Path, config: Path | None, scratch: ExitStack) -> Result:
    if os.path.lexists(side):
        files = [Path(side)]
    else:
        files = [Path(scratch.enter_context(tempfile.TemporaryDirectory(prefix="cfgcheck-")))]
        try:
            lay_out(side, folder, files[0])
        except RevisionError as error:
            raise click.UsageError(str(error)) from None
    return check(Input(tuple(files)), options.settings_for(files, config))


def _report(comparison: Comparison, form: str, output: Path | None, color: str) -> str:
    if form == "json":
        from cfgcheck.report import diff_json

        return diff_json.render(comparison)
    if form == "markdown":
        from cfgcheck.report import diff_markdown

        return diff_markdown.render(comparison)
    from cfgcheck.report import diff_text
    from cfgcheck.report.terminal import Terminal

    terminal = Terminal(colour=color == "always") if output else Terminal.of(sys.stdout, color)
    return diff_text.render(comparison, terminal)
