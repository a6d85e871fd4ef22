"""Dockerfiles: the signal that stops the container, and its variables."""

from __future__ import annotations

import re

from cfgcheck.findings import Edit
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.order_text import indentation, line_before, replaced
from cfgcheck.rules.changes import Order
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.dockerfile import Dockerfile, Instruction, read_dockerfile

_STARTERS = ("CMD", "ENTRYPOINT")
_VALUE = re.compile(r"[\w.,:/@+-]*\Z")
_KEYWORD = re.compile(r"(\S+)(\s+)")


def in_dockerfile(change: Order) -> list[Edit]:
    """The edits of a Dockerfile. Errors: CannotFix."""
    parsed = read_dockerfile(change.unit.span.file)
    if change.name == "stop_signal":
        return [_stop_signal(parsed, change)]
    if change.name == "environment":
        return [_variable(parsed, change.value)]
    raise CannotFix(f"a Dockerfile does not tell that ({change.name}): whoever starts the container does")


def set_stop_signal(place: Span, name: str) -> Edit:
    """Another signal in the STOPSIGNAL that holds a place. Errors: CannotFix."""
    parsed = read_dockerfile(place.file)
    found = [one for one in parsed.instructions if one.keyword == "STOPSIGNAL" and _holds(one, place)]
    if not found:
        raise CannotFix("the signal is set where it can't be changed")
    return _signal_of(found[0], name)


def _stop_signal(parsed: Dockerfile, change: Order) -> Edit:
    own = [one for one in _last_stage(parsed) if one.keyword == "STOPSIGNAL"]
    if own:
        return _signal_of(own[-1], change.value)
    return _before_the_command(parsed, "STOPSIGNAL", f"SIG{str(change.value).removeprefix('SIG')}")


def _signal_of(one: Instruction, name: str) -> Edit:
    place = one.locate(0, len(one.text)) if one.text else one.span
    if "$" in place.text or "\n" in place.text or not place.text.strip():
        raise CannotFix("the signal comes from a variable")
    prefix = "SIG" if not place.text.upper().startswith(tuple("KTIQHUW")) else ""
    return replaced(place.file, place.start, place.end, prefix + str(name).removeprefix("SIG"))


def _variable(parsed: Dockerfile, assignment: str) -> Edit:
    name, _, value = assignment.partition("=")
    if not _VALUE.match(value):
        raise CannotFix("the value can't be written into a Dockerfile as it stands")
    if any(one.keyword == "ENV" and re.search(rf"\b{re.escape(name)}\b", one.text) for one in _last_stage(parsed)):
        raise CannotFix(f"{name} is set in the Dockerfile already")
    return _before_the_command(parsed, "ENV", assignment)


def _before_the_command(parsed: Dockerfile, keyword: str, text: str) -> Edit:
    """A new instruction in front of the last stage's CMD or ENTRYPOINT, in its letters."""
    starters = [one for one in _last_stage(parsed) if one.keyword in _STARTERS]
    if not starters:
        raise CannotFix("the last stage of the Dockerfile starts nothing itself")
    at = starters[0].span.start
    written = keyword.lower() if starters[0].span.text[:3].islower() else keyword
    return line_before(parsed.file, at, f"{indentation(parsed.file.text, at)}{written} {text}")


def _last_stage(parsed: Dockerfile) -> list[Instruction]:
    if parsed.template:
        raise CannotFix("the Dockerfile is made from a template")
    begins = [at for at, one in enumerate(parsed.instructions) if one.keyword == "FROM"]
    return list(parsed.instructions[begins[-1] :]) if begins else []


def _holds(one: Instruction, place: Span) -> bool:
    return one.span.start <= place.start < one.span.end


def instruction_at(file: SourceFile, place: Span) -> Instruction | None:
    """The CMD or ENTRYPOINT that holds a place; None where the file is no Dockerfile or has none there."""
    if not re.search(r"^[ \t]*FROM[ \t]", file.text, re.MULTILINE | re.IGNORECASE):
        return None
    parsed = read_dockerfile(file)
    return next((one for one in parsed.instructions if one.keyword in _STARTERS and _holds(one, place)), None)
