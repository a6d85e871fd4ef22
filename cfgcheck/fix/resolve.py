"""From what a rule wants changed to edits of files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cfgcheck.findings import Edit, Finding, Fix
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.ground import Ground
from cfgcheck.model.located import UnknownValue
from cfgcheck.model.nginx import Location, Proxy, Server
from cfgcheck.record import replace
from cfgcheck.rules.changes import Block, Change, Order, Remove, Repair, Replace, Setting, Statement
from cfgcheck.source.edits import Overlap, Piece, settled
from cfgcheck.source.file import SourceFile, Span

SAFE, UNSAFE = "safe", "unsafe"


def with_fix(finding: Finding, ground: Ground) -> Finding:
    """The finding with the edits that mend it, where there are any. Never raises: a finding is worth more than its
    fix."""
    try:
        return replace(finding, fix=fix_of(finding, ground)) if finding.repairs else finding
    except CannotFix:
        return finding
    except Exception:
        return finding  # `cfgcheck fix` tells of it


def resolve(finding: Finding, ground: Ground) -> Fix | None:
    """How files are changed to mend a finding; None where the program can't."""
    try:
        return fix_of(finding, ground)
    except CannotFix:
        return None


def fix_of(finding: Finding, ground: Ground) -> Fix:
    """All that a finding's rule wants, as edits that don't overlap. Errors: CannotFix says what keeps it back."""
    if not finding.repairs:
        raise CannotFix("the rule has no fix")
    changes = [change for repair in finding.repairs for change in _changes(repair)]
    edits = _joined((edit for change in changes for edit in _edits(change, changes, ground)), ground)
    if not edits:
        raise CannotFix("all of it is there already")
    first: Repair = finding.repairs[0]
    safe = all(repair.applicability == SAFE for repair in finding.repairs)
    return Fix(SAFE if safe else UNSAFE, first.title, edits)


def _changes(repair: Repair) -> list[Change]:
    try:
        changes = repair.changes()
    except UnknownValue as unknown:
        raise CannotFix(unknown.located.because or "a value is not known") from None
    if not changes:
        raise CannotFix("this case is left to people")
    return changes


def _edits(change: Change, beside: Sequence[Change], ground: Ground) -> list[Edit]:
    """``beside``: all that the fix changes."""
    if isinstance(change, Replace):
        return [Edit(change.span, change.text)]
    if isinstance(change, Remove):
        from cfgcheck.fix.removal import edits_of_removal

        return edits_of_removal(change.span)
    if isinstance(change, Statement):
        return _of_statement(change)
    if isinstance(change, Setting):
        from cfgcheck.fix.app import edits_of_setting

        edits = edits_of_setting(change)
        alike = [one.app for one in beside if isinstance(one, Setting) and _same(one, change)]
        for edit in edits:
            ground.check_own(change.app, edit.span.file, alike)
        return edits
    assert isinstance(change, Order)
    from cfgcheck.fix.order import edits_of_order

    return edits_of_order(change)


def _same(one: Setting, other: Setting) -> bool:
    return (one.name, one.value) == (other.name, other.value)


def _of_statement(change: Statement) -> list[Edit]:
    from cfgcheck.fix.nginx import edits_of_statement

    proxy = _proxy(change.block)
    if proxy is not None and proxy.ingress:
        raise CannotFix("the controller of the Ingress writes nginx's statements")
    return edits_of_statement(change)


def _proxy(block: Block) -> Proxy | None:
    if isinstance(block, Location):
        block = block.server
    if isinstance(block, Server):
        block = block.proxy
    return block if isinstance(block, Proxy) else None


def _joined(edits: Iterable[Edit], ground: Ground) -> tuple[Edit, ...]:
    files: dict[str, tuple[SourceFile, list[Piece]]] = {}
    for edit in edits:
        span = _outer(edit.span)
        ground.check(span.file)
        pieces = files.setdefault(span.file.path, (span.file, []))[1]
        if span.text != edit.text:
            pieces.append(Piece(span.start, span.end, edit.text))
    found = []
    for _, (file, pieces) in sorted(files.items()):
        try:
            found += [Edit(Span(file, piece.start, piece.end), piece.text) for piece in settled(pieces)]
        except Overlap:
            raise CannotFix("its own changes overlap") from None
    return tuple(found)


def _outer(span: Span) -> Span:
    """The same place in the file itself, for a text that stands inside another file."""
    whole = Span(span.file.whole, span.start, span.end)
    if whole.text != span.text:
        raise CannotFix(f"{span.file.path} holds it in other characters")
    return whole
