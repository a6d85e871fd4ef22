"""What an app behind a location gets to see: the headers of a request as nginx sends it on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from cfgcheck.model.located import Located, Origin
from cfgcheck.model.nginx_headers import Header
from cfgcheck.model.nginx_table import SENT_CONNECTION
from cfgcheck.model.version import Version

if TYPE_CHECKING:
    from cfgcheck.model.nginx import Location
    from cfgcheck.model.nginx_upstream import Pass

PARAMETER_FAMILIES = frozenset({"uwsgi", "fastcgi", "scgi"})
"""Families that send CGI parameters; the client's own headers go along as ``HTTP_…``."""

T = TypeVar("T")

_SETS_HTTP_HOST = Version(1, 29, 5)
_REQUESTED_HOST = "$host$is_request_port$request_port"
"""The ``HTTP_HOST`` of FastCGI, SCGI and uwsgi by default (nginx's CHANGES with 1.29.5; seen with 1.31.3)."""

_NOBODY = "this location passes nothing on"

_SCHEME_HEADER = re.compile(r"proto$|forwarded-(?:protocol|ssl)$|scheme$|^forwarded$|^front-end-https$|^x-https$")
"""Names (in lower case) under which one or the other app looks for the client's scheme."""

_SCHEME_PARAMETERS = ("HTTPS", "UWSGI_SCHEME", "X-Forwarded-Proto", "X-Forwarded-Ssl")
"""What uWSGI takes the scheme from; REQUEST_SCHEME alone does nothing (core/protocol.c)."""


def parameter_name(header: str) -> str:
    """The CGI parameter that carries a request header: ``X-Real-IP`` is ``HTTP_X_REAL_IP``."""
    return "HTTP_" + header.upper().replace("-", "_")


def wire_name(location: Location, name: str) -> str:
    """The name under which the family in use sends the header ``name``; parameters (``HTTPS``) stay as they are."""
    passes = location.passes
    if passes is None or passes.family not in PARAMETER_FAMILIES or name.isupper():
        return name
    return parameter_name(name)


def sends(location: Location, name: str) -> Located[bool]:
    """Whether nginx sets that header to something: True and where; False when it does not or clears it."""
    header = location.header(wire_name(location, name))
    doubt = _doubt(location, header)
    if doubt:
        return Located.unknown(doubt, header.span if header else None)
    if header is None:
        return Located.default(False, "no level sets it")
    if header.templated and not header.value:
        return Located.unknown(f"{name} is filled in from a template", header.span)
    return _read(location, header, not header.cleared)


def controls(location: Location, name: str) -> Located[bool]:
    """Whether nginx sets or clears that header, so that what a client sends under that name never gets through."""
    header = location.header(wire_name(location, name))
    doubt = _doubt(location, header)
    if doubt:
        return Located.unknown(doubt, header.span if header else None)
    if header is None:
        return Located.default(False, "no level sets it")
    return _read(location, header, not evades(location, name))


def evades(location: Location, name: str) -> bool:
    """Whether a client's header of that name comes through beside the one that is set: with an underscore, where nginx
    calls it invalid and yet lets it by, it is not compared with those set (seen with 1.31.3)."""
    if "_" not in name or location.passes is None or location.passes.family in PARAMETER_FAMILIES:
        return False
    lenient = location.server.setting("ignore_invalid_headers").get(True) is False
    return lenient and location.server.setting("underscores_in_headers").get(True) is False


def tells_scheme(location: Location) -> Located[bool]:
    """Whether nginx tells the app, under whatever name, which scheme the client used."""
    passes = location.passes
    if passes is None:
        return Located.unknown(_NOBODY)
    if passes.family in PARAMETER_FAMILIES:
        answers = [location.sends(name) for name in _SCHEME_PARAMETERS]
        told = next((answer for answer in answers if answer.get(False)), None)
        return told or next((answer for answer in answers if not answer.known), answers[0])
    for header in location.headers:
        if _SCHEME_HEADER.search(header.key) and not header.cleared and not header.optional:
            return _read(location, header, True)
    doubt = location.scope.headers_doubt(passes.family)
    return Located.unknown(doubt, passes.span) if doubt else Located.default(False, "no header tells the scheme")


def header_value(location: Location, name: str) -> Located[str | None]:
    """The text that nginx sends under that name (variables stay: ``$scheme``); None where it sets none."""
    header = location.header(wire_name(location, name))
    doubt = _doubt(location, header)
    if doubt:
        return Located.unknown(doubt, header.span if header else None)
    if header is None:
        return Located.default(None, "no level sets it")
    if header.templated:
        return Located.unknown(f"{name} is filled in from a template: {header.value}", header.span, header.value)
    return _read(location, header, header.value)


def _read(location: Location, header: Header, value: T) -> Located[T]:
    """A value that a header decides; inherited, when an outer level sets it."""
    own = header.directive in location.scope.own.get(header.directive.key, ())
    return Located.read(value, header.span, Origin.FILE if own else Origin.INHERITED, header.value)


def _doubt(location: Location, header: Header | None) -> str:
    """Why it can't be told whether the header is sent; "" when it can."""
    if location.passes is None:
        return _NOBODY
    if header is not None and not header.optional:
        return ""
    return location.scope.headers_doubt(location.passes.family)


def sent_host(location: Location) -> Located[str]:
    """The Host that the app sees, as written: a literal name, or the expression that it comes from (``$host``).

    Without a header of its own nginx sends ``$proxy_host``; the parameter families hand on what the client asked for.
    """
    passes = location.passes
    if passes is None:
        return Located.unknown(_NOBODY)
    value = header_value(location, "Host")
    if not value.known:
        return Located.unknown(value.because, value.span, value.text)
    if value.value is not None and value.value != "$proxy_host":
        return value.with_value(value.value)
    if value.value is None and passes.family in PARAMETER_FAMILIES:
        return _client_host(location)
    return _own_host(passes)


def _client_host(location: Location) -> Located[str]:
    """``HTTP_HOST`` where no parameter sets it. From 1.29.5 on nginx sets it itself, also where the client's headers
    are held back (``$http_host`` and that value differ for requests with an absolute URI and in HTTP/3 alone)."""
    version = location.scope.defaults.version
    if version.known and version.value >= _SETS_HTTP_HOST:
        return Located.default(_REQUESTED_HOST, f"nginx's own HTTP_HOST since {_SETS_HTTP_HOST}")
    passed: Located[bool] = location.family_setting("pass_request_headers")
    if version.known and passed.get(True) is False:
        return passed.with_value("")
    return Located.default("$http_host", "the client's Host goes along as HTTP_HOST")


def _own_host(passes: Pass) -> Located[str]:
    """nginx's own Host: ``$proxy_host``."""
    if not passes.proxy_host:
        because = passes.upstream.because or "the target is not known"
        return Located.unknown(f"nginx sends Host $proxy_host, and {because}", passes.span)
    return Located.default(passes.proxy_host, "nginx sends Host $proxy_host where nothing else is set")


def sent_connection(location: Location) -> Located[str]:
    """The Connection header of a plain request (one without Upgrade) towards the upstream; "" is none.

    A ``map`` of ``$http_upgrade`` is resolved for such a request.
    """
    passes = location.passes
    if passes is None:
        return Located.unknown(_NOBODY)
    if passes.family != "proxy":
        return Located.default("", "only proxy_pass speaks HTTP/1")
    value = header_value(location, "Connection")
    if not value.known:
        return Located.unknown(value.because, value.span)
    written = value.value
    if written is None:
        return location.scope.defaults.by_version("the Connection header", SENT_CONNECTION)
    if "$" not in written:
        return value.with_value(written)
    variable = location.server.proxy.maps.get(written.lstrip("$").strip("{}"))
    plain = variable.result_for("") if variable is not None and variable.source == "$http_upgrade" else None
    if plain is None or "$" in plain:
        return Located.unknown(f"the Connection header is computed from {written}", value.span, written)
    return value.with_value(plain)


def keeps_connections(location: Location) -> Located[bool]:
    """Whether nginx keeps connections to the upstream open for further requests (facts: gunicorn 4.6a-f, 30.1b;
    uwsgi 6.01).

    It takes a connection cache (``keepalive``, from 1.29.7 on there by default in an ``upstream{}``) and a protocol
    that can: HTTP/1.1 without ``Connection: close``, HTTP/1.0 with ``keep-alive``, HTTP/2, FastCGI with
    ``fastcgi_keep_conn``; uwsgi and SCGI can't.
    """
    passes = location.passes
    if passes is None:
        return Located.unknown(_NOBODY)
    if passes.family in ("uwsgi", "scgi"):
        return Located.default(False, f"{passes.family} has no kept connections")
    able = _protocol_keeps(location, passes)
    if able.known and not able.value:
        return able
    if not passes.upstream.known:
        return Located.unknown(passes.upstream.because, passes.span)
    cache = passes.upstream.value.keepalive
    if cache.known and not cache.value:
        return cache.with_value(False)
    return cache.with_value(True) if able.known and cache.known else Located.unknown(_first_reason(able, cache))


def _first_reason(one: Located[bool], other: Located[int]) -> str:
    return one.because if not one.known else other.because


def _protocol_keeps(location: Location, passes: Pass) -> Located[bool]:
    if passes.family == "fastcgi":
        keep: Located[bool] = location.setting("fastcgi_keep_conn")
        return keep
    if passes.family == "grpc":
        return Located.default(True, "gRPC is HTTP/2")
    version: Located[str] = location.setting("proxy_http_version")
    if version.get("") == "2":
        return version.with_value(True)
    connection = location.sent_connection
    if not connection.known:
        return Located.unknown(connection.because, connection.span)
    words = connection.value.lower()
    if "close" in words:
        return connection.with_value(False)
    if not version.known:
        return Located.unknown(version.because, version.span)
    if version.value == "1.0":
        return version.with_value("keep-alive" in words)
    return version.with_value(True)
