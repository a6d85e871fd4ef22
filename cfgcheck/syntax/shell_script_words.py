"""From words as they are written to words as a command gets them: quotes taken away, variables put in."""

from __future__ import annotations

import re

from cfgcheck.syntax.shell_script import MOST_COMMANDS, Parser
from cfgcheck.syntax.shell_script_parameters import GLOB, Parameters, joined, trimmed
from cfgcheck.syntax.shell_script_scan import ASSIGNMENT, DEEPEST, IN_DOUBLE, RUN, WORD_END
from cfgcheck.syntax.shell_script_scope import Scope
from cfgcheck.syntax.shell_script_tree import Raw
from cfgcheck.syntax.shell_word import Builder, Locate, Word

_PAIR = r"(?:\\\n)*"
_NAME = re.compile(rf"{_PAIR}([A-Za-z_](?:{_PAIR}[A-Za-z0-9_])*)", re.ASCII)
_SPECIAL = re.compile(r"[@*#?$!0-9-]")
_BRACED = re.compile(
    r"([#!]?)([A-Za-z_](?:\w|\\\n)*|\d+|[@*#?$!-])(?:\[([^\]]*)\])?(:?[-=?+]|##?|%%?|\^\^?|,,?|//?|:|@)?", re.ASCII
)
_WHOLE = re.compile(
    r'("?)\$(?:([@*])|\{([@*])(?::(\d+))?\}|(\d)|\{(\d{1,4})\}|\{([A-Za-z_]\w*)\[([@*])\]\})\1\Z', re.ASCII
)
_MOST_PATTERN = 200
_COST_OF_OUTPUT = 1000
MOST_CHARACTERS = 5_000_000
"""That variables may put into the words of one script, all in all."""

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b", "E": "\x1b"}


class WordReader(Parameters):
    """Expands the words of one script."""

    def __init__(self, text: str, locate: Locate) -> None:
        super().__init__()
        self.text = text
        self.locate = locate
        self.scanner = Parser(text, 0, len(text), 0, [MOST_COMMANDS])
        self.depth = 0
        self.left = MOST_CHARACTERS

    def words(self, raws: tuple[Raw, ...], scope: Scope) -> tuple[list[tuple[str, Word]], list[Word]]:
        """The assignments in front of a command, and its words. Assignments without a command change the scope."""
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        alone = all(ASSIGNMENT.match(self.text, raw.start, raw.end) for raw in raws)
        for raw in raws:
            name = ASSIGNMENT.match(self.text, raw.start, raw.end) if not words else None
            if name is not None:
                assignments.append((name[0], self.assigned(raw, scope, name.end(), alone)))
            else:
                declares = bool(words) and words[0].value in _DECLARING
                words += self.expand(raw, scope, split=not declares)
        return assignments, words

    def assigned(self, raw: Raw, scope: Scope, equals: int, keep: bool) -> Word:
        """The value of ``NAME=value``, located with its name. ``keep``: the scope gets it."""
        name, appends = self.text[raw.start : equals], self.text[equals] == "+"
        if self.text.startswith("(", equals + 1 + appends):
            return self._assigned_array(raw, scope, name, appends, keep)
        word = self.one(raw, scope)
        at = word.template.find("=") + 1
        text = word.template[at:]
        value = Word(text if word.known else None, text, word.span, word.because, False, word.variables)
        if appends:
            value = joined(self.value(name, True), value)
        if keep and "[" not in name:
            scope.assign(name, value)
        elif keep:
            scope.forget(name.partition("[")[0], "cfgcheck does not follow single elements of a list")
        return value

    def _assigned_array(self, raw: Raw, scope: Scope, name: str, appends: bool, keep: bool) -> Word:
        words = self.array(raw, scope)
        before = scope.arrays.get(name) if appends else ()
        if keep:
            scope.assign_array(name, None if before is None or words is None else before + words)
        text = self.text[raw.start + len(name) + 1 + appends : raw.end]
        return Word(None, text, self.locate(raw.start, raw.end), "it is a list of words")

    def array(self, raw: Raw, scope: Scope) -> tuple[Word, ...] | None:
        """The words of ``NAME=(…)``."""
        at = self.text.find("(", raw.start) + 1
        words: list[Word] = []
        while at < raw.end - 1:
            if self.text[at] in WORD_END:
                at += 1
            elif self.text[at] == "#":
                at = self.text.find("\n", at, raw.end) + 1 or raw.end
            else:
                end = max(self.scanner.word(at), at + 1)
                words += self.expand(Raw(at, min(end, raw.end)), scope)
                at = end
        return None if any(word.bare and not word.known for word in words) else tuple(words)

    def one(self, raw: Raw, scope: Scope) -> Word:
        """The word as one, also where a variable in it holds spaces."""
        found = self.expand(raw, scope, split=False)
        return found[0] if found else Word("", "", self.locate(raw.start, raw.end))

    def expand(self, raw: Raw, scope: Scope, split: bool = True) -> list[Word]:
        """The words that one becomes: none, one or several."""
        self.scope = scope
        if split and (whole := _WHOLE.match(self.text, raw.start, raw.end)) is not None:
            given = self._whole(whole)
            if given is not None:
                return given
        word = Builder(raw.start, split)
        self._read(word, raw.start, raw.end, False, False)
        return word.words(raw.end, self.locate)

    def _whole(self, found: re.Match[str]) -> list[Word] | None:
        """A word that is nothing but arguments (``"$@"``, ``$1``, ``"${args[@]}"``): they keep their own places."""
        quoted = bool(found[1])
        star = "*" in (found[2] or "", found[3] or "", found[8] or "")
        if found[7]:
            words = self.scope.arrays.get(found[7])
        elif self.scope.arguments is None:
            return None
        elif found[2] or found[3]:
            skipped = int(found[4][:4]) - 1 if found[4] else 0
            words = self.scope.arguments[max(skipped, 0) :]
        else:
            number = int(found[5] or found[6])
            if number == 0 or number > len(self.scope.arguments):
                return None
            words = self.scope.arguments[number - 1 : number]
        if words is None or (star and quoted):
            return None
        self.left -= 8 * len(words)
        if self.left < 0:
            return None
        return list(words) if quoted else [part for word in words for part in word.fields()]

    # ── the pieces of a word ──────────────────────────────────────────────────────────────────────────────────

    def _read(self, word: Builder, at: int, end: int, double: bool, default: bool) -> None:
        """Append what stands between ``at`` and ``end``. ``double``: in double quotes; ``default``: within ``${X:-…}``,
        where white space is part of the text."""
        text = self.text
        while at < end:
            run = (IN_DOUBLE if double else RUN).match(text, at, end)
            if run is not None:
                word.parts.append(run[0])
                at = run.end()
                continue
            char = text[at]
            if char == "\\":
                at = self._backslash(word, at, end, double)
            elif char == '"':
                close = min(self.scanner.double(at), end)
                word.quoted = True
                closed = text[close - 1 : close] == '"' and close - 1 > at
                self._nested(word, at + 1, close - 1 if closed else close, True)
                at = close
            elif char == "'" and not double:
                close = text.find("'", at + 1, end)
                close = end if close < 0 else close
                word.parts.append(text[at + 1 : close])
                word.quoted = True
                at = min(close + 1, end)
            elif char == "$":
                at = self._dollar(word, at, end, double)
            elif char == "`":
                close = min(self.scanner.backquotes(at), end)
                self._output(word, text[at:close], text[at + 1 : close - 1], double)
                at = close
            elif default and not double and char in " \t\n":
                self._put(word, char, False)
                at += 1
            else:
                at = self._other(word, at, end)

    def _put(self, word: Builder, value: str, quoted: bool) -> None:
        """Append what an expansion comes to."""
        self.left -= len(value)
        if self.left < 0:
            word.unknown("", "the script's variables grow too long", quoted)
        else:
            word.expand(value, quoted)

    def _nested(self, word: Builder, at: int, end: int, double: bool, default: bool = False) -> None:
        if self.depth > DEEPEST:
            word.unknown(self.text[at:end], "too much stands inside one another", double)
            return
        self.depth += 1
        self._read(word, at, end, double, default)
        self.depth -= 1

    def _backslash(self, word: Builder, at: int, end: int, double: bool) -> int:
        if self.text.startswith(("\\\n", "\\\r\n"), at):
            return at + (2 if self.text[at + 1] == "\n" else 3)
        escaped = self.text[at + 1 : min(at + 2, end)]
        keeps = double and escaped not in ("$", "`", '"', "\\")
        word.parts.append("\\" + escaped if keeps or not escaped else escaped)
        word.quoted = True
        return at + 2

    def _other(self, word: Builder, at: int, end: int) -> int:
        """``{``, ``#`` in a word, ``<%``: a template's placeholder, or the character itself."""
        close = self.scanner.placeholder(at)
        if close > at:
            text = self.text[at : min(close, end)]
            word.unknown(text, "a template placeholder stands there", text.startswith("{{"))
            return min(close, end)
        if self.text[at] in "<>" and self.text.startswith("(", at + 1):
            word.unknown(self.text[at:end], "it is the output of a command", True)
            return end
        word.parts.append(self.text[at])
        return at + 1

    # ── expansions ────────────────────────────────────────────────────────────────────────────────────────────

    def _dollar(self, word: Builder, at: int, end: int, quoted: bool) -> int:
        text = self.text
        if (name := _NAME.match(text, at + 1, end)) is not None:
            self._variable(word, name[1].replace("\\\n", ""), quoted)
            return name.end()
        begin = at + 1
        while text.startswith("\\\n", begin):
            begin += 2
        char = text[begin : min(begin + 1, end)]
        if char == "{":
            close = min(self.scanner.braces(begin, quoted), end)
            self._braces(word, Raw(at, close), begin + 1, quoted)
            return close
        if char == "(":
            close = min(self.scanner.dollar(at, quoted), end)
            self._output(word, text[at:close], text[begin + 1 : close - 1], quoted)
            return close
        if char == "'" and not quoted:
            close = min(self.scanner.ansi(begin), end)
            self._ansi(word, text[begin + 1 : close - 1])
            return close
        if char == '"' and not quoted:
            return begin
        if char and _SPECIAL.match(char):
            self._parameter(word, char, quoted)
            return begin + 1
        word.parts.append("$")
        return at + 1

    def _variable(self, word: Builder, name: str, quoted: bool) -> None:
        scope = self.scope
        if name in scope.values:
            self._put(word, scope.values[name], quoted)
        elif name in scope.unknown:
            word.unknown(f"${{{name}}}", scope.unknown[name], quoted)
        elif not scope.complete:
            word.unknown(f"${{{name}}}", f"it depends on the environment variable {name}", quoted)
        else:
            self._put(word, "", quoted)

    def _parameter(self, word: Builder, name: str, quoted: bool) -> None:
        """``$1``, ``$#``, ``$@`` inside of a larger word."""
        value = self.value(name, quoted and word.split)
        if isinstance(value, str):
            self._put(word, value, quoted)
        else:
            word.unknown(f"${name}", value[1] if value else f"${name} is given when the script is run", quoted)

    def _braces(self, word: Builder, whole: Raw, at: int, quoted: bool) -> None:
        """``${…}``: ``at`` is behind the brace."""
        close = whole.end - 1 if self.text[whole.end - 1 : whole.end] == "}" else whole.end
        shown = self.text[whole.start : whole.end]
        head = _BRACED.match(self.text, at, close)
        opaque = f"cfgcheck does not evaluate {shown}"
        if head is None or head[1] == "!" or head[3] is not None:
            word.unknown(shown, opaque, quoted)
            return
        name, operator = head[2].replace("\\\n", ""), head[4] or ""
        if head[1] == "#":
            value = self.value(name, quoted and word.split)
            if isinstance(value, str) and head.end() == close:
                self._put(word, str(len(value)), quoted)
            else:
                word.unknown(shown, opaque, quoted)
        elif not operator:
            if head.end() != close:
                word.unknown(shown, opaque, quoted)
            elif name[0].isalpha() or name[0] == "_":
                self._variable(word, name, quoted)
            else:
                self._parameter(word, name, quoted)
        elif operator.lstrip(":") in ("-", "=", "?", "+") and operator != ":":
            self._conditional(word, name, operator, Raw(head.end(), close), quoted)
        else:
            self._changed(word, name, operator, Raw(head.end(), close), quoted, shown)

    def _conditional(self, word: Builder, name: str, operator: str, rest: Raw, quoted: bool) -> None:
        """``${NAME:-default}`` and its kin. ``rest``: where the default stands."""
        value = self.value(name, quoted and word.split)
        variable = name[0].isalpha() or name[0] == "_"
        if isinstance(value, tuple):
            word.unknown(f"${{{name}}}" if variable else f"${name}", value[1], quoted)
            return
        unset = value is None or (not variable and not value and not self.given(name))
        missing = unset or (operator[0] == ":" and not value)
        kind = operator[-1]
        if kind == "+":
            if not missing:
                self._nested(word, rest.start, rest.end, quoted, True)
            elif unset and variable and not self.scope.complete:
                word.unknown(f"${{{name}}}", f"it depends on the environment variable {name}", quoted)
            else:
                self._put(word, "", quoted)
        elif not missing:
            self._put(word, value or "", quoted)
        elif kind == "?":
            because = f"it depends on the environment variable {name}"
            word.unknown(f"${{{name}}}", because, quoted)
        else:
            self._default(word, name, rest, quoted, kind == "=")
            if unset and variable:
                word.variables.append(name)

    def _default(self, word: Builder, name: str, rest: Raw, quoted: bool, assigns: bool) -> None:
        if not assigns:
            if rest.start == rest.end:
                self._put(word, "", quoted)
            self._nested(word, rest.start, rest.end, quoted, True)
            return
        inner = Builder(rest.start, False)
        self._nested(inner, rest.start, rest.end, True, True)
        value = inner.word(max(rest.end, rest.start + 1), self.locate)
        self.scope.assign(name, value)
        if value.value is not None:
            self._put(word, value.value, quoted)
        else:
            word.unknown(value.template, value.because, quoted)

    def _changed(self, word: Builder, name: str, operator: str, rest: Raw, quoted: bool, shown: str) -> None:
        """``${NAME#prefix}``, ``${NAME%suffix}``, ``${NAME^^}``, ``${NAME,,}``."""
        value = self.value(name, quoted and word.split)
        changed: str | None = None
        if isinstance(value, str) and len(value) <= _MOST_PATTERN:
            if operator in ("^^", ",,") and rest.start == rest.end:
                changed = value.upper() if operator == "^^" else value.lower()
            elif operator in ("#", "##", "%", "%%"):
                inner = Builder(rest.start, False)
                self._nested(inner, rest.start, rest.end, False, True)
                pattern = "".join(inner.parts)
                if inner.known and not (inner.quoted and GLOB.search(pattern)) and len(pattern) <= _MOST_PATTERN:
                    changed = trimmed(value, operator, pattern)
        if changed is not None:
            self._put(word, changed, quoted)
        else:
            because = value[1] if isinstance(value, tuple) else f"cfgcheck does not evaluate {shown}"
            word.unknown(shown, because, quoted)

    def _output(self, word: Builder, shown: str, command: str, quoted: bool) -> None:
        scope = self.scope
        self.left -= _COST_OF_OUTPUT
        arithmetic = shown.startswith("$((")
        asks = self.left > 0 and not arithmetic and scope.output is not None
        printed = scope.output(command) if asks and scope.output is not None else None
        self.scope = scope
        if printed is not None:
            self._put(word, printed.rstrip("\n"), quoted)
            return
        because = f"cfgcheck does not evaluate {shown}" if arithmetic else "it is the output of a command"
        word.unknown(shown, because, quoted)

    def _ansi(self, word: Builder, text: str) -> None:
        """``$'…'`` (Bash; dash takes the dollar for itself)."""
        word.quoted = True
        if re.search(r"\\[^ntrabfveE\\'\"]", text):
            word.unknown(f"$'{text}'", "cfgcheck does not evaluate its escapes", True)
            return
        word.parts.append(re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text, flags=re.DOTALL))


_DECLARING = frozenset({"export", "local", "readonly", "declare", "typeset"})
