"""What one nginx does with a request: from its arrival to the target that it is passed on to."""

from __future__ import annotations

from collections.abc import Sequence

from cfgcheck.load.nginx_address import Target
from cfgcheck.model.nginx import Location, Pass, Proxy
from cfgcheck.model.nginx_sent import PARAMETER_FAMILIES
from cfgcheck.model.stack import Route
from cfgcheck.record import replace
from cfgcheck.trace.choosing import Taken, take
from cfgcheck.trace.exchange import Arrival, Exchange
from cfgcheck.trace.hop import End, Hop, Step
from cfgcheck.trace.octets import octets
from cfgcheck.trace.passed_to import passed_to
from cfgcheck.trace.patterns import Patterns
from cfgcheck.trace.phases import Phases
from cfgcheck.trace.proxied_uri import computed_host, computed_target, parameter_uri, proxied_uri
from cfgcheck.trace.sent_headers import sent_headers
from cfgcheck.trace.servers import split_host
from cfgcheck.trace.undecided import Undecided
from cfgcheck.trace.uri import read_target


def follow_in(proxy: Proxy, arrival: Arrival, routes: Sequence[Route]) -> tuple[Hop, int] | None:
    """The hop of an arrival in one nginx, and the rank of its server (``Chosen.rank``); None where nothing of it
    listens there."""
    patterns = Patterns()
    try:
        taken = take(proxy, arrival, patterns)
    except Undecided as why:
        return Hop(arrival.request, proxy, End.UNKNOWN, because=why.because), 3
    if taken is None:
        return None
    return _followed(proxy, arrival, taken, routes, patterns), taken.chosen.rank


def _followed(
    proxy: Proxy, arrival: Arrival, taken: Taken, routes: Sequence[Route], patterns: Patterns
) -> Hop:
    chosen = taken.chosen
    request = arrival.request
    hop = Hop(request, proxy, End.UNKNOWN, taken.steps, chosen.listen, chosen.server)
    refused = _refused(hop, taken)
    if refused is not None:
        return refused
    server = chosen.server
    exchange = Exchange(arrival, proxy, chosen.listen, server, taken.group.tls, patterns, method=request.method)
    exchange.steps += taken.steps
    if arrival.unknown_target:
        return replace(hop, because=f"the path is not known: {arrival.unknown_target}")
    reading = server if taken.group.tls else taken.group.first[1]
    target = read_target(octets(request.target), merge_slashes=bool(reading.setting("merge_slashes").get(True)))
    if target is None or split_host(arrival.host_header) is None:
        what = "request line" if target is None else "Host header"
        steps = (*taken.steps, Step(f"nginx refuses the {what}: 400"))
        return replace(hop, end=End.ANSWERS, status=400, steps=steps, server=reading)
    exchange.uri, exchange.args, exchange.unparsed = target.uri, target.args, target.unparsed
    exchange.quoted, exchange.plus = target.quoted, target.plus
    if chosen.pattern:
        caseless = any("A" <= sign <= "Z" for sign in chosen.pattern)
        exchange.matches(chosen.pattern, split_host(arrival.host_header) or "", chosen.span, caseless=caseless)
    verdict = Phases(exchange).go()
    hop = replace(hop, end=verdict.end, status=verdict.status, because=verdict.because, location=exchange.location)
    if verdict.end is End.PASSES and exchange.location is not None and exchange.location.passes is not None:
        return _passed(hop, exchange.location, exchange.location.passes, exchange, routes)
    return replace(hop, steps=tuple(exchange.steps))


def _refused(hop: Hop, taken: Taken) -> Hop | None:
    """TLS where plain HTTP is spoken, and the other way round."""
    tls, wanted = taken.group.tls, hop.request.scheme == "https"
    if taken.chosen.listen.implied and not taken.chosen.listen.address.known:
        return None
    if wanted != tls and taken.group.doubt:
        spoken = "TLS is" if tls else "no TLS is"
        because = f"nginx's port is not known, and {spoken} spoken on {taken.group.address}"
        return replace(hop, because=because, steps=(*taken.steps, Step(because, taken.chosen.listen.span)))
    if wanted and not tls:
        because = f"no TLS is spoken on {taken.group.address}"
        return replace(hop, end=End.NOBODY, because=because, steps=(*taken.steps, Step(because, hop.listen.span)))  # type: ignore[union-attr]
    if tls and not wanted:
        text = f"plain HTTP to a TLS listener, {taken.group.address}: nginx answers 400"
        return replace(hop, end=End.ANSWERS, status=400, steps=(*taken.steps, Step(text, taken.chosen.listen.span)))
    if wanted and taken.chosen.server.setting("ssl_reject_handshake").get(False):
        setting = taken.chosen.server.setting("ssl_reject_handshake")
        because = "ssl_reject_handshake: nginx ends the TLS handshake"
        return replace(hop, end=End.NOBODY, because=because, steps=(*taken.steps, Step(because, setting.span)))
    return None


def _passed(hop: Hop, location: Location, passes: Pass, exchange: Exchange, routes: Sequence[Route]) -> Hop:
    target = computed_target(passes, exchange)
    if target is not None and target.known:
        failed = _malformed(target.value, passes)
        if failed:
            exchange.say(f"{failed}: nginx answers 500", passes.span)
            return replace(hop, end=End.ANSWERS, status=500, steps=tuple(exchange.steps))
        exchange.proxy_host = octets(computed_host(target.value))
    exchange.passing = True
    try:
        headers = sent_headers(location, passes, exchange)
    except Undecided as why:
        exchange.say(why.because, why.span)
        return replace(hop, end=End.UNKNOWN, because=why.because, steps=tuple(exchange.steps))
    if passes.family in PARAMETER_FAMILIES:
        uri = parameter_uri({header.name: header.value for header in headers})
    else:
        uri = proxied_uri(location, passes, target, exchange)
    exchange.say(f"{passes.verb} {passes.directive.args[0].value}", passes.span)
    found, because = passed_to(hop.proxy, location, target, routes)
    if because:
        exchange.say(because, passes.span)
    steps = tuple(exchange.steps)
    return replace(hop, uri=uri, headers=headers, routes=found, because=because, steps=steps)


def _malformed(target: Target, passes: Pass) -> str:
    """Why nginx can't use a computed target."""
    if passes.family == "proxy" and target.address is None:
        return target.malformed or "the target has no address"
    return ""
