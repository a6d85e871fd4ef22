"""``upstream{}`` blocks, and the upstreams that nginx makes of literal targets."""

from __future__ import annotations

from typing import Any

from cfgcheck.load.nginx_address import Target, parse_authority
from cfgcheck.load.nginx_text import masked
from cfgcheck.model import nginx_values as read
from cfgcheck.model.address import Address
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Peer, Scope, Upstream
from cfgcheck.model.nginx_table import UPSTREAM_TABLE
from cfgcheck.source.file import Span
from cfgcheck.syntax.nginx_tree import Directive, Word

METHODS = frozenset({"ip_hash", "least_conn", "hash", "random", "least_time", "sticky", "ntlm", "queue", "fair"})

_SOURCE = "nginx's default, ngx_http_upstream_module"
_WEIGHT: Located[int] = Located.default(1, _SOURCE)
_MAX_FAILS: Located[int] = Located.default(1, _SOURCE)
_FAIL_TIMEOUT: Located[float] = Located.default(10, _SOURCE)
_MAX_CONNS: Located[int] = Located.default(0, _SOURCE)

_LITERAL = "nginx keeps no connections to a target that has no upstream{}"
_NO_KEEPALIVE: Located[int] = Located.default(0, _LITERAL)
_NO_TIMEOUT: Located[float] = Located.default(60, _LITERAL)
_NO_REQUESTS: Located[int] = Located.default(1000, _LITERAL)

_PARAMETERS = {
    "weight": read.number,
    "max_fails": read.number,
    "fail_timeout": read.seconds,
    "max_conns": read.number,
}


def build_upstream(scope: Scope) -> Upstream:
    """An ``upstream{}`` as in effect for this version of nginx. ``scope`` is its level, without outer ones."""
    directive = scope.directive
    name = directive.args[0].value if directive.args else ""
    return Upstream(
        name=name,
        peers=tuple(_peer(scope, server) for server in scope.own.get("server", ()) if server.args),
        implicit=False,
        span=directive.span,
        keepalive=scope.look_up(UPSTREAM_TABLE["keepalive"]),
        keepalive_timeout=scope.look_up(UPSTREAM_TABLE["keepalive_timeout"]),
        keepalive_requests=scope.look_up(UPSTREAM_TABLE["keepalive_requests"]),
        zone="zone" in scope.own,
        methods=tuple(name for name in scope.own if name in METHODS),
        keepalive_time=scope.look_up(UPSTREAM_TABLE["keepalive_time"]),
        resolver=scope.look_up(UPSTREAM_TABLE["resolver"]).get(()),
        directive=directive,
    )


def implicit_upstream(address: Address, name: str, span: Span) -> Upstream:
    """What nginx makes of ``proxy_pass http://127.0.0.1:8000``: an upstream of one server with default parameters."""
    return Upstream(
        name=name,
        peers=(Peer(Located.read(address, span), span, _WEIGHT, _MAX_FAILS, _FAIL_TIMEOUT, _MAX_CONNS),),
        implicit=True,
        span=span,
        keepalive=_NO_KEEPALIVE,
        keepalive_timeout=_NO_TIMEOUT,
        keepalive_requests=_NO_REQUESTS,
    )


def _peer(scope: Scope, directive: Directive) -> Peer:
    target = Target(default_port=80)
    parse_authority(target, masked(directive.args[0]), takes_uri=False)
    span = directive.word_span(0)
    words = directive.args[1:]
    flags = {word.value for word in words}
    return Peer(
        address=Located.read(target.address, span) if target.address else Located.unknown(target.malformed, span),
        span=span,
        weight=_parameter(directive, "weight", _WEIGHT),
        max_fails=_parameter(directive, "max_fails", _MAX_FAILS),
        fail_timeout=_parameter(directive, "fail_timeout", _FAIL_TIMEOUT),
        max_conns=_parameter(directive, "max_conns", _MAX_CONNS),
        backup="backup" in flags,
        down="down" in flags,
        resolve="resolve" in flags,
        malformed=target.malformed,
        service=next((flag[8:] for flag in flags if flag.startswith("service=")), ""),
        optional=scope.conditional(directive),
    )


def _parameter(directive: Directive, name: str, default: Located[Any]) -> Located[Any]:
    """``name=value`` among the parameters of a ``server``."""
    for word in directive.args[1:]:
        if word.value.startswith(name + "="):
            return _parameter_value(directive, word, name)
    return default


def _parameter_value(directive: Directive, word: Word, name: str) -> Located[Any]:
    span = Span(directive.file, word.start, word.end)
    text = word.value[len(name) + 1 :]
    if word.templated:
        return Located.unknown(f"{name} is filled in from a template: {text}", span, text)
    try:
        return Located.read(_PARAMETERS[name]([text]), span, text=text)
    except ValueError as error:
        return Located.unknown(f"{name}: {error}", span, text)
