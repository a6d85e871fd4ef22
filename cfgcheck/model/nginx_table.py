"""The directives whose effective values cfgcheck knows: kind, default, contexts, how levels come together.

Defaults and contexts are those of the documentation on nginx.org (the module is named with each row); where a version
changed a default, nginx's CHANGES. Which directives may be repeated was asked of ``nginx -t`` (1.22.1 and 1.31.3).
Times in seconds, sizes in bytes, ``on``/``off`` as booleans. ``NAME:part`` is a further value of the directive NAME.
"""

from __future__ import annotations

from typing import Any

from cfgcheck.model import nginx_values as read
from cfgcheck.model.located import Located
from cfgcheck.model.nginx_defaults import ByVersion, Computed, Merge, Setting, Unknowable
from cfgcheck.model.nginx_values import Buffers, Reader
from cfgcheck.model.version import Version

PAGE = 4096
"""A memory page of x86-64 and of most ARM machines; nginx's buffers are one page or two by default."""

FAMILIES = ("proxy", "uwsgi", "fastcgi", "scgi", "grpc")
HEADER_DIRECTIVES = {
    "proxy": "proxy_set_header",
    "uwsgi": "uwsgi_param",
    "fastcgi": "fastcgi_param",
    "scgi": "scgi_param",
    "grpc": "grpc_set_header",
}

def family_of(name: str) -> str | None:
    """The family of a directive (``proxy_read_timeout`` → ``proxy``); None for those of every request."""
    first = name.partition("_")[0]
    return first if first in FAMILIES and not name.startswith("proxy_protocol") else None


HTTP = "http server location"
IN_IF = "http server location if"
TABLE: dict[str, Setting] = {}


def _add(
    source: str,
    contexts: str,
    rows: dict[str, tuple[Reader, Any]],
    merge: Merge = Merge.SCALAR,
) -> None:
    for name, (reader, default) in rows.items():
        TABLE[name] = Setting(name, name.partition(":")[0], reader, default, contexts, source, merge)


def _arrays(source: str, contexts: str, *names: str) -> None:
    _add(source, contexts, dict.fromkeys(names, (read.texts, ())), Merge.ARRAY)


_TLS = ByVersion(
    ("TLSv1", "TLSv1.1", "TLSv1.2"),
    (
        (Version(1, 23, 4), ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")),
        (Version(1, 27, 3), ("TLSv1.2", "TLSv1.3")),
    ),
)
REQUESTS = ByVersion(100, ((Version(1, 19, 10), 1000),))
"""Requests over one kept connection, to clients as to upstreams."""

UPSTREAM_KEEPALIVE = ByVersion(0, ((Version(1, 29, 7), 32),))
"""Idle connections that an ``upstream{}`` without ``keepalive`` keeps (facts: gunicorn 30.1b, 30.2c)."""

SENT_CONNECTION = ByVersion("close", ((Version(1, 29, 7), ""),))
"""The Connection header that nginx sends to a proxied server by itself; "" is none (facts: causes 4.1)."""

_IN_UPSTREAM: dict[str, tuple[Reader, Any]] = {
    "keepalive": (read.number, UPSTREAM_KEEPALIVE),
    "keepalive_requests": (read.number, REQUESTS),
    "keepalive_time": (read.time, 3600),
    "keepalive_timeout": (read.time, 60),
    "resolver": (read.addresses, ()),
}
UPSTREAM_TABLE = {
    name: Setting(f"upstream {name}", name, reader, default, "upstream", "ngx_http_upstream_module")
    for name, (reader, default) in _IN_UPSTREAM.items()
}
"""Inside ``upstream{}``, where these names mean the connections to the servers (ngx_http_upstream_module)."""

# ----------------------------------------------------------------------------------------------- main and events
_NO_USER = Unknowable("no file names nginx's user, and packages differ: nobody, nginx, www-data")
_add(
    "ngx_core_module",
    "main",
    {
        "user": (read.text, _NO_USER),
        "user:group": (read.second_text, _NO_USER),
        "worker_processes": (read.number_or_auto, 1),
        "worker_rlimit_nofile": (read.number, None),
        "worker_shutdown_timeout": (read.time, None),
        "daemon": (read.flag, True),
        "master_process": (read.flag, True),
        "pid": (read.text, None),
    },
)
_add(
    "ngx_core_module",
    "events",
    {"worker_connections": (read.number, 512), "multi_accept": (read.flag, False), "accept_mutex": (read.flag, False)},
)

# ----------------------------------------------------------------------------------------------- clients
_CORE = "ngx_http_core_module"
_add(
    _CORE,
    "http server",
    {
        "client_header_buffer_size": (read.size, 1024),
        "client_header_timeout": (read.time, 60),
        "large_client_header_buffers": (read.buffers, Buffers(4, 8192)),
        "max_headers": (read.number, ByVersion(None, ((Version(1, 29, 8), 1000),))),
        "underscores_in_headers": (read.flag, False),
        "ignore_invalid_headers": (read.flag, True),
        "merge_slashes": (read.flag, True),
        "http2": (read.flag, False),
    },
)
_add(
    _CORE,
    HTTP,
    {
        "client_body_buffer_size": (read.size, 2 * PAGE),
        "client_body_in_file_only": (read.keyword, "off"),
        "client_body_in_single_buffer": (read.flag, False),
        "client_body_temp_path": (read.text, None),
        "client_body_timeout": (read.time, 60),
        "client_max_body_size": (read.offset, 1024 * 1024),
        "keepalive_timeout": (read.time, 75),
        "keepalive_timeout:header": (read.optional_seconds, None),
        "keepalive_min_timeout": (read.time, 0),
        "keepalive_requests": (read.number, REQUESTS),
        "keepalive_time": (read.time, 3600),
        "keepalive_disable": (read.keywords, ("msie6",)),
        "lingering_close": (read.keyword, "on"),
        "lingering_time": (read.time, 30),
        "lingering_timeout": (read.time, 5),
        "send_timeout": (read.time, 60),
        "reset_timedout_connection": (read.flag, False),
        "resolver": (read.addresses, ()),
        "resolver_timeout": (read.time, 30),
        "server_tokens": (read.keyword, "on"),
        "server_name_in_redirect": (read.flag, False),
        "port_in_redirect": (read.flag, True),
        "absolute_redirect": (read.flag, True),
        "chunked_transfer_encoding": (read.flag, True),
        "recursive_error_pages": (read.flag, False),
        "log_not_found": (read.flag, True),
        "satisfy": (read.keyword, "all"),
        "tcp_nodelay": (read.flag, True),
        "tcp_nopush": (read.flag, False),
        "default_type": (read.text, "text/plain"),
        "etag": (read.flag, True),
    },
)
_add(
    _CORE,
    IN_IF,
    {"root": (read.text, "html"), "sendfile": (read.flag, False), "limit_rate": (read.text, "0")},
)
_add(_CORE, "location", {"alias": (read.text, None), "internal": (read.texts, None)})
_add(_CORE, "server location", {"try_files": (read.texts, None)})
_arrays(_CORE, IN_IF, "error_page")
_arrays("ngx_http_headers_module", IN_IF, "add_header", "add_trailer")
_add(
    "ngx_http_headers_module",
    HTTP,
    {"add_header_inherit": (read.keyword, "on"), "add_trailer_inherit": (read.keyword, "on")},
)
_add("ngx_http_headers_module", IN_IF, {"expires": (read.texts, ("off",))})
_add(
    "ngx_http_gzip_module",
    HTTP,
    {
        "gzip_comp_level": (read.number, 1),
        "gzip_http_version": (read.keyword, "1.1"),
        "gzip_min_length": (read.size, 20),
        "gzip_vary": (read.flag, False),
    },
)
_add("ngx_http_gzip_module", IN_IF, {"gzip": (read.flag, False)})
_add("ngx_http_gzip_module", HTTP, {"gzip_proxied": (read.keywords, ("off",))}, Merge.MASK)
_arrays("ngx_http_gzip_module", HTTP, "gzip_types")
_add(
    "ngx_http_realip_module",
    HTTP,
    {"real_ip_header": (read.text, "X-Real-IP"), "real_ip_recursive": (read.flag, False)},
)
_arrays("ngx_http_realip_module", HTTP, "set_real_ip_from")
_arrays("ngx_http_access_module", HTTP + " limit_except", "allow", "deny")
_add("ngx_http_auth_request_module", HTTP, {"auth_request": (read.text, "off")})
_add("ngx_http_auth_basic_module", HTTP + " limit_except", {"auth_basic": (read.text, "off")})
_arrays("ngx_http_log_module", HTTP + " if limit_except", "access_log")
_arrays("ngx_core_module", "main http server location", "error_log")

# ----------------------------------------------------------------------------------------------- TLS towards clients
_SSL = "ngx_http_ssl_module"
_add(
    _SSL,
    "http server",
    {
        "ssl": (read.flag, False),
        "ssl_certificate_key": (read.text, None),
        "ssl_ciphers": (read.text, "HIGH:!aNULL:!MD5"),
        "ssl_client_certificate": (read.text, None),
        "ssl_prefer_server_ciphers": (read.flag, False),
        "ssl_session_timeout": (read.seconds, 300),
        "ssl_session_tickets": (read.flag, True),
        "ssl_stapling": (read.flag, False),
        "ssl_stapling_verify": (read.flag, False),
        "ssl_trusted_certificate": (read.text, None),
        "ssl_verify_client": (read.keyword, "off"),
        "ssl_reject_handshake": (read.flag, False),
    },
)
_add(_SSL, "http server", {"ssl_protocols": (read.protocols, _TLS)}, Merge.MASK)
_arrays(_SSL, "http server", "ssl_certificate")


# ----------------------------------------------------------------------------------------------- upstream families
def _two_largest(family: str) -> Computed:
    """Twice the larger of ``_buffer_size`` and one of ``_buffers`` (facts: gunicorn, ``nginx -t`` on buffers)."""

    def computed(scope: Any) -> Located[Any]:
        single: Located[int] = scope.setting(f"{family}_buffer_size")
        several: Located[Buffers] = scope.setting(f"{family}_buffers")
        for part in (single, several):
            if not part.known:
                return Located.unknown(part.because, part.span)
        return Located.default(
            2 * max(single.value, several.value.size),
            f"nginx's default: twice the larger of {family}_buffer_size and one of {family}_buffers",
        )

    return computed


def _family(family: str, next_upstream: tuple[str, ...] = ("error", "timeout")) -> None:
    """What every handler has."""
    source = f"ngx_http_{family}_module"
    _add(
        source,
        HTTP,
        {
            f"{family}_connect_timeout": (read.time, 60),
            f"{family}_send_timeout": (read.time, 60),
            f"{family}_read_timeout": (read.time, 60),
            f"{family}_buffer_size": (read.size, PAGE),
            f"{family}_next_upstream_timeout": (read.time, 0),
            f"{family}_next_upstream_tries": (read.number, 0),
            f"{family}_intercept_errors": (read.flag, False),
            f"{family}_socket_keepalive": (read.flag, False),
            f"{family}_bind": (read.texts, ("off",)),
        },
    )
    _add(source, HTTP, {f"{family}_next_upstream": (read.keywords, next_upstream)}, Merge.MASK)
    _arrays(source, HTTP, HEADER_DIRECTIVES[family], f"{family}_hide_header", f"{family}_pass_header")
    _add(source, HTTP, {f"{family}_ignore_headers": (read.keywords, ())}, Merge.MASK)


def _buffered(family: str) -> None:
    """What the handlers have that buffer responses: all but grpc."""
    source = f"ngx_http_{family}_module"
    _add(
        source,
        HTTP,
        {
            f"{family}_buffering": (read.flag, True),
            f"{family}_buffers": (read.buffers, Buffers(8, PAGE)),
            f"{family}_busy_buffers_size": (read.size, _two_largest(family)),
            f"{family}_temp_file_write_size": (read.size, _two_largest(family)),
            f"{family}_max_temp_file_size": (read.size, 1024 * 1024 * 1024),
            f"{family}_request_buffering": (read.flag, True),
            f"{family}_ignore_client_abort": (read.flag, False),
            f"{family}_pass_request_headers": (read.flag, True),
            f"{family}_pass_request_body": (read.flag, True),
            f"{family}_force_ranges": (read.flag, False),
            f"{family}_limit_rate": (read.text, "0"),
            f"{family}_temp_path": (read.text, None),
            f"{family}_store": (read.text, "off"),
            f"{family}_cache": (read.text, "off"),
            f"{family}_cache_key": (read.text, None),
            f"{family}_cache_lock": (read.flag, False),
        },
    )
    _arrays(source, HTTP, f"{family}_cache_valid", f"{family}_cache_bypass", f"{family}_no_cache")
    _add(source, HTTP, {f"{family}_cache_use_stale": (read.keywords, ("off",))}, Merge.MASK)


def _tls(family: str) -> None:
    """TLS towards the upstream."""
    source = f"ngx_http_{family}_module"
    _add(
        source,
        HTTP,
        {
            f"{family}_ssl_server_name": (read.flag, False),
            f"{family}_ssl_name": (read.text, "$proxy_host"),
            f"{family}_ssl_verify": (read.flag, False),
            f"{family}_ssl_verify_depth": (read.number, 1),
            f"{family}_ssl_trusted_certificate": (read.text, None),
            f"{family}_ssl_certificate": (read.text, None),
            f"{family}_ssl_certificate_key": (read.text, None),
            f"{family}_ssl_ciphers": (read.text, "DEFAULT"),
            f"{family}_ssl_crl": (read.text, None),
            f"{family}_ssl_session_reuse": (read.flag, True),
        },
    )
    _add(source, HTTP, {f"{family}_ssl_protocols": (read.protocols, _TLS)}, Merge.MASK)
    _arrays(source, HTTP, f"{family}_ssl_conf_command")


for _name in FAMILIES:
    _family(_name)
for _name in ("proxy", "uwsgi", "fastcgi", "scgi"):
    _buffered(_name)
for _name in ("proxy", "uwsgi", "grpc"):
    _tls(_name)

_add(
    "ngx_http_proxy_module",
    HTTP,
    {
        "proxy_http_version": (read.keyword, ByVersion("1.0", ((Version(1, 29, 7), "1.1"),))),
        "proxy_method": (read.text, None),
        "proxy_set_body": (read.text, None),
        "proxy_headers_hash_max_size": (read.number, 512),
        "proxy_headers_hash_bucket_size": (read.number, 64),
        "proxy_send_lowat": (read.size, 0),
    },
)
_arrays("ngx_http_proxy_module", HTTP, "proxy_redirect", "proxy_cookie_domain", "proxy_cookie_path")
_arrays("ngx_http_proxy_module", HTTP, "proxy_cookie_flags")
_add(
    "ngx_http_fastcgi_module",
    HTTP,
    {
        "fastcgi_keep_conn": (read.flag, False),
        "fastcgi_index": (read.text, None),
        "fastcgi_send_lowat": (read.size, 0),
    },
)
_add("ngx_http_fastcgi_module", "location", {"fastcgi_split_path_info": (read.text, None)})
_add("ngx_http_uwsgi_module", HTTP, {"uwsgi_modifier1": (read.number, 0), "uwsgi_modifier2": (read.number, 0)})

NAMES = frozenset(TABLE)
"""Every name that ``Scope.setting`` knows."""

