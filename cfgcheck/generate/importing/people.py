"""Whom an app runs as, and the variables that it is started with."""

from __future__ import annotations

import re
from typing import Any

from cfgcheck.generate.importing.draft import Draft
from cfgcheck.generate.importing.notes import is_generated, is_override
from cfgcheck.generate.importing.result import Key
from cfgcheck.model.app import App, SettingUse
from cfgcheck.model.located import Located
from cfgcheck.source.file import Span

_ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]{0,30}\Z")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,100}\Z")
_OF_THE_MANAGER = frozenset(
    {
        "PATH",
        "HOME",
        "PWD",
        "SHLVL",
        "USER",
        "LOGNAME",
        "SHELL",
        "HOSTNAME",
        "VIRTUAL_ENV",
        "RUNTIME_DIRECTORY",
        "STATE_DIRECTORY",
        "CACHE_DIRECTORY",
        "LOGS_DIRECTORY",
        "CONFIGURATION_DIRECTORY",
    }
)


def put_user(draft: Draft, place: Key, app: App) -> None:
    for user in _users(app):
        if not user.known or not user.by_hand or not user.value:
            continue
        name = str(user.value)
        if name in ("root", "0"):
            draft.leave(user.span, f"user `{name}`", "the app gets a user of its own")
        elif _ACCOUNT.match(name):
            draft.put((*place, "user"), name, user.span)
        else:
            draft.leave(user.span, f"user `{name}`", "a spec names users, it does not number them")
        return


def _of_the_image(name: str, span: Span) -> bool:
    """Whether a generated Dockerfile sets it by itself."""
    return name == "PYTHONUNBUFFERED" and is_generated(span.file) and span.file.path.endswith("Dockerfile")


def _users(app: App) -> list[Located[Any]]:
    own = [app.settings[name] for name in ("user", "uid") if name in app.settings]
    return [*own, *([app.unit.user] if app.unit is not None else [])]


def put_environment(draft: Draft, place: Key, app: App) -> None:
    for name, value in app.environment.items():
        span = app.variables.get(name)
        if name in _OF_THE_MANAGER or (span is not None and _of_the_image(name, span)):
            continue
        if not _NAME.match(name):
            draft.leave(span or app.span, f"`{name}`", "not a variable's name that every runtime can set")
        elif span is not None:
            draft.put((*place, "environment", name), value, span)
    for use in app.uses:
        if use.canonical in ("raw_env", "env") and not is_override(use) and not is_generated(use.span.file):
            _put_pairs(draft, place, use)


def _put_pairs(draft: Draft, place: Key, use: SettingUse) -> None:
    """Gunicorn's ``raw_env`` and uWSGI's ``env``, which go over what the manager sets."""
    pairs = use.value.get(())
    if not use.value.known:
        draft.leave(use.span, f"`{use.name}`", use.value.because)
    for pair in (pairs,) if isinstance(pairs, str) else pairs or ():
        name, _, value = str(pair).partition("=")
        if _NAME.match(name):
            draft.put((*place, "environment", name), value, use.span)
        else:
            draft.leave(use.span, f"`{pair}`", "not a variable's name that every runtime can set")
