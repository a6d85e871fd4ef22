"""Branches and loops of a script: decided where that can be told, otherwise each way is taken."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING

from cfgcheck.load.follow_state import State
from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.shell_script_parameters import matcher
from cfgcheck.syntax.shell_script_tree import AndOr, Case, For, If, Raw, ShellScript, Simple, While
from cfgcheck.syntax.shell_script_words import WordReader
from cfgcheck.syntax.shell_word import Locate, Word

if TYPE_CHECKING:
    from cfgcheck.load.follow_commands import Session


class Presumed(Enum):
    """Programs succeed, mostly."""

    SUCCESS = "success"


PRESUMED = Presumed.SUCCESS
Status = bool | Presumed | None
"""Whether a command succeeds; None: not known."""

_SEVERAL = re.compile(r"[*?]|\{[^{}]*(?:,|\.\.)[^{}]*\}")
"""A word that names files, or that Bash makes several words of."""

_MOST_ROUNDS = 60


@record(frozen=True)
class Script:
    """A text for a shell, read. ``reader``: expands its words."""

    parsed: ShellScript
    reader: WordReader
    locate: Locate


class Branches(ABC):
    """What decides which statements of ``script`` run."""

    def __init__(self, session: Session, script: Script) -> None:
        self.session = session
        self.script = script

    @abstractmethod
    def run_list(self, body: Sequence[AndOr], state: State) -> Status:
        """Statements one after the other."""

    @abstractmethod
    def way(self, state: State, because: str = "") -> State:
        """The state of another way that the script may take."""

    def span(self, start: int, end: int) -> Span:
        return self.script.locate(start, max(end, start + 1))

    def undecided(self, start: int) -> str:
        line = self.span(start, start + 1)
        return f"whether it is started is decided at {line.file.path}:{line.begin.line}"

    def take_if(self, statement: If, state: State) -> Status:
        because = self.undecided(statement.start)
        ways: list[State] = []
        rest = state
        for condition, body in statement.branches:
            holds = self.run_list(condition, rest)
            if rest.ended or holds is False:
                continue
            if holds is True:
                self.run_list(body, rest)
                break
            taken = self.way(rest, because)
            rest = self.way(rest, because) if rest is state else rest
            self.run_list(body, taken)
            ways.append(taken)
        else:
            if statement.otherwise is not None and not rest.ended:
                self.run_list(statement.otherwise, rest)
        if ways:
            state.join([rest, *ways], because)
        return PRESUMED

    def take_case(self, statement: Case, state: State) -> Status:
        subject = self.script.reader.one(statement.subject, state.scope)
        because = self.undecided(statement.start)
        ways: list[State] = []
        through = False
        for arm in statement.arms:
            fits = True if through else self._fits(arm.patterns, subject, state)
            if fits is False:
                continue
            if fits and not ways:
                self.run_list(arm.body, state)
            else:
                taken = self.way(state, because)
                self.run_list(arm.body, taken)
                ways.append(taken)
            through = arm.end == ";&"
            if fits and not through and arm.end == ";;":
                break
        else:
            if ways:
                ways.append(self.way(state))
        if ways:
            state.join(ways, because)
        return PRESUMED

    def _fits(self, patterns: Sequence[Raw], subject: Word, state: State) -> Status:
        """Whether one of the patterns of ``case`` fits; ``*`` fits what is not known as well."""
        fits: Status = False
        for raw in patterns:
            pattern = self.script.reader.one(raw, state.scope)
            if pattern.value is not None and pattern.value.strip("*") == "" and pattern.value:
                return True
            if pattern.value is None or subject.value is None or "(" in pattern.value or len(pattern.value) > 200:
                fits = None
            elif len(subject.value) <= 2000 and matcher(pattern.value)(subject.value):
                return True
        return fits

    def take_while(self, loop: While, state: State) -> Status:
        with Inner(state, state.loops + 1):
            for _ in range(_MOST_ROUNDS):
                holds = self.run_list(loop.condition, state)
                if state.ended or (isinstance(holds, bool) and holds is loop.until):
                    break
                endless = isinstance(holds, bool) and self._is_endless(loop)
                if endless or not isinstance(holds, bool):
                    self._once(loop.body, state, "" if endless else self.undecided(loop.start))
                    break
                if not self._round(loop.body, state):
                    break
        return PRESUMED

    def _is_endless(self, loop: While) -> bool:
        """``while true``."""
        stages = loop.condition[-1].pipelines[-1].stages if loop.condition else ()
        first = stages[0] if stages else None
        return isinstance(first, Simple) and len(first.words) == 1

    def take_for(self, loop: For, state: State) -> Status:
        words = self._words_of(loop, state)
        with Inner(state, state.loops + 1):
            if words is None or len(words) > _MOST_ROUNDS:
                state.scope.forget(loop.name or "_", "it takes the values of a loop")
                self._once(loop.body, state, self.undecided(loop.start))
                return PRESUMED
            for word in words:
                state.scope.assign(loop.name, word)
                if not self._round(loop.body, state):
                    break
        return PRESUMED

    def _words_of(self, loop: For, state: State) -> Sequence[Word] | None:
        if loop.counted:
            return None
        if loop.words is None:
            return state.scope.arguments
        found = [word for raw in loop.words for word in self.script.reader.expand(raw, state.scope)]
        return None if any(word.value is None or _SEVERAL.search(word.value) for word in found) else found

    def _round(self, body: Sequence[AndOr], state: State) -> bool:
        """One round of a loop; whether another one may follow."""
        self.run_list(body, state)
        if state.ended == "continue":
            state.ended = ""
        elif state.ended:
            state.ended = "" if state.ended == "break" else state.ended
            return False
        return True

    def _once(self, body: Sequence[AndOr], state: State, because: str) -> None:
        """A loop that runs nobody knows how often: what it changes is not known afterwards, nor in its later rounds."""
        trial = self.way(state, because)
        trial.pending = []
        quiet = self.session.quietly()
        self.run_list(body, trial)
        self.session.quietly(quiet)
        reason = because or "it changes in a loop"
        state.scope.merge([trial.scope], reason)
        taken = self.way(state, because)
        self.run_list(body, taken)
        if taken.ended in ("break", "continue"):
            taken.ended = ""
        if not because:
            state.join([taken], reason)
        else:
            state.join([self.way(state), taken], because)


class Inner:
    """What leaves a loop or a function only, casts no doubt on what comes after it. ``loops``: how many surround it."""

    def __init__(self, state: State, loops: int) -> None:
        self.state = state
        self.loops = loops

    def __enter__(self) -> None:
        state = self.state
        self.maybe, self.left, self.outer = state.maybe, state.left, state.loops
        state.left, state.loops = False, self.loops

    def __exit__(self, *_: object) -> None:
        state = self.state
        if not state.left:
            state.maybe = self.maybe
        state.left |= self.left
        state.loops = self.outer
