"""``cfgcheck show``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from cfgcheck.app import load
from cfgcheck.cli import CLEAN, options
from cfgcheck.cli.output import emit
from cfgcheck.model.stack import Stack

_EPILOG = """\b
Examples:
  cfgcheck show
  cfgcheck show deploy/ --format json
  cfgcheck show --format svg -o stack.svg
  nginx -T 2>/dev/null | cfgcheck show - gunicorn.conf.py"""


@click.command(epilog=_EPILOG)
@options.paths_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "mermaid", "dot", "svg"]),
    default="text",
    show_default=True,
    help="svg needs Graphviz; the others nothing.",
)
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
    if form in ("mermaid", "dot", "svg"):
        emit(_picture(stacks, form), output, machine=True)
        return CLEAN
    from cfgcheck.report import stack_text
    from cfgcheck.report.terminal import Terminal

    terminal = Terminal(colour=color == "always") if output else Terminal.of(sys.stdout, color)
    emit(stack_text.render(stacks, terminal), output)
    return CLEAN


def _picture(stacks: Sequence[Stack], form: str) -> str:
    from cfgcheck.report import stack_dot, stack_mermaid
    from cfgcheck.report.stack_graph import graph_of

    graph = graph_of(stacks)
    if form == "mermaid":
        return stack_mermaid.render(graph)
    if form == "dot":
        return stack_dot.render(graph)
    try:
        return stack_dot.render_svg(graph)
    except stack_dot.DrawingError as error:
        raise click.ClickException(str(error)) from error
