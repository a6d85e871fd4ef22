"""The file that Gunicorn and uWSGI make of a unix socket: its mode, its owner and its group.

Observed with a starting process whose umask was 077: Gunicorn 27.0.1 made 0777 and uWSGI 2.0 0700. So Gunicorn applies
its own ``umask`` alone, and ``user`` and ``group`` own the file; uWSGI's file gets ``chmod-socket``, else what the
umask leaves, and is made after ``uid`` and ``gid`` were taken on (facts: gunicorn 1.2b, 1.3a–c; uwsgi 1.03–1.08, 1.30).
"""

from __future__ import annotations

import re
from typing import Any

from cfgcheck.model.app import App, AppKind, Listener, SocketFile
from cfgcheck.model.located import Located
from cfgcheck.record import replace

_ALL = 0o777
_OWN_UMASK = "Gunicorn's umask is 0 unless it is set, whatever it is started with (facts: gunicorn 1.2b)"
_USUAL = "uWSGI leaves the mode to the umask, 022 as a rule (facts: uwsgi 1.03)"
_OCTAL = re.compile(r"[0-7]{1,5}\Z")
_NO_UNIT = "no file tells whom {} runs as"


def with_socket_files(app: App) -> App:
    """The app with the files of the unix sockets that it makes itself."""
    if app.kind not in (AppKind.GUNICORN, AppKind.UWSGI) or not any(_made(each) for each in app.listeners):
        return app
    file = _of_gunicorn(app) if app.kind is AppKind.GUNICORN else _of_uwsgi(app)
    return replace(app, listeners=tuple(replace(each, file=file) if _made(each) else each for each in app.listeners))


def _made(listener: Listener) -> bool:
    """Whether the app makes a file for it, and nobody has told of it before."""
    if listener.handed or listener.file is not None or not listener.address.known:
        return False
    address = listener.address.value
    return address.is_unix and not address.abstract


def _of_gunicorn(app: App) -> SocketFile:
    umask: Located[Any] = app.settings["umask"]
    if not umask.known:
        mode: Located[int] = umask.as_unknown(umask.because)
    elif umask.by_hand:
        mode = umask.with_value(_ALL & ~int(umask.value))
    else:
        mode = Located.default(_ALL, _OWN_UMASK)
    return SocketFile(mode, _gunicorn_owner(app, "user"), _gunicorn_owner(app, "group"))


def _gunicorn_owner(app: App, name: str) -> Located[str]:
    """``user`` or ``group`` of the settings, else that of the unit."""
    setting: Located[Any] = app.settings[name]
    if setting.known and setting.value is not None:
        return setting.with_value(str(setting.value))
    if setting.span is not None or app.opaque or any(use.canonical == name for use in app.uses):
        return setting.as_unknown(setting.because or "it may be set where cfgcheck could not read")
    return _of_unit(app, name)


def _of_unit(app: App, name: str) -> Located[str]:
    if app.unit is None:
        return Located.unknown(_NO_UNIT.format(app.label))
    user, group = app.unit.user, app.unit.group
    if name == "group" and not group.known and group.span is None and user.known and user.value in ("root", "0", ""):
        return Located.default("root", "root's own group")
    return user if name == "user" else group


def _of_uwsgi(app: App) -> SocketFile:
    owner, group = _uwsgi_owner(app, "uid", "user"), _uwsgi_owner(app, "gid", "group")
    chosen: Located[Any] = app.settings["chown-socket"]
    if not chosen.known:
        owner, group = chosen.as_unknown(chosen.because), chosen.as_unknown(chosen.because)
    elif chosen.value:
        user, colon, named = str(chosen.value).partition(":")
        owner, group = chosen.with_value(user), chosen.with_value(named) if colon else group
    return SocketFile(_uwsgi_mode(app), owner, group)


def _uwsgi_owner(app: App, option: str, name: str) -> Located[str]:
    """``uid`` or ``gid``; privileges that are dropped later are still there when the socket is made."""
    late: Located[Any] = app.settings["drop-after-init"]
    setting: Located[Any] = app.settings[option]
    if not setting.known or not late.known:
        doubt = setting if not setting.known else late
        return doubt.as_unknown(doubt.because)
    if not setting.value or late.value:
        return _of_unit(app, name)
    return setting.with_value(str(setting.value))


def _uwsgi_mode(app: App) -> Located[int]:
    mode: Located[Any] = app.settings["chmod-socket"]
    if not mode.known:
        return mode
    if mode.value:
        text = str(mode.value)
        if not re.fullmatch("[0-7]{3}", text):
            return mode.as_unknown(f"uWSGI refuses to start with the mode {text}")
        return mode.with_value(int(text, 8))
    umask: Located[Any] = app.settings["umask"]
    if not umask.known:
        return umask
    if umask.value:
        text = str(umask.value)
        if not _OCTAL.match(text):
            return umask.as_unknown(f"the umask {text} is no octal number")
        return umask.with_value(_ALL & ~int(text, 8))
    if app.unit is not None and app.unit.umask.known:
        own = app.unit.umask
        return own.with_value(_ALL & ~own.value)
    return Located.default(_ALL & ~0o022, _USUAL)
