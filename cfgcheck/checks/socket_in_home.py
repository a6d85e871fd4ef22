"""A socket in somebody's home, which other users may not enter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.address import normal_path
from cfgcheck.model.app import App, Listener
from cfgcheck.model.located import Located
from cfgcheck.model.nginx_user import ROOT, name_of, workers_of
from cfgcheck.model.stack import Route
from cfgcheck.rules.contract import Case, Hit


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    app: App = case.subject
    listener: Listener = case.element
    address = listener.address.value
    path = normal_path(address.path)
    if not address.is_unix or address.abstract or not path.startswith(("/home/", "/root/")):
        return
    if case.stack.declared.lets_in(path):
        return
    home = "/root" if path.startswith("/root/") else "/".join(path.split("/")[:3])
    contained = app.unit is not None and app.unit.contained
    for route in case.routes_of(listener):
        if contained and route.proxy.host != app.host:
            continue  # it gets there through a volume, not through the home
        user = workers_of(route.proxy, case.stack.declared).user
        if user.known and name_of(user.value) in (ROOT, home.rpartition("/")[2]):
            continue
        if contained and home != "/root":
            yield case.unchecked(f"whether others may enter {home} in this container is not known", listener.address)
        else:
            yield _hit(listener, route, home, user)
        return


def _hit(listener: Listener, route: Route, home: str, user: Located[str]) -> Hit:
    return Hit(
        at=(listener.address, listener),
        label=f"below {home}",
        related=[
            (route.passes, "nginx connects here"),
            (user, f"its workers run as {user.get('')}"),
        ],
        values={"path": (path := listener.address.value.path), "home": home, "name": path.rpartition("/")[2]},
    )
