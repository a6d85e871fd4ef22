"""Dockerfiles: their instructions, located.

Only how the file is written is decided here; what it builds is for ``load/dockerfile.py``. As BuildKit reads it: an
exec form that is no JSON array (``['gunicorn']``) is taken for the shell form without a word, so it is reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cfgcheck.findings import Problem
from cfgcheck.record import record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.dockerfile_json import read_array
from cfgcheck.syntax.dockerfile_lines import Heredoc, Line, logical_lines
from cfgcheck.syntax.dockerfile_words import raw_words, unquoted, word_end
from cfgcheck.syntax.shell_words import Locate, Word
from cfgcheck.syntax.template_mask import mask
from cfgcheck.syntax.templates import Template, detect, is_template_name

__all__ = ["Dockerfile", "Flag", "Heredoc", "Instruction", "read_dockerfile"]

KEYWORDS = frozenset(
    {
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
        "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    }
)  # fmt: skip

_ARRAYS = frozenset({"ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"})
_FLAGGED = frozenset({"ADD", "COPY", "FROM", "HEALTHCHECK", "RUN"})
_KEYWORD = re.compile(r"[^\s]+")
_BLANK = re.compile(r"\s*")
_NESTED = {"ONBUILD", "HEALTHCHECK"}
_LIKE_ARRAY = re.compile(r"\[\s*['\"‘’“”].*\]\Z", re.DOTALL)


@record(frozen=True)
class Flag:
    """``--from=build``. ``value``: "" for a flag without one; ``span``: all of it."""

    name: str
    value: str
    span: Span


@record(frozen=True)
class Instruction:
    """One instruction.

    ``keyword``: in capitals. ``span``: from the keyword to the end of its last line. ``text``: what follows keyword and
    flags, continuation lines joined; ``plain``: the same with a template's placeholders masked. ``words``: of the exec
    form (a JSON array), None for the shell form. ``trigger``: what ONBUILD keeps for later, the command of HEALTHCHECK.
    """

    keyword: str
    span: Span
    text: str
    plain: str
    locate: Locate
    flags: tuple[Flag, ...] = ()
    words: tuple[Word, ...] | None = None
    heredocs: tuple[Heredoc, ...] = ()
    trigger: Instruction | None = None

    def flag(self, name: str) -> Flag | None:
        return next((flag for flag in self.flags if flag.name == name), None)


@record(frozen=True)
class Dockerfile:
    """``escape``: the character that takes the meaning of others."""

    file: SourceFile
    instructions: tuple[Instruction, ...]
    problems: tuple[Problem, ...]
    escape: str = "\\"
    template: bool = False


def read_dockerfile(file: SourceFile) -> Dockerfile:
    """The instructions of a Dockerfile in order, with what Docker would refuse or misread. Of a template what it is
    about to become can't be refused: only the instructions are read."""
    template = _template(file)
    plain = mask(file.text, template, "\n").text if template is not None else file.text
    lines = logical_lines(file, plain)
    read = [_instruction(line, lines.escape) for line in lines.lines]
    found = tuple(instruction for instruction in read if instruction is not None)
    is_template = is_template_name(file.path) or (template is not None and template.has_tags)
    problems = () if is_template else (*lines.problems, *_refused(file, found, lines.escape))
    return Dockerfile(file, found, problems, lines.escape, is_template)


def _template(file: SourceFile) -> Template | None:
    """``$X`` is Docker's own, the other placeholders are not."""
    template = detect(file.path, file.text, "dockerfile")
    if template is None:
        return None
    dialects = template.dialects - {"envsubst", "python"}
    return Template(dialects) if dialects else None


def _instruction(line: Line, escape: str, start: int = 0) -> Instruction | None:
    """The instruction that begins at ``start`` of a line."""
    keyword = _KEYWORD.match(line.plain, start)
    if keyword is None:
        return None
    name = keyword[0].upper()
    at = _blank(line, keyword.end())
    flags: tuple[Flag, ...] = ()
    if name in _FLAGGED:
        flags, at = _flags(line, at, escape)
    trigger = None
    if name in _NESTED and not start:
        trigger = _instruction(line, escape, at) if at < len(line.plain) else None
    plain = line.plain[at:]

    def locate(begin: int, end: int) -> Span:
        return line.locate(at + begin, at + end)

    words = read_array(plain, locate) if name in _ARRAYS and plain.startswith("[") else None
    span = line.locate(start, len(line.plain))
    heredocs = tuple(line.heredocs)
    return Instruction(name, span, line.text[at:], plain, locate, flags, words, heredocs, trigger)


def _blank(line: Line, at: int) -> int:
    match = _BLANK.match(line.plain, at)
    return match.end() if match else at


def _flags(line: Line, at: int, escape: str) -> tuple[tuple[Flag, ...], int]:
    """The flags at the beginning, and where what follows them begins."""
    found: list[Flag] = []
    while line.plain.startswith("--", at):
        end = word_end(line.plain, at, escape)
        word = line.plain[at:end]
        name, _, value = word[2:].partition("=")
        if word == "--":
            return tuple(found), _blank(line, end)
        found.append(Flag(name, unquoted(value, escape), line.locate(at, end)))
        at = _blank(line, end)
    return tuple(found), at


def _refused(file: SourceFile, found: tuple[Instruction, ...], escape: str) -> Iterator[Problem]:
    """What Docker refuses; it stops at the first unknown instruction, and so does this."""
    unknown = next((one for one in found if one.keyword not in KEYWORDS), None)
    if unknown is not None:
        yield _unknown(unknown, escape)
        return
    first = next((one for one in found if one.keyword != "ARG"), None)
    if first is None or all(one.keyword != "FROM" for one in found):
        span = first.span if first is not None else file.span(0, min(len(file.text), 1))
        yield _problem("nothing is built from this file: it has no FROM", span, "begin it with FROM and a base image")
    elif first.keyword != "FROM":
        yield _problem(f"{first.keyword} stands before the first FROM, where only ARG may", first.span, "move it down")
    for one in found:
        yield from _malformed(one, escape)


def _malformed(one: Instruction, escape: str) -> Iterator[Problem]:
    if one.keyword == "FROM":
        words = [one.plain[start:end] for start, end in raw_words(one.plain, escape)]
        if len(words) != 1 and not (len(words) == 3 and words[1].upper() == "AS"):
            hint = "write FROM IMAGE, or FROM IMAGE AS NAME"
            yield _problem("FROM takes an image, and AS NAME behind it", one.span, hint)
    elif one.keyword == "ENV":
        yield from _no_assignment(one, escape)
    elif one.keyword in ("CMD", "ENTRYPOINT", "RUN") and one.words is None and one.plain.startswith("["):
        yield from _no_array(one)


def _no_assignment(one: Instruction, escape: str) -> Iterator[Problem]:
    """``ENV A=b c``: of several words each must be an assignment."""
    places = raw_words(one.plain, escape)
    if not places or "=" not in one.plain[slice(*places[0])]:
        return
    for start, end in places:
        if "=" not in one.plain[start:end]:
            hint = "write NAME=VALUE, and the whole value in double quotes when there are blanks in it"
            yield _problem(
                f"{one.text[start:end][:40]} is no assignment, so Docker refuses this ENV", one.locate(start, end), hint
            )
            return


def _no_array(one: Instruction) -> Iterator[Problem]:
    """A list that is none to Docker: other things than strings are refused, all else is a command for the shell."""
    from cfgcheck.syntax.dockerfile_json import is_other_array

    if is_other_array(one.plain):
        yield _problem(f"the list of {one.keyword} may hold strings only", one.span, "put each word in double quotes")
    elif one.keyword != "RUN" and _LIKE_ARRAY.match(one.plain):
        message = (
            f"this is no JSON list, so {one.keyword} gives it to a shell as it stands, which finds no program called "
            f"{_shell_word(one.plain)}"
        )
        hint = 'write ["PROGRAM", "ARGUMENT"]: double quotes, commas between, none at the end'
        yield _problem(message, one.span, hint)


def _shell_word(plain: str) -> str:
    words = raw_words(plain[:200])
    return unquoted(plain[: words[0][1]]) if words else "["


def _unknown(one: Instruction, escape: str) -> Problem:
    from difflib import get_close_matches

    name = one.keyword[:40]
    near = get_close_matches(name, sorted(KEYWORDS), 1, 0.75)
    span = one.span.file.span(one.span.start, one.span.start + len(one.keyword))
    if near:
        return _problem(f"{name} is no instruction of a Dockerfile", span, f"write {near[0]}")
    hint = f"if it belongs to the line above, end that with {escape}"
    return _problem(f"{name} is no instruction of a Dockerfile", span, hint)


def _problem(message: str, span: Span, hint: str) -> Problem:
    return Problem("unparsable-file", message, span, hint)
