"""What a client sends, as nginx keeps it: some names it drops (http://nginx.org/r/ignore_invalid_headers)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cfgcheck.model.located import Located
from cfgcheck.trace.exchange import Exchange
from cfgcheck.trace.octets import octets

_PLAIN = re.compile(r"[A-Za-z0-9-]+\Z")
_WITH_UNDERSCORES = re.compile(r"[A-Za-z0-9_-]+\Z")


def client_headers(exchange: Exchange) -> tuple[list[tuple[str, Located[str]]], list[str]]:
    """The headers of the request, Host first, and the names of those that nginx drops."""
    sent: list[tuple[str, Located[str]]] = []
    arrival = exchange.arrival
    if arrival.host_header and "host" not in arrival.unknown:
        sent.append(("host", Located.read(octets(arrival.host_header), None)))
    own = arrival.request.headers.items()
    sent += [(name, Located.read(octets(value), None)) for name, value in own if name != "host"]
    sent += [(name, Located.unknown(because)) for name, because in arrival.unknown.items()]
    if arrival.request.body and "content-length" not in arrival.request.headers:
        sent.append(("content-length", Located.read(str(arrival.request.body), None)))
    return _sifted(exchange, sent)


def _sifted(
    exchange: Exchange, sent: list[tuple[str, Located[str]]]
) -> tuple[list[tuple[str, Located[str]]], list[str]]:
    kept: list[tuple[str, Located[str]]] = []
    dropped: list[str] = []
    ignores = exchange.server.setting("ignore_invalid_headers")
    underscores = exchange.server.setting("underscores_in_headers")
    for name, value in sent:
        if _PLAIN.match(name) or (ignores.known and not ignores.value):
            kept.append((name, value))
        elif not _WITH_UNDERSCORES.match(name):
            dropped.append(name)
        elif underscores.known:
            (kept.append((name, value)) if underscores.value else dropped.append(name))
        else:
            kept.append((name, value.as_unknown(underscores.because)))
    return kept, dropped


def header_values(exchange: Exchange) -> Mapping[str, Located[str]]:
    """The kept headers under the names that ``$http_…`` has for them."""
    found: dict[str, Located[str]] = {}
    for name, value in client_headers(exchange)[0]:
        found.setdefault(name.lower().replace("-", "_"), value)
    return found
