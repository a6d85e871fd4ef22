"""Shell scripts: their statements, as POSIX's grammar and the parts of Bash's that scripts use have them.

Text that a shell would refuse is read as far as it makes sense, and the first mistake is told.
"""

from __future__ import annotations

import re

from cfgcheck.syntax.shell_script_ground import BLANK, Ground
from cfgcheck.syntax.shell_script_scan import DEEPEST
from cfgcheck.syntax.shell_script_tree import (
    AndOr,
    Arm,
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

MOST_COMMANDS = 10_000
"""Statements of a script; no run script has more."""

MOST_WORDS = 10_000
"""Of a command."""

_NAME = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
_FUNCTION = re.compile(r"[^'\"$`\\]+\Z")
_CONNECTOR = re.compile(r"&(?:\\\n)*&|\|(?:\\\n)*\|")
_CLOSERS = frozenset({"then", "elif", "else", "fi", "do", "done", "esac", "}"})


def parse_script(text: str) -> ShellScript:
    """The statements of a whole script."""
    parser = Parser(text, 0, len(text), 0, [MOST_COMMANDS])
    body = parser.everything()
    cut = "it has more commands than cfgcheck follows" if parser.budget[0] <= 0 else ""
    return ShellScript(text, body, parser.mistake, cut)


class Parser(Ground):
    """Reads statements in one pass. ``budget``: how many statements may still be read."""

    def __init__(self, text: str, at: int, size: int, depth: int, budget: list[int]) -> None:
        super().__init__(text, at, size, depth)
        self.budget = budget

    # ── lists ─────────────────────────────────────────────────────────────────────────────────────────────────

    def everything(self, closer: str = "") -> tuple[AndOr, ...]:
        """All statements up to the end, or to ``closer`` (a parenthesis)."""
        found: list[AndOr] = []
        while True:
            found += self._list()
            if self.at >= self.size or self.budget[0] <= 0:
                self.at = self.size
                return tuple(found)
            if closer and self.text.startswith(closer, self.at):
                return tuple(found)
            # Something that closes nothing: a shell stops here.
            self.budget[0] -= 1
            word = self.peek_word()
            shown = word or self.text[self.at]
            self.mistaken(f'unexpected "{shown}"', self.at, word in _CLOSERS)
            self.at = max(self.at + 1, self.at + len(word))

    def _list(self) -> tuple[AndOr, ...]:
        """Statements up to something that closes a list; what closes it is left where it is."""
        found: list[AndOr] = []
        while self.budget[0] > 0:
            self.newlines()
            if self.at >= self.size or self._closes():
                break
            begun = self.at
            found.append(self._and_or())
            if self.at == begun:
                break
        return tuple(found)

    def _closes(self) -> bool:
        text, at = self.text, self.at
        return text[at] in ");" or self.peek_word() in _CLOSERS

    def _and_or(self) -> AndOr:
        pipelines: list[Pipeline] = []
        while True:
            stages, negated = self._pipeline()
            connector = _CONNECTOR.match(self.text, self.at, self.size)
            if connector is None:
                operator = self._terminator()
                pipelines.append(Pipeline(stages, negated, operator))
                return AndOr(tuple(pipelines), operator == "&")
            pipelines.append(Pipeline(stages, negated, "&&" if connector[0][0] == "&" else "||"))
            self.at = connector.end()
            self.newlines()

    def _terminator(self) -> str:
        """What ends a list of pipelines: ``;``, ``&`` or a new line; "" when something closes it."""
        text, at = self.text, self.at
        if text.startswith("&", at):
            self.at += 1
            return "&"
        if text.startswith(";", at) and not text.startswith((";;", ";&"), at):
            self.at += 1
            return ";"
        return ";" if text.startswith("\n", at) else ""

    def _pipeline(self) -> tuple[tuple[Statement, ...], bool]:
        negated = False
        stages: list[Statement] = []
        while (word := self.peek_word()) in ("!", "time"):
            negated ^= word == "!"
            self.blanks(self.at + len(word))
        while True:
            statement = self._statement()
            if statement is not None:
                stages.append(statement)
            if not self.text.startswith("|", self.at) or _CONNECTOR.match(self.text, self.at, self.size):
                return tuple(stages), negated
            self.at += 2 if self.text.startswith("|&", self.at) else 1
            self.newlines()

    # ── statements ────────────────────────────────────────────────────────────────────────────────────────────

    def _statement(self) -> Statement | None:
        self.budget[0] -= 1
        if self.budget[0] < 0:
            self.at = self.size
            return None
        word = self.peek_word()
        read = _COMPOUND.get(word)
        opens = self.text.startswith("(", self.at)
        if read is None and not opens:
            simple = None if word in _CLOSERS or word == "!" else self._simple()
            if simple is None:
                self.mistaken("a command is missing here", min(self.at, max(self.size - 1, 0)))
            return simple
        if self.depth >= DEEPEST:
            self.mistaken("too much stands inside one another", self.at)
            self.at = self.size
            return None
        self.depth += 1
        statement = read(self) if read is not None else self._parenthesis()
        self.depth -= 1
        self.redirections()
        return statement

    def _simple(self) -> Statement | None:
        start = self.at
        words: list[Raw] = []
        redirected = 0
        while self.at < self.size:
            if (end := self.redirection()) > self.at and redirected < MOST_WORDS:
                redirected += 1
                self.blanks(end)
                continue
            char = self.text[self.at]
            if char in "\n;&|)" or char == "#":
                break
            if char == "(":
                if len(words) == 1 and (function := self._function_of(words[0])) is not None:
                    return function
                self.mistaken('unexpected "("', self.at)
                break
            end = self.word(self.at)
            if end == self.at:
                break
            words.append(Raw(self.at, end))
            if len(words) > MOST_WORDS:
                self.budget[0], self.at = 0, self.size
                break
            if len(words) == 1 and self.text[self.at : end] == "[[":
                self._conditional(words)
                continue
            self.blanks(end)
        if not words and not redirected:
            return None
        end = words[-1].end if words else self.at
        return Simple(tuple(words), start, max(end, start + 1), redirected > 0)

    def _conditional(self, words: list[Raw]) -> None:
        """The words of ``[[ … ]]``, in which parentheses, ``<``, ``&&`` and new lines are words of their own."""
        self.at = words[-1].end
        while self.at < self.size:
            self.newlines()
            if self.at >= self.size:
                break
            start = self.at
            end = self.word(start)
            if end == start:
                end = start + (2 if self.text[start : start + 2] in ("&&", "||") else 1)
            words.append(Raw(start, end))
            self.at = end
            if self.text[start:end] == "]]":
                self.blanks(end)
                return
            if len(words) > 200:
                break
        self.mistaken('"[[" is not closed', words[0].start)

    def _body(self) -> tuple[AndOr, ...]:
        """Statements of which there must be one."""
        start, found = self.at, self._list()
        if not found:
            self.mistaken("a command is missing here", min(start, max(self.size - 1, 0)))
        return found

    def _parenthesis(self) -> Statement:
        start = self.at
        if self.text.startswith("((", start) and (end := self.arithmetic(start)) > 0:
            self.blanks(end)
            return Simple((Raw(start, end),), start, end)
        self.at += 1
        body = self.everything(")")
        if not body:
            self.mistaken("nothing stands in these parentheses", start)
        self._close(")", start)
        return Group(body, True, start, self.at)

    def _braces(self) -> Statement:
        start = self.take("{")
        body = self._body()
        self._expect("}", "{", start)
        return Group(body, False, start, self.at)

    def _if(self) -> Statement:
        start = self.take("if")
        branches = []
        otherwise = None
        condition = self._body()
        while True:
            self._expect("then", "if", start)
            branches.append((condition, self._body()))
            if self.peek_word() != "elif":
                break
            self.take("elif")
            condition = self._body()
        if self.peek_word() == "else":
            self.take("else")
            otherwise = self._body()
        self._expect("fi", "if", start)
        return If(tuple(branches), otherwise, start, self.at)

    def _while(self) -> Statement:
        word = self.peek_word()
        start = self.take(word)
        condition = self._body()
        self._expect("do", word, start)
        body = self._body()
        self._expect("done", word, start)
        return While(condition, body, word == "until", start, self.at)

    def _for(self) -> Statement:
        start = self.take(self.peek_word())
        if self.text.startswith("((", self.at) and (end := self.arithmetic(self.at)) > 0:
            self.blanks(end)
            return self._loop("", (), start, True)
        end = self.word(self.at)
        name = self.plain(Raw(self.at, end))
        if not _NAME.match(name):
            self.mistaken("a loop needs the name of its variable", start)
        self.blanks(end)
        self.newlines()
        words: list[Raw] | None = None
        if self.peek_word() == "in":
            self.take("in")
            words = []
            while self.at < self.size and (end := self.word(self.at)) > self.at and self.text[self.at] != "#":
                words.append(Raw(self.at, end))
                self.blanks(end)
        return self._loop(name, None if words is None else tuple(words), start, False)

    def _loop(self, name: str, words: tuple[Raw, ...] | None, start: int, counted: bool) -> Statement:
        if self.text.startswith(";", self.at):
            self.blanks(self.at + 1)
        self.newlines()
        if self.peek_word() == "{":
            body: tuple[AndOr, ...] = (AndOr((Pipeline((self._braces(),), False, ";"),), False),)
        else:
            self._expect("do", "for", start)
            body = self._body()
            self._expect("done", "for", start)
        return For(name, words, body, start, self.at, counted)

    def _case(self) -> Statement:
        start = self.take("case")
        end = self.word(self.at)
        subject = Raw(self.at, end)
        self.blanks(end)
        self.newlines()
        self._expect("in", "case", start)
        arms: list[Arm] = []
        while self.at < self.size and self.budget[0] > 0:
            self.newlines()
            if self.at >= self.size or self.peek_word() == "esac":
                break
            arm = self._arm()
            if arm is None:
                break
            arms.append(arm)
        self._expect("esac", "case", start)
        return Case(subject, tuple(arms), start, self.at)

    def _arm(self) -> Arm | None:
        if self.text.startswith("(", self.at):
            self.blanks(self.at + 1)
        patterns: list[Raw] = []
        while (end := self.word(self.at)) > self.at:
            patterns.append(Raw(self.at, end))
            self.blanks(end)
            if not self.text.startswith("|", self.at):
                break
            self.blanks(self.at + 1)
        if not patterns or not self.text.startswith(")", self.at):
            self.mistaken("an arm of case needs a pattern and a parenthesis", self.at)
            return None
        self.blanks(self.at + 1)
        body = self._list()
        end_mark = next((mark for mark in (";;&", ";;", ";&") if self.text.startswith(mark, self.at)), "")
        self.blanks(self.at + len(end_mark))
        if not end_mark and self.peek_word() != "esac":
            self.mistaken("an arm of case is not closed by ;;", patterns[0].start)
            return None
        return Arm(tuple(patterns), body, end_mark or ";;")

    def _function(self) -> Statement:
        start = self.take("function")
        end = self.word(self.at)
        name = self.plain(Raw(self.at, end))
        self.blanks(end)
        if self.text.startswith("(", self.at):
            self.blanks(self.at + 1)
            self._close(")", self.at)
        return self._body_of(name, start)

    def _function_of(self, word: Raw) -> Statement | None:
        """``NAME() …``: ``self.at`` is at the parenthesis; None when it is something else."""
        closing = BLANK.match(self.text, self.at + 1, self.size)
        at = closing.end() if closing else self.at + 1
        if not self.text.startswith(")", at):
            return None
        if not _FUNCTION.match(self.text, word.start, word.end):
            self.mistaken("no function can be called so", word.start)
        self.blanks(at + 1)
        return self._body_of(self.plain(word), word.start)

    def _body_of(self, name: str, start: int) -> Statement:
        self.newlines()
        if self.depth >= DEEPEST:
            self.mistaken("too much stands inside one another", self.at)
            self.at = self.size
        self.depth += 1
        body = self._statement() if self.at < self.size else None
        self.depth -= 1
        if body is None:
            self.mistaken(f"function {name} has no body", start)
            body = Group((), False, start, self.at)
        return Function(name, body, start, self.at)

    # ── words ─────────────────────────────────────────────────────────────────────────────────

    def substitution(self, at: int) -> int:
        inner = Parser(self.text, at, self.size, self.depth, self.budget)
        inner.no_arithmetic_before = self.no_arithmetic_before
        inner.everything(")")
        self.no_arithmetic_before = inner.no_arithmetic_before
        if inner.mistake is not None:
            self.mistake = self.mistake or inner.mistake
        if inner.at >= self.size:
            self.mistaken("this parenthesis is not closed", at - 1, True)
            return self.size
        return inner.at + 1

    def _expect(self, word: str, opener: str, start: int) -> None:
        if self.at < self.size and self.peek_word() == word:
            self.take(word)
        else:
            self.mistaken(f'"{opener}" is not followed by "{word}"', start, self.at >= self.size)

    def _close(self, closer: str, start: int) -> None:
        if self.text.startswith(closer, self.at):
            self.blanks(self.at + 1)
        else:
            self.mistaken("this parenthesis is not closed", start, self.at >= self.size)


_COMPOUND = {
    "{": Parser._braces,
    "if": Parser._if,
    "while": Parser._while,
    "until": Parser._while,
    "for": Parser._for,
    "select": Parser._for,
    "case": Parser._case,
    "function": Parser._function,
}
