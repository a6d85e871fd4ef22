"""Options that several commands have, and what they are turned into."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from cfgcheck.app import Input
from cfgcheck.cli import CLEAN, FINDINGS
from cfgcheck.findings import Finding, Severity
from cfgcheck.record import replace
from cfgcheck.settings import Choice, Settings, load_settings

if TYPE_CHECKING:
    from cfgcheck.report.rule_page import RulePage

Command = TypeVar("Command", bound=Callable[..., object])

STANDARD_INPUT = "-"


def paths_argument(command: Command) -> Command:
    return click.argument("paths", nargs=-1, metavar="[PATH…|-]", type=click.Path(path_type=str))(command)


def folders_argument(command: Command) -> Command:
    """Files and folders, without standard input."""
    return click.argument("paths", nargs=-1, metavar="[PATH…]", type=click.Path(path_type=str), callback=_on_disk)(
        command
    )


def _on_disk(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    if STANDARD_INPUT in value:
        raise click.UsageError("standard input (-) can't be mended in place: name a file or folder")
    return value


def select_option(command: Command) -> Command:
    return click.option(
        "--select", multiple=True, metavar="RULES", help="Only these rules or categories (comma-separated)."
    )(command)


def ignore_option(command: Command) -> Command:
    return click.option("--ignore", multiple=True, metavar="RULES", help="Not these rules or categories.")(command)


def unsafe_option(command: Command) -> Command:
    return click.option("--unsafe", is_flag=True, help="Mend also what changes behaviour (timeouts, limits, headers).")(
        command
    )


def color_option(command: Command) -> Command:
    return click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Whether to use colours; NO_COLOR and FORCE_COLOR are obeyed.",
    )(command)


def config_option(command: Command) -> Command:
    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Settings file, instead of the nearest cfgcheck.toml or pyproject.toml.",
    )(command)


def output_option(command: Command) -> Command:
    return click.option(
        "--output", "-o", type=click.Path(path_type=Path), metavar="FILE", help="Write the report there."
    )(command)


def stdin_filename_option(command: Command) -> Command:
    return click.option("--stdin-filename", metavar="PATH", help="What standard input (-) is called and taken for.")(
        command
    )


def existing(paths: tuple[str, ...]) -> list[Path]:
    """The paths as given, the current folder for none; a usage error for one that is not there."""
    if paths.count(STANDARD_INPUT) > 1:
        raise click.UsageError("standard input (-) can be read only once")
    found = [Path(path) for path in paths if path != STANDARD_INPUT]
    for path in found:
        if not _is_there(path):
            raise click.UsageError(f"no such file or folder: {path}")
    return found if paths else [Path()]


def wanted(paths: tuple[str, ...], files: list[Path], stdin_filename: str | None) -> Input:
    """What to look at: ``files``, and standard input where ``-`` is among ``paths``."""
    if STANDARD_INPUT not in paths:
        if stdin_filename is not None:
            raise click.UsageError("--stdin-filename needs standard input (-) among the paths")
        return Input(tuple(files))
    text = standard_input()
    if not text.strip():
        raise click.UsageError("standard input is empty: did the command before it fail? (nginx -T needs to be root)")
    return Input(tuple(files), text, stdin_filename)


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except PermissionError:
        return True  # it may be: reading it will tell
    except (OSError, ValueError):
        return False
    return True


def standard_input() -> str:
    """All of standard input, bytes that are not UTF-8 kept as surrogate escapes."""
    buffer = getattr(sys.stdin, "buffer", None)
    if buffer is None:
        return sys.stdin.read() if sys.stdin else ""
    data: bytes = buffer.read()
    return data.decode("utf-8", "surrogateescape")


def settings_for(paths: list[Path], config: Path | None) -> Settings:
    """The settings that hold for what is checked."""
    return load_settings(paths[0] if paths else Path(), config)


def overridden(
    settings: Settings, select: tuple[str, ...], ignore: tuple[str, ...], fail_on: str | None = None
) -> Settings:
    """``--select`` and ``--fail-on`` replace what the settings say, ``--ignore`` adds to it."""
    chosen = tuple(Choice(name) for name in names(select))
    dropped = tuple(Choice(name) for name in names(ignore))
    return replace(
        settings,
        select=chosen or settings.select,
        ignore=settings.ignore + dropped,
        fail_on=Severity.of(fail_on) if fail_on else settings.fail_on,
    )


def exit_code(findings: Iterable[Finding], fail_on: Severity) -> int:
    """Whether something as grave as ``--fail-on`` is among them."""
    return FINDINGS if any(finding.severity >= fail_on for finding in findings) else CLEAN


def names(values: tuple[str, ...]) -> tuple[str, ...]:
    """Rules or categories of a repeated option whose values may hold commas."""
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


def page(path: Path) -> RulePage:
    """What a rule file says; a usage error for a file that can't be read as one."""
    from ruamel.yaml.error import YAMLError

    from cfgcheck.report.rule_page import read_page

    try:
        return read_page(path)
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise click.ClickException(f"{path} is no rule file: {str(error).splitlines()[0]}") from None
