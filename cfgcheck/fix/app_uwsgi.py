"""Settings in uWSGI's configuration files: another value, a new option, or one less, in each of the four forms."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from cfgcheck.findings import Edit
from cfgcheck.fix.app_lines import new_line_after, new_line_before, whole_lines
from cfgcheck.fix.app_text import text_of
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.layout import indentation, line_end, line_start
from cfgcheck.load.uwsgi_files import form_guessed
from cfgcheck.model.app import SettingUse
from cfgcheck.source.file import SourceFile, Span

_REFERENCE = re.compile(r"[$%@]\(")
_YAML_PLAIN = re.compile(r"[A-Za-z0-9/.:_][\w./:,@+=-]*\Z")
_HEADER = re.compile(r"^[ \t]*\[[^\]\n]*\][^\n]*$", re.MULTILINE)
_LOGIC = re.compile(r"^[ \t]*(?:if-|for\b|for-|end)", re.MULTILINE)
_SEPARATOR = re.compile(r"[ \t]*=[ \t]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)\Z")


def other_option(use: SettingUse, value: Any) -> Edit:
    """Another value for an option of a file. Errors: CannotFix."""
    file, form = use.span.file, form_guessed(use.span.file.path)
    place = use.value.span or use.span
    bare = place.end <= use.span.start + len(use.name) and place.text == use.span.text[: len(place.text)]
    if form == "ini":
        if bare or place.text == use.span.text:
            key = file.text[use.span.start : use.span.end].partition("=")[0].rstrip() or use.name
            return Edit(use.span, f"{key} = {_ini(value)}")
        return Edit(place, _ini(value))
    if form == "json":
        return Edit(place, _json(value, place.text))
    if bare:
        raise CannotFix(f"`{use.name}` stands there without a value")
    return Edit(place, _xml(value) if form == "xml" else _yaml(value, place.text))


def new_option(file: SourceFile, name: str, value: Any, uses: Sequence[SettingUse]) -> list[Edit]:
    """A new option of a file. ``uses``: what the file sets, in its order."""
    here = [use for use in uses if use.span.file is file or use.span.file.path == file.path]
    form = form_guessed(file.path)
    if not here:
        if form == "ini" and (head := re.search(r"^[ \t]*\[uwsgi\][ \t]*\r?$", file.text, re.MULTILINE)):
            return [new_line_after(file, head.start(), head.start(), f"{name} = {_ini(value)}")]
        raise CannotFix(f"{file.path} has no option beside which it could be written")
    if form == "ini":
        return [_new_in_ini(file, name, value, here)]
    if form == "json":
        return [_new_in_json(file, name, value, here[0])]
    if form == "xml":
        line = f"<{name}>{_xml(value)}</{name}>"
        return [new_line_before(file, here[0].span.start, line)]
    last = here[-1].span
    return [new_line_after(file, here[0].span.start, last.end, f"{name}: {_yaml(value, '')}")]


def _new_in_ini(file: SourceFile, name: str, value: Any, here: Sequence[SettingUse]) -> Edit:
    last = here[-1].span
    spaced = next((found[0] for use in reversed(here) if (found := _SEPARATOR.search(use.span.text))), " = ")
    line = f"{name}{spaced}{_ini(value)}"
    heads = [head for head in _HEADER.finditer(file.text) if head.start() < last.start]
    if _LOGIC.search(file.text) and heads:
        # In front of every `if-…`: there it holds whatever they ask.
        return new_line_after(file, heads[-1].start(), heads[-1].start(), line)
    return new_line_after(file, last.start, last.end, line)


def _new_in_json(file: SourceFile, name: str, value: Any, first: SettingUse) -> Edit:
    at = first.span.start - 1  # the quote of its key
    found = re.search(r"(?:\r?\n)?[ \t]*\Z", file.text[:at])
    gap = found[0] if found is not None and "\n" in found[0] else " "
    return Edit(Span(file, at, at), f"{json.dumps(name)}: {_json(value, '')},{gap}")


def without_option(use_span: Span) -> list[Edit]:
    """The option that holds a place goes. Errors: CannotFix where it can't be told apart."""
    file, form = use_span.file, form_guessed(use_span.file.path)
    text = file.text
    if form in ("ini", "yaml"):
        start = line_start(file, use_span.start) + len(indentation(file, use_span.start))
        return [whole_lines(file, start, line_end(file, use_span.end))]
    if form == "xml":
        start, end = _element(text, use_span)
        return [whole_lines(file, start, end)]
    line = text[text.rfind("\n", 0, use_span.start) + 1 : use_span.start]
    behind = re.compile(r"[ \t]*,[ \t]*").match(text, use_span.end)
    if behind is None or "[" in line:
        raise CannotFix("a comma less would have to go elsewhere")
    start = text.rfind('"', 0, use_span.start) if line.strip(' \t"') == "" else use_span.start - 1
    made = whole_lines(file, start, behind.end())
    return [made]


def _element(text: str, span: Span) -> tuple[int, int]:
    start = text.rfind("<", 0, span.start + 1)
    opened = re.compile(r"<([\w.-]+)[^<>]*?(/?)>").match(text, start)
    if opened is None:
        raise CannotFix("the element can't be told apart")
    if opened[2]:
        return start, opened.end()
    closed = re.compile(rf"[^<]*</{re.escape(opened[1])}\s*>").match(text, opened.end())
    if closed is None:
        raise CannotFix("the element holds others")
    return start, closed.end()


# ── values ────────────────────────────────────────────────────────────────────────────────────────────────────────


def refuse_references(value: Any) -> None:
    """Errors: CannotFix for a value that uWSGI would replace parts of, in files as on command lines."""
    if value is not None and _REFERENCE.search(text_of(value)):
        raise CannotFix("the value holds what uWSGI takes for a reference")


def _checked(value: Any) -> str:
    """A value as uWSGI's files give it."""
    text = text_of(value)
    if text != text.strip():
        raise CannotFix("uWSGI would not take the blanks around the value")
    return text.replace("%", "%%")


def _ini(value: Any) -> str:
    return _checked(value)


def _yaml(value: Any, before: str) -> str:
    text = _checked(value)
    if before[:1] in ("'", '"') or not _YAML_PLAIN.match(text) or text.endswith(":"):
        raise CannotFix("uWSGI's readers of YAML would not agree on the value")
    return text


def _xml(value: Any) -> str:
    text = _checked(value)
    if escape(text) != text:
        raise CannotFix("uWSGI's readers of XML would not agree on the value")
    return text


def _json(value: Any, before: str) -> str:
    text = _checked(value)
    if isinstance(value, bool) and before in ("true", "false", ""):
        return text
    if before[:1] != '"' and _NUMBER.match(text):
        return text
    return json.dumps(text, ensure_ascii=False)
