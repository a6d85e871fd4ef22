"""uWSGI's YAML configurations, which two parsers read differently (core/yaml.c; facts 7.13, 7.31, 7.32).

A uWSGI built without libyaml (as pip builds it) has a line parser of its own: quotes are part of the value, ``#`` cuts
anywhere, a list ends the reading. One built with libyaml (Debian's) reads YAML. Which one runs a file nobody tells, so:

- plain ``key: value`` lines mean the same to both;
- where the line parser would lose options (lists, block scalars), the author's uWSGI must have libyaml, whose reading
  counts;
- where both read all keys but not the same value (``processes: "3"`` is 3 or 0), the value is unknown.
"""

from __future__ import annotations

import re
from typing import Any

from cfgcheck.findings import Problem
from cfgcheck.syntax.uwsgi_entry import Entry, Reading
from cfgcheck.syntax.uwsgi_text import MagicText

LARGEST = 512 * 1024
"""Characters; a larger file is no configuration, and scanning it would take minutes."""

_BLANKS = " \t"
_PLAIN = re.compile(r"[ \t]+[\w.-]+:[ \t]+[^\s\"'\[{&*!|>@`%#,?-][^#\"]*\Z")
_DEEPEST = 60


def read_yaml(text: MagicText, section: str = "uwsgi") -> Reading:
    """The options of the mapping ``section``."""
    reading = Reading()
    if len(text.text) > LARGEST:
        span = text.span(0, 1)
        reading.problems.append(Problem("unparsable-file", f"{text.file.path} is too large for a configuration", span))
        return reading
    own, plain = own_parser(text, section)
    if plain:
        reading.entries = own
    else:
        library, problem = libyaml(text, section)
        reading.entries = own if library is None else _reconciled(own, library)
        if problem is not None and not own:
            reading.problems.append(problem)
    reading.lost = bool(reading.problems)
    return reading


def _reconciled(own: list[Entry], library: list[Entry]) -> list[Entry]:
    if [entry.key for entry in own] != [entry.key for entry in library]:
        return library
    for mine, theirs in zip(own, library, strict=True):
        if mine.value != theirs.value:
            theirs.unknown = f"uWSGI without libyaml takes {mine.value!r} here, with libyaml {theirs.value!r}"
    return library


# ── the line parser of uWSGI's own ───────────────────────────────────────────────────────────────────────────────


def own_parser(text: MagicText, section: str) -> tuple[list[Entry], bool]:
    """What the built-in parser reads, and whether the lines are so plain that libyaml reads the same."""
    entries: list[Entry] = []
    inside, plain, position = False, True, 0
    indents: set[int] = set()
    while position < len(text.text):
        stop = text.text.find("\n", position)
        stop = len(text.text) if stop < 0 else stop
        start, position = position, stop + 1
        line = text.text[start:stop].partition("#")[0].partition("\0")[0]
        if not line:
            continue
        depth = _depth(line)
        if depth <= 0:
            if inside:
                return entries, plain and _rest_is_plain(text.text[start:]) and len(indents) < 2
            key = line.lstrip(" \t\r")
            inside = key[:1] not in ("-", "[", "{", "") and ":" in key and key.partition(":")[0] == section
            plain = plain and line.rstrip(" \t\r") in (f"{section}:", "---", "")
            continue
        if not inside or not line.strip(" \t\r"):
            continue
        indents.add(depth)
        plain = plain and _PLAIN.match(text.text[start:stop].rstrip("\r")) is not None
        entry = _line_entry(text, line, start)
        if entry is None:
            return entries, False
        entries.append(entry)
    return entries, plain and len(indents) < 2


def _rest_is_plain(rest: str) -> bool:
    """Whether nothing of what the line parser does not look at can be of this section."""
    return not rest[:1].isspace() and rest[:1] not in "-?"


def _depth(line: str) -> int:
    """Blanks at the beginning; a tab counts for eight."""
    depth = 0
    for character in line:
        if character not in " \t\r":
            break
        depth += 1 if character == " " else 8
    return depth


def _line_entry(text: MagicText, line: str, start: int) -> Entry | None:
    """The option of a line; None where the built-in parser stops reading the file."""
    key = line.lstrip(" \t\r")
    if key[:1] in ("-", "[", "{"):
        return None
    offset = start + len(line) - len(key)
    at = key.find(": ")
    at = key.find(":\t") if at < 0 else at
    if at < 0:
        return None
    name = key[:at].rstrip(_BLANKS)
    raw = key[at + 2 :]
    value = raw.lstrip(" \t\r").rstrip(_BLANKS)
    begin = offset + at + 2 + len(raw) - len(raw.lstrip(" \t\r"))
    key_span = text.span(offset, offset + len(name))
    value_span = text.span(begin, begin + len(value.rstrip("\r"))) if value.strip() else key_span
    return Entry(name, value, key_span, value_span)


# ── libyaml ──────────────────────────────────────────────────────────────────────────────────────────────────────


def libyaml(text: MagicText, section: str) -> tuple[list[Entry] | None, Problem | None]:
    """What a uWSGI with libyaml reads; None, and the problem, where libyaml refuses the file."""
    if _flow_depth(text.text) > _DEEPEST:
        return None, Problem("unparsable-file", "too deeply nested for a configuration", text.span(0, 1))
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    source = text.text.partition("\0")[0]
    machine = _Machine(text, section)
    try:
        for token in YAML(typ="safe", pure=True).scan(source):
            if not machine.take(token):
                break
    except MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        at = mark.index if mark is not None else 0
        return None, Problem("unparsable-file", f"not valid YAML: {error.problem}", text.span(at, at + 1))
    except (YAMLError, ValueError, IndexError) as error:
        return None, Problem("unparsable-file", f"not valid YAML: {str(error).splitlines()[0]}", text.span(0, 1))
    return machine.entries, None


def _flow_depth(text: str) -> int:
    deepest = depth = 0
    for found in re.finditer(r"[\[{\]}]", text):
        depth = depth + 1 if found.group() in "[{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest


class _Machine:
    """uWSGI's walk over libyaml's tokens, state by state (core/yaml.c ``uwsgi_yaml_config``)."""

    def __init__(self, text: MagicText, section: str) -> None:
        self.text = text
        self.section = section
        self.entries: list[Entry] = []
        self.status = ""
        self.inside = 0
        self.key: Any = None

    def take(self, token: Any) -> bool:
        """Take one token; False when uWSGI stops reading."""
        name = type(token).__name__
        if name in ("KeyToken", "ValueToken"):
            self.status = "key" if name == "KeyToken" else "value"
        elif name in ("FlowSequenceStartToken", "BlockSequenceStartToken"):
            self.inside += 1 if self.inside else 0
            self.status = "item"
        elif name in ("FlowEntryToken", "BlockEntryToken"):
            self.status = "item"
        elif name == "BlockMappingStartToken":
            if self.inside:
                self.inside += 1
            elif self.key is not None and self.key.value == self.section:
                self.inside = 1
        elif name in ("BlockEndToken", "FlowSequenceEndToken"):
            return self._end()
        elif name == "ScalarToken":
            return self._scalar(token)
        else:
            self.status = ""
        return True

    def _end(self) -> bool:
        going_on = True
        if self.inside:
            self.inside -= 1
            going_on = self.inside > 0
        self.key, self.status = None, ""
        return going_on

    def _scalar(self, token: Any) -> bool:
        if self.status == "key":
            self.key = token
            return True
        if self.status not in ("value", "item"):
            return False
        if self.key is not None and self.inside:
            self.entries.append(self._entry(token))
        if self.status == "value":
            self.key, self.status = None, ""
        return True

    def _entry(self, token: Any) -> Entry:
        key = self.text.span(self.key.start_mark.index, self.key.end_mark.index)
        start, end = token.start_mark.index, token.end_mark.index
        return Entry(str(self.key.value), str(token.value), key, self.text.span(start, end) if end > start else key)
