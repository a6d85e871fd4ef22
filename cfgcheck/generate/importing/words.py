"""Which directives and settings a spec has keys for, or derives by itself under whatever name."""

from __future__ import annotations

import re
from collections.abc import Sequence

OWNED = re.compile(
    r"""
    listen | server_name | ssl
    | ssl_(?:certificate(?:_key)?|protocols|ciphers|prefer_server_ciphers|session_\w+|stapling\w*
        |ecdh_curve|dhparam|buffer_size|early_data|trusted_certificate|reject_handshake)
    | http2(?:_\w+)? | keepalive\w* | (?:client_(?:max_body_size|header_timeout|body_timeout|header_buffer_size))
    | large_client_header_buffers | reset_timedout_connection | send_timeout | lingering_\w+
    | (?:proxy|uwsgi|fastcgi|scgi|grpc)_(?:pass|read_timeout|send_timeout|connect_timeout|buffer_size|buffers
        |busy_buffers_size|set_header|param|http_version|redirect|next_upstream\w*|pass_header|pass_request_\w+
        |intercept_errors|socket_keepalive)
    | access_log | error_log | log_format | log_not_found | error_page | gzip\w* | set_real_ip_from | real_ip_\w+
    | server_names_hash_\w+ | server_tokens | sendfile | tcp_nopush | tcp_nodelay | types_hash_\w+ | default_type
    | resolver(?:_timeout)? | user | pid | worker_processes | worker_connections | multi_accept | use | accept_mutex
    | daemon | master_process | load_module | root | alias | index | expires
    | underscores_in_headers | server | zone | ip_hash | least_conn | hash | random | include
    """,
    re.VERBOSE,
)
"""Directives that are carried by a key of the spec, or written anew from one policy."""

TELLING = re.compile(r"load_module|ip_hash|hash|random|include|index")
"""Those of them whose loss is worth a word."""

LOST = re.compile(
    r"error_page|expires|ssl_(?:trusted_certificate|dhparam)|underscores_in_headers|daemon|master_process"
    r"|(?:proxy|uwsgi)_(?:pass_header|pass_request_\w+|intercept_errors|redirect)"
)
"""Those of them whose own value is told where it is not usual: another takes its place."""

_AS_IT_IS = ("default",)


def lost(name: str, values: Sequence[str]) -> bool:
    """Whether a directive says something that what is generated does not."""
    on = name in ("daemon", "master_process") or "pass_request" in name
    return bool(LOST.fullmatch(name)) and tuple(values) != (("on",) if on else ("off",)) and tuple(values) != _AS_IT_IS


HANDLERS = {
    "if": "conditions can't be said in a spec",
    "rewrite": "rewrite rules can't be said in a spec",
    "return": "a spec has no answers of nginx itself",
    "set": "a spec has no variables",
    "try_files": "a spec serves files by prefix only (`static`, `media`)",
    "break": "rewrite rules can't be said in a spec",
    "limit_except": "conditions can't be said in a spec",
    "mirror": "a spec has one app for each request",
    "map": "a spec has no variables",
    "geo": "a spec has no variables",
    "split_clients": "a spec has no variables",
    "stream": "a spec is about HTTP",
    "mail": "a spec is about HTTP",
}
"""Directives that make no sense alone, or choose what happens to a request."""

_FAMILIES = (
    (re.compile(r"(?:proxy|uwsgi|fastcgi|scgi)_(?:\w*cache\w*|ignore_headers|store\w*)"), "a spec has no cache"),
    (re.compile(r"limit_(?:req|conn)\w*"), "a spec has no rate limits"),
    (re.compile(r"auth_\w+"), "a spec has no authentication"),
)


def reason(name: str) -> str:
    """Why a directive can't be carried by itself; ``""`` where it can."""
    return HANDLERS.get(name) or next((why for pattern, why in _FAMILIES if pattern.fullmatch(name)), "")


SILENT_BLOCKS = frozenset({"http", "events", "server", "upstream", "types", "location"})
"""Blocks that are read on their own."""

OWNED_SETTINGS = {
    "gunicorn": re.compile(
        r"bind|chdir|wsgi_app|user|group|umask|initgroups|worker_class|workers|threads|worker_connections|timeout"
        r"|graceful_timeout|keepalive|forwarded_allow_ips|proxy_allow_ips|proxy_protocol|secure_scheme_headers"
        r"|forwarder_headers|header_map|limit_request_\w+|pidfile|daemon|raw_env|config|accesslog|errorlog|loglevel"
        r"|access_log_format|capture_output|pythonpath|reuse_port|certfile|keyfile|worker_tmp_dir|backlog|spew"
        r"|check_config|print_config|reload\w*|proc_name|default_proc_name|strip_header_spaces|tmp_upload_dir"
    ),
    "uwsgi": re.compile(
        r"(?:http|https|fastcgi|scgi|puwsgi|uwsgi)?-?socket|http|https\w*|http-to|http-.*|shared-socket|chmod(?:-socket)?"
        r"|chown(?:-socket)?|protocol|module|wsgi|wsgi-file|file|callable|chdir|chdir2|pythonpath|pp|python-path|home"
        r"|virtualenv|venv|pyhome|uid|gid|master|processes|workers|p|threads|enable-threads|harakiri|harakiri-verbose"
        r"|buffer-size|b|limit-post|post-buffering|listen|vacuum|die-on-term|need-app|strict|pidfile|daemonize\d*"
        r"|logto|logger|req-logger|ini|yaml|xml|json|env|plugins?|set|set-ph|hook-master-start|worker-reload-mercy"
        r"|reload-mercy|so-keepalive|socket-timeout|http-timeout|thunder-lock|single-interpreter|stats"
        r"|py-autoreload|python-autoreload|emperor|vassal\w*|cheaper\w*|reload-on-\w+|safe-pidfile|log-\w+|disable-logging"
    ),
    "uvicorn": re.compile(
        r"host|port|uds|fd|app|app-dir|factory|workers|reload\w*|proxy[-_]headers|forwarded[-_]allow[-_]ips"
        r"|timeout[-_].*|env[-_]file|log[-_].*|access[-_]log|root[-_]path|backlog|header|server[-_]header|interface"
        r"|APP|APPLICATION|h11[-_].*|ssl[-_].*|ws[-_]max.*|limit[-_]concurrency|use[-_]colors|version"
    ),
}
"""Settings that are carried by a key of the spec, or written anew from one policy."""

LOST_SETTINGS = {
    "gunicorn": re.compile(
        r"pythonpath|certfile|keyfile|umask|reload|group|tmp_upload_dir|worker_tmp_dir|reuse_port|initgroups"
        r"|proxy_protocol|strip_header_spaces|spew"
    ),
    "uwsgi": re.compile(
        r"pythonpath|pp|python-path|emperor|vassal\w*|py-autoreload|python-autoreload|hook-master-start|http-to|gid"
    ),
    "uvicorn": re.compile(r"env[-_]file|root[-_]path|header|app[-_]dir|reload|ws[-_]max.*|limit[-_]concurrency"),
}
"""Of those, what is written anew in no other form."""


def lost_setting(server: str, name: str) -> bool:
    """Whether a setting is neither carried nor written anew."""
    pattern = LOST_SETTINGS.get(server)
    return pattern is not None and bool(pattern.fullmatch(name))


ONE_APP = frozenset({"vhost", "vhost-host", "no-default-app", "catch-all", "mount", "app", "idle"})
"""Options of uWSGI for several apps in one server, or none."""

_KEPT = {
    "uwsgi": re.compile(r"cheaper\w*|reload-on-\w+|single-interpreter|log-\w+|disable-logging|stats|thunder-lock"),
    "gunicorn": re.compile(r"loglevel|access_log_format|capture_output|proc_name|backlog"),
}
"""Of those, what changes nothing that is derived: kept as it is."""


def owned_setting(server: str, name: str) -> bool:
    pattern, kept = OWNED_SETTINGS.get(server), _KEPT.get(server)
    if kept is not None and kept.fullmatch(name):
        return False
    return pattern is not None and bool(pattern.fullmatch(name))


def owned(name: str) -> bool:
    """Whether a directive is carried by keys or written from policy."""
    return bool(OWNED.fullmatch(name))
