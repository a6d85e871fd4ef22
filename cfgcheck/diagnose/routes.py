"""Which routes of a stack an error line can speak of: by its upstream address, its server and its paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import IntEnum

from cfgcheck.diagnose.paths import Paths, fits
from cfgcheck.model.address import Address, is_ipv4, normal_path
from cfgcheck.model.nginx import Server
from cfgcheck.model.stack import Route
from cfgcheck.record import record


class Fit(IntEnum):
    NO = 0
    LIKELY = 1
    CERTAIN = 2


@record(frozen=True)
class Concern:
    """Whom lines concern, in text: the address as logged (``127.0.0.1:8000``, ``unix:/run/x.sock``, an upstream's
    name, "" where the line tells none), the server's first name, paths asked for."""

    upstream: str = ""
    server: str = ""
    paths: tuple[str, ...] = ()


@record(frozen=True, eq=False)
class Fitting:
    """Routes that fit lines. ``likely``: why they may not be the right ones, else ""."""

    routes: tuple[Route, ...] = ()
    likely: str = ""


class Routes:
    """The routes of a configuration, asked for by many groups of lines."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.all = tuple(routes)
        self._paths = Paths()
        self._known: dict[tuple[str, str], Fitting] = {}

    def fitting(self, concern: Concern) -> Fitting:
        """The routes that lines can speak of, the best fitting ones only."""
        key = (concern.upstream, concern.server)
        if key not in self._known:
            self._known[key] = _fitting(self.all, concern)
        found = self._known[key]
        return Fitting(tuple(_by_paths(found.routes, concern.paths, self._paths)) or found.routes, found.likely)


def _fitting(routes: Iterable[Route], concern: Concern) -> Fitting:
    """By address and server alone."""
    best, kept = (Fit.NO, Fit.NO), list[Route]()
    for route in routes:
        fit = _address_fit(route, concern.upstream), _server_fit(route.server, concern.server)
        if fit < best or not fit[0] or not (fit[1] or (fit[0] is Fit.CERTAIN and concern.upstream)):
            continue
        if fit > best:
            best, kept = fit, []
        kept.append(route)
    return Fitting(tuple(kept), _doubt(best, concern)) if kept else Fitting()


def _doubt(best: tuple[Fit, Fit], concern: Concern) -> str:
    address, server = best
    if address is Fit.LIKELY:
        return f"which server has the address {concern.upstream} is not in these files"
    if server is Fit.NO:
        return f"the log names the server {concern.server or '(none)'}, which is not in these files"
    return ""


def _address_fit(route: Route, logged: str) -> Fit:
    if not logged:
        return Fit.CERTAIN
    name = logged.lower()
    if route.upstream is not None and route.upstream.name.lower() == name:
        return Fit.CERTAIN
    if name == route.passes.host_text.lower():
        return Fit.CERTAIN
    if route.peer is None or not route.peer.address.known:
        return Fit.LIKELY if route.upstream is None or not route.upstream.peers or route.peer else Fit.NO
    address = route.peer.address.value
    if logged.startswith("unix:") or address.is_unix:
        return _unix_fit(address, logged)
    return _tcp_fit(address, logged)


def _unix_fit(address: Address, logged: str) -> Fit:
    if not (address.is_unix and logged.startswith("unix:")):
        return Fit.NO
    if normal_path(address.path) == normal_path(logged[5:]):
        return Fit.CERTAIN
    return Fit.LIKELY if address.templated else Fit.NO


def _tcp_fit(address: Address, logged: str) -> Fit:
    host, _, port = logged.rpartition(":") if re.search(r":\d+\Z", logged) else (logged, "", "")
    host = host.strip("[]").lower()
    if port and address.port is not None and int(port) != address.port:
        return Fit.NO
    if address.host == host:
        return Fit.CERTAIN if address.port is not None or not port else Fit.LIKELY
    if address.is_localhost_name and host in ("127.0.0.1", "::1"):
        return Fit.CERTAIN
    if address.is_ip or address.is_loopback or not (is_ipv4(host) or ":" in host):
        return Fit.LIKELY if address.templated else Fit.NO
    return Fit.NO if host.startswith("127.") or host == "::1" else Fit.LIKELY


def _server_fit(server: Server, logged: str) -> Fit:
    names = [name.lower() for name in server.names]
    if logged.lower() in names or (not logged and (not names or "" in names)):
        return Fit.CERTAIN
    if not logged:
        return Fit.LIKELY
    written = any(mark in name for name in names for mark in "$%{<~") or server.proxy.ingress
    return Fit.LIKELY if written or not server.listens else Fit.NO


def _by_paths(routes: Iterable[Route], concerned: Sequence[str], paths: Paths) -> list[Route]:
    """Those whose location takes one of the paths, and those of which that can't be told."""
    kept = []
    for route in routes:
        taken = [paths.taken(route.server, path) for path in concerned]
        if not taken or any(one is None or fits(route.location, one) for one in taken):
            kept.append(route)
    return kept
