"""``cfgcheck show``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cfgcheck.app import load
from cfgcheck.cli import CLEAN, options
from cfgcheck.cli.output import emit

_EPILOG = """\b
Examples:
  cfgcheck show
  cfgcheck show deploy/ --format json
  nginx -T 2>/dev/null | cfgcheck show - gunicorn.conf.py"""


@click.command(epilog=_EPILOG)
@options.paths_argument
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@options.output_option
@options.config_option
@options.stdin_filename_option
@options.color_option
def command(
    paths: tuple[str, ...],
    form: str,
    output: Path | None,
    config: Path | None,
    stdin_filename: str | None,
    color: str,
) -> int:
    """Show what was understood: where each location passes to, what listens there, which settings are in effect."""
    files = options.existing(paths)
    settings = options.settings_for(files, config)
    _, stacks = load(options.wanted(paths, files, stdin_filename), settings)
    if form == "json":
        from cfgcheck.report import stack_json

        emit(stack_json.render(stacks), output, machine=True)
        return CLEAN
    from cfgcheck.report import stack_text
    from cfgcheck.report.terminal import Terminal

    terminal = Terminal(colour=color == "always") if output else Terminal.of(sys.stdout, color)
    emit(stack_text.render(stacks, terminal), output)
    return CLEAN
