"""Whether "nothing listens there" may be said of a target in a container or pod, and what is shown beside it."""

from __future__ import annotations

import re

from cfgcheck.model.address import Address
from cfgcheck.model.app import App, Listener
from cfgcheck.model.host import HostKind
from cfgcheck.model.stack import Link, Route, Stack
from cfgcheck.record import replace

Joint = tuple[App, Listener]

_KINDS = (HostKind.CONTAINER, HostKind.POD)
_VARIABLE = re.compile(r"\$|env")
_SHOWN = 4
_COMPARED = 100


class Containers:
    """What runs in the containers and pods of a stack. Where the whole command of each is known, nothing else listens
    there: that is all the evidence it takes. A target that is loopback or a socket of nginx's own container is held
    against the other containers of its deployment: what is meant runs there."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.by_host: dict[str, list[Joint]] = {}
        self.by_project: dict[str, list[Joint]] = {}
        for app in stack.apps:
            host = stack.host(app.host)
            if host.kind not in _KINDS:
                continue
            joints = [(app, listener) for listener in app.listeners if listener.address.known]
            self.by_host.setdefault(host.name, []).extend(joints)
            self.by_project.setdefault(host.project, []).extend(joints)

    def hold(self, route: Route) -> bool:
        """Whether the target lies in a container."""
        return any(self.stack.host(name).kind in _KINDS for name in route.at)

    def settle(self, route: Route) -> Route:
        """The route with the listeners that are most like its target; external where there is none to compare with."""
        assert route.peer is not None
        target = route.peer.address.value
        hosts = [host for name in route.at if (host := self.stack.host(name)).kind in _KINDS]
        joints = [joint for host in hosts for joint in self.by_host.get(host.name, ())][:_COMPARED]
        own = all(host.name == route.proxy.host for host in hosts)
        if not joints and own:
            everywhere = self.by_project.get(hosts[0].project, ())[:_COMPARED]
            joints = [joint for joint in everywhere if resembles(target, joint[1].address.value)]
        if not joints:
            because = f"no app was found that could be what {target} means"
            return replace(route, link=Link.EXTERNAL, because=because)
        if route.location.optional or (route.peer is not None and route.peer.optional):
            return replace(route, link=Link.UNKNOWN, because=f"{target} stands in a template branch")
        near = sorted(joints, key=lambda joint: -likeness(target, joint[1].address.value))
        doubtful = next((because for joint in near if (because := _perhaps_set(*joint))), "")
        if doubtful:
            return replace(route, link=Link.UNKNOWN, because=doubtful)
        return replace(route, nearest=tuple(near[:_SHOWN]))


def _perhaps_set(app: App, listener: Listener) -> str:
    """Why a variable that no file tells of may set the address; "" where the address is written down."""
    unit = app.unit
    if unit is None or not unit.unseen_environment:
        return ""
    address = listener.address
    written = address.span.text if address.span is not None else ""
    if address.by_hand and not _VARIABLE.search(written):
        return ""
    return f"where {app.label} listens may come from a variable: {unit.unseen_environment}"


def likeness(target: Address, other: Address) -> int:
    """How much an address is like the one that is meant; the greater the more."""
    score = 4 if target.kind is other.kind else 0
    score += 3 if resembles(target, other) else 0
    return score + (1 if target.host == other.host else 0)


def resembles(target: Address, other: Address) -> bool:
    """The same port, or the same socket name or folder: somebody meant the one by the other."""
    if target.is_unix and other.is_unix:
        folder, _, name = target.path.rstrip("/").rpartition("/")
        other_folder, _, other_name = other.path.rstrip("/").rpartition("/")
        return name == other_name or folder == other_folder
    return target.is_tcp and other.is_tcp and target.port == other.port
