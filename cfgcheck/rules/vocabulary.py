"""The names that a rule may use, by its subject: what each stands for, and its kind. Used when rules are compiled.

A compiled expression is a function of four: ``_s`` the subject (``subjects.py`` says what it is), ``_c`` the case,
``_e`` the element that ``each`` gave, ``_v`` the values of a check in Python.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from cfgcheck.model.app import App, Listener
from cfgcheck.model.edge import Edge
from cfgcheck.model.nginx import Location, Pass, Peer, Proxy, Server, Upstream
from cfgcheck.model.stack import Route, Stack
from cfgcheck.model.unit import Unit
from cfgcheck.rules.kinds import ANY, Kind, list_of
from cfgcheck.rules.terms import Term
from cfgcheck.source.file import SourceFile


def _object(cls: type[object]) -> Kind:
    return Kind("object", cls)


_ROUTES = list_of(_object(Route))
_STACK = {"stack": Term("_c.stack", _object(Stack)), "edge": Term("_c.stack.edge", _object(Edge).maybe)}

_NAMES: dict[str, dict[str, Term]] = {
    "stack": {},
    "proxy": {"proxy": Term("_s", _object(Proxy))},
    "server": {
        "server": Term("_s", _object(Server)),
        "proxy": Term("_s.proxy", _object(Proxy)),
        "edge": Term("_s.edge", _object(Edge).maybe),
    },
    "location": {
        "location": Term("_s", _object(Location)),
        "server": Term("_s.server", _object(Server)),
        "proxy": Term("_s.server.proxy", _object(Proxy)),
        "passes": Term("_s.passes", _object(Pass).maybe),
        "edge": Term("_s.server.edge", _object(Edge).maybe),
        "routes": Term("_c.routes_of(_s)", _ROUTES),
    },
    "upstream": {
        "upstream": Term("_s[0]", _object(Upstream)),
        "proxy": Term("_s[1]", _object(Proxy)),
        "routes": Term("_c.routes_of(_s[0])", _ROUTES),
    },
    "peer": {
        "peer": Term("_s[0]", _object(Peer)),
        "upstream": Term("_s[1]", _object(Upstream)),
        "proxy": Term("_s[2]", _object(Proxy)),
        "routes": Term("_c.routes_of(_s[0])", _ROUTES),
    },
    "route": {
        "route": Term("_s", _object(Route)),
        "location": Term("_s.location", _object(Location)),
        "server": Term("_s.server", _object(Server)),
        "proxy": Term("_s.proxy", _object(Proxy)),
        "passes": Term("_s.passes", _object(Pass)),
        "upstream": Term("_s.upstream", _object(Upstream).maybe),
        "peer": Term("_s.peer", _object(Peer).maybe),
        "listener": Term("_s.listener", _object(Listener).maybe),
        "app": Term("_s.app", _object(App).maybe),
        "edge": Term("_s.server.edge", _object(Edge).maybe),
    },
    "app": {"app": Term("_s", _object(App)), "routes": Term("_c.routes_of(_s)", _ROUTES)},
    "listener": {
        "listener": Term("_s[0]", _object(Listener)),
        "app": Term("_s[1]", _object(App)),
        "routes": Term("_c.routes_of(_s[0])", _ROUTES),
    },
    "unit": {
        "unit": Term("_s", _object(Unit)),
        "apps": Term("_c.apps_of(_s)", list_of(_object(App))),
        "proxies": Term("_c.proxies_of(_s)", list_of(_object(Proxy))),
    },
    "file": {"file": Term("_s", _object(SourceFile))},
}

JOINED = frozenset({"matched", "wrong-protocol"})
"""Links of which a route has an app and a listener."""


@cache
def names(subject: str, links: frozenset[str] = JOINED) -> dict[str, Term]:
    """The names for a subject. For routes, ``app`` and ``listener`` are there on some links only."""
    found = {**_STACK, **_NAMES[subject]}
    if subject == "route":
        for name in ("app", "listener"):
            term = found.pop(name)
            if links & JOINED:
                found[name] = term if links - JOINED else term.give(Kind("object", term.kind.cls))
    return found


def with_element(scope: dict[str, Term], name: str, kind: Kind) -> dict[str, Term]:
    return {**scope, name: Term("_e", kind)}


def with_values(scope: dict[str, Term], values: Iterable[str]) -> dict[str, Term]:
    """The scope of templates where a check in Python gives values."""
    return {**scope, **{value: Term(f"_v[{value!r}]", ANY) for value in values}}
