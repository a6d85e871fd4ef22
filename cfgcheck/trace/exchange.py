"""A request while one nginx works on it: what ``ngx_http_request_t`` holds, as far as it decides anything."""

from __future__ import annotations

from collections.abc import Mapping

from cfgcheck.model.address import Address
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Listen, Location, Proxy, Scope, Server
from cfgcheck.record import field, record
from cfgcheck.source.file import Span
from cfgcheck.trace.hop import Step
from cfgcheck.trace.patterns import Patterns
from cfgcheck.trace.request import Request

MOST_URI_CHANGES = 10
"""How often rewrites and internal redirects may choose a location anew (``NGX_HTTP_MAX_URI_CHANGES``)."""

@record(frozen=True)
class Arrival:
    """A request as it comes to an nginx. ``address``: what the connection was made to, None where only the port is
    known. ``unknown``: headers that are sent, but nobody can tell with what value, and why not. ``unknown_target``: why
    the path is not known, "" where it is."""

    request: Request
    address: Address | None = None
    unknown: Mapping[str, str] = field(default_factory=dict)
    unknown_target: str = ""

    @property
    def host_header(self) -> str:
        """The Host header as sent; "" for none."""
        if "host" in self.request.headers:
            return self.request.headers["host"]
        return self.request.host_header if self.request.host else ""


@record(eq=False)
class Exchange:
    """``uri``, ``args``: as they are now, bytes. ``scope``: the level in effect (a location's, of an ``if`` in it, the
    server's). ``captures``: groups of the last regular expression that matched. ``assigned``: what ``set`` and named
    groups gave variables; ``mapped``: what maps gave, once asked. ``unparsed`` stands while ``valid_unparsed``: then
    it is passed on as the client wrote it. ``valid_location``: the matched prefix may still be replaced.
    """

    arrival: Arrival
    proxy: Proxy
    listen: Listen | None
    server: Server
    tls: bool
    patterns: Patterns
    uri: str = ""
    args: str = ""
    unparsed: str = ""
    quoted: bool = False
    plus: bool = False
    valid_unparsed: bool = True
    valid_location: bool = True
    internal: bool = False
    uri_changed: bool = False
    error_page_shown: bool = False
    error_status: int = 0
    """The status that the client gets whatever answers it: of the error that led to an error page."""
    last_resorts: set[str] = field(default_factory=set)
    """Files that a ``try_files`` fell back to: those are taken to be there (``/index.html``)."""
    changes_left: int = MOST_URI_CHANGES + 1
    method: str = "GET"
    location: Location | None = None
    scope: Scope | None = None
    in_if: bool = False
    handler: Location | None = None
    """The ``if`` that last gave the request a handler of its own."""
    captures: tuple[str, ...] = ()
    escapes_groups: bool = False
    """While a level's statements are run, until a ``rewrite`` of them has matched: groups of a request that held
    escapes are escaped again in ``set`` and ``if`` (``e->quote`` of ``ngx_http_rewrite_handler``)."""
    assigned: dict[str, Located[str]] = field(default_factory=dict)
    mapped: dict[str, Located[str]] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    passing: bool = False
    """The target is known: the request is being written."""
    proxy_host: str | None = None
    """``$proxy_host`` where the target was computed."""

    @property
    def level(self) -> Scope:
        return self.scope if self.scope is not None else self.server.scope

    @property
    def request(self) -> Request:
        return self.arrival.request

    def say(self, text: str, span: Span | None = None) -> None:
        self.steps.append(Step(text, span))

    def matches(self, pattern: str, text: str, span: Span | None, *, caseless: bool = False) -> bool:
        """Run a pattern as nginx does: its groups, named ones too, are variables from then on."""
        found = self.patterns.search(pattern, text, span, caseless=caseless)
        if found is None:
            return False
        self.captures = tuple(group or "" for group in (found[0], *found.groups()))
        for name, value in found.groupdict().items():
            self.assigned[name.lower()] = Located.read(value or "", span, text=pattern)
        return True
