"""Environment files as Docker Compose reads them (compose-go, ``dotenv/parser.go``; both ``.env`` and ``env_file``)."""

from __future__ import annotations

import re

from cfgcheck.findings import Problem
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.dotenv_interpolation import Unknown, interpolate
from cfgcheck.syntax.dotenv_variable import Variable, has_placeholder, refused, variable
from cfgcheck.syntax.environment import NOTHING_KNOWN, Environment

_SPACE = " \t\v\f\r\x85\xa0"
_START = re.compile(r"(?:\s++|#[^\n]*+)*+")
_EXPORT = re.compile(r"export[ \t\r\f\v]+")
_KEY = re.compile(rf"([\w.\-\[\]{_SPACE}]*+)([=:\n]?)")
_TAG_LINE = re.compile(r"(?:\{%|<%|\{\{|\{#)[^\n]*")
_ESCAPE = re.compile(r"\\(?:([abcfnrtv$\"\\])|0(\d{0,3}))")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", '"': '"', "\\": "\\"}
_QUOTED = {quote: re.compile(rf"{quote}((?:[^{quote}\\]++|\\.)*+){quote}", re.DOTALL) for quote in ("'", '"')}
_INHERITED = "it is taken from the environment of docker compose"


class ComposeReader:
    """Reads one file. Variables of ``environment`` win over those of the file where a value refers to one."""

    def __init__(self, file: SourceFile, environment: Environment = NOTHING_KNOWN) -> None:
        self.file = file
        self.text = file.text
        self.environment = environment
        self.own: dict[str, str | Unknown] = {}
        self.found: list[Variable] = []
        self.problems: list[Problem] = []

    def read(self) -> None:
        at = 1 if self.text.startswith("\ufeff") else 0
        while (at := self._start(at)) < len(self.text):
            at = self._statement(at)

    def _start(self, at: int) -> int:
        match = _START.match(self.text, at)
        return match.end() if match else at

    def _statement(self, at: int) -> int:
        """Reads ``NAME=value`` from ``at`` on; where the next statement may begin."""
        if self.text[at] in "{<" and (tag := _TAG_LINE.match(self.text, at)) is not None and has_placeholder(tag[0]):
            return tag.end()
        if (export := _EXPORT.match(self.text, at)) is not None:
            at = export.end()
        key = _KEY.match(self.text, at)
        if key is None or not key[2]:
            end = key.end() if key is not None else at
            return self._no_name(at, end) if end < len(self.text) else end
        bare = key[1].rstrip()
        name = at, at + len(bare)
        if not bare.isidentifier() and any(space in bare for space in _SPACE):
            return self._no_name(at, name[1])
        if key[2] == "\n":
            self._keep(variable(self.file, name, name, None, _INHERITED))
            return key.end()
        if name[1] == name[0]:
            return self._no_name(at, at + 1)
        return self._value(name, key.end())

    def _no_name(self, at: int, bad: int) -> int:
        end = self.text.find("\n", at)
        end = len(self.text) if end < 0 else end
        message = "this line is no variable: docker compose refuses the file"
        self.problems.append(refused(self.file, at, min(bad + 1, end), message, "write NAME=value"))
        return end

    def _value(self, name: tuple[int, int], at: int) -> int:
        text = self.text
        while at < len(text) and text[at] in _SPACE:
            at += 1
        if text[at : at + 1] in ("'", '"') and at < len(text):
            return self._quoted(name, at, text[at])
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        comment = text.find(" #", at, end)
        stop = at + len(text[at : comment if comment >= 0 else end].rstrip())
        self._interpolated(name, (at, stop), text[at:stop])
        return end

    def _quoted(self, name: tuple[int, int], at: int, quote: str) -> int:
        match = _QUOTED[quote].match(self.text, at)
        if match is None:
            end = self.text.find("\n", at)
            end = len(self.text) if end < 0 else end
            message = "this quote is never closed: docker compose refuses the file"
            self.problems.append(refused(self.file, at, end, message, f"close it with {quote}"))
            self._keep(variable(self.file, name, (at, end), None, "its quote is never closed"))
            return end
        inner = match[1].replace("\\" + quote, quote) if "\\\\" not in match[1] else _unquoted(match[1], quote)
        if quote == '"':
            self._interpolated(name, match.span(), _unescaped(inner))
        else:
            self._keep(variable(self.file, name, match.span(), inner))
        return match.end()

    def _interpolated(self, name: tuple[int, int], place: tuple[int, int], text: str) -> None:
        if "$" not in text:
            self._keep(variable(self.file, name, place, text))
            return
        result = interpolate(text, self._lookup, self.environment.complete)
        if result.invalid:
            message = f"{result.invalid}: docker compose refuses the file"
            self.problems.append(refused(self.file, *place, message, "write $$ for a dollar sign"))
            self._keep(variable(self.file, name, place, None, "docker compose refuses it"))
        else:
            self._keep(variable(self.file, name, place, result.value, result.because))

    def _lookup(self, name: str) -> str | Unknown | None:
        environment = self.environment
        if name in environment.values:
            return environment.values[name]
        if name in environment.unknown:
            return Unknown(environment.unknown[name])
        return self.own.get(name)

    def _keep(self, made: Variable) -> None:
        self.found.append(made)
        self.own[made.name] = made.value if made.value is not None else Unknown(made.because)


def _unquoted(text: str, quote: str) -> str:
    """A quote's text without the backslashes in front of that quote."""
    return re.sub(r"\\(.)", lambda pair: quote if pair[1] == quote else pair[0], text, flags=re.DOTALL)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    if match[1] == "$":
        return "$$"
    if match[1]:
        return _ESCAPES.get(match[1], match[0])
    digits = match[2]
    return chr(int(digits, 8)) if len(digits) == 3 and digits < "400" and set(digits) <= set("01234567") else match[0]
