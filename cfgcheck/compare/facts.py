"""Of each thing of a stack, what is in effect there: what a change of would change how requests are answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

from cfgcheck.compare.thing import Fact, Unit
from cfgcheck.model import nginx_values as read
from cfgcheck.model.address import Address
from cfgcheck.model.app import App
from cfgcheck.model.edge import Edge
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Location, Proxy, Server, Upstream
from cfgcheck.model.nginx_defaults import Setting
from cfgcheck.model.nginx_table import HEADER_DIRECTIVES, TABLE, family_of
from cfgcheck.model.stack import Route
from cfgcheck.model.unit import Unit as ManagedUnit
from cfgcheck.model.version import Version
from cfgcheck.record import fields, is_record
from cfgcheck.rules.subjects import place

_UNITS: dict[Callable[..., Any], Unit] = {
    read.time: Unit.SECONDS,
    read.seconds: Unit.SECONDS,
    read.optional_seconds: Unit.SECONDS,
    read.size: Unit.BYTES,
    read.offset: Unit.BYTES,
}
_APP_FACTS = {"request_limit": Unit.SECONDS, "grace": Unit.SECONDS, "keepalive": Unit.SECONDS,
              "header_limit": Unit.BYTES, "body_limit": Unit.BYTES, "worker_class": Unit.NONE}  # fmt: skip
"""What follows from several settings; what is one setting anyway is not told twice."""

_FACT_NAMES = {
    "worker_class": "effective worker class",
    "request_limit": "ends a request after",
    "grace": "running requests may go on at a stop for",
    "keepalive": "keeps an idle connection for",
    "header_limit": "admits headers up to",
    "body_limit": "admits bodies up to",
}
_UNIT_FACTS = {"image": Unit.NONE, "user": Unit.NONE, "group": Unit.NONE, "stop_signal": Unit.NONE,
               "stop_grace": Unit.SECONDS, "prestop": Unit.SECONDS, "replicas": Unit.NONE, "private_tmp": Unit.NONE,
               "open_files": Unit.NONE}  # fmt: skip
_PER_LEVEL = frozenset({"server", "location"})
_TOLD_AS_HEADERS = frozenset(HEADER_DIRECTIVES.values())


def of_located(value: Located[Any], unit: Unit = Unit.NONE) -> Fact:
    """A value of the model; of an unknown one what is written there is what is compared."""
    if not value.known:
        return Fact(value.text or None, known=False, unit=unit, span=place(value))
    return Fact(plain(value.value), written=value.by_hand, unit=unit, span=place(value))


def plain(value: Any) -> Any:
    """``value`` in Python's own types, to be compared and shown."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (Version, Address)):
        return str(value)
    if isinstance(value, Located):
        return plain(value.get(None))
    return _compound(value)


def _compound(value: Any) -> Any:
    if hasattr(value, "_fields"):  # a named tuple, such as nginx's "4 8k"
        return " ".join(str(plain(one)) for one in value)
    if isinstance(value, Mapping):
        return tuple(f"{key}: {plain(one)}" for key, one in sorted(value.items(), key=str))
    if is_record(value):
        return " ".join(str(plain(one)) for _, one in fields(value))
    if isinstance(value, Iterable):
        return tuple(_joined(plain(one)) for one in value)
    return str(value)


def _joined(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def of_proxy(proxy: Proxy) -> dict[str, Fact]:
    facts = {"version": of_located(proxy.version)}
    facts |= {name: _setting(proxy, known) for name, known in TABLE.items() if not _contexts(known) & _PER_LEVEL}
    return facts


def of_server(server: Server) -> dict[str, Fact]:
    """What holds for a server as a whole; what locations inherit is told there."""
    listens = tuple(
        f"{listen.address.value if listen.address.known else listen.address.text or '?'}"
        f"{' ssl' if listen.tls else ''}{' quic' if listen.quic else ''}"
        for listen in server.listens
    )
    facts = {"listen": Fact(tuple(sorted(listens))), "server_name": Fact(tuple(sorted(server.names)))}
    for name, known in TABLE.items():
        contexts = _contexts(known)
        if "server" in contexts and "location" not in contexts and family_of(name) is None:
            facts[name] = _setting(server, known)
    return facts


def of_location(location: Location, routes: Iterable[Route]) -> dict[str, Fact]:
    facts = dict(_passing(location, routes))
    family = location.passes.family if location.passes else None
    for name, known in TABLE.items():
        if "location" in _contexts(known) and family_of(name) in (None, family) and name not in _TOLD_AS_HEADERS:
            facts[name] = _setting(location, known)
    for header in location.headers:
        name = f"sends {header.name}"
        before = facts.get(name)
        sent = "cleared" if header.cleared else header.value
        value = sent if before is None else f"{before.value}, {sent}"
        facts[name] = Fact(value, known=not header.templated, span=place(header))
    return facts


def _passing(location: Location, routes: Iterable[Route]) -> Iterator[tuple[str, Fact]]:
    passes = location.passes
    if passes is None:
        return
    target = passes.directive.values[0] if passes.directive.values else passes.host_text
    yield "passes to", Fact(f"{passes.verb} {target}", span=place(passes))
    ends = sorted({_end(route) for route in routes})
    yield "arrives at", Fact(tuple(ends), span=place(passes))


def _end(route: Route) -> str:
    address = str(route.peer.address.value) if route.peer is not None and route.peer.address.known else ""
    told = {"no-listener": "nothing listens", "external": "elsewhere", "unknown": "unknown"}
    end = route.app.label if route.app is not None else told.get(route.link.value, route.link.value)
    if route.link.value == "wrong-protocol":
        end = f"{end}, which speaks another protocol"
    return f"{address} ({end})" if address else end


def of_upstream(upstream: Upstream) -> dict[str, Fact]:
    facts = {
        "keepalive": of_located(upstream.keepalive),
        "keepalive_timeout": of_located(upstream.keepalive_timeout, Unit.SECONDS),
        "keepalive_requests": of_located(upstream.keepalive_requests),
        "balancing": Fact(upstream.methods or ("round robin",), written=bool(upstream.methods)),
    }
    for peer in upstream.peers:
        name = f"server {peer.address.value if peer.address.known else peer.address.text or '?'}"
        words = ["backup"] * peer.backup + ["down"] * peer.down + ["resolve"] * peer.resolve
        numbers = [f"{key}={plain(getattr(peer, key))}" for key in ("weight", "max_fails", "fail_timeout", "max_conns")]
        facts[name] = Fact(" ".join((*numbers, *words)), span=place(peer))
    return facts


def of_app(app: App) -> dict[str, Fact]:
    facts = {"version": of_located(app.version)}
    facts |= {name: of_located(value) for name, value in app.settings.items()}
    facts["listens on"] = Fact(tuple(sorted(_listening(app))))
    facts |= {_FACT_NAMES[name]: of_located(getattr(app.facts, name), unit) for name, unit in _APP_FACTS.items()}
    return facts


def _listening(app: App) -> Iterator[str]:
    for listener in app.listeners:
        address = listener.address.value if listener.address.known else listener.address.text or "?"
        protocol = listener.protocol.value.value if listener.protocol.known else "?"
        yield f"{address} ({protocol}{', TLS' if listener.tls.get(False) else ''})"


def of_unit(unit: ManagedUnit) -> dict[str, Fact]:
    return {name.replace("_", " "): of_located(getattr(unit, name), how) for name, how in _UNIT_FACTS.items()}


def of_edge(edge: Edge) -> dict[str, Fact]:
    return {
        "kind": Fact(edge.kind, span=edge.span),
        "idle": of_located(edge.idle, Unit.SECONDS),
        "response": of_located(edge.response, Unit.SECONDS),
        "tls": of_located(edge.tls),
        "strips": Fact(edge.strips),
    }


def _setting(thing: Proxy | Server | Location, known: Setting) -> Fact:
    return of_located(thing.setting(known.name), _UNITS.get(known.read, Unit.NONE))


def _contexts(known: Setting) -> frozenset[str]:
    return frozenset(known.contexts.split())
