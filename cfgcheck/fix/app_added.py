"""New options on a command line, laid out like their neighbours."""

from __future__ import annotations

import re

from cfgcheck.findings import Edit
from cfgcheck.fix.app_flags import Given, starts_with_fastapi
from cfgcheck.fix.app_text import as_item, as_word
from cfgcheck.fix.app_words import (
    BLOCK_GAP,
    FAR,
    FLOW_GAP,
    TEXT_GAP,
    Option,
    begins_with_dash,
    layout_of,
    option_of,
    outer,
    stands_in,
)
from cfgcheck.fix.editing import CannotFix
from cfgcheck.model.app import App, SettingUse
from cfgcheck.source.file import SourceFile, Span

_GAP_BEHIND = re.compile(r"[ \t]*\\?\r?\n[ \t]*(?=[^\s#])")
_NAME = re.compile(r"[\"']?[^\s\"',\]\\]+[\"']?")
_FASTAPI = re.compile(r"[\w./-]*fastapi[ \t]+(?:run|dev)(?=\s)")


def added(app: App, given: list[Given]) -> Edit:
    """New options of an app's command: behind its other options and before its application. Errors: CannotFix."""
    near = _neighbour(app)
    file = app.span.file
    if near is None:
        start, end, quote, layout = _name(app)
        option = Option(start, end, False, quote if layout != "text" else "", layout)
        gap = _gap_behind(file, option)
    else:
        option, gap = near, _gap(file, near)
    text = "".join(f"{gap}{_written(one, option, gap, file)}" for one in given)
    return Edit(Span(file, option.end, option.end), text)


def _neighbour(app: App) -> Option | None:
    """The last option before the application, or else the last one of all."""
    named = [use.span.start for use in app.uses if use.canonical in ("wsgi_app", "app") and not _is_option(use)]
    module = next((at for at in named if app.span.start <= at < app.span.end), app.span.end)
    options = [use for use in app.uses if _is_option(use) and use.canonical and stands_in(use.span, app.span)]
    found = []
    for use in options:
        try:
            found.append(option_of(use, app.span.start))
        except CannotFix:
            return None
    found = [one for one in found if one.end <= module] or found
    return max(found, key=lambda one: one.end, default=None)


def _is_option(use: SettingUse) -> bool:
    return use.name.startswith("-") or begins_with_dash(use.span)


def _name(app: App) -> tuple[int, int, str, str]:
    """The word of the program's name."""
    name = app.kind.value
    found = _NAME.match(app.span.text)
    if starts_with_fastapi(app):
        name, found = "fastapi", _FASTAPI.match(app.span.text)
    if found is None or name not in found[0]:
        several = list(re.finditer(rf"(?<![\w./-])[\w./-]*{name}[\w.-]*(?=\s)", app.span.text))
        if len(several) != 1:
            raise CannotFix(f"the command does not tell where {app.server}'s options begin")
        found = several[0]
    start, end = app.span.start + found.start(), app.span.start + found.end()
    bare = found[0].strip("\"'")
    inner = start + found[0].index(bare)
    start, end, quote = outer(Span(app.span.file, inner, inner + len(bare)))
    return start, end, quote, layout_of(app.span.file, start, end, quote)


def _gap(file: SourceFile, option: Option) -> str:
    """What stands between a word and the one before it."""
    before = file.text[max(0, option.start - FAR) : option.start]
    pattern = {"text": TEXT_GAP, "flow": FLOW_GAP, "block": BLOCK_GAP}[option.layout]
    found = pattern.search(before)
    if option.layout == "block":
        assert found is not None
        return found[0] if "\n" in found[0] else f"\n{found[0]}"
    return found[0] if found is not None else _DEFAULT[option.layout]


_DEFAULT = {"text": " ", "flow": ", ", "block": "\n- "}


def _gap_behind(file: SourceFile, option: Option) -> str:
    if option.layout == "block":
        return _gap(file, option)
    behind = _GAP_BEHIND.match(file.text, option.end) if option.layout == "text" else None
    return behind[0] if behind is not None else _DEFAULT[option.layout]


def _written(given: Given, near: Option, gap: str, file: SourceFile) -> str:
    value = given.value or ""
    glued = bool(value) and (given.must_glue or value.startswith("-") or (near.glued and _has_equals(file, near)))
    if near.layout != "text":
        words = [f"{given.flag}={value}"] if glued else [given.flag, *([value] if value else [])]
        return gap.join(as_item(word, near.quote, file) for word in words)
    return f"{given.flag}{'=' if glued else ' '}{as_word(value, file, near.end)}" if value else given.flag


def _has_equals(file: SourceFile, option: Option) -> bool:
    return "=" in file.text[option.start : option.end]
