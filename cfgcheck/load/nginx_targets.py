"""Targets of ``proxy_pass``, ``uwsgi_pass`` and their like: which upstream a location hands its requests to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cfgcheck.load.nginx_address import Target, parse_target, written_authority
from cfgcheck.load.nginx_text import is_templated, key_of, masked, unmasked, variables_of
from cfgcheck.load.nginx_upstreams import implicit_upstream
from cfgcheck.load.nginx_variables import Variables
from cfgcheck.model.app import Protocol
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Location, Pass, Upstream
from cfgcheck.record import record, replace
from cfgcheck.source.file import Span
from cfgcheck.syntax.nginx_tree import Directive

PASSES = {
    "proxy_pass": ("proxy", Protocol.HTTP),
    "uwsgi_pass": ("uwsgi", Protocol.UWSGI),
    "fastcgi_pass": ("fastcgi", Protocol.FASTCGI),
    "scgi_pass": ("scgi", Protocol.SCGI),
    "grpc_pass": ("grpc", Protocol.GRPC),
}
"""Directive → family and what is spoken to the upstream."""

_BRACED = re.compile(r"\$\{(\w+)\}")


@record(frozen=True)
class _Found:
    """What one target text comes to."""

    target: Target
    upstream: Located[Upstream]
    port_on_upstream: bool = False
    malformed: str = ""

    @property
    def name(self) -> str:
        return key_of(self.upstream.value.name)


class Targets:
    """Finds the upstream that a target names.

    ``upstreams``: by ``key_of`` their names. ``vague``: some of them have placeholders for names, so that other
    placeholders may mean them. ``unread``: why there may be an ``upstream{}`` that is not in sight, else "".
    Literal targets are read before those with variables: a variable that yields the same host and port needs no
    resolver then (``ngx_http_upstream_init_request`` looks among all upstreams, the implicit ones too).
    """

    def __init__(self, upstreams: Mapping[str, Upstream], variables: Variables, vague: bool, unread: str) -> None:
        self._upstreams = upstreams
        self._variables = variables
        self._vague = vague
        self._unread = unread
        self._literals: set[tuple[str, str]] = set()

    def read(self, directives: Sequence[Directive], location: Location) -> Pass:
        """The pass of a location. Several directives are alternatives of a template."""
        passes = [self._read_one(directive, location) for directive in directives]
        first = passes[0]
        names = {key_of(one.upstream.value.name) if one.upstream.known else "" for one in passes}
        if len(passes) == 1 or (len(names) == 1 and "" not in names):
            return first
        doubt: Located[Upstream] = Located.unknown("the target depends on a template branch", first.span)
        candidates = [one.upstream.value for one in passes if one.upstream.known]
        return replace(first, upstream=doubt, candidates=tuple(candidates), proxy_host="")

    def _read_one(self, directive: Directive, location: Location) -> Pass:
        text = masked(directive.args[0])
        if "$" in text:
            return self._computed(directive, text, location)
        family = PASSES[directive.key][0]
        found = self._find(parse_target(family, text), directive.word_span(0), runtime=False)
        if found.upstream.known and found.upstream.value.implicit:
            self._literals.add(_address_key(found.target))
        return _pass(directive, text, found)

    def _computed(self, directive: Directive, text: str, location: Location) -> Pass:
        """A target with variables, by all that they may hold."""
        family = PASSES[directive.key][0]
        span = directive.word_span(0)
        texts = self._variables.texts(text, location)
        targets = [target for value in texts.values if (target := _known_target(family, value)) is not None]
        every = [self._find(target, span, runtime=True) for target in targets]
        found = {one.name: one for one in every if one.upstream.known}
        whole = texts.complete and len(targets) == len(texts.values)
        if len(found) == 1 and whole:
            only = next(iter(found.values()))
            result = _pass(directive, text, only)
            return replace(result, variable=True, needs_resolver=self._needs_resolver(only))
        names = ", ".join(f"${name}" for name in dict.fromkeys(variables_of(text)))
        because = f"the target is computed from {names}"
        doubtful = _Found(targets[0] if targets else Target(), Located.unknown(because, span, unmasked(text)))
        result = _pass(directive, text, doubtful)
        candidates = tuple(one.upstream.value for one in found.values())
        needs = self._any_needs_resolver(every) if whole and every else Located.unknown(because, span)
        return replace(result, variable=True, needs_resolver=needs, candidates=candidates)

    def _find(self, target: Target, span: Span, *, runtime: bool) -> _Found:
        """The upstream that a target means. ``runtime``: nginx looks it up with each request."""
        if not target.is_unix and target.host:
            named = self._upstreams.get(key_of(target.host))
            if named is not None and not (runtime and target.port):
                return _Found(target, Located.read(named, span), bool(target.port), target.malformed)
            doubt = self._doubt(target)
            if doubt:
                return _Found(target, Located.unknown(doubt, span, unmasked(target.host)), False, target.malformed)
        malformed = target.malformed
        if target.address is None:
            malformed = malformed or "a port is missing: nginx refuses it (no port in upstream)"
            return _Found(target, Located.unknown(malformed, span), False, malformed)
        name = str(target.address) if target.is_unix else written(target)
        return _Found(target, Located.read(implicit_upstream(target.address, name, span), span), False, malformed)

    def _doubt(self, target: Target) -> str:
        """Why a name without a port may be that of an ``upstream{}`` after all; "" when it can't."""
        if target.port or target.malformed:
            return ""
        shown = unmasked(target.host)
        if is_templated(target.host) and self._vague:
            return f"`{shown}` may be the name of an upstream{{}} with a placeholder"
        name_like = target.address is None or not (target.address.is_ip or target.address.is_localhost_name)
        if self._unread and name_like and "." not in shown:
            return f"`{shown}` may be an upstream{{}} that is not in sight: {self._unread}"
        return ""

    def _any_needs_resolver(self, every: Sequence[_Found]) -> Located[bool]:
        """Whether one of all the targets that a variable may hold must be looked up."""
        answers = [self._needs_resolver(one) if one.upstream.known else one.upstream for one in every]
        unknown = next((answer for answer in answers if not answer.known), None)
        found = next((answer for answer in answers if answer.get(False) is True), unknown or answers[0])
        return Located.unknown(found.because, found.span) if not found.known else found  # type: ignore[return-value]

    def _needs_resolver(self, found: _Found) -> Located[bool]:
        upstream = found.upstream.value
        if not upstream.implicit:
            return Located.default(False, f"upstream {upstream.name} is known when nginx starts")
        address = found.target.address
        assert address is not None
        if not address.is_tcp or address.is_ip:
            return Located.default(False, "an address needs no look-up")
        if address.templated:
            return Located.unknown("the host is filled in from a template", upstream.span, address.host)
        if _address_key(found.target) in self._literals:
            return Located.default(False, "the same target stands elsewhere without variables")
        return Located.read(True, upstream.span)


def _known_target(family: str, text: str) -> Target | None:
    """The target taken apart; None when variables remain in its address, or when it is still empty."""
    target = parse_target(family, text)
    if "$" in target.host or "$" in target.port or ("$" in text and target.address is None):
        return None
    return target if target.host else None


def _address_key(target: Target) -> tuple[str, str]:
    return key_of(target.host), target.port or str(target.default_port)


def written(target: Target) -> str:
    """Host and port as nginx knows them: a default port is left out (``$proxy_host``)."""
    host = unmasked(target.host)
    if not target.port or target.port == str(target.default_port):
        return host
    return f"{host}:{unmasked(target.port)}"


def _pass(directive: Directive, text: str, found: _Found) -> Pass:
    family, protocol = PASSES[directive.key]
    target = found.target
    uri = None if target.uri is None else _BRACED.sub(r"$\1", unmasked(target.uri))
    proxy_host = ""
    if found.upstream.known:
        proxy_host = "localhost" if target.is_unix else written(target)
    return Pass(
        verb=directive.key,
        family=family,
        protocol=protocol,
        tls=target.tls,
        upstream=found.upstream,
        host_text=unmasked(written_authority(family, text)),
        uri=uri,
        variable=False,
        directive=directive,
        span=directive.word_span(0),
        malformed=found.malformed,
        host=unmasked(target.host).strip("[]"),
        proxy_host=proxy_host,
        port_on_upstream=found.port_on_upstream,
    )
