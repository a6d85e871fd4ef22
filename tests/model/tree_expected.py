"""What the app server behind a location receives, by the model: in order, with all that comes twice.

The model says which headers a configuration sets; which of a client's own go along is what nginx does with them
(``ngx_http_proxy_create_request`` and its like).
"""

from __future__ import annotations

from cfgcheck.model.nginx import Location
from cfgcheck.model.nginx_headers import Header
from cfgcheck.model.nginx_sent import parameter_name
from cfgcheck.trace.exchange import Arrival
from cfgcheck.trace.follow_proxy import follow_in
from cfgcheck.trace.hop import End
from cfgcheck.trace.request import Request
from tests.model.recorders import Fields
from tests.model.tree_asking import BODY, CLIENT
from tests.model.tree_statements import PARAMETERS
from tests.model.trees import Asked

_HOST = dict(CLIENT)["Host"]
_OWN = frozenset({"host", "connection", "content-length"})
"""Those of a client's headers that nginx never hands on to a proxied server, because it sets its own."""


def expected(location: Location, method: str) -> Fields:
    assert location.passes is not None
    if location.passes.family in PARAMETERS:
        return _parameters(location, method)
    own = [(header.name, text) for header in location.headers if (text := _text(header, location, method))]
    client = [(name, value) for name, value in _client(location) if name.lower() not in _OWN]
    client = [(name, value) for name, value in client if not location.controls(name).value]
    if location.http_version.value == "2":
        return _http2(location, method, own, client)
    if location.header("Host") is None:
        own.append(("Host", location.sent_host.value))
    if location.header("Connection") is None and location.sent_connection.value:
        own.append(("Connection", location.sent_connection.value))
    return [*own, ("Content-Length", str(BODY)), *client]


def _http2(location: Location, method: str, own: Fields, client: Fields) -> Fields:
    """Host becomes ``:authority`` where no header of that name is set; no Connection by default."""
    pseudo = [(":method", method), (":scheme", "http"), (":path", _target(location))]
    authority = [(":authority", location.sent_host.value)] if location.header("Host") is None else []
    fields = [*own, ("content-length", str(BODY)), *client]
    return [*pseudo, *authority, *((name.lower(), value) for name, value in fields)]


def _target(location: Location) -> str:
    return path_of(location) + ("?branch=1" if location.modifier == "if" else "")


def path_of(location: Location) -> str:
    """The path of the request that it takes: its own, of an ``if`` that of the location around it."""
    around = location.parent if location.modifier in ("if", "limit_except") else location
    assert around is not None
    return around.path.strip("^$")


def _parameters(location: Location, method: str) -> Fields:
    found = []
    for header in location.headers:
        text = _text(header, location, method)
        hidden = header.conditional or (header.cleared and header.name.startswith("HTTP_"))
        if text or not hidden:
            found.append((header.name, text))
    client = [(parameter_name(name), value) for name, value in _client(location)]
    if location.header("HTTP_HOST") is None:
        own = {"$host$is_request_port$request_port": _HOST, "$http_host": "", "": ""}[location.sent_host.value]
        found += [("HTTP_HOST", own)] if own else []
        assert bool(own) or (location.sent_host.value == "$http_host") is bool(client)
        client = [(name, value) for name, value in client if not own or name != "HTTP_HOST"]
    return found + [(name, value) for name, value in client if location.header(name) is None]


def passes_body(location: Location) -> bool:
    assert location.passes is not None
    if location.passes.family == "grpc":
        return True
    passed: bool = location.family_setting("pass_request_body").value
    return passed


def _client(location: Location) -> Fields:
    """The client's headers that go along, if none of that name is set."""
    assert location.passes is not None
    if location.passes.family != "grpc" and not location.family_setting("pass_request_headers").value:
        return []
    server = location.server
    strict = server.setting("ignore_invalid_headers").value and not server.setting("underscores_in_headers").value
    all_headers = [*CLIENT, ("Connection", "close"), ("Content-Length", str(BODY))]
    return [(name, value) for name, value in all_headers if not (strict and "_" in name)]


def _text(header: Header, location: Location, method: str) -> str:
    """A header's value with its variables replaced as for the one request that is made."""
    assert location.passes is not None
    values = {
        "$host": _HOST, "$http_host": _HOST, "$http_missing": "", "$request_method": method, "$scheme": "http",
        "$proxy_host": location.passes.proxy_host,
    }  # fmt: skip
    text = header.value
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def traced(location: Location, asked: Asked) -> Fields:
    """What ``trace`` says that the app server receives. Names of HTTP headers in lower case; the name of the host,
    which HTTP/2 has in a field of its own, is left out there."""
    assert location.passes is not None
    headers = {name.lower(): value for name, value in [*CLIENT, ("Connection", "close"), ("Content-Length", str(BODY))]}
    request = Request("http", headers.pop("host"), 80, asked.target, asked.method, headers, BODY)
    listening = location.server.listens[0].address.value
    followed = follow_in(location.server.proxy, Arrival(request, listening), ())
    assert followed is not None
    hop, _ = followed
    assert (hop.end, hop.location) == (End.PASSES, location), [step.text for step in hop.steps]
    return comparable(location, [(header.name, header.value.value) for header in hop.headers])


def comparable(location: Location, fields: Fields) -> Fields:
    """Without what differs only in its spelling: names of headers have no case."""
    if location.http_version.value is None:
        return fields
    named = [(name.lower(), value) for name, value in fields if not name.startswith(":")]
    own_host = location.http_version.value == "2" and location.header("Host") is None
    return [(name, value) for name, value in named if not (own_host and name == "host")]


def to_client(location: Location) -> list[tuple[str, str]]:
    """The headers of ours that the client gets."""
    found = [(header.name, header.value) for header in location.scope.headers("add_header")]
    texts = [(name, value.replace("$scheme", "http").replace("$http_missing", "")) for name, value in found]
    return [(name, value) for name, value in texts if value]


def attempts(location: Location, method: str, peers: int) -> int:
    """How many servers of a pool are tried when each answers 503 to a request without a body."""
    wanted = location.family_setting("next_upstream").value
    tries = location.family_setting("next_upstream_tries").value or peers
    again = "http_503" in wanted and "off" not in wanted and (method == "PUT" or "non_idempotent" in wanted)
    return min(peers, tries) if again else 1
