"""``cfgcheck rules``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cfgcheck.cli import CLEAN, options
from cfgcheck.cli.output import emit
from cfgcheck.report import rule_list
from cfgcheck.report.rule_page import rule_files
from cfgcheck.report.terminal import Terminal


@click.command(name="rules", epilog="\b\nExample:\n  cfgcheck rules --format json | jq '.rules[].id'")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@options.output_option
@options.config_option
@options.color_option
def command(form: str, output: Path | None, config: Path | None, color: str) -> int:
    """List all rules; as JSON, with every field of the rule files."""
    files = rule_files(options.settings_for([], config).rules)
    pages = [options.page(files[name]) for name in sorted(files)]
    if form == "json":
        emit(rule_list.render_json(pages), output, machine=True)
    else:
        terminal = Terminal(colour=color == "always") if output else Terminal.of(sys.stdout, color)
        emit(rule_list.render_text(pages, terminal), output)
    return CLEAN
