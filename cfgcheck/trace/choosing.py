"""From an arrival to the server of one nginx that takes it."""

from __future__ import annotations

from cfgcheck.model.address import Address
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Listen, Proxy
from cfgcheck.record import record
from cfgcheck.trace.exchange import Arrival
from cfgcheck.trace.hop import Step
from cfgcheck.trace.patterns import Patterns
from cfgcheck.trace.servers import Chosen, Group, Names, arriving, group_on_socket, groups_on, split_host
from cfgcheck.trace.undecided import Undecided

DEFAULT = 3
"""The rank of a default server (``Chosen.rank``)."""


@record(frozen=True, eq=False)
class Taken:
    """The server that takes an arrival, on which address; ``steps`` say why."""

    chosen: Chosen
    group: Group
    steps: tuple[Step, ...]


def take(proxy: Proxy, arrival: Arrival, patterns: Patterns) -> Taken | None:
    """Which server of an nginx takes an arrival; None where none listens there. Raises Undecided."""
    groups = _groups(proxy, arrival)
    if not groups:
        return _fragment(proxy, arrival)
    host = None if "host" in arrival.unknown else split_host(arrival.host_header)
    found: list[Taken] = []
    for group in groups:
        chosen = _chosen(group, host, arrival, patterns)
        found.append(Taken(chosen, group, (*_listen_steps(group, chosen), _name_step(group, chosen, host or ""))))
        if chosen.rank < DEFAULT:
            break
    return min(found, key=lambda one: one.chosen.rank)


def _groups(proxy: Proxy, arrival: Arrival) -> list[Group]:
    address = arrival.address
    if address is not None and address.is_unix:
        group = group_on_socket(proxy, address)
        return [group] if group is not None else []
    port = address.port if address is not None and address.port is not None else arrival.request.port
    return arriving(groups_on(proxy, port), address or literal(arrival.request.host, port))


def literal(host: str, port: int) -> Address | None:
    """The address that a host of a URL is, where it is one and not a name."""
    address = Address.tcp(host, port)
    return address if address.is_ip or address.is_localhost_name else None


def _fragment(proxy: Proxy, arrival: Arrival) -> Taken | None:
    """Around a fragment (a file for ``include``) no listen is in sight."""
    server = next((server for server in proxy.servers if not server.listens), None)
    if server is None or (arrival.address is not None and arrival.address.is_unix):
        return None
    address = Address.tcp("", arrival.request.port)
    tls = arrival.request.scheme == "https"
    listen = Listen(Located.unknown("no listen is in sight"), tls, False, False, server.span, implied=True)
    text = "no listen is in sight: the server that includes this file is taken to get the request"
    group = Group(address, ((listen, server),), text)
    return Taken(Chosen(listen, server, DEFAULT + 1), group, (Step(text, server.span),))


def _chosen(group: Group, host: str | None, arrival: Arrival, patterns: Patterns) -> Chosen:
    listen, server = group.first
    default = Chosen(listen, server, DEFAULT)
    if host is None and "host" in arrival.unknown:
        if len({id(member[1]) for member in group.members}) == 1:
            return default
        raise Undecided(f"which server takes it depends on the Host header: {arrival.unknown['host']}")
    if host is None:
        return default
    names = Names(group)
    found = names.find(host) or _by_pattern(names, host, patterns)
    if found is not None:
        return found
    others = {id(member[1]): (member, span) for member, span in names.templated}
    if len(others) == 1:
        (listen, server), span = next(iter(others.values()))
        return Chosen(listen, server, DEFAULT, span.text, span)
    return default


def _by_pattern(names: Names, host: str, patterns: Patterns) -> Chosen | None:
    for pattern, (listen, server), span in names.patterns:
        caseless = any("A" <= sign <= "Z" for sign in pattern)
        if patterns.search(pattern, host, span, caseless=caseless) is not None:
            return Chosen(listen, server, 2, span.text, span, pattern)
    return None


def _listen_steps(group: Group, chosen: Chosen) -> list[Step]:
    listen = chosen.listen
    if listen.implied:
        return [Step("no listen stands there: nginx listens on *:80", listen.span)]
    steps = [Step(f"listen {listen.span.text}", listen.span)]
    if group.doubt:
        steps.append(Step(group.doubt, listen.span))
    if listen.uncertain:
        steps.append(Step(listen.uncertain, listen.span))
    return steps


def _name_step(group: Group, chosen: Chosen, host: str) -> Step:
    if chosen.rank < DEFAULT:
        return Step(f"server_name {chosen.name or '(none)'} matches {host or 'a request without Host'}", chosen.span)
    if chosen.span is not None:
        return Step(f"server_name {chosen.name} is filled in from a template: taken to be {host}", chosen.span)
    if len({id(member[1]) for member in group.members}) == 1:
        return Step(f"the only server on {group.address}", chosen.server.span)
    why = "it says so" if chosen.listen.default else "it comes first"
    return Step(f"no server_name matches {host}: the default server on {group.address} ({why})", chosen.server.span)
