"""A unix socket that nginx's workers may not write to: connecting takes the permission to write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.address import normal_path
from cfgcheck.model.app import App, AppKind, Listener, SocketFile
from cfgcheck.model.located import Located, Origin, UnknownValue
from cfgcheck.model.nginx import Proxy
from cfgcheck.model.nginx_user import ROOT, Workers, name_of, workers_of
from cfgcheck.model.stack import Route, Stack
from cfgcheck.model.unit import Manager
from cfgcheck.record import field, record
from cfgcheck.rules.contract import Case, Hit

_OWNER, _GROUP, _OTHERS = 0o200, 0o020, 0o002


@record(frozen=True)
class _Nginx:
    """Whom nginx's workers run as. ``foreign``: names of its container mean other users than those of the app's."""

    workers: Workers
    foreign: bool

    @property
    def user(self) -> Located[str]:
        return self.workers.user


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    listener: Listener = case.element
    address = listener.address.value
    if not address.is_unix or address.abstract or case.stack.declared.lets_in(normal_path(address.path)):
        return
    routes = [route for route in case.routes_of(listener) if route.matched]
    file = listener.file
    if file is None or not routes or file.mode.value & _OTHERS:
        return
    asked: set[int] = set()
    for route in routes:
        if id(route.proxy) in asked:
            continue
        asked.add(id(route.proxy))
        try:
            nginx = _nginx(route.proxy, route.app, case.stack)
            if not _may_write(file, nginx):
                yield _hit(route, file, nginx)
                return
        except UnknownValue as unknown:
            yield case.unchecked(unknown.located.because, unknown.located)


def _nginx(proxy: Proxy, app: App | None, stack: Stack) -> _Nginx:
    unit = app.unit if app is not None else None
    apart = bool(unit and unit.contained) or bool(proxy.unit and proxy.unit.contained)
    foreign = apart and (app is None or app.host != proxy.host or unit is None or proxy.unit is None)
    return _Nginx(workers_of(proxy, stack.declared), foreign)


def _may_write(file: SocketFile, nginx: _Nginx) -> bool:
    """Raises UnknownValue where it can't be told."""
    if name_of(nginx.user.value) == ROOT:
        return True
    mode = file.mode.value
    if not mode & _GROUP:
        return bool(mode & _OWNER) and _is_owner(file, nginx)
    if file.user.known and not mode & _OWNER and _is_owner(file, nginx):
        return False
    if _in_group(file, nginx):
        return True
    return bool(mode & _OWNER) and _is_owner(file, nginx)


def _is_owner(file: SocketFile, nginx: _Nginx) -> bool:
    return _same(file.user, nginx.user, nginx)


def _in_group(file: SocketFile, nginx: _Nginx) -> bool:
    """The owner may do as well: an unknown group matters only where nginx is not the owner."""
    try:
        return _same(file.group, nginx.workers.group, nginx)
    except UnknownValue:
        if file.user.known and _is_owner(file, nginx):
            return True
        raise


def _same(own: Located[str], wanted: Located[str], nginx: _Nginx) -> bool:
    """Whether two names, or numbers, are one user's (or group's)."""
    left, right = name_of(own.value), name_of(wanted.value)
    if left == right:
        return True
    if ROOT in (left, right):
        return False
    if left.isdigit() and nginx.workers.number:
        return left == nginx.workers.number
    numbers = left.isdigit() and right.isdigit()
    if not numbers and (nginx.foreign or left.isdigit() or right.isdigit()):
        because = f"whether {left} and {right} are the same is not known"
        raise UnknownValue(Located.unknown(because, own.span))
    return False


def _hit(route: Route, file: SocketFile, nginx: _Nginx) -> Hit:
    assert route.app is not None and route.listener is not None
    listener, user = route.listener, name_of(nginx.user.value)
    known = [name_of(part.value) for part in (file.user, file.group) if part.known]
    owned = f", owned by {':'.join(known)}" if file.user.known else ""
    remedy = _remedy(route.app, listener, file, nginx)
    return Hit(
        at=(file.mode, file.user, file.group, listener.address, listener),
        label=f"makes it {file.mode.value:04o}{owned}",
        related=[
            (listener.address, "the socket"),
            (nginx.user, f"nginx's workers run as {user}"),
            (route.passes, "nginx connects here"),
        ],
        values={
            "user": user,
            "path": str(listener.address.value.path),
            "made": f"{file.mode.value:04o}{owned}",
            "title": remedy.title,
            "text": remedy.text,
            "settings": remedy.settings,
            "lines": remedy.lines,
        },
    )


@record(frozen=True)
class _Remedy:
    """What to do, in words and as data: ``settings`` of the app, or ``lines`` of the section that opens the socket."""

    title: str
    text: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, str] = field(default_factory=dict)


_MODES: Mapping[AppKind, tuple[str, str, str]] = {
    AppKind.HYPERCORN: ("--umask 0", "umask", "0"),
    AppKind.GRANIAN: ("--uds-permissions 0666", "uds_permissions", "0666"),
    AppKind.WAITRESS: ("--unix-socket-perms=666", "unix_socket_perms", "666"),
}
"""Options that let everybody write to the socket: seen with Hypercorn 0.18.0, Granian 2.8.7, waitress 3.0.2."""


def _remedy(app: App, listener: Listener, file: SocketFile, nginx: _Nginx) -> _Remedy:
    group = name_of(nginx.workers.group.get(nginx.user.value))
    owner = name_of(file.user.get("") or ROOT)
    if listener.handed and app.unit is not None and app.unit.manager is Manager.SUPERVISOR:
        lines = {"socket_mode": "0770", "socket_owner": f"{owner}:{group}"}
        title = f"Set `socket_mode=0770` and `socket_owner={owner}:{group}`"
        return _Remedy(title, "Or `socket_mode=0777`.", lines=lines)
    if listener.handed:
        title = f"Set `SocketMode=0660` and `SocketGroup={group}` in the .socket unit"
        return _Remedy(title, "Or `SocketMode=0666`.", lines={"SocketMode": "0660", "SocketGroup": group})
    if app.kind is AppKind.GUNICORN:
        return _of_gunicorn(app, owner, group, nginx.foreign)
    if app.kind is AppKind.UWSGI:
        return _of_uwsgi(app, owner, group, nginx.foreign)
    if app.kind in _MODES:
        option, name, value = _MODES[app.kind]
        text = "Or let nginx's workers run in the socket's group." if not nginx.foreign else ""
        return _Remedy(f"Set `{option}`", text, {name: value})
    return _Remedy("Let everybody write to the socket (mode 0666)", f"Or nginx's group, {group}.")


def _of_gunicorn(app: App, owner: str, group: str, foreign: bool) -> _Remedy:
    named = app.settings["umask"].origin is Origin.CLI
    as_root = owner == ROOT or app.settings["user"].by_hand
    if foreign or not as_root:
        title = f"Leave {'--umask' if named else 'umask'} out"
        return _Remedy(title, "Gunicorn then makes the socket 0777.", {"umask": None})
    title = f"`--umask 007 --group {group}`" if named else f'`umask = 0o007` and `group = "{group}"`'
    text = "Or leave umask out: the socket is then made 0777."
    return _Remedy(f"Set {title}", text, {"umask": 0o007, "group": group})


def _of_uwsgi(app: App, owner: str, group: str, foreign: bool) -> _Remedy:
    """Only root may give a file to a group that it is not in itself."""
    if foreign:
        text = "Only containers that mount the volume reach it."
        return _Remedy("Set `chmod-socket = 666`", text, {"chmod-socket": "666"})
    as_root = owner == ROOT or bool(app.settings["uid"].get(None))
    if as_root:
        given = {"chmod-socket": "660", "chown-socket": f"{owner}:{group}"}
        title = f"Set `chmod-socket = 660` and `chown-socket = {owner}:{group}`"
        return _Remedy(title, "Or `chmod-socket = 666`.", given)
    title = f"Set `chmod-socket = 660`, and let it run in the group {group}"
    return _Remedy(title, "Or `chmod-socket = 666`.")
