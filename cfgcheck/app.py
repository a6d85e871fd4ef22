"""The pipeline: paths → files → trees → stacks → routes → findings. Each step is one call, one way, no way back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cfgcheck.load.discover import Candidate, Exclusions, FileKind, discover
from cfgcheck.load.disk import Disk
from cfgcheck.load.hints import Hints, doubted, handed_over
from cfgcheck.load.link import link
from cfgcheck.load.stack import load_stack
from cfgcheck.load.tree_index import TreeIndex
from cfgcheck.model.stack import Link, Stack
from cfgcheck.record import record, replace
from cfgcheck.report.result import Result, Summary, count_severities, in_reading_order
from cfgcheck.rules.catalogue import Catalogue, load_catalogue
from cfgcheck.rules.run import Judgement, judge
from cfgcheck.rules.selection import Selection
from cfgcheck.rules.subjects import SUBJECTS
from cfgcheck.settings import Settings, StackDeclaration
from cfgcheck.settings.declarations import declarations, unused

if TYPE_CHECKING:
    from cfgcheck.fix.rounds import Mended

STANDARD_INPUT = "<stdin>"


@record(frozen=True)
class Input:
    """What to look at. ``standard_input``: a text that stands in for a file called ``standard_input_name``."""

    paths: tuple[Path, ...]
    standard_input: str | None = None
    standard_input_name: str | None = None


def check(wanted: Input, settings: Settings, *, ignores: bool = True) -> Result:
    """Read, join and judge. ``ignores``: whether ``ignore[…]`` comments count."""
    catalogue = load_catalogue(settings.rules)
    selection = Selection.of(catalogue, settings)
    disk, stacks = load(wanted, settings)
    judgements = [judge(stack, catalogue, selection, ignores=ignores) for stack in stacks]
    return with_fixes(_result(disk, stacks, judgements), disk)


def mend(
    wanted: Input,
    settings: Settings,
    *,
    unsafe: bool = False,
    ignores: bool = True,
    catalogue: Catalogue | None = None,
) -> Mended:
    """Read, join, judge and mend until nothing changes; writes nothing.

    All rules judge, whatever is selected: that says which findings are mended, and a fix must not bring others.
    ``catalogue``: instead of the rules that the settings name.
    """
    import gc

    from cfgcheck.fix.ground import Ground
    from cfgcheck.fix.rounds import mend as in_rounds
    from cfgcheck.fix.view import View

    gc.enable()  # the program turns it off for one look at the files: here there are many
    rules = catalogue or load_catalogue(settings.rules)
    chosen = Selection.of(rules, settings)
    asked = Selection.of(rules, replace(settings, select=()))

    def look(texts: Mapping[Path, str]) -> View:
        disk, stacks = load(wanted, settings, texts)
        heard = [one for stack in stacks for one in judge(stack, rules, asked, ignores=ignores).findings]
        findings = (one for one in heard if one.rule in rules and chosen.chosen(rules[one.rule]))
        ground = Ground(disk, [app for stack in stacks for app in stack.apps])
        return View(ground, tuple(in_reading_order(findings)), tuple(heard), frozenset(_joined(stacks)))

    return in_rounds(look, unsafe=unsafe)


def _joined(stacks: Iterable[Stack]) -> Iterator[tuple[str, str]]:
    """The locations and apps that routes join. Symbols of findings of such a location or app begin with theirs."""
    for route in (route for stack in stacks for route in stack.routes):
        if route.matched and route.app is not None:
            yield SUBJECTS["location"].symbol(route.location), route.location.span.file.path
            yield SUBJECTS["app"].symbol(route.app), route.app.span.file.path


def with_fixes(result: Result, disk: Disk) -> Result:
    """The result with the edits that ``fix`` would make."""
    if not any(finding.repairs for finding in result.findings):
        return result
    from cfgcheck.fix.ground import Ground
    from cfgcheck.fix.resolve import with_fix

    ground = Ground(disk, [app for stack in result.stacks for app in stack.apps])
    return replace(result, findings=tuple(with_fix(finding, ground) for finding in result.findings))


_NOTHING: Mapping[Path, str] = {}


def load(wanted: Input, settings: Settings, rewritten: Mapping[Path, str] = _NOTHING) -> tuple[Disk, list[Stack]]:
    """Read and join, without judging: what ``show`` prints. ``rewritten``: texts to be taken for those of files, by
    paths with links followed."""
    disk, paths = _disk(wanted)
    disk.rewritten.update(rewritten)
    settings.show_from(disk.show)
    exclude = Exclusions(settings.exclude, settings.folder)
    index = TreeIndex(disk, paths, exclude)
    hints = Hints(disk, paths, exclude)
    stacks = []
    candidates = discover(disk, paths, exclude)
    strange = [disk.show(one.path) for one in candidates if one.kind is FileKind.OTHER]
    disk.notes += [f"{shown} is nothing that cfgcheck reads." for shown in strange]
    for name, declaration, group in _groups(candidates, settings.stacks, disk):
        stack = load_stack(disk, name, group, index, declarations(settings, declaration))
        link(stack)
        hints.taken |= handed_over(stack.apps)
        stack.routes = doubted(stack.routes, hints)
        stacks.append(stack)
    disk.notes += unused(settings, stacks)
    return disk, stacks


def _disk(wanted: Input) -> tuple[Disk, list[Path]]:
    """The files are shown relative to the folder checked; of several paths, to the current folder."""
    paths = [Path(os.path.abspath(path)) for path in wanted.paths]
    disk = Disk(_root(paths))
    if wanted.standard_input is not None:
        name = disk.absolute(wanted.standard_input_name or STANDARD_INPUT)
        disk.overlay[name] = wanted.standard_input
        paths.append(name)
    return disk, paths


def _root(paths: list[Path]) -> Path:
    here = Path.cwd()
    if len(paths) == 1 and paths[0].is_dir():
        return paths[0]
    if all(path.is_relative_to(here) for path in paths):
        return here
    return Path(os.path.commonpath([path.parent for path in paths]))


Group = tuple[str, StackDeclaration | None, list[Candidate]]


def _groups(candidates: list[Candidate], declared: Iterable[StackDeclaration], disk: Disk) -> list[Group]:
    """The candidates by the stack that they are declared to belong to; all others are one stack together."""
    groups: list[Group] = []
    rest = candidates
    for declaration in declared:
        inside = [one for one in rest if declaration.covers(one.path)]
        rest = [one for one in rest if not declaration.covers(one.path)]
        if inside:
            groups.append((declaration.name, declaration, inside))
    if rest or not groups:
        groups.append((disk.root.name, None, rest))
    return groups


def _result(disk: Disk, stacks: list[Stack], judgements: list[Judgement]) -> Result:
    findings = [finding for one in judgements for finding in one.findings]
    unchecked = [each for one in judgements for each in one.unchecked]
    routes = [route for stack in stacks for route in stack.routes]
    summary = Summary(
        files=len({file.path for stack in stacks for file in stack.files}),
        proxies=sum(len(stack.proxies) for stack in stacks),
        apps=sum(len(stack.apps) for stack in stacks),
        routes=len(routes),
        links=sum(1 for route in routes if route.link is Link.MATCHED),
        rules=max((one.rules for one in judgements), default=0),
        suppressed=sum(one.suppressed for one in judgements),
        unchecked=len(unchecked),
        **count_severities(findings),
    )
    notes = [*disk.notes, *_notes(summary)]
    return Result(tuple(findings), tuple(unchecked), summary, tuple(stacks), str(disk.root), tuple(notes))


def _notes(summary: Summary) -> Iterator[str]:
    """What a person should know about the run besides its findings: "no problems" can be said of very little."""
    silent = not (summary.findings or summary.suppressed)
    if silent and summary.routes and summary.apps and not summary.links:
        yield "No route leads to an app that was found: `cfgcheck show` tells where each one goes."
