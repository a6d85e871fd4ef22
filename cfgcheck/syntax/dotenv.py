"""Environment files (``.env``): ``NAME=value`` a line, in the dialects of those who read them.

``compose``: Docker Compose, both for ``.env`` and ``env_file``; ``docker``: ``docker run --env-file`` and Compose's
``format: raw``; ``systemd``: ``EnvironmentFile=``; ``honcho``: the ``.env`` beside a Procfile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from cfgcheck.findings import Problem
from cfgcheck.record import replace
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.dotenv_variable import Variable, has_placeholder, lines, refused, variable
from cfgcheck.syntax.environment import NOTHING_KNOWN, Environment

__all__ = ["Dialect", "Variable", "read_dotenv", "with_variables"]

Dialect = Literal["compose", "docker", "systemd", "honcho"]

_HONCHO = re.compile(r"[ \t\r]*([A-Za-z_]\w*)[ \t\r]*=", re.ASCII)
_HONCHO_PIECE = re.compile(r"([^\s'\"\\#]++)|\s++|'([^']*+)'|\"((?:[^\"\\]++|\\.)*+)\"|\\(.)|(#.*)", re.DOTALL)
_IN_DOUBLE = re.compile(r"\\([\"\\])")


def read_dotenv(
    file: SourceFile, dialect: Dialect = "compose", environment: Environment = NOTHING_KNOWN
) -> tuple[list[Variable], list[Problem]]:
    """The variables of a file in order (of several with one name the last one counts), and what its reader refuses.

    ``environment``: what ``${NAME}`` may refer to besides the variables above it (``compose`` only).
    """
    if dialect == "compose":
        from cfgcheck.syntax.dotenv_compose import ComposeReader

        reader = ComposeReader(file, environment)
        reader.read()
        found, problems = reader.found, reader.problems
    elif dialect == "systemd":
        from cfgcheck.syntax.dotenv_systemd import read_systemd_environment

        found, problems = read_systemd_environment(file), []
    else:
        found, problems = _by_lines(file, dialect)
    # Lines may stand in a template that are made into variables, or nothing, later.
    return found, [] if problems and has_placeholder(file.text) else problems


def with_variables(environment: Environment, variables: Iterable[Variable]) -> Environment:
    """``environment`` and ``variables`` besides; they win over what was there."""
    values, unknown, spans = dict(environment.values), dict(environment.unknown), dict(environment.spans)
    for each in variables:
        values.pop(each.name, None)
        unknown.pop(each.name, None)
        if each.value is None:
            unknown[each.name] = each.because
        else:
            values[each.name] = each.value
        spans[each.name] = each.span
    return replace(environment, values=values, unknown=unknown, spans=spans)


def _by_lines(file: SourceFile, dialect: Dialect) -> tuple[list[Variable], list[Problem]]:
    found: list[Variable] = []
    problems: list[Problem] = []
    read = _honcho_line if dialect == "honcho" else _docker_line
    for start, end in lines(file.text):
        made = read(file, start, end)
        if isinstance(made, Variable):
            found.append(made)
        elif made is not None:
            problems.append(made)
    return found, problems


def _docker_line(file: SourceFile, start: int, end: int) -> Variable | Problem | None:
    """A line of ``docker run --env-file``: the value is everything after ``=``, quotes and all (docker/cli,
    ``pkg/kvfile``)."""
    text = file.text
    end -= text.endswith("\r", start, end)
    start += len(text[start:end]) - len(text[start:end].lstrip())
    if start >= end or text[start] == "#":
        return None
    at = text.find("=", start, end)
    name = start, at if at >= 0 else end
    if name[1] == start or any(character.isspace() for character in text[slice(*name)]):
        message = "this line is no variable: docker refuses the file"
        return refused(file, start, end, message, "write NAME=value, without spaces around =")
    if at < 0:
        return variable(file, name, name, None, "it is taken from the environment of docker")
    return variable(file, name, (at + 1, end), text[at + 1 : end])


def _honcho_line(file: SourceFile, start: int, end: int) -> Variable | Problem | None:
    """A line as Honcho splits it (``shlex``, the words of the value joined)."""
    line = file.text[start:end]
    head = _HONCHO.match(line)
    if head is None:
        return None
    parts: list[str] = []
    at = stop = begin = head.end()
    while at < len(line):
        piece = _HONCHO_PIECE.match(line, at)
        if piece is None:
            message = "this quote is never closed: Honcho refuses the file"
            return refused(file, start + at, end, message, "close the quote")
        if not parts and at == stop:
            begin = stop = piece.end() if piece[0].isspace() else at
        if piece[5]:
            break
        if not piece[0].isspace():
            parts.append(_honcho_text(piece))
            stop = piece.end()
        at = piece.end()
    value = "".join(parts)
    if not parts:
        return None
    name = start + head.start(1), start + head.end(1)
    value = value.replace("\\n", "\n").replace("\\t", "\t")
    return variable(file, name, (start + begin, start + stop), value)


def _honcho_text(piece: re.Match[str]) -> str:
    if piece[3] is not None:
        return _IN_DOUBLE.sub(r"\1", piece[3])
    return piece[1] or piece[2] or piece[4] or ""
