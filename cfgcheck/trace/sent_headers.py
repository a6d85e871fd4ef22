"""The headers of a request, or for uwsgi, FastCGI and SCGI its parameters, as the next server receives them.

``ngx_http_proxy_create_request``, ``ngx_http_proxy_headers`` and ``ngx_http_uwsgi_create_request`` of nginx's sources.
"""

from __future__ import annotations

from collections.abc import Iterable

from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Header, Location, Pass
from cfgcheck.model.nginx_sent import PARAMETER_FAMILIES, evades
from cfgcheck.model.nginx_table import SENT_CONNECTION
from cfgcheck.model.version import Version
from cfgcheck.trace.client_headers import client_headers, header_values
from cfgcheck.trace.exchange import Exchange
from cfgcheck.trace.hop import SentHeader
from cfgcheck.trace.octets import shown
from cfgcheck.trace.servers import split_host
from cfgcheck.trace.undecided import Undecided
from cfgcheck.trace.variables import fill_header, variable

_DEFAULTS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "te", "keep-alive", "expect", "upgrade"}
)
"""Headers of the client that nginx puts its own in place of, or nothing."""
_CACHE_DEFAULTS = frozenset(
    {"if-modified-since", "if-unmodified-since", "if-none-match", "if-match", "range", "if-range"}
)


def sent_headers(location: Location, passes: Pass, exchange: Exchange) -> tuple[SentHeader, ...]:
    """In the order that they are sent in."""
    doubt = location.scope.headers_doubt(passes.family)
    if doubt:
        exchange.say(f"which headers are set is not certain: {doubt}", passes.span)
    kept, dropped = client_headers(exchange)
    for name in dropped:
        exchange.say(f"nginx drops the header {name}: underscores_in_headers and ignore_invalid_headers say so")
    if not _passes_headers(location, passes):
        kept = []
    set_here = location.scope.headers(passes.family)
    write = _parameters if passes.family in PARAMETER_FAMILIES else _headers
    before = exchange.captures, dict(exchange.assigned)
    found = write(set_here, kept, location, passes, exchange)
    if before != (exchange.captures, exchange.assigned) and found != write(set_here, kept, location, passes, exchange):
        # nginx measures them all before it writes them all.
        raise Undecided("a map changes groups (`$1`) of which headers are made while they are written", passes.span)
    return tuple(SentHeader(name, _readable(value)) for name, value in found)


_NORMAL_HOST = Version(1, 29, 5)
"""From here on HTTP_HOST is a parameter of nginx's own, before the client's headers and also without them."""

Named = list[tuple[str, Located[str]]]


def _readable(value: Located[str]) -> Located[str]:
    return value.with_value(shown(value.value)) if value.known else value


def _passes_headers(location: Location, passes: Pass) -> bool:
    if passes.family == "grpc":
        return True
    setting: Located[bool] = location.setting(f"{passes.family}_pass_request_headers")
    return bool(setting.get(True))


def _headers(set_here: Iterable[Header], kept: Named, location: Location, passes: Pass, exchange: Exchange) -> Named:
    found: Named = []
    names = {header.key for header in set_here}
    for header in set_here:
        if not header.cleared:
            found.append((header.name, fill_header(header, exchange)))
    found += [(name, value) for name, value in _own(location, passes, exchange) if name.lower() not in names]
    hidden = names | _DEFAULTS | (_CACHE_DEFAULTS if _caches(location, passes) else frozenset())
    found = [(name, value) for name, value in found if not value.known or value.value]
    return found + [(name, value) for name, value in kept if name.lower() not in hidden or evades(location, name)]


def _own(location: Location, passes: Pass, exchange: Exchange) -> Named:
    """nginx's own headers, where no level sets them."""
    length = header_values(exchange).get("content_length", Located.read("", None))
    if passes.family == "grpc":
        return [("Content-Length", length)]
    connection = location.scope.defaults.by_version("the Connection header", SENT_CONNECTION)
    return [("Host", variable("proxy_host", exchange)), ("Connection", connection), ("Content-Length", length)]


def _caches(location: Location, passes: Pass) -> bool:
    return passes.family == "proxy" and location.setting("proxy_cache").get("off") != "off"


def _parameters(set_here: Iterable[Header], kept: Named, location: Location, passes: Pass, exchange: Exchange) -> Named:
    """Parameters as set, empty ones too; then the client's headers as ``HTTP_…`` unless one is set under that name."""
    found: Named = []
    hidden: set[str] = set()
    for header in set_here:
        if header.name.startswith("HTTP_"):
            hidden.add(header.name[5:].lower())
            if header.cleared:
                continue
        value = fill_header(header, exchange)
        if value.known and not value.value and header.conditional:
            continue
        found.append((header.name, value))
    version, host = exchange.proxy.version, exchange.arrival.host_header
    if host and "host" not in hidden and version.known and version.value >= _NORMAL_HOST:
        found.append(("HTTP_HOST", _host_parameter(Located.read(host, None), exchange)))
        hidden.add("host")
    for name, value in kept:
        parameter = name.lower().replace("-", "_")
        if parameter not in hidden:
            sent = _host_parameter(value, exchange) if parameter == "host" else value
            found.append((f"HTTP_{parameter.upper()}", sent))
    return found


def _host_parameter(value: Located[str], exchange: Exchange) -> Located[str]:
    """HTTP_HOST. Since 1.29.5 nginx writes the name as it compares it: in lower case, no dot at its end."""
    name = split_host(exchange.arrival.host_header)
    if not value.known or name is None:
        return value
    _, colon, port = value.value.rpartition(":")
    normal = name + colon + port if colon and (port.isdigit() or not port) else name
    version = exchange.proxy.version
    if normal == value.value or (version.known and version.value >= _NORMAL_HOST):
        return Located.read(normal, None)
    return Located.unknown("versions of nginx differ: as sent, or in lower case", None, value.value)
