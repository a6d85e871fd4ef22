"""A shell script, followed: what it comes to start, as far as that can be told without running it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cfgcheck.load.follow_branches import PRESUMED, Branches, Inner, Script, Status
from cfgcheck.load.follow_builtins import BUILTINS, HARMLESS, LAST_WORDS
from cfgcheck.load.follow_conditions import decide
from cfgcheck.load.follow_output import printed
from cfgcheck.load.follow_signals import Interpreter, behind_shell
from cfgcheck.load.follow_state import Pending, Post, State
from cfgcheck.record import replace
from cfgcheck.syntax.shell_script_tree import (
    AndOr,
    Case,
    For,
    Function,
    Group,
    If,
    Pipeline,
    Simple,
    Statement,
    While,
)
from cfgcheck.syntax.shell_word import Word

if TYPE_CHECKING:
    from cfgcheck.load.follow_commands import Session


_MOST_CALLS = 12


class Shell(Branches):
    """Follows one script. ``post``: where the shell itself stands."""

    def __init__(self, session: Session, script: Script, interpreter: Interpreter, post: Post) -> None:
        super().__init__(session, script)
        self.interpreter = interpreter
        self.post = post

    def run(self, state: State) -> None:
        """All of the script. What it leaves pending is in the state."""
        body = self.script.parsed.body
        previous, state.scope.output = state.scope.output, self._printer(state)
        self.run_list(body, state, tail=True, lone=len(body) == 1)
        state.scope.output = previous

    def _printer(self, state: State) -> Callable[[str], str | None]:
        return lambda command: printed(command, state.scope, 0)

    # ── lists and pipelines ───────────────────────────────────────────────────────────────────────────────────

    def run_list(self, body: Sequence[AndOr], state: State, tail: bool = False, lone: bool = False) -> Status:
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
        aside = self.way(state)
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
        because = self.undecided(pipeline.stages[0].start if pipeline.stages else 0)
        taken = self.way(state, because)
        self._pipeline(pipeline, taken, last, False)
        if status is PRESUMED:
            # What happens when a program fails is not where the script goes on.
            return status
        state.join([self.way(state), taken], because)
        return None

    def _pipeline(self, pipeline: Pipeline, state: State, tail: bool, lone: bool) -> Status:
        stages = pipeline.stages
        if len(stages) == 1:
            status = self._statement(stages[0], state, tail and not pipeline.negated, lone)
        else:
            pending: list[Pending] = []
            for stage in stages:
                aside = self.way(state)
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
        place = self.span(stage.start, stage.end)
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
            return self.take_if(statement, state)
        if isinstance(statement, Case):
            return self.take_case(statement, state)
        if isinstance(statement, While):
            return self.take_while(statement, state)
        if isinstance(statement, For):
            return self.take_for(statement, state)
        if isinstance(statement, Function):
            state.functions[statement.name] = (self, statement)
        return True

    def _group(self, group: Group, state: State) -> Status:
        if not group.subshell:
            return self.run_list(group.body, state)
        aside = self.way(state)
        place = self.span(group.start, group.end)
        inner = behind_shell(self.post, _SCRIPT, state.service.unit, place, False, False, False, state.trapped)
        status = Shell(self.session, self.script, _SCRIPT, inner).run_list(group.body, aside)
        state.pending = aside.pending
        return status

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
        place = words[0].span if command.end <= command.start else self.span(command.start, command.end)
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
        inner = self.way(state)
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
        with Inner(state, 0):
            inner = Shell(self.session, shell.script, _SCRIPT, self.post)
            status = inner._statement(function.body, state, False, False)
        self.session.calls -= 1
        state.scope.arguments = arguments
        if state.ended == "return":
            state.ended = ""
        return status

    def source(self, state: State, script: Script) -> None:
        """``. FILE``: its statements in this shell."""
        Shell(self.session, script, _SCRIPT, self.post).run_list(script.parsed.body, state)
        if state.ended == "return":
            state.ended = ""

    # ── helpers ───────────────────────────────────────────────────────────────────────────────────────────────

    def way(self, state: State, because: str = "") -> State:
        self.session.step(1 + state.scope.size // 16)
        other = state.copy(because)
        other.scope.output = self._printer(other)
        return other




_SCRIPT = Interpreter("script")
