"""``cfgcheck fix``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cfgcheck.app import mend
from cfgcheck.cli import CLEAN, FINDINGS, mending, options
from cfgcheck.cli.output import emit
from cfgcheck.report import mended_text
from cfgcheck.report.terminal import Terminal
from cfgcheck.report.unified import unified

if TYPE_CHECKING:
    from cfgcheck.fix.rounds import Mended

_EPILOG = """\b
Examples:
  cfgcheck fix --diff                      what would change
  cfgcheck fix deploy/                     what is safe to change
  cfgcheck fix --unsafe --select timeout   timeouts, too
  cfgcheck fix --diff --unsafe | patch -p1

Only the characters concerned change, in all files or in none. A fix that would bring another problem is not applied.

Exit code: 0 nothing at or above `fail-on` is left, 1 something is (with --diff: something would change), 2 wrong
usage, unusable settings or an internal error."""


@click.command(epilog=_EPILOG)
@options.folders_argument
@click.option("--diff", "only_diff", is_flag=True, help="Print what would change, and write nothing.")
@options.unsafe_option
@options.select_option
@options.ignore_option
@options.config_option
@options.color_option
def command(
    paths: tuple[str, ...],
    only_diff: bool,
    unsafe: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    config: Path | None,
    color: str,
) -> int:
    """Mend what can be mended in the configuration files below PATH (the current folder by default)."""
    files = options.existing(paths)
    settings = options.overridden(options.settings_for(files, config), select, ignore)
    mended = mend(options.wanted(paths, files, None), settings, unsafe=unsafe)
    told = mending.account(mended, written=not only_diff)
    if only_diff:
        emit_exactly("".join(_diffs(mended)))
        refused = mended_text.refusals(told, Terminal.of(sys.stderr, color))
        click.echo("\n\n".join(part for part in (refused, mended_text.conclusion(told)) if part), err=True)
        return FINDINGS if mended.changed() else CLEAN
    mending.write(mended)
    emit(mended_text.render(told, Terminal.of(sys.stdout, color)))
    return options.exit_code(mended.view.findings, settings.fail_on)


def _diffs(mended: Mended) -> list[str]:
    changed = sorted(mended.changed().items(), key=lambda item: mended.shown[item[0]])
    return [unified(mended.shown[path], mended.before[path], text) for path, text in changed]


def emit_exactly(text: str) -> None:
    """A diff with the very bytes of the files, those that are not UTF-8 among them."""
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None or not text:
        emit(text)
        return
    sys.stdout.flush()
    buffer.write(text.encode("utf-8", "surrogateescape"))
    buffer.flush()
