"""What an app server's settings, command and environment tell of the application in it."""

from __future__ import annotations

import re
from typing import Any

from cfgcheck.generate.importing.draft import Draft
from cfgcheck.generate.importing.notes import Notes, is_generated
from cfgcheck.generate.importing.result import Key
from cfgcheck.model.app import App, AppKind
from cfgcheck.model.located import Located
from cfgcheck.source.file import Span

_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?::[A-Za-z_]\w*)?\Z")
_CALL = re.compile(r"([\w.]+(?::[A-Za-z_]\w*)?)\(.*\)\Z", re.DOTALL)
_PROGRAM = re.compile(r"(?:^|[\s\"'=])(/[^\s\"']+)/bin/(?:gunicorn|uwsgi|uvicorn|python[\d.]*)(?=[\s\"']|$)")
_FILE = re.compile(r"\.py(:\w+)?\Z")
_COMMENT = re.compile(r"\s+[#;].*\Z", re.DOTALL)
_SYSTEM = ("/usr", "/usr/local", "/opt/venv", "")
_DJANGO = re.compile(r"[\w.]+\.(?:wsgi|asgi)(?::application)?\Z")


def module_of(app: App) -> Located[Any]:
    """Module and callable as the server is told them; unknown where it isn't told."""
    if app.kind is AppKind.GUNICORN:
        positional = [use.value for use in app.uses if use.name == "APP_MODULE"]
        return positional[-1] if positional else _setting(app, "wsgi_app")
    if app.kind is AppKind.UWSGI:
        return _uwsgi_module(app)
    for use in app.uses:
        if use.canonical.lower() in ("app", "application") or use.name in ("APP", "APPLICATION"):
            return use.value
    return Located.unknown("the server is told no application")


def _uwsgi_module(app: App) -> Located[Any]:
    named = _setting(app, "module")
    if not named.get(None):
        named = _setting(app, "wsgi-file")
        if isinstance(named.get(None), str):
            stem = re.sub(r"\.(?:py|wsgi)$", "", str(named.value)).removeprefix("./")
            stem = stem if stem.startswith("/") else stem.replace("/", ".")
            named = named.with_value(stem)
    told = _setting(app, "callable")
    callable_ = told.get(None) if told.by_hand else None
    if isinstance(named.get(None), str) and callable_ and ":" not in str(named.value):
        return named.with_value(f"{named.value}:{callable_}")
    return named


def _setting(app: App, name: str) -> Located[Any]:
    return app.settings.get(name) or Located.unknown(f"`{name}` is not set")


def put_application(draft: Draft, place: Key, app: App, notes: Notes) -> str:
    """Set the keys of ``app:``. Gives the module."""
    at = (*place, "app")
    module, span = _module(draft, app)
    draft.put((*at, "module"), module, span)
    draft.put((*at, "framework"), _framework(app, module, notes))
    if app.facts.worker_class.known:
        draft.put((*at, "interface"), "asgi" if _is_asgi(app) else "wsgi")
    directory = _directory(app)
    if directory is not None:
        draft.put((*at, "directory"), directory[0], directory[1])
    environment = _virtualenv(app)
    if environment is not None:
        draft.put((*at, "virtualenv"), environment[0], environment[1])
    return module


def _module(draft: Draft, app: App) -> tuple[str, Span | None]:
    located = module_of(app)
    value = located.get(None)
    span = located.span or app.span
    if not isinstance(value, str) or not value:
        draft.leave(span, app.label, "which application it runs is not told: `app` is a guess, put its module there")
        return "app:application", None
    if _FILE.search(value) or "/" in value:
        named = _FILE.sub(r"\1", value).removeprefix("./")
        named = named.rpartition("/")[2] if named.startswith("/") else named.replace("/", ".")
        if _MODULE.match(named):
            draft.leave(span, f"`{value}`", f"names a file: `app: {named}` is a guess")
            return named, span
    if _MODULE.match(value):
        return value, span
    called = _CALL.match(value)
    plain = called[1] if called else ""
    guess = plain if _MODULE.match(plain) else "app:application"
    why = "a factory's call; give the module a name for its result" if called else "no module and callable"
    draft.leave(span, f"`{value}`", f"{why}: `app: {guess}` is a guess")
    return guess, None


def _framework(app: App, module: str, notes: Notes) -> str | None:
    noted = notes.get("framework")
    if noted is not None or is_generated(app.span.file):
        return noted
    if "DJANGO_SETTINGS_MODULE" in app.environment or _DJANGO.match(module):
        return "django"
    return None


def _is_asgi(app: App) -> bool:
    worker = app.facts.worker_class.get("")
    return app.kind not in (AppKind.GUNICORN, AppKind.UWSGI) or worker in ("asgi", "uvicorn")


def _directory(app: App) -> tuple[str, Span | None] | None:
    for name in ("chdir", "chdir2"):
        found = app.settings.get(name)
        if found is not None and found.by_hand and isinstance(found.get(None), str) and found.value.startswith("/"):
            return _path(app, found.value), found.span
    return (app.folder, app.span) if app.folder.startswith("/") and app.folder != "/" else None


def _virtualenv(app: App) -> tuple[str, Span | None] | None:
    for name in ("virtualenv", "home", "venv", "pyhome"):
        found = app.settings.get(name)
        if found is not None and found.by_hand and isinstance(found.get(None), str) and found.value.startswith("/"):
            return _path(app, found.value), found.span
    program = _PROGRAM.search(app.span.text) if app.unit is not None else None
    if program is None or program[1] in _SYSTEM:
        return None
    return program[1], app.span


def _path(app: App, text: str) -> str:
    """uWSGI takes a comment behind a value for a part of it; its author did not."""
    return _COMMENT.sub("", text) if app.kind is AppKind.UWSGI else text
