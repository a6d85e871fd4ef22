"""``cfgcheck generate``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import click

from cfgcheck.cli import CLEAN, FINDINGS, TROUBLE
from cfgcheck.cli.generate_judge import Objection, objections
from cfgcheck.cli.output import emit
from cfgcheck.generate.defaults import complete
from cfgcheck.generate.escapes import UnwritableError
from cfgcheck.generate.managers_steps import next_steps
from cfgcheck.generate.output import OverwriteError, write
from cfgcheck.generate.output_header import Origin, short_hash, stamped
from cfgcheck.generate.output_state import SPEC_NAME, Change, State, changes, difference
from cfgcheck.generate.plan import plan
from cfgcheck.generate.plan_records import Plan, Rung
from cfgcheck.generate.reading import LocatedSpec, read_located
from cfgcheck.generate.render import render
from cfgcheck.generate.spec import Spec
from cfgcheck.report.terminal import Terminal

FOLDER = "deploy"
"""Beside the spec, and a folder of its own: what stands there is generated, and all else is somebody's."""

_EPILOG = """\b
Examples:
  cfgcheck generate                  cfgcheck.yaml into deploy/
  cfgcheck generate --diff           what would change
  cfgcheck generate --check          exit code 1 when the files are not what the spec says: for CI"""


@click.command(epilog=_EPILOG)
@click.argument("spec", required=False, type=click.Path(path_type=Path), metavar="[SPEC]")
@click.option(
    "--output", "-o", "folder", type=click.Path(path_type=Path), metavar="DIR",
    help="Where to write.  [default: the folder deploy beside the spec]",
)  # fmt: skip
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit with 1 and a diff when files drifted.")
@click.option("--diff", "only_diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--stdout", "only_print", is_flag=True, help="Write nothing; print all files.")
@click.option("--force", is_flag=True, help="Overwrite files that are not ours, and write what check objects to.")
def command(
    spec: Path | None, folder: Path | None, only_check: bool, only_diff: bool, only_print: bool, force: bool
) -> int:
    """Write all files of a deployment from one spec: nginx, the app server, and what starts it.

    SPEC is cfgcheck.yaml in the current folder by default; `cfgcheck init` writes one.
    """
    if only_check + only_diff + only_print > 1:
        raise click.UsageError("--check, --diff and --stdout exclude each other")
    path = spec or Path(SPEC_NAME)
    if not path.is_file():
        hint = " (`cfgcheck init` writes one)" if spec is None else ""
        raise click.UsageError(f"there is no spec at {path}{hint}")
    located = read_located(path, str(path))
    wanted = complete(located.spec)
    made, files = _rendered(located, wanted)
    if not force and (objected := objections(wanted, files)):
        return _refused(located, objected)
    target = folder or path.parent / FOLDER
    origin = Origin(path.name, spec_hash(wanted))
    if only_print:
        emit("\n".join(f"# ==> {name} <==\n{stamped(files[name], origin)}" for name in sorted(files)), machine=True)
        return CLEAN
    found = _changes(files, target, origin)
    if only_diff:
        emit("".join(map(difference, found)), machine=True)
        return CLEAN
    if only_check:
        return _checked(found, target, path)
    return _written(found, target, made, force)


def spec_hash(spec: Spec) -> str:
    """The same for any two ways to write one spec."""
    return short_hash(json.dumps(complete(spec).model_dump(mode="json", by_alias=True), sort_keys=True))


def _rendered(located: LocatedSpec, spec: Spec) -> tuple[Plan, dict[str, str]]:
    try:
        made = plan(spec)
        return made, render(made)
    except UnwritableError as error:
        raise click.ClickException(f"{_place(located, error.place)}: {error.message}") from None


def _place(located: LocatedSpec, keys: tuple[str, ...]) -> str:
    """``path:line:column`` of a key, or of the nearest one above it that the file has."""
    return str(located.where.key(located.where.path(keys))) if keys else located.where.source.path


def _changes(files: dict[str, str], folder: Path, origin: Origin) -> list[Change]:
    if folder.exists() and not folder.is_dir():
        raise click.UsageError(f"{folder} is no folder")
    try:
        return changes(files, folder, origin)
    except OSError as error:
        raise click.ClickException(_trouble(error)) from None


def _trouble(error: OSError) -> str:
    what = (error.strerror or str(error)).lower()
    return f"{error.filename}: {what}" if error.filename else what


# ── the modes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _checked(found: list[Change], folder: Path, path: Path) -> int:
    drifted = [change for change in found if change.drifted]
    emit("".join(map(difference, drifted)), machine=True)
    if not drifted:
        _say([f"{folder} is what {path} says: {len(found)} files."])
        return CLEAN
    _say([f"{folder} is not what {path} says:", *(f"  {one.path}: {_DRIFT[one.state]}" for one in drifted)])
    return FINDINGS


_DRIFT = {
    State.NEW: "missing",
    State.CHANGED: "the spec (or cfgcheck) has changed since it was written",
    State.STALE: "no longer generated; `cfgcheck generate` removes it",
    State.STALE_EDITED: "no longer generated, and edited by hand: remove it",
    State.EDITED: "edited by hand since it was written",
    State.FOREIGN: "not written by cfgcheck",
    State.OTHER_SPEC: "written from another spec",
    State.LINK: "a symbolic link",
    State.NO_FILE: "no regular file",
    State.OUTSIDE: "outside of the folder, behind a symbolic link",
}


def _written(found: list[Change], folder: Path, made: Plan, force: bool) -> int:
    try:
        done = write(found, folder, force=force)
    except OverwriteError as error:
        raise click.ClickException("\n".join(_in_the_way(error.changes, folder))) from None
    except OSError as error:
        raise click.ClickException(f"{_trouble(error)}; all files are as they were") from None
    emit("\n".join(_summary(found, done, folder, made)) + "\n")
    return CLEAN


def _in_the_way(refused: list[Change], folder: Path) -> Iterator[str]:
    yield "nothing was written:"
    for change in refused:
        yield f"  {folder / change.path}: {change.state.value}"
    if any(not change.impossible for change in refused):
        yield "Say in the spec what you changed by hand, or overwrite it with --force."


def _refused(located: LocatedSpec, objected: list[Objection]) -> int:
    """Findings about our own output: an override of the spec is to blame, or we are."""
    lines = []
    for one in objected:
        where = one.finding.primary.span
        said = f"{one.finding.severity.word}[{one.finding.rule}]: {one.finding.message}"
        lines += [f"{_place(located, keys)}: {'.'.join(keys)} causes {said}" for keys in one.blamed]
        if not one.blamed:
            lines.append(f"internal error: the generated {where} has {said}. Please report it with the spec.")
    overridden = any(one.blamed for one in objected)
    lines.append("Nothing was written." + (" --force writes it all the same." if overridden else ""))
    _say(lines)
    return FINDINGS if all(one.blamed for one in objected) else TROUBLE


# ── the summary ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _summary(found: list[Change], done: list[Change], folder: Path, made: Plan) -> Iterator[str]:
    yield _counted(found, done, folder)
    for change in done:
        yield f"  {_DONE.get(change.state, 'overwritten')}: {change.path}"
    for change in found:
        if change.state is State.STALE_EDITED:
            yield f"  kept: {change.path}, which is no longer generated but was edited by hand"
    yield ""
    yield "How long a request may take:"
    for service in made.services:
        yield f"  {service.name}: {_rungs(service.ladder)}"
    if done:
        yield ""
        yield "Next:"
        yield from (f"  {step}" for step in next_steps(made))


_DONE = {State.NEW: "new", State.CHANGED: "changed", State.STALE: "removed"}


def _counted(found: list[Change], done: list[Change], folder: Path) -> str:
    written = sum(change.text is not None for change in done)
    total = sum(change.text is not None for change in found)
    if not done:
        return f"{folder} is up to date: {total} files."
    return f"Wrote {written} of {total} files to {folder}."


def _rungs(ladder: tuple[Rung, ...]) -> str:
    said = [f"{rung.name} {rung.seconds} s" for rung in ladder]
    signs = [" > " if outer.seconds > inner.seconds else " >= " for outer, inner in pairwise(ladder)]
    return "".join(part for pair in zip(said, [*signs, ""], strict=True) for part in pair)


def _say(lines: list[str]) -> None:
    """To people, beside what goes to a file or a program."""
    terminal = Terminal.of(sys.stderr, "never")
    click.echo("\n".join(terminal.safe(line) for line in lines), err=True)
