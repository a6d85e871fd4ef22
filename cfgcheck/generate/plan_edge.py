"""What nginx believes of the edge in front of it: the client's address and scheme."""

from __future__ import annotations

import ipaddress

from cfgcheck.generate.plan_headers import CLIENT_SCHEME
from cfgcheck.generate.plan_records import Block, Statement
from cfgcheck.generate.plan_versions import nginx_version
from cfgcheck.generate.spec import Spec

IDLE_MARGIN = 20
"""Seconds that nginx keeps an idle connection longer than the edge does."""

_CLIENT = {"cloudflare": "CF-Connecting-IP"}
"""Edges that say the client's address in a header of their own."""


REJECTS = (1, 19, 4)
"""From here on nginx can refuse a TLS handshake without a certificate of its own."""

_BY_ADDRESS = ("aws-alb", "gcp-lb", "other")
"""Edges that ask for health by the machine's address."""


def asked_by_address(spec: Spec) -> list[tuple[str, str]]:
    """For each health path that the edge asks for without a name, sorted: the first service that has it, and its name
    for the app."""
    if spec.edge.kind not in _BY_ADDRESS:
        return []
    found: dict[str, tuple[str, str]] = {}
    for name in sorted(spec.services):
        service = spec.services[name]
        host = next((domain for domain in service.domains if not domain.startswith("*")), "")
        if service.health and host:
            found.setdefault(service.health, (name, host))
    return [found[path] for path in sorted(found)]


def rejects_handshakes(spec: Spec) -> bool:
    """Whether TLS for names that no service has ends with the handshake."""
    return not asked_by_address(spec) and nginx_version(spec) >= REJECTS


def keepalive_statements(spec: Spec) -> list[Statement]:
    """nginx keeps connections longer than the edge, or the edge sends requests into closed ones."""
    idle = spec.edge.idle
    if idle is None:
        return []
    seconds = idle + IDLE_MARGIN
    because = f"{seconds} s: the edge keeps idle connections for {idle} s, nginx {IDLE_MARGIN} s longer"
    return [Statement("keepalive_timeout", (f"{seconds}s",), because)]


def address_statements(spec: Spec) -> list[Statement]:
    """Whose word counts for the client's address."""
    if not spec.edge.addresses:
        return []
    header = _CLIENT.get(spec.edge.kind, "X-Forwarded-For")
    believed = [Statement("set_real_ip_from", (address,)) for address in addresses(spec)]
    last = [] if header in _CLIENT.values() else [Statement("real_ip_recursive", ("on",))]
    return [*believed, Statement("real_ip_header", (header,)), *last]


def addresses(spec: Spec) -> list[str]:
    """The edge's addresses and networks, sorted."""
    whole = {ipaddress.ip_network(text, strict=False) for text in spec.edge.addresses}
    ordered = sorted(whole, key=lambda network: (network.version, int(network.network_address), network.prefixlen))
    return [str(one.network_address) if one.num_addresses == 1 else str(one) for one in ordered]


def scheme_blocks(spec: Spec) -> list[Block]:
    """The scheme that the client spoke to the edge: of the edge's header, if it is the edge that says so."""
    if not spec.edge.tls:
        return []
    known = addresses(spec)
    said = "$from_edge:$http_x_forwarded_proto" if known else "$http_x_forwarded_proto"
    before = "1:" if known else ""
    believed = [Statement(f"{before}{scheme}", (scheme,)) for scheme in ("http", "https")]
    scheme = Block(
        "map",
        (said, CLIENT_SCHEME),
        (Statement("default", ("$scheme",)), *believed),
        "The scheme that clients speak to the edge",
    )
    return [_from_edge(known), scheme] if known else [scheme]


def _from_edge(known: list[str]) -> Block:
    entries = [Statement("default", ("0",)), *[Statement(address, ("1",)) for address in known]]
    return Block("geo", ("$realip_remote_addr", "$from_edge"), tuple(entries), "Whether the edge is at the other end")
