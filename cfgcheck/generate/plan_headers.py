"""What nginx tells the app about the client: host, address and scheme, and what clients must not say themselves."""

from __future__ import annotations

from cfgcheck.generate.plan_records import Statement
from cfgcheck.generate.spec import Service, Spec

CLIENT_SCHEME = "$client_scheme"
"""The map's variable where the edge ends TLS."""


def family(service: Service) -> str:
    """``uwsgi`` or ``proxy``: the protocol that nginx speaks to the app server."""
    return "uwsgi" if service.server.kind == "uwsgi" else "proxy"


def app_headers(spec: Spec, service: Service, host: str = "$host") -> list[Statement]:
    """The headers (parameters) of each request that goes to the app."""
    scheme = CLIENT_SCHEME if spec.edge.tls else "$scheme"
    if family(service) == "uwsgi":
        return _parameters(spec, scheme, host)
    sent = [
        _header("Host", host),
        _header("X-Forwarded-For", _address(spec), _address_because(spec)),
        _header("X-Forwarded-Proto", scheme, "as the edge says" if spec.edge.tls else ""),
    ]
    if service.server.kind == "gunicorn" and service.server.worker_class != "uvicorn":
        because = "Gunicorn would believe a client that says so"
        sent += [_header(name, "", because) for name in ("X-Forwarded-Protocol", "X-Forwarded-Ssl")]
    return sent


def upgrade_headers() -> list[Statement]:
    """For websockets. The map's variable is empty for plain requests, which then don't upgrade."""
    return [_header("Upgrade", "$http_upgrade"), _header("Connection", "$connection_upgrade")]


def _parameters(spec: Spec, scheme: str, host: str) -> list[Statement]:
    sent = [
        Statement("include", ("uwsgi_params",)),
        Statement("uwsgi_param", ("HTTP_X_FORWARDED_FOR", _address(spec)), _address_because(spec)),
        Statement("uwsgi_param", ("HTTP_X_FORWARDED_PROTO", scheme), "uWSGI takes the scheme from it"),
        Statement("uwsgi_param", ("HTTP_X_FORWARDED_SSL", ""), "uWSGI would believe a client that says so"),
    ]
    return sent if host == "$host" else [*sent, Statement("uwsgi_param", ("HTTP_HOST", host))]


def _header(name: str, value: str, because: str = "") -> Statement:
    return Statement("proxy_set_header", (name, value), because)


def _address(spec: Spec) -> str:
    return "$proxy_add_x_forwarded_for" if _adds(spec) else "$remote_addr"


def _address_because(spec: Spec) -> str:
    return "the edge's list and the edge itself" if _adds(spec) else "not what the client says of itself"


def _adds(spec: Spec) -> bool:
    """Whether the edge's own list must go on, because nginx does not know whom to believe it from."""
    return spec.edge.kind != "none" and not spec.edge.addresses
