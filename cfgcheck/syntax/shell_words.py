"""Command lines as a POSIX shell reads them: commands, words and variables, all located.

Only what decides the words: quotes, backslashes, comments, separators, redirections, ``$NAME``, ``${NAME}``,
``${NAME:-default}``. What a shell would have to run to know (``$(…)``, arithmetic, ``$@``) is unknown, and so is a
variable that nobody set. Template placeholders (``{{ port }}``) are unknown as well.
"""

from __future__ import annotations

import re

from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.environment import NOTHING_KNOWN, Environment
from cfgcheck.syntax.shell_word import FIELD_END, Builder, Locate, ShellSyntaxError, Word, in_file
from cfgcheck.syntax.shlex_words import PlainLexer

__all__ = [
    "Assignment",
    "Command",
    "Locate",
    "ShellSyntaxError",
    "Word",
    "in_file",
    "split_commands",
    "split_words",
]


@record(frozen=True)
class Assignment:
    """``NAME=value`` in front of a command, or alone."""

    name: str
    word: Word


@record(frozen=True)
class Command:
    """One simple command: the assignments in front of it, its words without redirections, and the operator after it
    (``&&``, ``||``, ``;``, ``|``, ``&``, ``(``, ``)``, or "" at the end).

    ``environment``: the one given, and what commands before this one assigned or exported.
    """

    words: tuple[Word, ...]
    assignments: tuple[Assignment, ...]
    operator: str
    span: Span
    environment: Environment


_RUN = re.compile(r"[^\s'\"\\$`;&|<>(){#]+")
_SPACE = re.compile(r"[ \t\r\f\v]+|\\\r?\n")
_IN_DOUBLE = re.compile(r"[^\"\\$`{]+")
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_BRACED = re.compile(r"([A-Za-z_]\w*)(?:(:?[-=])([^\"'`$\\{}]*|\"[^\"`$\\]*\"|'[^']*'))?\}", re.ASCII)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?=\+?=)", re.ASCII)
_OPERATOR = re.compile(r"&&|\|\||;;|[;&|()\n]")
_REDIRECTION = re.compile(r"&?(?:<<<|<<-?|<>|<&|>>|>&|>\||<|>)(?:\d+|-)?")
_PLACEHOLDER = re.compile(r"\{\{[^\n]*?\}\}|\{%[^\n]*?%\}|<%[^\n]*?%>")
_SHELL = re.compile(r"(?:ba|da|a|k|z)?sh\Z")
_MOST_EXPORTS = 256
_RESERVED = frozenset({"if", "then", "elif", "else", "do", "while", "until", "{", "!", "time"})


def split_words(text: str, locate: Locate) -> list[Word]:
    """Words as ``shlex.split`` has them: quotes and backslashes, no variables, comments or operators.

    Raises ShellSyntaxError where ``shlex.split`` raises ValueError.
    """
    return PlainLexer(text, locate).words()


def split_commands(text: str, locate: Locate, environment: Environment = NOTHING_KNOWN) -> list[Command]:
    """The simple commands of a command line or small script, in order; those of ``sh -c '…'`` in place of it.

    Text that a shell would refuse (an open quote) is taken to its end: who owns the file reports it.
    """
    found: list[Command] = []
    for command in _ShellLexer(text, locate, environment).commands():
        script = _script(command)
        if script is None:
            found.append(command)
        else:
            inner, within = _inner(script)
            found += _ShellLexer(inner, within, command.environment).commands()
    return found


def _script(command: Command) -> Word | None:
    """The commands that ``sh -c COMMANDS`` is given, also behind ``exec`` or ``env``."""
    words = command.words
    for at, word in enumerate(words[:6]):
        if _SHELL.match(word.template.rpartition("/")[2]):
            for flag, following in zip(words[at + 1 :], words[at + 2 :], strict=False):
                if flag.template.startswith("-") and not flag.template.startswith("--") and "c" in flag.template:
                    return following
                if not flag.template.startswith("-"):
                    return None
    return None


def _inner(word: Word) -> tuple[str, Locate]:
    """The text inside a quoted word, and where it stands; where escapes make that unclear, the whole word."""
    span = word.span
    quote, inner = span.text[:1], span.text[1:-1]
    plain = quote in ("'", '"') and span.text.endswith(quote) and quote not in inner
    if plain and (quote == "'" or "\\" not in inner):
        return inner, in_file(span.file, span.start + 1)
    return word.template, lambda start, end: span


class _ShellLexer:
    """Reads commands in one pass; everything found open at the end is taken as closed there."""

    def __init__(self, text: str, locate: Locate, environment: Environment) -> None:
        self.text = text
        self.size = len(text)
        self.locate = locate
        self.environment = environment
        self.open_until_end = False
        self.unclosed: dict[str, int] = {}

    def commands(self) -> list[Command]:
        text, at, size = self.text, 0, self.size
        found: list[Command] = []
        words: list[Word] = []
        while at < size:
            char = text[at]
            if (space := _SPACE.match(text, at)) is not None:
                at = space.end()
            elif char == "#":
                at = text.find("\n", at)
                at = size if at < 0 else at
            elif (redirection := self._redirection(at)) > at:
                at = self._skip_word(redirection)
            elif (operator := _OPERATOR.match(text, at)) is not None:
                self._end(found, words, operator[0].strip() or ";")
                words = []
                at = operator.end()
            else:
                at = self._word(at, words)
        self._end(found, words, "")
        return found

    def _redirection(self, at: int) -> int:
        """The end of a redirection operator that begins at ``at`` (``2>&1``, ``>>``), or ``at``."""
        text, start = self.text, at
        while at < self.size and text[at].isdigit():
            at += 1
        if text.startswith("<%", at):
            return start
        match = _REDIRECTION.match(text, at)
        return match.end() if match else start

    def _skip_word(self, at: int) -> int:
        """Past the file name of a redirection; what ``2>&1`` duplicates is part of the operator already."""
        if self.text[at - 1].isdigit() or self.text[at - 1] == "-":
            return at
        while (space := _SPACE.match(self.text, at)) is not None:
            at = space.end()
        if at >= self.size or _OPERATOR.match(self.text, at) or self.text[at] in "<>":
            return at
        return self._word(at, [])

    def _end(self, found: list[Command], words: list[Word], operator: str) -> None:
        while words and words[0].value in _RESERVED:
            words.pop(0)
        if not words:
            return
        assignments: list[Assignment] = []
        while words and (name := _ASSIGNMENT.match(words[0].template)) is not None:
            assignments.append(_assignment(name[0], words.pop(0)))
        first, last = (words[0], words[-1]) if words else (assignments[0].word, assignments[-1].word)
        if assignments:
            first = assignments[0].word
        span = Span(first.span.file, first.span.start, max(last.span.end, first.span.end))
        found.append(Command(tuple(words), tuple(assignments), operator, span, self.environment))
        if (not words or words[0].value == "export") and len(self.environment.values) < _MOST_EXPORTS:
            self._export([*assignments, *_exported(words)])

    def _export(self, assignments: list[Assignment]) -> None:
        for name, word in ((each.name, each.word) for each in assignments):
            if word.value is not None:
                self.environment = self.environment.with_values({name: word.value}, {name: word.span})
            else:
                self.environment = self.environment.with_unknown(name, word.because)

    def _word(self, at: int, words: list[Word]) -> int:
        text, size = self.text, self.size
        word = Builder(at)
        while (at < size and text[at] not in " \t\r\n\f\v;&|()<>") or text.startswith("<%", at):
            char = text[at]
            if (run := _RUN.match(text, at)) is not None:
                word.parts.append(run[0])
                at = run.end()
            elif char == "'":
                end = text.find("'", at + 1)
                end = size if end < 0 else end
                word.parts.append(text[at + 1 : end])
                word.quoted = True
                at = min(end + 1, size)
            elif char == '"':
                at = self._double(word, at)
            elif char == "\\":
                if not text.startswith(("\\\n", "\\\r\n"), at):
                    word.parts.append(text[at + 1 : at + 2])
                at += 3 if text.startswith("\\\r\n", at) else 2
            elif char == "$" or char == "`":
                at = self._expansion(word, at, quoted=False)
            else:
                at = self._other(word, at)
        at = min(at, size)
        if word.splits and not self._assigns(word, words):
            words.extend(self._several(word, at))
        elif word.parts or word.quoted:
            words.append(word.word(at, self.locate))
        return at

    @staticmethod
    def _assigns(word: Builder, words: list[Word]) -> bool:
        """Whether a word is an assignment in front of a command: those are not split."""
        return bool(_ASSIGNMENT.match(word.parts[0])) and all(_ASSIGNMENT.match(each.template) for each in words)

    def _several(self, word: Builder, end: int) -> list[Word]:
        """The words that a known variable with spaces in it makes of one; all stand at the same place."""
        place = self.locate(word.start, end)
        variables = tuple(word.variables)
        texts = [text for text in "".join(word.parts).split(FIELD_END) if text] or [""] * word.quoted
        if not word.known:
            return [Word(None, text, place, word.because, word.bare, variables) for text in texts]
        return [Word(text, text, place, "", False, variables) for text in texts]

    def _other(self, word: Builder, at: int) -> int:
        """``{``, ``#`` in a word, ``<%``: a template's placeholder, or the character itself."""
        placeholder = self._placeholder(at)
        if placeholder:
            word.unknown(placeholder[0], "a template placeholder stands there", quoted=placeholder[0].startswith("{{"))
            return placeholder.end()
        word.parts.append(self.text[at])
        return at + 1

    def _placeholder(self, at: int) -> re.Match[str] | None:
        kind = self.text[at : at + 2]
        if kind not in ("{{", "{%", "<%") or at < self.unclosed.get(kind, 0):
            return None
        placeholder = _PLACEHOLDER.match(self.text, at)
        if not placeholder:
            # Nothing closes it on this line: not to be looked for again at each of a thousand brackets.
            end = self.text.find("\n", at)
            self.unclosed[kind] = self.size if end < 0 else end
        return placeholder

    def _double(self, word: Builder, at: int) -> int:
        text, size = self.text, self.size
        at += 1
        word.quoted = True
        while at < size and text[at] != '"':
            char = text[at]
            if (run := _IN_DOUBLE.match(text, at)) is not None:
                word.parts.append(run[0])
                at = run.end()
            elif char == "\\":
                escaped = text[at + 1 : at + 2]
                if escaped != "\n":
                    word.parts.append(escaped if escaped in ("$", "`", '"', "\\") else "\\" + escaped)
                at += 2
            elif char in "$`":
                at = self._expansion(word, at, quoted=True)
            else:
                at = self._other(word, at)
        return min(at + 1, size)

    def _expansion(self, word: Builder, at: int, quoted: bool) -> int:
        text = self.text
        if (name := _NAME.match(text, at + 1)) is not None and text[at] == "$":
            self._variable(word, name[0], quoted, None, False)
            return name.end()
        if text.startswith("${", at):
            if (braced := _BRACED.match(text, at + 2)) is not None:
                default = braced[3]
                if default is not None and default[:1] in ("'", '"'):
                    default, quoted = default[1:-1], True
                self._variable(word, braced[1], quoted, default, (braced[2] or "").startswith(":"))
                return braced.end()
            return self._opaque(word, at, at + 2, "{", "}", quoted)
        if text.startswith("$(", at):
            return self._opaque(word, at, at + 2, "(", ")", quoted)
        if text[at] == "`":
            end = text.find("`", at + 1)
            end = self.size if end < 0 else end + 1
            word.unknown(text[at:end], "it is the output of a command", quoted)
            return end
        if text[at + 1 : at + 2] and text[at + 1] in "@*#?$!-0123456789":
            word.unknown(text[at : at + 2], f"{text[at : at + 2]} is given when the script is run", quoted)
            return at + 2
        word.parts.append("$")
        return at + 1

    def _opaque(self, word: Builder, start: int, at: int, opening: str, closing: str, quoted: bool) -> int:
        """An expansion that only a shell can know, through its closing bracket (brackets in it are counted)."""
        depth, text = 1, self.text
        bracket = re.compile(f"[{re.escape(opening + closing)}]")
        while depth and not self.open_until_end:
            match = bracket.search(text, at)
            if not match:
                self.open_until_end = True
                break
            depth += 1 if match[0] == opening else -1
            at = match.end()
        if depth:
            # Never closed: a shell would ask for more. Everything that follows belongs to it.
            at = self.size
        because = "it is the output of a command" if opening == "(" else f"cfgcheck does not evaluate {text[start:at]}"
        word.unknown(text[start:at], because, quoted)
        return at

    def _variable(self, word: Builder, name: str, quoted: bool, default: str | None, empty_counts: bool) -> None:
        environment = self.environment
        if name in environment.values:
            value = environment.values[name]
            if default is not None and empty_counts and not value:
                value = default
            word.expand(value, quoted)
        elif name in environment.unknown:
            word.unknown(f"${{{name}}}", environment.unknown[name], quoted)
        elif default is not None:
            word.expand(default, quoted)
            word.variables.append(name)
        elif not environment.complete:
            word.unknown(f"${{{name}}}", f"it depends on the environment variable {name}", quoted)


def _assignment(name: str, word: Word) -> Assignment:
    text = word.template[len(name) :].removeprefix("+").removeprefix("=")
    value = text if word.known else None
    return Assignment(name, Word(value, text, word.span, word.because, False, word.variables))


def _exported(words: list[Word]) -> list[Assignment]:
    named = ((_ASSIGNMENT.match(word.template), word) for word in words[1:])
    return [_assignment(name[0], word) for name, word in named if name]
