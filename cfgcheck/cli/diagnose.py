"""``cfgcheck diagnose``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from cfgcheck.app import Input, check
from cfgcheck.cli import CLEAN, FINDINGS, TROUBLE, options
from cfgcheck.cli.output import emit
from cfgcheck.diagnose.diagnosis import Diagnosis, Looked
from cfgcheck.diagnose.explain import Evidence, explained
from cfgcheck.diagnose.logs import Log, expanded
from cfgcheck.diagnose.reading import Reading, further_patterns, read
from cfgcheck.rules.catalogue import load_catalogue

_EPILOG = """\b
Examples:
  cfgcheck diagnose /var/log/nginx/error.log
  cfgcheck diagnose '/var/log/nginx/error.log*' /var/log/gunicorn.log --stack deploy/
  docker compose logs --no-color | cfgcheck diagnose -
  journalctl -u shop --since today | cfgcheck diagnose - --format json

Exit code: 0 no trouble in the logs, 1 some, 2 wrong usage or a log that could not be read."""


@click.command(epilog=_EPILOG)
@click.argument("logs", nargs=-1, required=True, metavar="LOG…|-", type=click.Path(path_type=str))
@click.option(
    "--stack",
    "stack",
    multiple=True,
    metavar="PATH",
    type=click.Path(path_type=str),
    help="Configuration that explains them.  [default: the current folder, if it has any]",
)
@click.option("--no-stack", is_flag=True, help="Only sort and count the lines.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@options.output_option
@options.config_option
@options.color_option
def command(
    logs: tuple[str, ...],
    stack: tuple[str, ...],
    no_stack: bool,
    form: str,
    output: Path | None,
    config: Path | None,
    color: str,
) -> int:
    """Sort the error lines of nginx, Gunicorn and uWSGI logs, and tell which of them the configuration explains.

    LOG is a file (also .gz), a folder, a pattern in quotes, or - for standard input.
    """
    if logs.count("-") > 1:
        raise click.UsageError("standard input (-) can be read only once")
    problems: list[str] = []
    found = expanded(logs, problems.append)
    evidence, looked = _evidence(stack, config, no_stack=no_stack)
    patterns = further_patterns(evidence.catalogue, load_catalogue())
    with _progress(found) as seen:
        reading = read(found, getattr(sys.stdin, "buffer", None), patterns, seen)
    diagnosis = _diagnosis(reading, evidence, looked, problems)
    emit(_report(diagnosis, form, output, color), output, machine=form != "text")
    for text in diagnosis.problems:
        click.echo(f"Error: {text}", err=True)
    if diagnosis.problems:
        return TROUBLE
    return FINDINGS if diagnosis.trouble else CLEAN


def _evidence(stack: tuple[str, ...], config: Path | None, *, no_stack: bool) -> tuple[Evidence, Looked]:
    paths = options.existing(stack)
    settings = options.settings_for(paths, config)
    catalogue = load_catalogue(settings.rules)
    if no_stack:
        return Evidence(catalogue), Looked()
    result = check(Input(tuple(paths)), settings)
    evidence = Evidence(catalogue, result.stacks, result.findings, result.unchecked)
    if not evidence.given:
        return Evidence(catalogue), Looked()
    summary = result.summary
    names = tuple(str(path) for path in paths) if stack else ("the current folder",)
    return evidence, Looked(stack=names, files=summary.files, routes=summary.routes, apps=summary.apps)


def _diagnosis(reading: Reading, evidence: Evidence, looked: Looked, problems: Sequence[str]) -> Diagnosis:
    groups = tuple(explained(reading.tallies, evidence))
    read_ = Looked(tuple(reading.logs), reading.size, looked.stack, looked.files, looked.routes, looked.apps)
    return Diagnosis(groups, reading.statuses, read_, (*problems, *reading.problems))


@contextmanager
def _progress(logs: Sequence[Log]) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, where that is a terminal and there is something to wait for."""
    total = sum(log.size for log in logs)
    if not _is_terminal(sys.stderr) or total < _WORTH_A_BAR or any(log.path is None for log in logs):
        yield lambda _: None
        return
    with click.progressbar(length=total, label="Reading", file=sys.stderr, update_min_steps=1 << 22) as bar:
        yield bar.update


_WORTH_A_BAR = 50_000_000
"""Bytes: about what is read while one blinks."""


def _is_terminal(stream: IO[str]) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def _report(diagnosis: Diagnosis, form: str, output: Path | None, color: str) -> str:
    if form == "json":
        from cfgcheck.report import diagnosis_json

        return diagnosis_json.render(diagnosis)
    from cfgcheck.report import diagnosis_text
    from cfgcheck.report.terminal import Terminal

    terminal = Terminal(colour=color == "always") if output else Terminal.of(sys.stdout, color)
    return diagnosis_text.render(diagnosis, terminal)
