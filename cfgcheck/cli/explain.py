"""``cfgcheck explain``."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

import click

from cfgcheck.cli import CLEAN, options
from cfgcheck.cli.output import emit
from cfgcheck.report.explanation import render
from cfgcheck.report.rule_page import rule_files
from cfgcheck.report.terminal import Terminal


def _complete(context: click.Context, parameter: click.Parameter, start: str) -> list[str]:
    return [name for name in rule_files() if name.startswith(start)]


@click.command(epilog="\b\nExample:\n  cfgcheck explain read-timeout-not-above-app-timeout")
@click.argument("rule", shell_complete=_complete)
@options.config_option
@options.color_option
def command(rule: str, config: Path | None, color: str) -> int:
    """Say what RULE means: what a client sees, why, how to mend it, and who says so."""
    files = rule_files(options.settings_for([], config).rules)
    wanted = rule.strip().removeprefix("error[").removeprefix("warning[").removeprefix("info[").rstrip("]:")
    if wanted not in files:
        raise click.UsageError(f"there is no rule {wanted}{_hint(wanted, files)}")
    emit(render(options.page(files[wanted]), Terminal.of(sys.stdout, color)))
    return CLEAN


def _hint(wanted: str, known: Iterable[str]) -> str:
    """The nearest name or, for a part of some, those."""
    names = list(known)
    close = get_close_matches(wanted, names, 1, 0.7) or [name for name in names if wanted and wanted in name]
    return f"; did you mean {' or '.join(close[:5])}?" if close else "; `cfgcheck rules` lists them"
