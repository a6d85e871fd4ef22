"""``cfgcheck check``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cfgcheck.app import Input, check
from cfgcheck.cli import options
from cfgcheck.cli.output import emit
from cfgcheck.findings import Severity
from cfgcheck.report.result import Extras, Result
from cfgcheck.settings import Settings

_EPILOG = """\b
Examples:
  cfgcheck check                           the current folder
  cfgcheck check deploy/nginx.conf gunicorn.conf.py
  nginx -T 2>/dev/null | cfgcheck check - gunicorn.conf.py
  cfgcheck check --select timeout,header --ignore missing-forwarded-for
  cfgcheck check --format sarif --output cfgcheck.sarif
  cfgcheck check --fix                     mends what is safe to mend, then reports the rest

Exit code: 0 nothing at or above --fail-on, 1 findings, 2 wrong usage, unusable settings or an internal error."""


@click.command(epilog=_EPILOG)
@options.paths_argument
@options.select_option
@options.ignore_option
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
@click.option("--fix", is_flag=True, help="Mend first what can be mended, as `cfgcheck fix` does.")
@options.unsafe_option
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
    fix: bool,
    unsafe: bool,
    no_ignores: bool,
    config: Path | None,
    stdin_filename: str | None,
    color: str,
) -> int:
    """Find what is wrong between the configuration files below PATH (the current folder by default; - is standard
    input)."""
    files = options.existing(paths)
    settings = options.overridden(options.settings_for(files, config), select, ignore, fail_on)
    if unsafe and not fix:
        raise click.UsageError("--unsafe goes with --fix")
    looked_at = options.wanted(paths, files, stdin_filename)
    if fix:
        _mend(looked_at, settings, unsafe, not no_ignores)
    result = check(looked_at, settings, ignores=not no_ignores)
    infos = settings.fail_on is Severity.INFO or bool(settings.select)
    extras = Extras(show_unchecked, statistics, infos)
    emit(_report(result, form, output, color, extras), output, machine=form != "text")
    return options.exit_code(result.findings, settings.fail_on)


def _mend(looked_at: Input, settings: Settings, unsafe: bool, ignores: bool) -> None:
    """Mend, write and tell that on standard error."""
    from cfgcheck.app import mend
    from cfgcheck.cli import mending
    from cfgcheck.report.mended_text import conclusion

    if looked_at.standard_input is not None:
        raise click.UsageError("standard input (-) can't be mended in place")
    mended = mend(looked_at, settings, unsafe=unsafe, ignores=ignores)
    mending.write(mended)
    click.echo(conclusion(mending.account(mended, written=True)), err=True)


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
