"""A unix socket that nginx's workers may not write to: connecting takes the permission to write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.address import normal_path
from cfgcheck.model.app import App, AppKind, Listener, SocketFile
from cfgcheck.model.located import Located, UnknownValue
from cfgcheck.model.nginx import Proxy
from cfgcheck.model.nginx_user import ROOT, name_of, workers_of
from cfgcheck.model.stack import Route, Stack
from cfgcheck.model.unit import Manager
from cfgcheck.record import record
from cfgcheck.rules.contract import Case, Hit

_OWNER, _GROUP, _OTHERS = 0o200, 0o020, 0o002


@record(frozen=True)
class _Nginx:
    """Whom nginx's workers run as. ``foreign``: names of its container mean other users than those of the app's."""

    user: Located[str]
    group: Located[str]
    foreign: bool


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
    workers = workers_of(proxy, stack.declared)
    return _Nginx(workers.user, workers.group, foreign)


def _may_write(file: SocketFile, nginx: _Nginx) -> bool:
    """Raises UnknownValue where it can't be told."""
    if name_of(nginx.user.value) == ROOT:
        return True
    mode = file.mode.value
    if not mode & _GROUP:
        return bool(mode & _OWNER) and _same(file.user, nginx.user, nginx.foreign)
    if file.user.known and not mode & _OWNER and _same(file.user, nginx.user, nginx.foreign):
        return False
    if _same_group(file, nginx):
        return True
    return bool(mode & _OWNER) and _same(file.user, nginx.user, nginx.foreign)


def _same_group(file: SocketFile, nginx: _Nginx) -> bool:
    """The owner may do as well: an unknown group matters only where nginx is not the owner."""
    try:
        return _same(file.group, nginx.group, nginx.foreign)
    except UnknownValue:
        if file.user.known and _same(file.user, nginx.user, nginx.foreign):
            return True
        raise


def _same(one: Located[str], other: Located[str], foreign: bool) -> bool:
    """Whether two names, or numbers, are one user's (or group's)."""
    left, right = name_of(one.value), name_of(other.value)
    if left == right:
        return True
    if ROOT in (left, right):
        return False
    if foreign or left.isdigit() != right.isdigit():
        because = f"whether {left} and {right} are one is not known"
        raise UnknownValue(Located.unknown(because, one.span))
    return False


def _hit(route: Route, file: SocketFile, nginx: _Nginx) -> Hit:
    assert route.app is not None and route.listener is not None
    listener, user, group = route.listener, name_of(nginx.user.value), name_of(nginx.group.get(nginx.user.value))
    known = [name_of(part.value) for part in (file.user, file.group) if part.known]
    owned = f", owned by {':'.join(known)}" if file.user.known else ""
    title, text = _remedy(route.app, listener, file, group)
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
            "title": title,
            "text": text,
        },
    )


def _remedy(app: App, listener: Listener, file: SocketFile, group: str) -> tuple[str, str]:
    if listener.handed:
        if app.unit is not None and app.unit.manager is Manager.SUPERVISOR:
            owner = file.user.get("") or "root"
            return f"Set `socket_mode=0770` and `socket_owner={name_of(owner)}:{group}`", ""
        return f"Set `SocketMode=0660` and `SocketGroup={group}` in the .socket unit", "Or `SocketMode=0666`."
    if app.kind is AppKind.GUNICORN:
        return f'Set `umask = 0o007` and `group = "{group}"`', "Or leave umask out: the socket is then made 0777."
    if app.kind is AppKind.UWSGI:
        owner = name_of(file.user.get("") or ROOT)
        return f"Set `chmod-socket = 660` and `chown-socket = {owner}:{group}`", "Or `chmod-socket = 666`."
    return f"Let the group {group} write to the socket", "Or let everybody write to it (mode 0666)."
