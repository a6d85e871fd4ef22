"""Which request headers an app server believes about the scheme of a request, and from whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cfgcheck.model.address import Address
from cfgcheck.model.app import App, AppKind, Listener, Protocol
from cfgcheck.model.located import Located, UnknownValue
from cfgcheck.model.stack import Route, Stack
from cfgcheck.record import record

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

OWN_PARSER = frozenset({"sync", "gthread", "gevent", "eventlet"})
"""Gunicorn's workers that read requests with its own parser, and so apply its header settings."""

_LIST = "forwarded_allow_ips"
_LISTS = {AppKind.GUNICORN: _LIST, AppKind.UVICORN: _LIST, AppKind.WAITRESS: "trusted_proxy"}
_ANYONE = "*"

_NETWORKS_SINCE = {AppKind.GUNICORN: (24, 1), AppKind.UVICORN: (0, 31)}
"""From which version on networks in the list of trusted peers match; before they are compared as text."""


@record(frozen=True)
class SchemePolicy:
    """The headers by which an app server itself learns that a request came over HTTPS.

    ``secure``: their names in lower case, the ones that win first, and the value that means HTTPS. ``refuses``: two
    that disagree are answered with 400; otherwise the first decides. ``from_anyone``: no list of trusted peers.
    """

    secure: Mapping[str, str]
    refuses: bool
    from_anyone: bool


_UWSGI = SchemePolicy({"x-forwarded-proto": "https", "x-forwarded-ssl": "on"}, refuses=False, from_anyone=True)
"""uWSGI believes both, from anyone; the second counts only where the first is not sent (core/protocol.c)."""

_MANY = 8192
"""Answers kept: several rules ask the same of every route."""

_UVICORN = SchemePolicy({"x-forwarded-proto": "https"}, refuses=False, from_anyone=False)
_DAPHNE = SchemePolicy({"x-forwarded-proto": "https"}, refuses=False, from_anyone=True)
"""With ``--proxy-headers``, which knows no list of peers (``daphne/utils.py``; seen with 4.2.3)."""


def trust_list(app: App) -> str:
    """The setting that names the peers whose forwarded headers count; "" for a server that has none."""
    return _LISTS.get(app.kind, "")


def is_uvicorn(app: App) -> bool:
    """Whether requests are read by uvicorn: its workers apply none of Gunicorn's header settings but the trust list."""
    return app.facts.worker_class.value == "uvicorn"


@lru_cache(_MANY)
def scheme_policy(app: App, listener: Listener) -> SchemePolicy | None:
    """What decides the scheme; None where no header does. Raises UnknownValue where that is not known.

    Gunicorn's asgi worker heeds these headers from 27.0 on; with the uwsgi protocol only the parameter HTTPS counts.
    """
    if app.kind is AppKind.UWSGI:
        return _UWSGI if listener.protocol.value in (Protocol.UWSGI, Protocol.HTTP) else None
    if listener.protocol.value is not Protocol.HTTP:
        return None
    if app.kind is not AppKind.GUNICORN:
        return _of_another(app)
    if is_uvicorn(app):
        return _UVICORN
    if not heeds_header_settings(app):
        return None
    secure = app.settings["secure_scheme_headers"].value or {}
    return SchemePolicy({str(name).lower(): str(value) for name, value in secure.items()}, True, from_anyone=False)


def _of_another(app: App) -> SchemePolicy | None:
    """uvicorn unless told otherwise, Daphne if told so, waitress where no scheme is fixed. Hypercorn and Granian leave
    such headers to the app."""
    if app.kind is AppKind.UVICORN:
        return _UVICORN if app.settings["proxy_headers"].value else None
    if app.kind is AppKind.DAPHNE:
        return _DAPHNE if app.settings["proxy_headers"].value else None
    if app.kind is not AppKind.WAITRESS or app.settings["url_scheme"].value != "http":
        return None
    # Without a list of headers a trusted proxy's X-Forwarded-Proto counts, and nobody else's is let through at all.
    named = [str(name).lower() for name in app.settings["trusted_proxy_headers"].value or ()]
    return _UVICORN if not named or "x-forwarded-proto" in named else None


def heeds_header_settings(app: App) -> bool:
    """Whether Gunicorn's own header settings (scheme headers, header_map, forwarder_headers) are in force for HTTP."""
    worker = app.facts.worker_class.value
    if worker in OWN_PARSER:
        return True
    if worker == "asgi":
        return app.version.value >= (27,)
    if is_uvicorn(app):
        return False
    raise _unknown(app.facts.worker_class, f"what the worker class {worker} does with headers is not known")


@record(frozen=True)
class Source:
    """Where nginx's connections come from, as the app sees them.

    ``addresses``: what the peer's address may be; empty for a unix socket, and where it is not known (``elsewhere``:
    then it is no loopback address). ``unsure``: why not even that can be told, else "". ``inner``: what it is,
    another container or pod, else "".
    """

    addresses: tuple[str, ...] = ()
    elsewhere: bool = False
    unsure: str = ""
    inner: str = ""

    @property
    def is_unix(self) -> bool:
        return not self.addresses and not self.elsewhere and not self.unsure

    def __str__(self) -> str:
        if self.inner and not self.addresses:
            return self.inner
        if self.elsewhere:
            return "an address that is not loopback"
        return " or ".join(self.addresses) or "a unix socket"


@lru_cache(_MANY)
def source_of(route: Route, stack: Stack) -> Source:
    """The peer's address of a joined route (facts: gunicorn 6.2b–6.2i)."""
    assert route.listener is not None and route.app is not None and route.peer is not None
    listening = route.listener.address.value
    if listening.is_unix:
        return Source()
    bound = _bound(route)
    if bound:
        return Source((bound,))
    target = route.peer.address.value
    declared = stack.declared.proxy_addresses
    inside = route.app.host == route.proxy.host
    if (target.is_loopback or target.is_wildcard) and inside:
        return Source((*_loopback(target, listening), *declared))
    if declared:
        return Source(declared)
    if not inside and _through_the_machine(route, stack):
        return Source(unsure=_GATEWAY)
    if stack.hosts and route.app.host == route.proxy.host:
        return Source((target.host,)) if target.is_ip else Source(elsewhere=True)
    host = stack.hosts.get(route.proxy.host)
    own = tuple(address for address in host.addresses if _address(address)) if host else ()
    neighbour = f"another {stack.host(route.app.host).kind.value}" if _neighbours(route, stack) else ""
    return Source(own) if own else Source(elsewhere=True, inner=neighbour)


_GATEWAY = (
    "a connection between a container and its machine comes from an address that depends on the engine's network; "
    "`proxy-addresses` declares it"
)


def _through_the_machine(route: Route, stack: Stack) -> bool:
    """Whether a connection leads through a published port, or from a container to its machine. A container's name
    means nothing on the machine: an nginx of which nobody knows where it runs, and that uses it, is its neighbour."""
    assert route.app is not None and route.peer is not None
    ours, theirs = stack.host(route.proxy.host), stack.host(route.app.host)
    named = _short_name(route.peer.address.value)
    if theirs.inner:
        return not ours.inner and not (named and route.proxy.unit is None)
    return ours.inner and (route.app.unit is not None or not named)


def _neighbours(route: Route, stack: Stack) -> bool:
    assert route.app is not None
    return route.app.host != route.proxy.host and stack.host(route.app.host).inner


def _short_name(target: Address) -> bool:
    return not target.is_ip and not target.is_loopback and "." not in target.host


def _bound(route: Route) -> str:
    """What ``proxy_bind`` says, "" without it."""
    setting: Located[Any] = route.location.setting(f"{route.passes.family}_bind")
    words = setting.value or ()
    first = words if isinstance(words, str) else next(iter(words), "off")
    if first in ("off", ""):
        return ""
    if not _address(first):
        raise _unknown(setting, f"nginx's own address is computed: {first}")
    return str(first)


def _loopback(target: Address, listening: Address) -> tuple[str, ...]:
    """A dual-stack listener sees an IPv4 peer as an IPv6 one, which no version takes for 127.0.0.1."""
    mapped = "::ffff:127.0.0.1" if listening.family == 6 and listening.is_wildcard else "127.0.0.1"
    if target.is_localhost_name:
        if listening.is_localhost_name or (listening.is_wildcard and listening.family == 6):
            return (mapped, "::1")
        return ("::1",) if listening.family == 6 else (mapped,)
    return ("::1",) if target.family == 6 else (mapped,)


@lru_cache(_MANY)
def trusted(route: Route, stack: Stack) -> bool:
    """Whether the app believes what nginx sends on this route. Raises UnknownValue where that is not known."""
    assert route.app is not None
    app = route.app
    name = trust_list(app)
    if not name:
        return True
    peers = trusted_peers(app)
    if _ANYONE in peers.sure:
        return True
    source = source_of(route, stack)
    if source.is_unix:
        return app.kind is AppKind.GUNICORN and not is_uvicorn(app)
    if source.unsure:
        raise _unknown(app.settings[name], source.unsure)
    if source.elsewhere:
        return _trusted_elsewhere(app, peers)
    if any(covers(entry, address, app) for entry in peers.sure for address in source.addresses):
        return True
    if any(covers(entry, address, app) for entry in peers.perhaps for address in source.addresses):
        raise _unknown(app.settings[name], app.settings[name].because)
    return False


def _trusted_elsewhere(app: App, peers: TrustedPeers) -> bool:
    """A peer whose address is not known, but is none of loopback."""
    if only_loopback((*peers.sure, *peers.perhaps)):
        return False
    because = f"the address that {app.label} sees nginx come from is not known; `proxy-addresses` declares it"
    raise _unknown(app.settings[trust_list(app)], because)


@record(frozen=True)
class TrustedPeers:
    """The list of trusted peers: entries that are sure to be there, and those that are there in some versions."""

    sure: tuple[str, ...]
    perhaps: tuple[str, ...] = ()


@lru_cache(_MANY)
def trusted_peers(app: App) -> TrustedPeers:
    """Whom an app believes. Raises UnknownValue where that is not known; a default that only the version leaves open
    is 127.0.0.1 and, from Gunicorn 23 (facts: gunicorn 6.2e) and uvicorn 0.53 on, ::1."""
    name = trust_list(app)
    setting = app.settings[name]
    untouched = setting.span is None and not app.opaque and all(use.canonical != name for use in app.uses)
    if untouched and app.unit is not None and app.unit.unseen_environment:
        raise _unknown(setting, f"{name} may come from a variable: {app.unit.unseen_environment}")
    if not setting.known and untouched and not app.version.known:
        return TrustedPeers(("127.0.0.1",), ("::1",))
    return TrustedPeers(allowed(setting))


def _unknown(value: Located[Any], because: str) -> UnknownValue:
    return UnknownValue(value.as_unknown(because))


def allowed(setting: Located[Any]) -> tuple[str, ...]:
    """The entries of a list, whether it is written as one text or as a list."""
    value = setting.value or ()
    parts: Iterable[Any] = value.split(",") if isinstance(value, str) else value
    return tuple(str(part).strip() for part in parts if str(part).strip())


def misread(entry: str) -> str:
    """In what way an entry can never match: a name, or quotes in it; "" for an address, a network or ``*``."""
    if entry == _ANYONE or _network(entry) is not None:
        return ""
    return "quotes belong to it" if entry[:1] in "'\"" or entry[-1:] in "'\"" else "names are not looked up"


def covers(entry: str, address: str, app: App) -> bool:
    """Whether the entry matches a peer. Networks do from Gunicorn 24.1 and uvicorn 0.31 on, with waitress never."""
    if entry == address:
        return True
    network, peer = _network(entry), _network(address)
    if network is None or peer is None or network.version != peer.version:
        return False
    if peer.num_addresses > 1 and network.subnet_of(peer) and network != peer:  # type: ignore[arg-type]
        because = f"whether nginx's address is {entry} is not known: {address} is declared"
        raise _unknown(app.settings[trust_list(app)], because)
    if not peer.subnet_of(network):  # type: ignore[arg-type]
        return False
    since = _NETWORKS_SINCE.get(app.kind)
    return network.num_addresses == 1 or (since is not None and app.version.value >= since)


@lru_cache(maxsize=1000)
def _network(text: str) -> IPv4Network | IPv6Network | None:
    import ipaddress

    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _address(text: str) -> bool:
    network = _network(text)
    return network is not None and network.num_addresses == 1


def only_loopback(entries: Iterable[str]) -> bool:
    """Whether a list of trusted peers lets in nobody from another host."""
    return all(_is_loopback(entry) for entry in entries if not misread(entry))


def _is_loopback(entry: str) -> bool:
    network = _network(entry)
    return network is not None and network.is_loopback
