"""``cfgcheck trace``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from cfgcheck.app import load
from cfgcheck.cli import CLEAN, FINDINGS, options
from cfgcheck.cli.output import emit
from cfgcheck.findings import Finding
from cfgcheck.model.stack import Stack
from cfgcheck.model.units import parse_offset
from cfgcheck.settings import Settings

_METHOD = re.compile(r"[A-Za-z_-]+\Z")
"""What nginx takes for a method, in capitals (ngx_http_parse_request_line)."""

_EPILOG = """\b
Examples:
  cfgcheck trace https://shop.example.com/api/orders
  cfgcheck trace shop.example.com/upload deploy/ --body 20m
  cfgcheck trace /reports -H "Cookie: session=…" --format json

Exit code: 0 the request reaches an app or is answered, 1 the configuration cuts it off, 2 wrong usage."""


@click.command(epilog=_EPILOG)
@click.argument("url")
@click.argument("path", required=False, metavar="[PATH|-]", type=click.Path(path_type=str))
@click.option("--method", "-X", metavar="METHOD", help="GET, or with --body POST, unless given.")
@click.option("--header", "-H", "headers", multiple=True, metavar='"NAME: VALUE"', help="A header of the client's.")
@click.option("--body", metavar="SIZE", help="Size of the request's body: 300k, 20m.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@options.output_option
@options.config_option
@options.stdin_filename_option
@options.color_option
def command(
    url: str,
    path: str | None,
    method: str | None,
    headers: tuple[str, ...],
    body: str | None,
    form: str,
    output: Path | None,
    config: Path | None,
    stdin_filename: str | None,
    color: str,
) -> int:
    """Follow one request: who takes it, what the app sees, and which limit cuts it off first."""
    from cfgcheck.cli.trace_url import Asked, followed, notes_on, stack_for

    asked = Asked.of(url, _method(method, body), headers, _size(body))
    paths = () if path is None else (path,)
    files = options.existing(paths)
    settings = options.settings_for(files, config)
    _, stacks = load(options.wanted(paths, files, stdin_filename), settings)
    stack = stack_for(stacks, asked)
    if stack is None:
        raise click.ClickException("no nginx configuration was found: there is nothing that takes a request")
    from cfgcheck.trace.judged import judged
    from cfgcheck.trace.ladder import ladder
    from cfgcheck.trace.subjects import on_the_way

    request, way = followed(stack, asked)
    found = _findings(stack, settings)
    drawn = judged(ladder(stack, way, request), found)
    findings = on_the_way(found, drawn.way)
    if form == "json":
        from cfgcheck.report import trace_json

        emit(trace_json.render(drawn, findings), output, machine=True)
    else:
        from cfgcheck.report import trace_text
        from cfgcheck.report.terminal import Terminal

        terminal = Terminal(colour=color == "always") if output else Terminal.of(sys.stdout, color)
        emit(trace_text.render(drawn, findings, terminal, notes_on(stack, asked, request)), output)
    return FINDINGS if drawn.fails else CLEAN


def _method(method: str | None, body: str | None) -> str:
    if method is None:
        return "POST" if body is not None else "GET"
    if not _METHOD.match(method):
        raise click.BadParameter(f"{method!r} is no method", param_hint="--method")
    return method.upper()


def _size(body: str | None) -> int:
    if body is None:
        return 0
    size = parse_offset(body.strip())
    if size is None:
        raise click.BadParameter(f"{body!r} is no size: 500k, 20m and 1g are", param_hint="--body")
    return size


def _findings(stack: Stack, settings: Settings) -> tuple[Finding, ...]:
    """What the rules say of the stack."""
    from cfgcheck.rules.catalogue import load_catalogue
    from cfgcheck.rules.run import judge
    from cfgcheck.rules.selection import Selection

    catalogue = load_catalogue(settings.rules)
    return judge(stack, catalogue, Selection.of(catalogue, settings)).findings
