"""Fixes, round by round: apply what fits together, read and judge again, until nothing changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cfgcheck.findings import Finding, Fix
from cfgcheck.fix.comparing import wrong
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.resolve import UNSAFE, fix_of
from cfgcheck.fix.view import Look, View
from cfgcheck.record import field, record, replace
from cfgcheck.source.edits import Piece, Taken, applied, settled

MOST_ROUNDS = 10

Pieces = dict[Path, list[Piece]]


@record(eq=False)
class Candidate:
    """A finding with its fix, and the pieces of text by the file (links followed)."""

    finding: Finding
    fix: Fix
    pieces: Pieces

    @property
    def key(self) -> tuple[object, ...]:
        """By which it is known again in a later round, when lines have moved."""
        texts = tuple((edit.span.file.path, edit.span.text, edit.text) for edit in self.fix.edits)
        return self.finding.rule, self.finding.symbol, self.fix.title, texts


@record(eq=False)
class Refused:
    """A finding whose fix is not applied, and why: a clause."""

    finding: Finding
    reason: str


@record(eq=False)
class Mended:
    """What the rounds did. ``texts``: what changed files shall hold, by path with links followed; ``before``: what
    they held; ``shown``: how they are called. ``view``: the last look, at what is left."""

    view: View
    done: list[Candidate] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    texts: dict[Path, str] = field(default_factory=dict)
    before: dict[Path, str] = field(default_factory=dict)
    shown: dict[Path, str] = field(default_factory=dict)

    def changed(self) -> dict[Path, str]:
        """The texts that differ from what the files hold."""
        return {path: text for path, text in self.texts.items() if text != self.before[path]}


def mend(look: Look, *, unsafe: bool = False) -> Mended:
    """Apply all safe fixes, with ``unsafe`` the others, too. Writes nothing."""
    rounds = _Rounds(look, unsafe)
    for _ in range(MOST_ROUNDS):
        if not rounds.next():
            break
    return rounds.mended


class _Rounds:
    def __init__(self, look: Look, unsafe: bool) -> None:
        self.look = look
        self.unsafe = unsafe
        self.mended = Mended(look({}))
        self._refused: set[tuple[object, ...]] = set()
        self._seen: set[tuple[Any, ...]] = {self._state({})}

    def next(self) -> bool:
        """One round; False when there was nothing to do."""
        chosen = self._chosen()
        if not chosen:
            return False
        self._begin(chosen)
        accepted: list[Candidate] = []
        view = self._settle(chosen, accepted, self.mended.view)
        if accepted:
            self._keep(accepted, view)
        return True

    def _keep(self, accepted: list[Candidate], view: View) -> None:
        self.mended.texts |= self._texts(accepted)
        self.mended.view = view
        for one in accepted:
            one.finding = replace(one.finding, repairs=())  # they would keep the whole stack of this round
        self.mended.done += accepted
        # What did harm before may do none now. Asking again also makes a second run find what this one left.
        self._refused.clear()
        self.mended.refused.clear()

    # What a round tries

    def _chosen(self) -> list[Candidate]:
        """Fixes that don't touch each other, the first in the order of files first."""
        chosen: list[Candidate] = []
        taken: defaultdict[Path, Taken] = defaultdict(Taken)
        for finding in self.mended.view.findings:
            one = self._candidate(finding)
            if one is None:
                continue
            places = [(taken[path], piece) for path, pieces in one.pieces.items() for piece in pieces]
            if all(file.free(piece) for file, piece in places):
                chosen.append(one)
                for file, piece in places:
                    file.take(piece)
        return chosen

    def _candidate(self, finding: Finding) -> Candidate | None:
        if not finding.repairs:
            return None
        ground = self.mended.view.ground
        try:
            fix = fix_of(finding, ground)
        except CannotFix:
            return None
        except Exception as error:
            self._refuse(finding, f"its fix crashed with {type(error).__name__}: {error}; please report this")
            return None
        if fix.applicability == UNSAFE and not self.unsafe:
            return None
        pieces: Pieces = {}
        for edit in fix.edits:
            piece = Piece(edit.span.start, edit.span.end, edit.text)
            pieces.setdefault(ground.real(edit.span.file), []).append(piece)
        one = Candidate(finding, fix, pieces)
        return None if one.key in self._refused else one

    def _begin(self, chosen: Iterable[Candidate]) -> None:
        """Remember what the files hold that are going to change."""
        mended = self.mended
        for edit in (edit for one in chosen for edit in one.fix.edits):
            path = mended.view.ground.real(edit.span.file)
            if path not in mended.before:
                mended.before[path] = mended.texts[path] = edit.span.file.text
                mended.shown[path] = edit.span.file.path

    # What of it is kept

    def _settle(self, fixes: Sequence[Candidate], accepted: list[Candidate], view: View) -> View:
        """Add to ``accepted`` those that do no harm, halving where some do; gives the look at the files with these."""
        texts = self._texts([*accepted, *fixes])
        trial = self.look(self.mended.texts | texts)
        harm = wrong(self.mended.view, trial, [one.finding for one in (*accepted, *fixes)])
        if not harm and self._state(texts) in self._seen:
            harm = "it would undo another fix"
        if not harm:
            accepted += fixes
            self._seen.add(self._state(texts))
            return trial
        if len(fixes) == 1:
            self._refused.add(fixes[0].key)
            self._refuse(fixes[0].finding, harm)
            return view
        middle = len(fixes) // 2
        view = self._settle(fixes[:middle], accepted, view)
        return self._settle(fixes[middle:], accepted, view)

    def _refuse(self, finding: Finding, reason: str) -> None:
        if all(one.finding != finding for one in self.mended.refused):
            self.mended.refused.append(Refused(finding, reason))

    def _texts(self, fixes: Iterable[Candidate]) -> dict[Path, str]:
        """The files that these fixes change, as they are after it."""
        pieces: Pieces = {}
        for one in fixes:
            for path, more in one.pieces.items():
                pieces.setdefault(path, []).extend(more)
        return {path: applied(self.mended.texts[path], settled(more)) for path, more in pieces.items()}

    def _state(self, texts: dict[Path, str]) -> tuple[Any, ...]:
        """What all changed files hold, as something to compare."""
        now = self.mended.texts | texts
        return tuple(sorted((str(path), hash(text)) for path, text in now.items() if text != self.mended.before[path]))
