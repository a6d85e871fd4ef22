"""Sizes: what nginx admits fits the app server, and what the app answers fits nginx."""

from __future__ import annotations

from cfgcheck.generate.plan_edge import asked_by_address
from cfgcheck.generate.plan_records import Statement
from cfgcheck.generate.spec import Service, Spec
from cfgcheck.generate.words import in_bytes
from cfgcheck.model import uwsgi_packet
from cfgcheck.record import record

LINE_END = 2
"""nginx counts the carriage return and line feed of a line, app servers mostly do not."""

_RESPONSE_BUFFERS = 4
_RESPONSE = 4096
_RESPONSE_ALONE = 14336
"""Up to here nginx's default buffers can do with a larger first one (facts: gunicorn, "nginx -t on buffers")."""


@record(frozen=True)
class Admitted:
    """What nginx admits of request headers: so many buffers of so many bytes, each for whole lines."""

    count: int
    size: int

    @property
    def statement(self) -> Statement:
        because = f"the longest header line is {self.size} bytes with its line end"
        return Statement("large_client_header_buffers", (str(self.count), in_bytes(self.size)), because)


_DEFAULT = Admitted(4, 8192)


def admitted(spec: Spec) -> Admitted:
    """What nginx admits for all services: on a plain port it reads a request line before it knows whose it is."""
    return _admitted(list(spec.services.values()))


def admitted_for(spec: Spec, service: Service) -> Admitted:
    """What reaches one service. Where it has TLS only, and no edge asks for it by the machine's address, the handshake
    has told nginx whose request line it reads."""
    by_address = any(spec.services[name] is service for name, _ in asked_by_address(spec))
    named = service.tls is not None and service.tls.redirect and not by_address
    return _admitted([service]) if named else admitted(spec)


def _admitted(services: list[Service]) -> Admitted:
    longest = max(service.request_headers for service in services)
    packed = any(service.server.kind == "uwsgi" for service in services)
    most = max(1, (uwsgi_packet.LARGEST - uwsgi_packet.VARIABLES) // longest) if packed else _DEFAULT.count
    return Admitted(min(_DEFAULT.count, most), longest)


def uwsgi_buffer(spec: Spec, service: Service) -> int:
    """uWSGI's ``buffer-size``: all that nginx admits, the URL a second time, and what nginx adds."""
    whole = admitted_for(spec, service)
    return uwsgi_packet.packet_size(whole.count * whole.size, whole.size)


def shared_header_statements(spec: Spec) -> list[Statement]:
    """nginx's limit for the request headers of all services, where its default is another."""
    whole = admitted(spec)
    return [] if whole == _DEFAULT else [whole.statement]


def header_statements(spec: Spec, service: Service) -> list[Statement]:
    """nginx's limit for the request headers of one service, where that of all is another."""
    own = _admitted([service])
    return [] if own.size == admitted(spec).size else [own.statement]


def body_statements(service: Service) -> list[Statement]:
    return [Statement("client_max_body_size", (in_bytes(service.max_upload),), "the largest upload; beyond it 413")]


def response_statements(service: Service, family: str) -> list[Statement]:
    """Buffers for response headers larger than nginx's default of one page."""
    wanted = service.response_headers
    if wanted <= _RESPONSE:
        return []
    size = Statement(f"{family}_buffer_size", (in_bytes(wanted),), "all header lines of a response together")
    if wanted <= _RESPONSE_ALONE:
        return [size]
    because = "at least three times the buffer above, or nginx does not start"
    return [size, Statement(f"{family}_buffers", (str(_RESPONSE_BUFFERS), in_bytes(wanted)), because)]
