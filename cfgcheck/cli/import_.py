"""``cfgcheck import``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from cfgcheck.app import Input, check, load
from cfgcheck.cli import CLEAN, options
from cfgcheck.cli.output import emit
from cfgcheck.findings import Finding, Severity
from cfgcheck.generate.importing.result import Imported
from cfgcheck.generate.spec import Spec
from cfgcheck.report.terminal import Terminal
from cfgcheck.settings import Settings

_NAME = "cfgcheck.yaml"

_EPILOG = """\b
Examples:
  cfgcheck import                          the current folder into cfgcheck.yaml
  cfgcheck import deploy/ --stdout
  nginx -T 2>/dev/null | cfgcheck import - gunicorn.conf.py"""


@click.command(epilog=_EPILOG)
@options.paths_argument
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), metavar="FILE", help=f"Write the spec there.  [default: {_NAME}]"
)
@click.option("--stdout", is_flag=True, help="Print the spec, write nothing.")
@click.option("--force", is_flag=True, help="Overwrite the spec that is there.")
@options.config_option
@options.stdin_filename_option
def command(
    paths: tuple[str, ...],
    output: Path | None,
    stdout: bool,
    force: bool,
    config: Path | None,
    stdin_filename: str | None,
) -> int:
    """Make a spec of existing configuration: what `cfgcheck generate` needs to write all files anew.

    Says what was carried over, and each thing that was not, with its place and the reason.
    """
    files = options.existing(paths)
    target = output or Path(_NAME)
    if not (stdout or force) and target.exists():
        raise click.UsageError(f"{target} is there already: name another with -o, or overwrite it with --force")
    settings = options.settings_for(files, config)
    wanted = options.wanted(paths, files, stdin_filename)
    found = _imported(wanted, settings)
    text = _text(found)
    told = list(_told(found, wanted, settings, None if stdout else target))
    if stdout:
        emit(text, machine=True)
        terminal = Terminal.of(sys.stderr, "never")
        click.echo("\n".join(map(terminal.safe, told)), err=True)
    else:
        emit(text, target)
        terminal = Terminal.of(sys.stdout, "never")
        emit("\n".join(map(terminal.safe, told)) + "\n")
    return CLEAN


def _imported(wanted: Input, settings: Settings) -> Imported:
    from cfgcheck.generate.importing.defects import without_defects
    from cfgcheck.generate.importing.importer import imported
    from cfgcheck.generate.importing.result import NothingToImport

    _, stacks = load(wanted, settings)
    try:
        return without_defects(imported(stacks, settings), _problems_of)
    except NothingToImport as nothing:
        raise click.ClickException(str(nothing)) from None


def _text(found: Imported) -> str:
    from cfgcheck.generate.writing import write_spec

    return write_spec(found.spec, found.comments)


def _told(found: Imported, wanted: Input, settings: Settings, target: Path | None) -> Iterator[str]:
    """What a person should know, line by line."""
    count = len(found.spec.services)
    services = "one service" if count == 1 else f"{count} services"
    yield f"{f'Wrote {target}' if target else 'A spec'}: {services}, runtime {found.spec.runtime}."
    for name in found.spec.services:
        yield f"  {name}: {_service(found, name)}"
    if found.left:
        yield ""
        yield "Not carried over:"
        yield from (f"  {left}" for left in found.left)
    yield ""
    yield from _refused(found.spec)
    before, after = _serious(check(wanted, settings).findings), _serious(_problems_of(found.spec))
    left = "none is" if not after else "one is" if after == 1 else f"{after} are"
    yield f"The old files have {_problems(before)}; after `cfgcheck generate` {left} left."


def _refused(spec: Spec) -> Iterator[str]:
    from cfgcheck.generate.contradictions import contradictions

    for one in contradictions(spec):
        yield f"`cfgcheck generate` will refuse {'.'.join(map(str, one.place))}: {one.text}"


def _serious(findings: Iterable[Finding]) -> int:
    """How many of them a plain `cfgcheck check` complains of."""
    return sum(finding.severity >= Severity.WARNING for finding in findings)


def _service(found: Imported, name: str) -> str:
    service = found.spec.services[name]
    server = service.server
    kind = f"{server.kind} {server.worker_class}" if server.worker_class else server.kind
    places = ", ".join(dict.fromkeys(str(span) for span in found.sources.get(name, ())))
    return f"{', '.join(service.domains)} -> {kind}, {service.app.module} (from {places})"


def _problems(number: int) -> str:
    return "no problems" if not number else "one problem" if number == 1 else f"{number} problems"


def _problems_of(spec: Spec) -> tuple[Finding, ...]:
    """What ``check`` finds in the files that the spec would be turned into."""
    from cfgcheck.cli.generate_judge import judge
    from cfgcheck.generate.plan import plan
    from cfgcheck.generate.render import render

    return judge(render(plan(spec)))
