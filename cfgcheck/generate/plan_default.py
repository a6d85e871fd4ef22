"""The servers that answer for names that no service has: with nothing.

Load balancers ask for a health path by the machine's address, not by a name; for them that path leads to the app.
"""

from __future__ import annotations

from cfgcheck.generate.plan_edge import asked_by_address, rejects_handshakes
from cfgcheck.generate.plan_location import health_location
from cfgcheck.generate.plan_records import Block, Group, Server, Statement
from cfgcheck.generate.plan_site import certificate, listens, tls_listens, told, waits
from cfgcheck.generate.spec import Spec, Tls


def default_servers(spec: Spec) -> tuple[Server, ...]:
    """One for the port of HTTP, and one for that of HTTPS where a service has TLS."""
    asked = tuple(_asked(spec, name, host) for name, host in asked_by_address(spec))
    plain = _server("Names that no service has", listens(spec, spec.nginx.http_port, "default_server"), asked)
    first = next((spec.services[name].tls for name in sorted(spec.services) if spec.services[name].tls), None)
    return (plain,) if first is None else (plain, _tls_server(spec, first, asked))


def _tls_server(spec: Spec, tls: Tls, asked: tuple[Block, ...]) -> Server:
    listen = tls_listens(spec, "default_server")
    if rejects_handshakes(spec):
        refuse = Statement("ssl_reject_handshake", ("on",), "there is no certificate for such names")
        # A client may name a service in its handshake, and nobody in its request.
        return Server("", (Group("", (*listen, refuse, _NOTHING)),))
    return _server("", [*listen, *certificate(tls)], asked)


def _server(title: str, listen: list[Statement], asked: tuple[Block, ...]) -> Server:
    name = Statement("server_name", ("_",))
    if not asked:
        return Server(title, (Group("", (*listen, name, _NOTHING)),))
    return Server(title, (Group("", (*listen, name)),), (*asked, Block("location", ("/",), (_NOTHING,))))


def _asked(spec: Spec, name: str, host: str) -> Block:
    service = spec.services[name]
    plain = health_location(spec, name, service)
    said = (*waits(spec, service), *told(spec, service, host), *plain.statements)
    return Block("location", plain.words, said, "Asked by the edge")


_NOTHING = Statement("return", ("444",), "close the connection")
