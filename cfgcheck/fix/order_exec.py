"""``exec`` in front of a command: it takes the place of the shell that starts it, and hears the order to stop."""

from __future__ import annotations

import json
import re
import shlex

from cfgcheck.findings import Edit
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.order_dockerfile import instruction_at
from cfgcheck.fix.order_text import replaced
from cfgcheck.model.app import App
from cfgcheck.rules.changes import Order
from cfgcheck.source.file import Span
from cfgcheck.syntax.dockerfile import Instruction
from cfgcheck.syntax.environment import NOTHING_KNOWN
from cfgcheck.syntax.shell_script_commands import commands_of
from cfgcheck.syntax.shell_word import in_file

_ASSIGNMENTS = re.compile(
    r"(?:[A-Za-z_]\w*+=(?:[^\s\"'\\$`;&|()<>]|\$\w++|\$\{\w++\}|\"[^\"\\`]*+\"|'[^']*+')*+[ \t]++)*+"
)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_WORD = re.compile(r"[\w./$\"'{~-]")
_KEYWORDS = re.compile(r"(?:exec|command|builtin|time|source|\.|eval|trap|if|while|for|until|case|\{|\(|!)(?=\s|\Z)")
_BEHIND = re.compile(r"[ \t]*(\|\||\||&&|&)?")
_LOOP = re.compile(r"(?:^|[\s;])done(?=[\s;|&)]|\Z)")
_QUOTED = re.compile(r"'[^']*'|\"[^\"$`\\]*\"")
_SHELL_SYNTAX = re.compile(r"[$`&|;<>()*?\[\]{}~!#\\\"'\n\r]")


def with_exec(change: Order) -> list[Edit]:
    """``exec`` for every command that a shell starts and stays above of, on the way to an app. Errors: CannotFix."""
    app = change.value
    if not isinstance(app, App) or not app.shells:
        raise CannotFix("which command the shell starts is not known")
    return [_edit(place, app) for place in app.shells]


def _edit(place: Span, app: App) -> Edit:
    instruction = instruction_at(place.file, place)
    alone = not any(_inside(other, place) for other in app.shells if other is not place)
    if instruction is not None and alone and _is_plain_command(instruction, place):
        return _as_list(instruction)
    return _prefixed(place, app.kind.value)


def _inside(inner: Span, outer: Span) -> bool:
    return inner.file is outer.file and outer.start <= inner.start < outer.end


def _is_plain_command(one: Instruction, place: Span) -> bool:
    """Whether a CMD holds one command on one line, with nothing in it that only a shell understands. An ENTRYPOINT in
    this form takes no arguments, and would take them as a list."""
    text = one.text.strip()
    inside = _QUOTED.sub("", text)
    whole = one.words is None and place.start <= one.locate(0, 1).start
    alone = "\n" not in one.span.text and not _SHELL_SYNTAX.search(inside) and not _ASSIGNMENT.match(text)
    return one.keyword == "CMD" and whole and alone and not _KEYWORDS.match(text)


def _as_list(one: Instruction) -> Edit:
    words = shlex.split(one.text)
    end = one.span.start + len(one.span.text.rstrip())
    return replaced(one.span.file, one.locate(0, 1).start, end, json.dumps(words, ensure_ascii=False))


def _prefixed(place: Span, server: str) -> Edit:
    script = place.file.text.startswith("#!") or place.file.path.endswith(".sh")
    place = place if script else _single(place, server)
    _refuse_others(place)
    text = place.file.text
    found = _ASSIGNMENTS.match(text, place.start, place.end)
    at = found.end() if found is not None else place.start
    if not script and re.search(r"[\"'\\]", text[place.start : at]):
        raise CannotFix("the command has quoted variables in front of it")
    rest = text[at : place.end]
    if _ASSIGNMENT.match(rest) or _KEYWORDS.match(rest) or not _WORD.match(rest):
        raise CannotFix("the shell does more there than start one program")
    return replaced(place.file, at, at, "exec ")


def _single(place: Span, server: str) -> Span:
    """The command itself: of a script that stands in YAML over several lines only the whole is located, and its last
    command is meant."""
    unclear = CannotFix("where the command begins can't be told for sure")
    if place.text[:1] in ("'", '"'):
        raise unclear
    commands = commands_of(place.text, in_file(place.file, place.start), NOTHING_KNOWN)
    if len(commands) < 2:
        return place
    words = commands[-1].words
    if "\n" not in place.text or not words or not any(server in word.template for word in words):
        raise unclear
    if commands[-1].operator in ("|", "&") or commands[-2].operator == "|":
        raise CannotFix("the command runs beside others, so its shell has to stay")
    return commands[-1].span


def _refuse_others(place: Span) -> None:
    """Where the shell must stay: pipes, the background, loops."""
    text = place.file.text
    behind = _BEHIND.match(text, place.end)
    before = text[: place.start].rstrip(" \t")
    if (behind is not None and behind[1] in ("|", "&")) or (before.endswith("|") and not before.endswith("||")):
        raise CannotFix("the command runs beside others, so its shell has to stay")
    if place.text.rstrip().endswith("&"):
        raise CannotFix("the command runs in the background, so its shell has to stay")
    if _LOOP.search(text, place.end):
        raise CannotFix("the command stands in a loop, so its shell has to stay")
