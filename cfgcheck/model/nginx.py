"""An nginx instance as it would run: servers, locations, upstreams and the settings in effect at each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from cfgcheck.model import nginx_sent, nginx_written
from cfgcheck.model.address import Address
from cfgcheck.model.edge import Edge
from cfgcheck.model.located import Located
from cfgcheck.model.nginx_headers import Header
from cfgcheck.model.nginx_settings import Scope
from cfgcheck.model.nginx_table import HEADER_DIRECTIVES
from cfgcheck.model.nginx_upstream import Pass, Peer, Upstream, VariableMap
from cfgcheck.model.nginx_values import Buffers
from cfgcheck.model.unit import Unit
from cfgcheck.model.uwsgi_packet import packet_size
from cfgcheck.model.version import Version
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.nginx_tree import Directive

__all__ = [
    "Buffers",
    "Header",
    "Listen",
    "Location",
    "Pass",
    "Peer",
    "Proxy",
    "Scope",
    "Server",
    "Upstream",
    "VariableMap",
]


@record(frozen=True, eq=False)
class Listen:
    """A ``listen``. ``tls``: with ``ssl`` (or the old ``ssl on``). ``quic`` and unix sockets among them.

    ``default``: ``default_server`` stands there. ``implied``: no ``listen`` is there and nginx takes ``*:80``.
    ``uncertain``: why it may be absent or otherwise (a template branch, a placeholder among its parameters), else "".
    ``last_port``: the end of a range of ports (``8000-8010``), else the port itself.
    """

    address: Located[Address]
    tls: bool
    default: bool
    proxy_protocol: bool
    span: Span
    quic: bool = False
    http2: bool = False
    implied: bool = False
    uncertain: str = ""
    last_port: int | None = None


class Location:
    """A location, or an ``if`` or ``limit_except`` inside one that passes on by itself, or a fragment's own level.

    ``modifier``: ``""``, ``=``, ``^~``, ``~``, ``~*``, ``@`` for a named one, ``if`` and ``limit_except`` for such
    blocks, ``server`` for the level of a fragment that holds a bare ``proxy_pass``. ``path``: as written (of an ``if``
    the condition, of a ``limit_except`` the methods). ``passes``: where it hands requests to, None when it does not;
    nested locations inherit nothing there, and of several handlers the last one counts, as in nginx.
    ``repeats``: the earlier location of the same level that nginx takes for the same one, and so refuses to start.
    ``optional``: it stands in a template branch.
    """

    __slots__ = (
        "_answers", "_headers", "directive", "modifier", "optional", "parent", "passes", "path", "repeats", "scope",
        "server",
    )  # fmt: skip

    def __init__(
        self, server: Server, parent: Location | None, scope: Scope, modifier: str, path: str, directive: Directive
    ) -> None:
        self.server = server
        self.parent = parent
        self.scope = scope
        self.modifier = modifier
        self.path = path
        self.directive = directive
        self.passes: Pass | None = None
        self.repeats: Location | None = None
        self.optional: bool = False
        self._answers: dict[object, Located[Any]] = {}
        self._headers: dict[str, tuple[Header, ...]] | None = None

    @property
    def span(self) -> Span:
        return self.directive.span

    @property
    def is_regex(self) -> bool:
        return self.modifier in ("~", "~*")

    @property
    def is_named(self) -> bool:
        return self.modifier == "@"

    @property
    def is_prefix(self) -> bool:
        return self.modifier in ("", "^~")

    @property
    def is_exact(self) -> bool:
        return self.modifier == "="

    @property
    def label(self) -> str:
        """``/api/``, ``= /health``, ``~ \\.php$``, ``@app`` …"""
        if self.modifier in ("", "@"):
            return self.path
        return f"{self.modifier} {self.path}".strip()

    def setting(self, name: str) -> Located[Any]:
        """The effective value of a directive here, converted (seconds, bytes, booleans, lists)."""
        return self.scope.setting(name)

    def family_setting(self, suffix: str) -> Located[Any]:
        """The effective ``<family>_<suffix>`` of the verb in use (``read_timeout`` → ``uwsgi_read_timeout``)."""
        assert self.passes is not None
        return self.scope.setting(f"{self.passes.family}_{suffix}")

    @property
    def read_timeout(self) -> Located[float]:
        return self.family_setting("read_timeout")

    @property
    def send_timeout(self) -> Located[float]:
        return self.family_setting("send_timeout")

    @property
    def connect_timeout(self) -> Located[float]:
        return self.family_setting("connect_timeout")

    @property
    def headers(self) -> tuple[Header, ...]:
        """What is effectively set towards the upstream: ``proxy_set_header``, ``uwsgi_param``, ``fastcgi_param``,
        ``scgi_param`` or ``grpc_set_header``, in order; without nginx's own defaults (``Host $proxy_host``)."""
        return self.scope.headers(self.passes.family) if self.passes else ()

    def header(self, name: str) -> Header | None:
        """The last effective header of that name (case-insensitive)."""
        found = self.headers_named(name)
        return found[-1] if found else None

    def headers_named(self, name: str) -> tuple[Header, ...]:
        """All effective headers of that name (case-insensitive); nginx sends every one of them."""
        if self._headers is None:
            self._headers = _by_key(self.headers)
        return self._headers.get(name.lower(), ())

    def named(self, suffix: str) -> str:
        """What the setting of the verb in use is called: ``uwsgi_read_timeout``, of an Ingress its annotation."""
        assert self.passes is not None
        return nginx_written.named(f"{self.passes.family}_{suffix}", ingress=self.server.proxy.ingress)

    def timed(self, suffix: str, seconds: float) -> str:
        """The statement (of an Ingress: the annotation) that sets it to a time."""
        assert self.passes is not None
        name = f"{self.passes.family}_{suffix}"
        return nginx_written.statement(name, seconds, "s", ingress=self.server.proxy.ingress)

    def bodies_up_to(self, size: int) -> str:
        """The statement (of an Ingress: the annotation) that admits request bodies of so many bytes."""
        return nginx_written.statement("client_max_body_size", size, "", ingress=self.server.proxy.ingress)

    def _once(self, question: object, answer: Callable[[], Located[Any]]) -> Located[Any]:
        """The answer to a question that many rules ask; a location does not change once it has been built."""
        if question not in self._answers:
            self._answers[question] = answer()
        return self._answers[question]

    @property
    def header_set(self) -> Located[tuple[Header, ...]]:
        """``headers``, unknown where something may be missing (an include that was not read, a template branch)."""
        if self.passes is None:
            return Located.unknown("this location passes nothing on")
        doubt = self.scope.headers_doubt(self.passes.family)
        return Located.unknown(doubt, self.passes.span) if doubt else Located.read(self.headers, None)

    @property
    def lost_headers(self) -> tuple[Header, ...]:
        """Headers for the upstream that an outer level sets and that are not in effect here, because a nearer level
        sets others of its own."""
        return self.scope.lost_headers(HEADER_DIRECTIVES[self.passes.family]) if self.passes else ()

    def sends(self, name: str) -> Located[bool]:
        """Whether nginx sets that header to something. A name like ``X-Real-IP`` means ``HTTP_X_REAL_IP`` where
        parameters are sent (uwsgi, FastCGI, SCGI); one in capitals without dashes (``HTTPS``) means itself."""
        return self._once(("sends", name), lambda: nginx_sent.sends(self, name))

    def controls(self, name: str) -> Located[bool]:
        """Whether nginx sets or clears that header, so that a client's own never gets through."""
        return self._once(("controls", name), lambda: nginx_sent.controls(self, name))

    @property
    def tells_scheme(self) -> Located[bool]:
        """Whether nginx tells the app, under whatever name, which scheme the client used."""
        return self._once("tells_scheme", lambda: nginx_sent.tells_scheme(self))

    def header_value(self, name: str) -> Located[str | None]:
        """What nginx sets that header to, as written (``$scheme``); None where no level sets it."""
        return self._once(("header_value", name), lambda: nginx_sent.header_value(self, name))

    @property
    def sent_host(self) -> Located[str]:
        """The Host that the app sees: as written, or nginx's own default (``$proxy_host``, resolved)."""
        return self._once("sent_host", lambda: nginx_sent.sent_host(self))

    @property
    def sent_connection(self) -> Located[str]:
        """The Connection header towards the upstream for plain requests; "" is none."""
        return self._once("sent_connection", lambda: nginx_sent.sent_connection(self))

    @property
    def keeps_connections(self) -> Located[bool]:
        """Whether nginx keeps connections to the upstream open for further requests."""
        return self._once("keeps_connections", lambda: nginx_sent.keeps_connections(self))

    @property
    def http_version(self) -> Located[str | None]:
        """HTTP version towards the upstream: ``1.0``, ``1.1``, ``2``; None for families that speak no HTTP."""
        if self.passes is None or self.passes.family not in ("proxy", "grpc"):
            return Located.default(None, "no HTTP is spoken to the upstream")
        return Located.default("2", "gRPC") if self.passes.family == "grpc" else self.setting("proxy_http_version")

    @property
    def body_limit(self) -> Located[int | None]:
        """``client_max_body_size`` in bytes; None for no limit (``0`` in nginx)."""
        limit: Located[int] = self.setting("client_max_body_size")
        return limit.with_value(limit.value or None) if limit.known else Located.unknown(limit.because, limit.span)


def _by_key(headers: Iterable[Header]) -> dict[str, tuple[Header, ...]]:
    found: dict[str, tuple[Header, ...]] = {}
    for header in headers:
        found[header.key] = (*found.get(header.key, ()), header)
    return found


@record(eq=False)
class Server:
    """A ``server{}`` of ``http{}``, or what stands in for it around a fragment (then it listens nowhere)."""

    proxy: Proxy
    scope: Scope
    directive: Directive
    names: tuple[str, ...]
    listens: tuple[Listen, ...]
    locations: list[Location]
    edge: Edge | None = None
    """What stands before this server: declared, or an outer nginx of the stack that passes to it."""

    @property
    def span(self) -> Span:
        return self.directive.span

    @property
    def label(self) -> str:
        named = [name for name in self.names if name not in ("", "_") and "{%" not in name and "<%" not in name]
        if named:
            return named[0]
        if self.listens:
            address = self.listens[0].address
            return f"port {address.value.port_text}" if address.known and address.value.port_text else "server"
        return "server"

    @property
    def terminates_tls(self) -> bool:
        return any(listen.tls for listen in self.listens)

    @property
    def only_tls(self) -> bool:
        return bool(self.listens) and all(listen.tls for listen in self.listens)

    @property
    def tls(self) -> Located[bool]:
        """``terminates_tls``, unknown where template branches or placeholders decide it, or nothing tells where the
        server listens."""
        certain = [listen for listen in self.listens if listen.tls and not listen.uncertain]
        if certain:
            return Located.read(True, certain[0].span)
        doubtful = [listen for listen in self.listens if listen.uncertain]
        if doubtful:
            return Located.unknown(doubtful[0].uncertain, doubtful[0].span)
        if not self.listens:
            return Located.unknown("no listen directive is in sight", self.span)
        return Located.read(False, self.listens[0].span)

    @property
    def header_buffers(self) -> Located[Buffers]:
        """``large_client_header_buffers`` as in effect for header lines: those of the server that Host names."""
        return self.setting("large_client_header_buffers")

    @property
    def request_line_limit(self) -> Located[int]:
        """The longest request line that nginx admits, in bytes with its CRLF. On a plain listener the name is not
        known yet when it is read: then the default server of that listener decides."""
        deciding = [server.header_buffers for server in self.first_servers]
        for buffers in deciding:
            if not buffers.known:
                return Located.unknown(buffers.because, buffers.span)
        if len({buffers.value.size for buffers in deciding}) > 1:
            return Located.unknown(f"the listeners of {self.label} have default servers with different limits")
        return deciding[0].with_value(deciding[0].value.size)

    @property
    def header_limit(self) -> Located[int]:
        """All header lines together, in bytes: number × size of ``large_client_header_buffers``."""
        return self._of_buffers(lambda buffers: buffers.total)

    @property
    def header_line_limit(self) -> Located[int]:
        """One header line with its CRLF, in bytes: the size of one of ``large_client_header_buffers``."""
        return self._of_buffers(lambda buffers: buffers.size)

    @property
    def uwsgi_packet(self) -> Located[int]:
        """The ``buffer-size`` that uWSGI needs for all header lines that nginx admits here, in bytes."""
        return self._of_buffers(lambda buffers: packet_size(buffers.total, buffers.size))

    def _of_buffers(self, measure: Callable[[Buffers], int]) -> Located[int]:
        own = self.header_buffers
        return own.with_value(measure(own.value)) if own.known else Located.unknown(own.because, own.span)

    @property
    def first_servers(self) -> list[Server]:
        """Which servers' settings hold while the request line is read: on plain listeners the default one's, with TLS
        its own (the client names it in the handshake)."""
        found = [
            self if listen.tls else self.proxy.default_servers.get(str(listen.address.value), self)
            for listen in self.listens
            if listen.address.known
        ]
        return found or [self]

    def setting(self, name: str) -> Located[Any]:
        return self.scope.setting(name)

    def __repr__(self) -> str:
        return f"Server({self.label!r}, {self.span})"


@record(eq=False)
class Proxy:
    """One nginx: a main configuration with all that it includes, or a lone ``server{}`` file or fragment.

    ``complete``: it has the main file, so what is not set is at its default; without it (a bare ``server{}`` for
    ``conf.d``) settings of the http level may stand elsewhere: ``incomplete_because`` says so, and defaults then
    carry that doubt only where a rule asks for it.
    ``modules``: names of third-party modules loaded (``load_module``). ``upstreams``: by name in lower case, as nginx
    compares them. ``maps``: variables with a table of values, by name. ``default_servers``: by address, the server
    that takes what no name tells.
    """

    name: str
    version: Located[Version]
    scope: Scope
    directive: Directive
    servers: list[Server]
    upstreams: dict[str, Upstream]
    files: list[SourceFile]
    complete: bool
    incomplete_because: str = ""
    modules: tuple[str, ...] = ()
    host: str = ""
    """The host it runs on; "" for the one machine that is taken for granted."""
    unit: Unit | None = None
    """What starts and stops it; None where only its configuration tells of it."""
    variables: Mapping[str, Span] = field(default_factory=dict)
    """Where the variables are set that its templates are filled in with."""
    ingress: bool = False
    """A Kubernetes Ingress: settings are annotations, and what it does not say is ingress-nginx's default."""
    maps: dict[str, VariableMap] = field(default_factory=dict)
    default_servers: dict[str, Server] = field(default_factory=dict)

    @property
    def span(self) -> Span:
        return self.directive.span

    @property
    def label(self) -> str:
        if self.ingress:
            return f"Ingress {self.name}"
        return "nginx" if self.name == "nginx" else f"nginx {self.name}".strip()

    def locations(self) -> Iterator[Location]:
        for server in self.servers:
            yield from server.locations

    def setting(self, name: str) -> Located[Any]:
        """A setting of the main level or of ``events`` (``user``, ``worker_connections`` …)."""
        return self.scope.setting(name)

    def __repr__(self) -> str:
        return f"Proxy({self.name!r}, {self.span})"
