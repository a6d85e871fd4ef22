"""The target that a location passes to, and the path that arrives there.

``ngx_http_proxy_create_request`` and ``ngx_http_proxy_eval`` of nginx's sources;
http://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass.
"""

from __future__ import annotations

from cfgcheck.load.nginx_address import Target, parse_target
from cfgcheck.load.nginx_targets import written
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Location, Pass
from cfgcheck.model.version import Version
from cfgcheck.trace.exchange import Exchange
from cfgcheck.trace.octets import octets, shown
from cfgcheck.trace.uri import ESCAPED_IN_URI, ESCAPED_IN_URI_BEFORE, escape
from cfgcheck.trace.variables import expand

_ESCAPES_MORE = Version(1, 21, 1)
_PARAMETER_PATHS = ("REQUEST_URI", "PATH_INFO", "SCRIPT_NAME", "DOCUMENT_URI")


def computed_target(passes: Pass, exchange: Exchange) -> Located[Target] | None:
    """The target of a pass with variables, filled in; None for one without."""
    text = passes.directive.args[0]
    if "$" not in text.value or text.templated:
        return None
    filled = expand(text.value, exchange, passes.span)
    if not filled.known:
        return Located.unknown(filled.because, passes.span, filled.text)
    return Located.read(parse_target(passes.family, filled.value), passes.span, text=shown(filled.value))


def proxied_uri(location: Location, passes: Pass, target: Located[Target] | None, exchange: Exchange) -> Located[str]:
    """Path and query as the upstream receives them."""
    if passes.directive.args[0].templated and passes.uri:
        return Located.unknown(f"it is filled in from a template: {passes.directive.args[0].value}", passes.span)
    if target is not None:
        return _computed(location, passes, target, exchange)
    return _located(passes, _own(location, passes, octets(passes.uri or ""), exchange))


def _located(passes: Pass, uri: str) -> Located[str]:
    return Located.read(shown(uri), passes.span)


def _computed(location: Location, passes: Pass, target: Located[Target], exchange: Exchange) -> Located[str]:
    """With variables in the target, its URI part, if it has one, is all that is sent."""
    if not target.known:
        if passes.uri is None:
            as_is = shown(_own(location, passes, "", exchange))
            return Located.unknown(f"{target.because} (a path may stand in it)", passes.span, as_is)
        own = expand(passes.uri, exchange, passes.span)
        if not own.known:
            return Located.unknown(own.because, passes.span, own.text)
        uri = own.value
    else:
        uri = target.value.uri or ""
    if uri.startswith("?"):
        uri = "/" + uri
    return _located(passes, uri or _own(location, passes, "", exchange))


def _own(location: Location, passes: Pass, part: str, exchange: Exchange) -> str:
    """The path of the request, its matched prefix replaced by the target's URI part where there is one."""
    if not part and exchange.valid_unparsed:
        return exchange.unparsed
    length = 0
    if part and exchange.valid_location:
        length = min(len(octets(replaced_prefix(location))), len(exchange.uri))
    rest = exchange.uri[length:]
    if exchange.quoted or exchange.internal:
        rest = escape(rest, _escaped(exchange))
    query = f"?{exchange.args}" if exchange.args else ""
    return (part if exchange.valid_location else "") + rest + query


def replaced_prefix(location: Location) -> str:
    """What of the path the target's URI part replaces."""
    return location.path if location.is_prefix or location.is_exact else ""


def _escaped(exchange: Exchange) -> frozenset[str]:
    version = exchange.proxy.version
    old = version.known and version.value < _ESCAPES_MORE
    return ESCAPED_IN_URI_BEFORE if old else ESCAPED_IN_URI


def parameter_uri(headers: dict[str, Located[str]]) -> Located[str]:
    """The path that an app behind uwsgi, FastCGI or SCGI sees: by the parameters that are sent."""
    for name in _PARAMETER_PATHS:
        if name in headers:
            return headers[name]
    return Located.unknown("no parameter tells the path (REQUEST_URI, PATH_INFO)")


def computed_host(target: Target) -> str:
    """``$proxy_host`` of a computed target."""
    return "localhost" if target.is_unix else written(target)


