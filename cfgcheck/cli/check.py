"""``cfgcheck check``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cfgcheck.app import check
from cfgcheck.cli import CLEAN, FINDINGS, options
from cfgcheck.cli.output import emit
from cfgcheck.findings import Severity
from cfgcheck.record import replace
from cfgcheck.report.result import Extras, Result
from cfgcheck.settings import Choice, Settings

_EPILOG = """\b
Examples:
  cfgcheck check                           the current folder
  cfgcheck check deploy/nginx.conf gunicorn.conf.py
  nginx -T 2>/dev/null | cfgcheck check - gunicorn.conf.py
  cfgcheck check --select timeout,header --ignore missing-forwarded-for
  cfgcheck check --format sarif --output cfgcheck.sarif

Exit code: 0 nothing at or above --fail-on, 1 findings, 2 wrong usage, unusable settings or an internal error."""


@click.command(epilog=_EPILOG)
@options.paths_argument
@click.option("--select", multiple=True, metavar="RULES", help="Only these rules or categories (comma-separated).")
@click.option("--ignore", multiple=True, metavar="RULES", help="Not these rules or categories.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info"]),
    help="From which severity on the exit code is 1.  [default: warning]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="What the report is written for.",
)
@options.output_option
@click.option("--show-unchecked", is_flag=True, help="List the checks that could not be made, and why.")
@click.option("--statistics", is_flag=True, help="Count the findings of each rule.")
@click.option("--no-ignores", is_flag=True, help="Report what ignore[…] comments silence, too.")
@options.config_option
@options.stdin_filename_option
@options.color_option
def command(
    paths: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str | None,
    form: str,
    output: Path | None,
    show_unchecked: bool,
    statistics: bool,
    no_ignores: bool,
    config: Path | None,
    stdin_filename: str | None,
    color: str,
) -> int:
    """Find what is wrong between the configuration files below PATH (the current folder by default; - is standard
    input)."""
    files = options.existing(paths)
    settings = _overridden(options.settings_for(files, config), select, ignore, fail_on)
    result = check(options.wanted(paths, files, stdin_filename), settings, ignores=not no_ignores)
    infos = settings.fail_on is Severity.INFO or bool(settings.select)
    extras = Extras(show_unchecked, statistics, infos)
    emit(_report(result, form, output, color, extras), output, machine=form != "text")
    worst = max((finding.severity for finding in result.findings), default=Severity(Severity.INFO))
    return FINDINGS if result.findings and worst >= settings.fail_on else CLEAN


def _overridden(settings: Settings, select: tuple[str, ...], ignore: tuple[str, ...], fail_on: str | None) -> Settings:
    """``--select`` and ``--fail-on`` replace what the settings say, ``--ignore`` adds to it."""
    chosen = tuple(Choice(name) for name in options.names(select))
    dropped = tuple(Choice(name) for name in options.names(ignore))
    return replace(
        settings,
        select=chosen or settings.select,
        ignore=settings.ignore + dropped,
        fail_on=Severity.of(fail_on) if fail_on else settings.fail_on,
    )


def _report(result: Result, form: str, output: Path | None, color: str, extras: Extras) -> str:
    if form == "json":
        from cfgcheck.report import findings_json

        return findings_json.render(result)
    if form == "sarif":
        from cfgcheck.report import sarif

        return sarif.render(result)
    if form == "github":
        from cfgcheck.report import github

        return github.render(result)
    from cfgcheck.report import text
    from cfgcheck.report.terminal import Terminal

    terminal = Terminal(colour=color == "always") if output else Terminal.of(sys.stdout, color)
    return text.render(result, terminal, extras)
