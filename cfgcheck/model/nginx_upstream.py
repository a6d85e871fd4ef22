"""Where an nginx passes requests to: peers, upstreams, pass directives."""

from __future__ import annotations

from cfgcheck.model.address import Address
from cfgcheck.model.app import Protocol
from cfgcheck.model.located import Located
from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.nginx_tree import Directive


@record(frozen=True)
class Peer:
    """One ``server`` of an upstream. ``fail_timeout`` in seconds; ``max_conns`` 0 is unlimited.

    ``optional``: it stands in a template branch, so it may be absent.
    """

    address: Located[Address]
    span: Span
    weight: Located[int]
    max_fails: Located[int]
    fail_timeout: Located[float]
    max_conns: Located[int]
    backup: bool = False
    down: bool = False
    resolve: bool = False
    malformed: str = ""
    """In what way the address is not what its author meant, else ""."""
    service: str = ""
    """``service=`` of a peer that is found by DNS SRV records."""
    optional: bool = False


@record(frozen=True)
class Upstream:
    """An ``upstream{}``, or the one that nginx makes of a literal target (``implicit``: it never keeps connections).

    ``keepalive``: idle connections kept per worker, 0 for none, as in effect for this version of nginx.
    ``keepalive_timeout`` and ``keepalive_time`` in seconds. ``zone``: its state is shared between workers.
    ``resolver``: addresses of its own ``resolver`` (nginx ≥ 1.27.3). An implicit upstream's name is host and port as
    written; its only peer is that target, ``localhost`` staying one peer.
    """

    name: str
    peers: tuple[Peer, ...]
    implicit: bool
    span: Span
    keepalive: Located[int]
    keepalive_timeout: Located[float]
    keepalive_requests: Located[int]
    zone: bool = False
    methods: tuple[str, ...] = ()
    """Balancing directives used: ``ip_hash``, ``least_conn`` …"""
    keepalive_time: Located[float] = Located.default(3600)
    resolver: tuple[str, ...] = ()
    directive: Directive | None = None

    @property
    def active_peers(self) -> tuple[Peer, ...]:
        """Those that take requests while all is well: neither ``backup`` nor ``down``."""
        return tuple(peer for peer in self.peers if not (peer.backup or peer.down))

    @property
    def label(self) -> str:
        return f"upstream {self.name}"


@record(frozen=True)
class Pass:
    """A ``proxy_pass``, ``uwsgi_pass`` … and what it names.

    ``family``: ``proxy``, ``uwsgi``, ``fastcgi``, ``scgi`` or ``grpc``. ``tls``: ``https``, ``suwsgi``, ``grpcs``.
    ``upstream`` is unknown where the target is computed (variables, placeholders). ``host_text``: host and port as
    written. ``uri``: the URI part, None where there is none. ``variable``: the target holds variables, so nginx
    resolves it at each request. ``malformed``: in what way the target is not what its author meant, else "".
    """

    verb: str
    family: str
    protocol: Protocol
    tls: bool
    upstream: Located[Upstream]
    host_text: str
    uri: str | None
    variable: bool
    directive: Directive
    span: Span
    malformed: str = ""
    host: str = ""
    """The host alone, as written and without brackets; the socket's path for a unix socket."""
    proxy_host: str = ""
    """nginx's ``$proxy_host``: the upstream's name, host and port (a default port left out), ``localhost`` for a unix
    socket; "" where the target is not known."""
    port_on_upstream: bool = False
    """``http://name:port`` though ``upstream name {}`` exists: nginx refuses to start. ``upstream`` is that one."""
    needs_resolver: Located[bool] = Located.default(False)
    """Whether nginx must look a name up at each request: a variable yields a host name that is neither an IP address
    nor an ``upstream{}`` nor a target that stands elsewhere literally."""
    candidates: tuple[Upstream, ...] = ()
    """What a computed target may be, as far as known, where ``upstream`` is unknown (several ``set`` or ``map``
    values, the branches of a template)."""

    @property
    def is_unix(self) -> bool:
        peers = self.upstream.value.peers if self.upstream.known and self.upstream.value.implicit else ()
        return any(peer.address.known and peer.address.value.is_unix for peer in peers)


@record(frozen=True)
class VariableMap:
    """A ``map``, ``geo`` or ``split_clients`` block: which values a variable may have.

    ``source``: what it is computed from, as written (``$http_upgrade``). ``entries``: keys and results in order,
    ``default`` among neither. ``open``: entries may be missing (an include that was not read, a template branch).
    """

    kind: str
    name: str
    source: str
    entries: tuple[tuple[str, str], ...]
    default: str | None
    open: bool
    directive: Directive

    @property
    def span(self) -> Span:
        return self.directive.span

    @property
    def results(self) -> tuple[str, ...]:
        """All that it may yield, each once; without a default also the empty text."""
        found = [result for _, result in self.entries]
        found.append(self.default or "")
        return tuple(dict.fromkeys(found))

    def result_for(self, value: str) -> str | None:
        """What a ``map`` yields for a value of its source; None where that can't be told (patterns, open ends)."""
        if self.kind != "map" or self.open:
            return None
        for key, result in self.entries:
            if key.startswith("~") or "*" in key:
                return None
            if key.removeprefix("\\").lower() == value.lower():
                return result
        return self.default or ""
