"""``nginx.conf``: nginx itself, what all services share, and what answers for names that nobody has."""

from __future__ import annotations

from collections.abc import Sequence

from cfgcheck.generate.plan_default import default_servers
from cfgcheck.generate.plan_edge import address_statements, keepalive_statements, scheme_blocks
from cfgcheck.generate.plan_raw import with_raw, with_raw_statements
from cfgcheck.generate.plan_records import Block, Group, NginxPlan, ServicePlan, Statement
from cfgcheck.generate.plan_sizes import shared_header_statements
from cfgcheck.generate.plan_versions import nginx_version
from cfgcheck.generate.spec import Spec

LOG_FORMAT = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"',
    ' host=$host time=$request_time upstream="$upstream_addr" upstream_status="$upstream_status"',
    ' connect="$upstream_connect_time" header="$upstream_header_time" response="$upstream_response_time"',
)

_GZIP_TYPES = (
    "text/css",
    "text/plain",
    "text/javascript",
    "application/javascript",
    "application/json",
    "application/xml",
    "image/svg+xml",
)

_CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)

_BUCKET = 64
"""nginx's ``server_names_hash_bucket_size`` on the processors of today; a name needs up to 25 bytes beside itself."""


def nginx_plan(spec: Spec, services: Sequence[ServicePlan]) -> NginxPlan:
    """The plan of ``nginx.conf``."""
    events = [Statement("worker_connections", (str(spec.nginx.worker_connections),))]
    return NginxPlan(
        version=nginx_version(spec),
        user=spec.nginx.user,
        main=with_raw(_main(spec), spec.nginx.main),
        events=with_raw_statements(events, spec.nginx.events),
        http=with_raw(_http(spec), spec.nginx.http),
        blocks=tuple(_blocks(spec)),
        servers=default_servers(spec),
    )


def _main(spec: Spec) -> list[Group]:
    files = 2 * spec.nginx.worker_connections
    because = f"{files}: two for each of {spec.nginx.worker_connections} connections, the client's and the app's"
    return [
        Group(
            "",
            (
                Statement("user", (spec.nginx.user,)),
                Statement("worker_processes", ("auto",)),
                Statement("worker_rlimit_nofile", (str(files),), because),
                Statement("pid", ("/run/nginx.pid",)),
                Statement("error_log", ("/var/log/nginx/error.log", "warn")),
            ),
        )
    ]


def _http(spec: Spec) -> list[Group]:
    basics = [
        Statement("include", ("mime.types",)),
        Statement("default_type", ("application/octet-stream",)),
        Statement("sendfile", ("on",)),
        Statement("tcp_nopush", ("on",)),
        Statement("server_tokens", ("off",)),
        *_names_hash(spec),
        *shared_header_statements(spec),
    ]
    return [
        Group("", tuple(basics)),
        Group("The edge in front", (*keepalive_statements(spec), *address_statements(spec))),
        Group("", tuple(_log())),
        Group("", tuple(_gzip(spec))),
        Group("TLS for browsers of the last ten years, with forward secrecy", tuple(_tls(spec))),
    ]


def _names_hash(spec: Spec) -> list[Statement]:
    """Larger tables where names are long or many: nginx does not start with too small ones."""
    names = [name for service in spec.services.values() for name in service.domains]
    needed, bucket, most = max(map(len, names)) + 25, _BUCKET, 512
    while bucket < needed:
        bucket *= 2
    while most < len(names):
        most *= 2
    wide = Statement("server_names_hash_bucket_size", (str(bucket),), "for the longest name")
    large = Statement("server_names_hash_max_size", (str(2 * most),), f"for {len(names)} names")
    return [*([wide] if bucket > _BUCKET else []), *([large] if most > 512 else [])]


def _log() -> list[Statement]:
    return [
        Statement("log_format", ("timed", *LOG_FORMAT)),
        Statement("access_log", ("/var/log/nginx/access.log", "timed")),
    ]


def _gzip(spec: Spec) -> list[Statement]:
    said = [Statement("gzip", ("on",)), Statement("gzip_vary", ("on",)), Statement("gzip_min_length", ("1024",))]
    if spec.edge.kind != "none":
        said.append(Statement("gzip_proxied", ("any",), "an edge that says `Via` gets compressed responses, too"))
    return [*said, Statement("gzip_types", _GZIP_TYPES)]


def _tls(spec: Spec) -> list[Statement]:
    if all(service.tls is None for service in spec.services.values()):
        return []
    return [
        Statement("ssl_protocols", ("TLSv1.2", "TLSv1.3")),
        Statement("ssl_ciphers", (":".join(_CIPHERS),)),
        Statement("ssl_session_cache", ("shared:tls:10m",)),
        Statement("ssl_session_timeout", ("1d",)),
        Statement("ssl_session_tickets", ("off",), "their keys would live as long as nginx"),
    ]


def _blocks(spec: Spec) -> list[Block]:
    if all(not service.websockets for service in spec.services.values()):
        return scheme_blocks(spec)
    entries = (Statement("default", ("upgrade",)), Statement("", ("",)))
    title = "Only requests that ask for an upgrade get one"
    return [*scheme_blocks(spec), Block("map", ("$http_upgrade", "$connection_upgrade"), entries, title)]
