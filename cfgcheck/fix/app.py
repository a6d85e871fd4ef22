"""Settings of app servers, wherever they are set: in their own files, on command lines, in variables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from cfgcheck.findings import Edit
from cfgcheck.fix.app_added import added
from cfgcheck.fix.app_flags import gathers, options_for
from cfgcheck.fix.app_text import text_of
from cfgcheck.fix.app_words import option_of, other_text, other_value, removed, stands_in
from cfgcheck.fix.editing import CannotFix
from cfgcheck.model.app import App, AppKind, SettingUse
from cfgcheck.model.located import Located, Origin
from cfgcheck.rules.changes import Setting
from cfgcheck.source.file import SourceFile, Span

__all__ = ["edits_of_app_removal", "edits_of_setting"]

_GUNICORN = re.compile(r"[\"']?(?:[^\s\"'=]*/)?gunicorn(?:3|-\d[\d.]*)?(?:\.exe)?(?=[\s\"',\]]|\Z)")
_FAR = 200
"""Characters between an option and its value, at most."""


def edits_of_setting(change: Setting) -> list[Edit]:
    """What gives an app's setting a value; nothing where it has it already. Errors: CannotFix."""
    app, name, value = change.app, change.name, change.value
    located = app.settings.get(name)
    if located is None:
        raise CannotFix(f"{app.server} has no setting `{name}`")
    if app.kind is AppKind.UWSGI:
        from cfgcheck.fix.app_uwsgi import refuse_references

        refuse_references(value)
    uses = [use for use in app.uses if use.canonical == name]
    if value is None:
        return [edit for use in uses for edit in _without(app, use)]
    if _is_so(located, value) and not any(use.problem for use in uses):
        return []
    if located.origin is Origin.DECLARED:
        raise CannotFix(f"`{name}` is declared in the settings")
    deciding = _deciding(app, name, located, uses)
    if deciding:
        return _others(app, name, deciding, value)
    if located.origin is Origin.ENV and located.span is not None:
        return [other_text(located.span, located.text, text_of(value))]
    if located.by_hand and located.span is not None and app.kind is not AppKind.UWSGI:
        raise CannotFix(f"what sets `{name}` is not known")
    if not located.known and (app.opaque or located.span is not None):
        raise CannotFix(located.because)
    return _new(app, name, value)


def _is_so(located: Located[Any], value: Any) -> bool:
    """Whether somebody gave it that value already."""
    if not located.by_hand or not located.known:
        return False
    found = located.value
    if isinstance(found, tuple):
        return list(found) == (list(value) if isinstance(value, (list, tuple)) else [value])
    return bool(type(found) is type(value) and found == value)


# ── what is set already ───────────────────────────────────────────────────────────────────────────────────────────


def _deciding(app: App, name: str, located: Located[Any], uses: Sequence[SettingUse]) -> list[SettingUse]:
    """The uses that decide: the one at the value's place, or of a list all that add to it."""
    at = located.span
    found = [use for use in uses if at is not None and at in (use.value.span, use.span)]
    if found and not located.known and not found[-1].problem:
        raise CannotFix(located.because or "its value is not known")
    if not found or not gathers(app, name):
        return found[-1:]
    if app.kind is AppKind.UWSGI:
        return list(uses)
    last = found[-1]
    return [use for use in uses if (_on_command(app, use), use.name[:1]) == (_on_command(app, last), last.name[:1])]


def _others(app: App, name: str, uses: Sequence[SettingUse], value: Any) -> list[Edit]:
    """Other values at the places of those that are there."""
    if len(uses) == 1 and _in_python(app, uses[0]):
        from cfgcheck.fix.app_python import other_assignment, variable_of

        variable = variable_of(uses[0].span)
        if variable in app.variables:
            return [other_text(app.variables[variable], app.environment.get(variable, ""), text_of(value))]
        kept = value if gathers(app, name) or not isinstance(value, (list, tuple)) else text_of(value)
        return other_assignment(uses[0].span, name, kept)
    listed = list(value) if isinstance(value, (list, tuple)) and gathers(app, name) else [value]
    if len(listed) != len(uses):
        raise CannotFix(f"`{name}` is set in several places")
    pairs = zip(uses, listed, strict=True)
    return [edit for use, each in pairs for edit in _other(app, name, use, each)]


def _other(app: App, name: str, use: SettingUse, value: Any) -> list[Edit]:
    if not use.value.known and not use.problem:
        raise CannotFix(use.value.because)
    if use.text == text_of(value):
        return []
    if _on_command(app, use) or use.name.startswith("-"):
        wanted = options_for(app, name, value)[0] if _is_switch(use) else None
        if wanted is not None and wanted.value is None:
            return [Edit(use.span, use.span.text.replace(use.name, wanted.flag))]
        if wanted is not None:
            raise CannotFix(f"`{use.name}` takes no value")
        return [other_value(use, text_of(value), _least(app, use))]
    if app.kind is AppKind.UWSGI and _in_config(app, use.span.file):
        from cfgcheck.fix.app_uwsgi import other_option

        return [other_option(use, value)]
    return [other_text(use.span, use.text, text_of(value))]


def _is_switch(use: SettingUse) -> bool:
    return use.text in ("", use.name) and use.value.known


# ── what is not set yet ───────────────────────────────────────────────────────────────────────────────────────────


def _new(app: App, name: str, value: Any) -> list[Edit]:
    """Where the app's other settings are: in its file, or else on its command line."""
    config = config_of(app)
    if config is None:
        if app.span.file.path.startswith("$"):
            raise CannotFix("no file tells how it is started")
        return [added(app, options_for(app, name, value))]
    if app.kind is AppKind.UWSGI:
        from cfgcheck.fix.app_uwsgi import new_option

        values = list(value) if isinstance(value, (list, tuple)) else [value]
        return [edit for each in values for edit in new_option(config, name, each, app.uses)]
    from cfgcheck.fix.app_python import new_assignment

    settings = [use.canonical for use in app.uses if use.canonical and use.span.file.path == config.path]
    return new_assignment(config, name, value, settings)


def config_of(app: App) -> SourceFile | None:
    """The file that holds an app's settings; None where only a command does."""
    if app.kind is AppKind.UWSGI:
        return app.files[0] if app.files else None
    if app.kind is not AppKind.GUNICORN:
        return None
    if not _GUNICORN.match(app.span.text) and app.span.file in app.files and not _commanded(app):
        return app.span.file
    return next((file for file in app.files if file.path != app.span.file.path or file.whole is not file), None)


def _commanded(app: App) -> bool:
    return any(_on_command(app, use) for use in app.uses if use.value.origin is Origin.CLI)


def _in_config(app: App, file: SourceFile) -> bool:
    return any(file.path == each.path for each in app.files)


def _in_python(app: App, use: SettingUse) -> bool:
    return app.kind is AppKind.GUNICORN and use.name == use.canonical and _in_config(app, use.span.file)


def _on_command(app: App, use: SettingUse) -> bool:
    if use.value.origin in (Origin.FILE, Origin.ENV):
        return False
    return stands_in(use.span, app.span) and not _in_python(app, use)


# ── what shall not be set any more ────────────────────────────────────────────────────────────────────────────────


def _without(app: App, use: SettingUse) -> list[Edit]:
    if _in_python(app, use):
        from cfgcheck.fix.app_python import without_assignment

        return without_assignment(use.span)
    if _on_command(app, use) or use.name.startswith("-"):
        return [removed(use.span.file, option_of(use, _least(app, use)))]
    if app.kind is AppKind.UWSGI and _in_config(app, use.span.file):
        from cfgcheck.fix.app_uwsgi import without_option

        return without_option(use.span)
    raise CannotFix(f"`{use.name}` comes from a variable")


def _least(app: App, use: SettingUse) -> int:
    """Before which place an option of the app does not begin."""
    return app.span.start if stands_in(use.span, app.span) else max(0, use.span.start - _FAR)


def edits_of_app_removal(span: Span) -> list[Edit]:
    """What takes out the setting that holds a place, of a file that tells no more than its name. Errors: CannotFix."""
    name = span.file.path.rpartition("/")[2].lower()
    if name.endswith(".py"):
        from cfgcheck.fix.app_python import without_assignment

        return without_assignment(span)
    if re.search(r"^\s*(?:uwsgi:|<uwsgi\b|\{\s*\"uwsgi\"|\[uwsgi\])", span.file.text, re.MULTILINE):
        from cfgcheck.fix.app_uwsgi import without_option

        return without_option(span)
    return [removed(span.file, option_of(_use_at(span), max(0, span.start - _FAR)))]


def _use_at(span: Span) -> SettingUse:
    """An option as a use, told by its place alone: it, or its value."""
    before = span.file.text[: span.start]
    written = span.text.strip("\"'")
    flag = re.search(r"(-[\w-]*)(?:=|[\"']?[\s,\\-]*[\"']?)\Z", before)
    name = written.partition("=")[0].split()[0] if written.startswith("-") else flag[1] if flag else ""
    if not name:
        raise CannotFix("no option stands there")
    return SettingUse(name, "", Located.read(None, span), written, span)
