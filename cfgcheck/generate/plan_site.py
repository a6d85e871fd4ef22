"""The ``server`` blocks of a service."""

from __future__ import annotations

from cfgcheck.generate.plan_headers import app_headers, family
from cfgcheck.generate.plan_location import ERRORS, locations, looked_up
from cfgcheck.generate.plan_raw import with_raw
from cfgcheck.generate.plan_records import Group, Server, Statement
from cfgcheck.generate.plan_sizes import body_statements, header_statements, response_statements
from cfgcheck.generate.plan_time import read_timeout
from cfgcheck.generate.plan_upstream import DOCKER_DNS, KEEPS_BY_DEFAULT, app_keepalive
from cfgcheck.generate.plan_versions import nginx_version
from cfgcheck.generate.spec import Service, Spec, Tls

HTTP2_DIRECTIVE = (1, 25, 1)
"""From here on ``http2 on``; before, a word of ``listen``."""


CONNECT_DEFAULT = 60
CONNECT = 5
"""Seconds for a connection to the app, which is near."""


def servers(spec: Spec, name: str, service: Service) -> tuple[Server, ...]:
    """The server of the service, and the one that sends browsers to https."""
    own = _server(spec, name, service)
    if service.tls is None or not service.tls.redirect:
        return (own,)
    return (_redirect(spec, service), own)


def listens(spec: Spec, port: int, *words: str) -> list[Statement]:
    """``listen`` for IPv4 and IPv6; networks of containers have the first only."""
    both = [Statement("listen", (str(port), *words)), Statement("listen", (f"[::]:{port}", *words))]
    return both[:1] if spec.runtime == "compose" else both


def tls_listens(spec: Spec, *words: str) -> list[Statement]:
    """``listen`` of a server with TLS and HTTP/2."""
    if nginx_version(spec) >= HTTP2_DIRECTIVE:
        return [*listens(spec, spec.nginx.https_port, "ssl", *words), Statement("http2", ("on",))]
    return listens(spec, spec.nginx.https_port, "ssl", "http2", *words)


def certificate(tls: Tls) -> list[Statement]:
    return [Statement("ssl_certificate", (tls.certificate,)), Statement("ssl_certificate_key", (tls.key,))]


def _server(spec: Spec, name: str, service: Service) -> Server:
    groups = with_raw(
        [
            Group("", tuple(_names(spec, service))),
            Group("", tuple(_tls(service))),
            Group("What clients may send, and how long the app may take", tuple(_limits(spec, service))),
            Group("What the app is told", tuple(told(spec, service))),
            Group("", tuple(Statement("error_page", (status, page)) for status, page, _ in ERRORS)),
        ],
        service.nginx.server,
    )
    said = [one for group in groups for one in group.statements]
    return Server("", groups, locations(spec, name, service, said))


def _names(spec: Spec, service: Service) -> list[Statement]:
    plain = listens(spec, spec.nginx.http_port) if service.tls is None or not service.tls.redirect else []
    return [*plain, *(tls_listens(spec) if service.tls else []), server_name(service)]


def server_name(service: Service) -> Statement:
    return Statement("server_name", tuple(dict.fromkeys(service.domains)))


def _tls(service: Service) -> list[Statement]:
    if service.tls is None:
        return []
    said = certificate(service.tls)
    if service.tls.hsts is not None:
        words = ("Strict-Transport-Security", f"max-age={service.tls.hsts}", "always")
        said.append(Statement("add_header", words, "browsers insist on https for so many seconds"))
    return said


def _limits(spec: Spec, service: Service) -> list[Statement]:
    return [
        *header_statements(spec, service),
        *body_statements(service),
        *response_statements(service, family(service)),
        *waits(spec, service),
    ]


def waits(spec: Spec, service: Service) -> list[Statement]:
    """How long nginx waits for the app."""
    wait = read_timeout(spec, service)
    read = Statement(f"{family(service)}_read_timeout", (wait.text,), f"{wait.because}; beyond it 504")
    return [*_connect(spec, service), read]


def _connect(spec: Spec, service: Service) -> list[Statement]:
    """Where the edge gives up before nginx's 60 s for a connection are over, nobody would see nginx's own answer."""
    edge = spec.edge.response
    if edge is None or edge >= CONNECT_DEFAULT:
        return []
    seconds = min(CONNECT, edge)
    because = f"{seconds} s: the edge waits {edge} s in all"
    return [Statement(f"{family(service)}_connect_timeout", (f"{seconds}s",), because)]


def told(spec: Spec, service: Service, host: str = "$host") -> list[Statement]:
    """How nginx speaks to the app, and what it says of the client."""
    said = _http_version(spec, service) if family(service) == "proxy" else []
    if looked_up(spec, service):
        said = [Statement("resolver", (DOCKER_DNS,), "the name server of the containers' network"), *said]
    return [*said, *app_headers(spec, service, host)]


def _http_version(spec: Spec, service: Service) -> list[Statement]:
    """Before 1.29.7 nginx speaks HTTP/1.0 to apps: no kept connections, no websockets, no chunked responses."""
    if nginx_version(spec) >= KEEPS_BY_DEFAULT:
        return []
    said = [Statement("proxy_http_version", ("1.1",))]
    if app_keepalive(spec, service) is not None and not looked_up(spec, service):
        said.append(Statement("proxy_set_header", ("Connection", ""), "so that connections are kept"))
    return said


def _redirect(spec: Spec, service: Service) -> Server:
    port = spec.nginx.https_port
    shown = "" if port == 443 or spec.edge.kind != "none" else f":{port}"
    whither = Statement("return", ("301", f"https://$host{shown}$request_uri"))
    return Server("", (Group("", (*listens(spec, spec.nginx.http_port), server_name(service), whither)),))
