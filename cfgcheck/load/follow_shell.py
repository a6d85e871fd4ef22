"""A shell script, followed: what it comes to start, as far as that can be told without running it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from cfgcheck.load.follow_builtins import BUILTINS, HARMLESS, LAST_WORDS
from cfgcheck.load.follow_conditions import decide
from cfgcheck.load.follow_output import printed
from cfgcheck.load.follow_signals import Interpreter, behind_shell
from cfgcheck.load.follow_state import Pending, Post, State
from cfgcheck.record import record, replace
from cfgcheck.source.file import Span
from cfgcheck.syntax.shell_script_tree import (
    AndOr,
    Case,
    For,
    Function,
    Group,
    If,
    Pipeline,
    Raw,
    ShellScript,
    Simple,
    Statement,
    While,
)
from cfgcheck.syntax.shell_script_words import WordReader, matcher
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
_MOST_CALLS = 12


@record(frozen=True)
class Script:
    """A text for a shell, read. ``reader``: expands its words."""

    parsed: ShellScript
    reader: WordReader
    locate: Locate


class Shell:
    """Follows one script. ``post``: where the shell itself stands."""

    def __init__(self, session: Session, script: Script, interpreter: Interpreter, post: Post) -> None:
        self.session = session
        self.script = script
        self.interpreter = interpreter
        self.post = post

    def run(self, state: State) -> None:
        """All of the script. What it leaves pending is in the state."""
        body = self.script.parsed.body
        previous, state.scope.output = state.scope.output, self._printer(state)
        self._list(body, state, tail=True, lone=len(body) == 1)
        state.scope.output = previous

    def _printer(self, state: State) -> Callable[[str], str | None]:
        return lambda command: printed(command, state.scope, 0)

    # ── lists and pipelines ───────────────────────────────────────────────────────────────────────────────────

    def _list(self, body: Sequence[AndOr], state: State, tail: bool = False, lone: bool = False) -> Status:
        status: Status = True
        for number, item in enumerate(body):
            if state.ended:
                break
            last = tail and number + 1 == len(body)
            if item.background:
                self._background(item, state)
                status = True
            else:
                status = self._and_or(item, state, last, lone)
        return status

    def _background(self, item: AndOr, state: State) -> None:
        """Nobody waits for it: what it leaves pending keeps running."""
        aside = self._way(state)
        aside.pending = []
        self._and_or(item, aside, False, False)
        self.session.keep(aside.pending)

    def _and_or(self, item: AndOr, state: State, tail: bool, lone: bool) -> Status:
        status: Status = True
        operator = ""
        for number, pipeline in enumerate(item.pipelines):
            last = tail and number + 1 == len(item.pipelines)
            alone = lone and len(item.pipelines) == 1
            if operator == "":
                status = self._pipeline(pipeline, state, last, alone)
            elif state.ended:
                break
            else:
                status = self._joined(operator, status, pipeline, state, last)
            operator = pipeline.operator
        return status

    def _joined(self, operator: str, status: Status, pipeline: Pipeline, state: State, last: bool) -> Status:
        """What stands behind ``&&`` or ``||``."""
        if status is (operator == "||"):
            return status
        if isinstance(status, bool) or (status is PRESUMED and operator == "&&"):
            return self._pipeline(pipeline, state, last, False)
        because = self._undecided(pipeline.stages[0].start if pipeline.stages else 0)
        taken = self._way(state, because)
        self._pipeline(pipeline, taken, last, False)
        if status is PRESUMED:
            # What happens when a program fails is not where the script goes on.
            return status
        state.join([self._way(state), taken], because)
        return None

    def _pipeline(self, pipeline: Pipeline, state: State, tail: bool, lone: bool) -> Status:
        stages = pipeline.stages
        if len(stages) == 1:
            status = self._statement(stages[0], state, tail and not pipeline.negated, lone)
        else:
            pending: list[Pending] = []
            for stage in stages:
                aside = self._way(state)
                aside.pending = []
                self._aside(stage, aside)
                pending += aside.pending
            state.pending = pending
            status = PRESUMED
        if not pipeline.negated:
            return status
        return not status if isinstance(status, bool) else None

    def _aside(self, stage: Statement, state: State) -> None:
        """A statement in a process of its own."""
        place = self._span(stage.start, stage.end)
        inner = behind_shell(self.post, _SCRIPT, state.service.unit, place, False, False, False, state.trapped)
        Shell(self.session, self.script, _SCRIPT, inner)._statement(stage, state, False, False)

    # ── statements ────────────────────────────────────────────────────────────────────────────────────────────

    def _statement(self, statement: Statement, state: State, tail: bool, lone: bool) -> Status:
        self.session.step(1)
        if isinstance(statement, Simple):
            status = self._simple(statement, state, tail, lone)
            # Programs succeed, mostly.
            state.scope.status = {True: "0", False: "1", PRESUMED: "0"}.get(status)
            return status
        status = self._compound(statement, state)
        state.scope.status = None
        return status

    def _compound(self, statement: Statement, state: State) -> Status:
        if isinstance(statement, Group):
            return self._group(statement, state)
        if isinstance(statement, If):
            return self._if(statement, state)
        if isinstance(statement, Case):
            return self._case(statement, state)
        if isinstance(statement, While):
            return self._while(statement, state)
        if isinstance(statement, For):
            return self._for(statement, state)
        if isinstance(statement, Function):
            state.functions[statement.name] = (self, statement)
        return True

    def _group(self, group: Group, state: State) -> Status:
        if not group.subshell:
            return self._list(group.body, state)
        aside = self._way(state)
        place = self._span(group.start, group.end)
        inner = behind_shell(self.post, _SCRIPT, state.service.unit, place, False, False, False, state.trapped)
        status = Shell(self.session, self.script, _SCRIPT, inner)._list(group.body, aside)
        state.pending = aside.pending
        return status

    def _if(self, statement: If, state: State) -> Status:
        because = self._undecided(statement.start)
        ways: list[State] = []
        rest = state
        for condition, body in statement.branches:
            holds = self._list(condition, rest)
            if rest.ended or holds is False:
                continue
            if holds is True:
                self._list(body, rest)
                break
            taken = self._way(rest, because)
            rest = self._way(rest, because) if rest is state else rest
            self._list(body, taken)
            ways.append(taken)
        else:
            if statement.otherwise is not None and not rest.ended:
                self._list(statement.otherwise, rest)
        if ways:
            state.join([rest, *ways], because)
        return PRESUMED

    def _case(self, statement: Case, state: State) -> Status:
        subject = self.script.reader.one(statement.subject, state.scope)
        because = self._undecided(statement.start)
        ways: list[State] = []
        through = False
        for arm in statement.arms:
            fits = True if through else self._fits(arm.patterns, subject, state)
            if fits is False:
                continue
            if fits and not ways:
                self._list(arm.body, state)
            else:
                taken = self._way(state, because)
                self._list(arm.body, taken)
                ways.append(taken)
            through = arm.end == ";&"
            if fits and not through and arm.end == ";;":
                break
        else:
            if ways:
                ways.append(self._way(state))
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

    def _while(self, loop: While, state: State) -> Status:
        with _Inner(state, state.loops + 1):
            for _ in range(_MOST_ROUNDS):
                holds = self._list(loop.condition, state)
                if state.ended or (isinstance(holds, bool) and holds is loop.until):
                    break
                endless = isinstance(holds, bool) and self._is_endless(loop)
                if endless or not isinstance(holds, bool):
                    self._once(loop.body, state, "" if endless else self._undecided(loop.start))
                    break
                if not self._round(loop.body, state):
                    break
        return PRESUMED

    def _is_endless(self, loop: While) -> bool:
        """``while true``."""
        stages = loop.condition[-1].pipelines[-1].stages
        first = stages[0] if stages else None
        return isinstance(first, Simple) and len(first.words) == 1

    def _for(self, loop: For, state: State) -> Status:
        words = self._words_of(loop, state)
        with _Inner(state, state.loops + 1):
            if words is None or len(words) > _MOST_ROUNDS:
                state.scope.forget(loop.name, "it takes the values of a loop")
                self._once(loop.body, state, self._undecided(loop.start))
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
        self._list(body, state)
        if state.ended == "continue":
            state.ended = ""
        elif state.ended:
            state.ended = "" if state.ended == "break" else state.ended
            return False
        return True

    def _once(self, body: Sequence[AndOr], state: State, because: str) -> None:
        """A loop that runs nobody knows how often: what it changes is not known afterwards, nor in its later rounds."""
        trial = self._way(state, because)
        trial.pending = []
        quiet = self.session.quietly()
        self._list(body, trial)
        self.session.quietly(quiet)
        reason = because or "it changes in a loop"
        state.scope.merge([trial.scope], reason)
        taken = self._way(state, because)
        self._list(body, taken)
        if taken.ended in ("break", "continue"):
            taken.ended = ""
        if not because:
            state.join([taken], reason)
        else:
            state.join([self._way(state), taken], because)

    # ── simple commands ───────────────────────────────────────────────────────────────────────────────────────

    def _simple(self, command: Simple, state: State, tail: bool, lone: bool) -> Status:
        first = self.script.parsed.text[command.words[0].start : command.words[0].end] if command.words else ""
        if first == "[[":
            words = [self.script.reader.one(raw, state.scope) for raw in command.words[1:-1]]
            return decide(words, state.exists, double=True)
        if first.startswith("(("):
            return None
        assigned, words = self.script.reader.words(command.words, state.scope)
        if not words:
            return True
        place = words[0].span if command.end <= command.start else self._span(command.start, command.end)
        post = behind_shell(
            self.post, self.interpreter, state.service.unit, place, tail, lone, command.redirected, state.trapped
        )
        return self.run_words(words, assigned, state, replace(post, via=(*post.via, place)))

    def run_words(
        self, words: Sequence[Word], assigned: Sequence[tuple[str, Word]], state: State, post: Post
    ) -> Status:
        """A command whose words are known: a function, something that the shell does itself, or a program."""
        name = words[0].value or ""
        if name in state.functions:
            return self._call(name, words, state)
        if name == "exec" and len(words) > 1:
            return self._exec(tuple(words), assigned, state)
        if name in ("command", "builtin") and len(words) > 1:
            # ``command -v NAME`` asks whether there is one.
            asks = (words[1].value or "").startswith("-")
            return None if asks else self.run_words(words[1:], assigned, state, post)
        builtin = BUILTINS.get(name)
        if (builtin is not None or name in HARMLESS) and name not in LAST_WORDS:
            state.pending = []
        if builtin is not None:
            return builtin(self, state, words)
        if name in HARMLESS:
            return PRESUMED
        return self._start(tuple(words), assigned, state, post)

    def _exec(self, words: tuple[Word, ...], assigned: Sequence[tuple[str, Word]], state: State) -> Status:
        """The shell becomes the program: nothing comes after it."""
        place = words[0].span
        self._start(words, assigned, state, replace(self.post, via=(*self.post.via, place)))
        self.session.keep(state.pending)
        state.pending = []
        state.ended = "exit"
        return True

    def _start(
        self, words: tuple[Word, ...], assigned: Sequence[tuple[str, Word]], state: State, post: Post
    ) -> Status:
        inner = self._way(state)
        inner.pending = []
        for name, word in assigned:
            inner.scope.assign(name, word)
        state.pending = []
        self.session.command(words, inner, post)
        state.pending = inner.pending
        return PRESUMED

    def _call(self, name: str, words: Sequence[Word], state: State) -> Status:
        """A function: its body with its own arguments."""
        if self.session.calls >= _MOST_CALLS:
            return None
        shell, function = state.functions[name]
        arguments, state.scope.arguments = state.scope.arguments, tuple(words[1:])
        self.session.calls += 1
        with _Inner(state, 0):
            inner = Shell(self.session, shell.script, _SCRIPT, self.post)
            status = inner._statement(function.body, state, False, False)
        self.session.calls -= 1
        state.scope.arguments = arguments
        if state.ended == "return":
            state.ended = ""
        return status

    def source(self, state: State, script: Script) -> None:
        """``. FILE``: its statements in this shell."""
        Shell(self.session, script, _SCRIPT, self.post)._list(script.parsed.body, state)
        if state.ended == "return":
            state.ended = ""

    # ── helpers ───────────────────────────────────────────────────────────────────────────────────────────────

    def _way(self, state: State, because: str = "") -> State:
        self.session.step(1 + state.scope.size // 16)
        other = state.copy(because)
        other.scope.output = self._printer(other)
        return other

    def _span(self, start: int, end: int) -> Span:
        return self.script.locate(start, max(end, start + 1))

    def _undecided(self, start: int) -> str:
        line = self._span(start, start + 1)
        return f"whether it is started is decided at {line.file.path}:{line.begin.line}"


_SCRIPT = Interpreter("script")


class _Inner:
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
