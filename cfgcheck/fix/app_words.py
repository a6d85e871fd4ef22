"""Options on command lines, wherever a command is carried: as one text, or as a list with an item for each word."""

from __future__ import annotations

import re
from typing import NamedTuple

from cfgcheck.findings import Edit
from cfgcheck.fix.app_text import QUOTES, as_item, as_word, inside_quotes
from cfgcheck.fix.editing import CannotFix
from cfgcheck.model.app import SettingUse
from cfgcheck.source.file import SourceFile, Span

_AFTER_BRACKET = re.compile(r"[\[,]\s*\Z")
_AFTER_DASH = re.compile(r"(?:\A|\n)[ \t]*(?:-[ \t]+)+\Z")
_BEFORE_BRACKET = re.compile(r"\s*[,\]]")
_LINE_ENDS = re.compile(r"[ \t]*(?:[ \t]#[^\n]*)?(?:\r?\n|\Z)")
TEXT_GAP = re.compile(r"(?:[ \t]*\\?\r?\n[ \t]*|[ \t]+)\Z")
FLOW_GAP = re.compile(r"\s*,\s*\Z")
BLOCK_GAP = re.compile(r"(?:\r?\n)?[ \t]*-[ \t]+\Z")
_FLAG = re.compile(r"[\"']*(--[\w-]+|-\w)")
_LAST_WORD = re.compile(r"[^\s\"',\[]+(?=[\"']?\Z)")
FAR = 400


class Option(NamedTuple):
    """An option as it stands there, quotes of a list's items counted: from its flag to the end of its value.

    ``glued``: the value follows in the same word. ``quote``: that of its first item, "" for none.
    ``layout``: ``text``, ``flow`` or ``block``: how the words of the command are put down.
    """

    start: int
    end: int
    glued: bool
    quote: str
    layout: str


# ── where an option stands ────────────────────────────────────────────────────────────────────────────────────────


def option_of(use: SettingUse, least: int) -> Option:
    """The option that a use is made by; it does not begin before ``least``. Errors: CannotFix where quotes and escapes
    hide it."""
    file, flag, start, end = use.span.file, _flag(use), use.span.start, use.span.end
    if begins_with_dash(use.span):
        glued = not re.search(r"[\s,]", use.span.text)
        within = outer(use.span)[2] and use.span.text[0] in QUOTES
        start, end = start + use.span.text.index("-"), end - bool(within and glued)
        last = None if glued else _LAST_WORD.search(use.span.text)
        end = max(end, outer(_part(use.span, *last.span()))[1] if last is not None else 0)
    else:
        glued, start = _before_value(file.text, flag, start, least)
        end = end if glued else outer(use.span)[1]
    start, first, quote = outer(Span(file, start, end if glued else start + len(flag)))
    end = max(end, first)
    layout = layout_of(file, start, end, quote)
    return Option(start, end, glued, quote if layout != "text" else "", layout)


def begins_with_dash(span: Span) -> bool:
    return span.text.lstrip("\"'").startswith("-")


def _part(span: Span, start: int, end: int) -> Span:
    return Span(span.file, span.start + start, span.start + end)


def _flag(use: SettingUse) -> str:
    """The flag as it is written, or as the server calls it where that is hidden."""
    if use.name.startswith("-"):
        return use.name
    written = _FLAG.match(use.span.text)
    return written[1] if written else use.name


def _before_value(text: str, flag: str, start: int, least: int) -> tuple[bool, int]:
    """Whether a value is glued to its flag, and where that begins."""
    for lead in (f"{flag}=", flag):
        if text.endswith(lead, least, start):
            return True, start - len(lead)
    at = text.rfind(flag, least, start)
    if at < 0 or len(re.sub(r"[\s\"',\\-]", "", text[at + len(flag) : start])) > 0:
        raise CannotFix("the option is hidden by quotes and escapes")
    return False, at


def outer(span: Span) -> tuple[int, int, str]:
    """A word with the quotes around it, and these."""
    text, start, end = span.file.text, span.start, span.end
    if end - start > 1 and text[start] in QUOTES and text[end - 1] == text[start]:
        return start, end, text[start]
    before = text[start - 1 : start]
    if before in QUOTES and before and text[end : end + 1] == before:
        return start - 1, end + 1, before
    return start, end, ""


def layout_of(file: SourceFile, start: int, end: int, quote: str) -> str:
    before = file.text[max(0, start - FAR) : start]
    if _AFTER_BRACKET.search(before) and _BEFORE_BRACKET.match(file.text, end):
        return "flow"
    return "block" if _AFTER_DASH.search(before) and _LINE_ENDS.match(file.text, end) else "text"


def stands_in(span: Span, whole: Span) -> bool:
    return span.file.path == whole.file.path and whole.start <= span.start and span.end <= whole.end


# ── another value ─────────────────────────────────────────────────────────────────────────────────────────────────


def other_value(use: SettingUse, value: str, least: int) -> Edit:
    """Another value for an option that has one. Errors: CannotFix."""
    try:
        option = option_of(use, least)
    except CannotFix:
        return other_text(use.span, use.text, value, _flag(use))
    if value.startswith("-") and not option.glued:
        raise CannotFix("a value that begins with a dash would be taken for an option")
    if option.layout == "text":
        return other_text(use.span, use.text, value, _flag(use))
    file = use.span.file
    if option.glued:
        word = file.text[option.start : option.end].strip("\"'")
        if not word.endswith(use.text) or "\\" in word:
            raise CannotFix("the value is hidden by escapes")
        lead = word[: len(word) - len(use.text)]
        return Edit(Span(file, option.start, option.end), as_item(f"{lead}{value}", option.quote, file))
    last = _LAST_WORD.search(use.span.text) if begins_with_dash(use.span) else None
    start, end, quote = outer(_part(use.span, *last.span()) if last is not None else use.span)
    bare = file.text[start:end].strip("\"'")
    if bare != use.text:
        raise CannotFix("the value is hidden by escapes")
    both = not quote and bare.isdigit() and value.isdigit()
    return Edit(Span(file, start, end), value if both else as_item(value, quote, file))


def other_text(span: Span, old: str, new: str, flag: str = "") -> Edit:
    """Another text in the place of one that stands there once, in whatever quotes."""
    file = span.file
    start, end = _stretch(span, old, flag)
    before, after = file.text[start - 1 : start], file.text[end : end + 1]
    if before in QUOTES and before == after and before:
        written = inside_quotes(new, before, file, layout_of(file, start - 1, end + 1, before) != "text")
    else:
        written = as_word(new, file, start)
    return Edit(Span(file, start, end), written)


def _stretch(span: Span, old: str, flag: str) -> tuple[int, int]:
    """Where exactly the characters of a value are."""
    written = span.text
    if written == old:
        return span.start, span.end
    if written in (f"'{old}'", f'"{old}"'):
        return span.start + 1, span.end - 1
    found: list[re.Match[str]] = []
    if old and flag:
        lead = rf"(?<![\w-]){re.escape(flag)}(?:[\"'\\]*[=,\s][\s\"'\\]*(?:-[ \t]+)?[\"'\\]*|[\"'\\]*)"
        found = list(re.finditer(rf"{lead}({re.escape(old)})(?![\w.:/-])", written))
    if old and not found:
        found = list(re.finditer(rf"(?<![\w.:/-])(?:(?<=:-)|(?<!-))({re.escape(old)})(?![\w.:/-])", written))
        found = found or list(re.finditer(rf"(?<=:-)({re.escape(old)})(?=\}})", written))
    if len(found) != 1:
        raise CannotFix(f"`{written}` gives it a value in a way that can't be changed for sure")
    return span.start + found[0].start(1), span.start + found[0].end(1)


# ── an option less ────────────────────────────────────────────────────────────────────────────────────────────────


def removed(file: SourceFile, option: Option) -> Edit:
    """The option and what parts it from the word before; or from the one behind, if it is the first."""
    before = file.text[max(0, option.start - FAR) : option.start]
    pattern = {"text": TEXT_GAP, "flow": FLOW_GAP, "block": BLOCK_GAP}[option.layout]
    found = pattern.search(before)
    start, end = option.start, option.end
    if option.layout == "flow" and found is None:
        behind = re.compile(r"\s*,\s*").match(file.text, end)
        end = behind.end() if behind else end
    elif found is not None and before[: found.start()].rstrip()[-1:] not in (":", "="):
        start -= len(found[0])
    else:
        behind = re.compile(r"[ \t]+").match(file.text, end)
        end = behind.end() if behind else end
    return Edit(Span(file, start, end), "")
