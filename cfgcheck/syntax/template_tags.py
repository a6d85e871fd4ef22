"""The tags of template languages: where they stand, and which open, part and close a choice or a loop."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import IntEnum

from cfgcheck.syntax.templates import PLACEHOLDERS, VARIABLE, Template


class Role(IntEnum):
    """What a tag does to the text around it."""

    VALUE = 0
    """Something stands in its place afterwards: a placeholder."""
    NOTHING = 1
    """Leaves no trace: a comment, an assignment."""
    BEGIN = 2
    """Opens a choice or a loop."""
    OTHERWISE = 3
    """Begins the next alternative of the innermost choice."""
    FINISH = 4
    """Closes the innermost choice or loop."""
    LITERAL = 5
    """What follows is no template text up to the matching tag (Jinja's ``raw``)."""


Tag = tuple[int, int, Role]
"""Start and end offset of what is written, and its role."""


_JINJA_BEGIN = frozenset({"if", "for", "block", "macro", "call", "filter", "autoescape", "with", "trans", "switch"})
_JINJA_OTHERWISE = frozenset({"else", "elif", "elseif", "elsif", "case", "when", "default", "pluralize", "empty"})
_GO_BEGIN = frozenset({"if", "range", "with", "define", "block"})
_ERB_BEGIN = re.compile(r"(?:if|unless|case|for|while|until|begin)\b|.*(?:\bdo|\{)\s*(?:\|[^|]*\|)?\s*\Z", re.DOTALL)
_ERB_OTHERWISE = re.compile(r"(?:else|elsif|when|rescue|ensure)\b|\}\s*else\b")
_ERB_FINISH = re.compile(r"(?:end\b|\})\s*\S{0,40}\Z")
_WORD = re.compile(r"\w+")
_GO_ASSIGNMENT = re.compile(r"\$\w+(?:\s*,\s*\$\w+)?\s*:?=")


def _first_word(inside: str) -> str:
    found = _WORD.match(inside)
    return found[0] if found else ""


def _jinja_statement(inside: str) -> Role:
    word = _first_word(inside)
    if word == "raw":
        return Role.LITERAL
    if word in _JINJA_BEGIN or (word == "set" and "=" not in inside):
        return Role.BEGIN
    if word in _JINJA_OTHERWISE:
        return Role.OTHERWISE
    if word.startswith("end"):
        return Role.FINISH
    return Role.VALUE if word == "include" else Role.NOTHING


def _go_action(inside: str) -> Role:
    if inside.startswith(("/*", "!")) or _GO_ASSIGNMENT.match(inside):
        return Role.NOTHING
    if inside.startswith(("#", "^")):
        return Role.BEGIN
    if inside.startswith("/"):
        return Role.FINISH
    word = _first_word(inside)
    if word in _GO_BEGIN:
        return Role.BEGIN
    if word == "else":
        return Role.OTHERWISE
    return Role.FINISH if word == "end" else Role.VALUE


def _erb(inside: str) -> Role:
    if inside.startswith("="):
        return Role.VALUE
    if inside.startswith("#"):
        return Role.NOTHING
    code = inside.strip("- \t\r\n")[:400]
    if _ERB_OTHERWISE.match(code):
        return Role.OTHERWISE
    if _ERB_BEGIN.match(code):
        return Role.BEGIN
    return Role.FINISH if _ERB_FINISH.match(code) else Role.NOTHING


def _value(_inside: str) -> Role:
    return Role.VALUE


def _nothing(_inside: str) -> Role:
    return Role.NOTHING


_PAIRS: dict[str, tuple[str, Callable[[str], Role]]] = {
    "{{{": ("}}}", _value),
    "{{": ("}}", _go_action),
    "{%": ("%}", _jinja_statement),
    "{#": ("#}", _nothing),
    "<%": ("%>", _erb),
}
_OPENING = {
    "go": re.compile(r"\{\{\{?"),
    "jinja": re.compile(r"\{\{\{?|\{%|\{\#"),
    "erb": re.compile(r"<%(?!%)"),
}
_ENDRAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_LONGEST = 4096
"""Characters; what opens and does not close within that is no tag."""


def tags(text: str, dialect: str) -> Iterator[Tag]:
    """The tags of ``go``, ``jinja`` or ``erb`` in order. An opening without its end is no tag."""
    opening = _OPENING[dialect]
    ends: dict[str, int] = {}
    found = opening.search(text)
    while found:
        close, role_of = _PAIRS[found[0]]
        if dialect == "jinja" and found[0] == "{{":
            role_of = _value
        at = found.end()
        if ends.get(close, -1) < at:
            end = text.find(close, at)
            ends[close] = len(text) if end < 0 else end
        end = ends[close]
        if end < min(len(text), at + _LONGEST):
            at = end + len(close)
            role = role_of(text[found.end() : end].lstrip("-+~ \t\r\n"))
            if role is Role.LITERAL:
                raw_end = _ENDRAW.search(text, at)
                yield found.start(), at, Role.NOTHING
                if raw_end is None:
                    return
                yield raw_end.start(), raw_end.end(), Role.NOTHING
                at = raw_end.end()
            else:
                yield found.start(), at, role
        found = opening.search(text, at)


def placeholders(text: str, template: Template) -> Iterator[Tag]:
    """The placeholders that are no tags: of envsubst and of the dialects of PLACEHOLDERS."""
    if template.variables:
        for found in VARIABLE.finditer(text):
            if (found[1] or found[2]) in template.variables:
                yield found.start(), found.end(), Role.VALUE
    for dialect, pattern in PLACEHOLDERS.items():
        if dialect in template.dialects:
            for found in re.finditer(pattern, text):
                yield found.start(), found.end(), Role.VALUE


def all_tags(text: str, template: Template) -> list[Tag]:
    """Every tag and placeholder of a template, in order, none over another."""
    found: list[Tag] = []
    for dialect in _OPENING:
        if dialect in template.dialects:
            found.extend(tags(text, dialect))
    found.extend(placeholders(text, template))
    if "python" in template.dialects:
        found = list(_conditional_lines(text, sorted(found)))
    result: list[Tag] = []
    end = 0
    for tag in sorted(found):
        if tag[0] >= end:
            result.append(tag)
            end = tag[1]
    return result


_CONDITIONAL = re.compile(r"^[ \t]*(%\{[a-z_]\w*\})(?=[ \t]*(\S?))", re.MULTILINE)


def _conditional_lines(text: str, found: list[Tag]) -> Iterator[Tag]:
    """``%{name}`` that lines begin with, each to be switched off (``name`` is then "#"): a choice, not a value."""
    lines = [match for match in _CONDITIONAL.finditer(text) if match[2] not in (";", "=")]
    names = {match[1] for match in lines if match[2]}
    starts = {match.start(1) for match in lines if match[1] in names}
    yield from (tag for tag in found if tag[0] not in starts)
    name, end = "", -1
    for match in lines:
        if match.start(1) not in starts:
            continue
        line_end = text.find("\n", match.end(1))
        line_end = len(text) if line_end < 0 else line_end
        if match[1] == name and match.start() == end + 1:
            yield match.start(1), match.end(1), Role.NOTHING
        else:
            if name:
                yield end, end, Role.FINISH
            yield match.start(1), match.end(1), Role.BEGIN
        name, end = match[1], line_end
    if name:
        yield end, end, Role.FINISH
