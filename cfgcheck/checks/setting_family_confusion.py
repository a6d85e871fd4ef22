"""A setting that exists, under another name or in another server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import AppKind, SettingUse
from cfgcheck.rules.contract import Case, Hit

_FLAG = "the command line"
_NGINX, _UWSGI, _GUNICORN, _UVICORN, _PHP = "nginx", "uWSGI", "Gunicorn", "uvicorn", "PHP-FPM"

_IN_GUNICORN: Mapping[str, tuple[str, str]] = {
    "processes": (_UWSGI, "workers"),
    "harakiri": (_UWSGI, "timeout"),
    "http": (_UWSGI, "bind"),
    "http_socket": (_UWSGI, "bind"),
    "socket": (_UWSGI, "bind"),
    "listen": (_UWSGI, "backlog"),
    "master": (_UWSGI, ""),
    "enable_threads": (_UWSGI, "threads"),
    "buffer_size": (_UWSGI, "limit_request_field_size"),
    "socket_timeout": (_UWSGI, "timeout"),
    "http_timeout": (_UWSGI, "timeout"),
    "http_keepalive": (_UWSGI, "keepalive"),
    "limit_post": (_UWSGI, ""),
    "post_buffering": (_UWSGI, ""),
    "die_on_term": (_UWSGI, ""),
    "need_app": (_UWSGI, ""),
    "lazy_apps": (_UWSGI, "preload_app"),
    "single_interpreter": (_UWSGI, ""),
    "thunder_lock": (_UWSGI, ""),
    "vacuum": (_UWSGI, ""),
    "chmod_socket": (_UWSGI, "umask"),
    "worker_reload_mercy": (_UWSGI, "graceful_timeout"),
    "reload_mercy": (_UWSGI, "graceful_timeout"),
    "max_worker_lifetime": (_UWSGI, ""),
    "wsgi_file": (_UWSGI, "wsgi_app"),
    "py_autoreload": (_UWSGI, "reload"),
    "logto": (_UWSGI, "errorlog"),
    "host": (_UVICORN, "bind"),
    "port": (_UVICORN, "bind"),
    "timeout_keep_alive": (_UVICORN, "keepalive"),
    "timeout_graceful_shutdown": (_UVICORN, "graceful_timeout"),
    "limit_concurrency": (_UVICORN, "worker_connections"),
    "limit_max_requests": (_UVICORN, "max_requests"),
    "limit_max_requests_jitter": (_UVICORN, "max_requests_jitter"),
    "proxy_headers": (_UVICORN, "forwarded_allow_ips"),
    "ssl_keyfile": (_UVICORN, "keyfile"),
    "ssl_certfile": (_UVICORN, "certfile"),
    "ssl_ca_certs": (_UVICORN, "ca_certs"),
    "worker_processes": (_NGINX, "workers"),
    "keepalive_timeout": (_NGINX, "keepalive"),
    "proxy_read_timeout": (_NGINX, "timeout"),
    "proxy_connect_timeout": (_NGINX, ""),
    "proxy_send_timeout": (_NGINX, ""),
    "uwsgi_read_timeout": (_NGINX, "timeout"),
    "client_max_body_size": (_NGINX, ""),
    "large_client_header_buffers": (_NGINX, "limit_request_field_size"),
    "max_execution_time": (_PHP, "timeout"),
    "request_terminate_timeout": (_PHP, "timeout"),
}
"""Name in a Gunicorn config → whose it is, and Gunicorn's own for it ("" where it has none)."""

_IN_UWSGI: Mapping[str, tuple[str, str]] = {
    "bind": (_GUNICORN, "socket"),
    "worker-class": (_GUNICORN, ""),
    "timeout": (_GUNICORN, "harakiri"),
    "graceful-timeout": (_GUNICORN, "worker-reload-mercy"),
    "keepalive": (_GUNICORN, "http-keepalive"),
    "keep-alive": (_GUNICORN, "http-keepalive"),
    "worker-connections": (_GUNICORN, ""),
    "backlog": (_GUNICORN, "listen"),
    "max-requests-jitter": (_GUNICORN, "max-requests-delta"),
    "preload": (_GUNICORN, ""),
    "preload-app": (_GUNICORN, ""),
    "wsgi-app": (_GUNICORN, "module"),
    "accesslog": (_GUNICORN, "req-logger"),
    "access-logfile": (_GUNICORN, "req-logger"),
    "errorlog": (_GUNICORN, "logto"),
    "error-logfile": (_GUNICORN, "logto"),
    "log-file": (_GUNICORN, "logto"),
    "loglevel": (_GUNICORN, ""),
    "log-level": (_GUNICORN, ""),
    "forwarded-allow-ips": (_GUNICORN, ""),
    "limit-request-line": (_GUNICORN, "buffer-size"),
    "limit-request-field-size": (_GUNICORN, "buffer-size"),
    "limit-request-fields": (_GUNICORN, "buffer-size"),
    "proc-name": (_GUNICORN, "procname"),
    "user": (_GUNICORN, "uid"),
    "group": (_GUNICORN, "gid"),
    "certfile": (_GUNICORN, "https"),
    "keyfile": (_GUNICORN, "https"),
    "worker-processes": (_NGINX, "processes"),
    "uwsgi-read-timeout": (_NGINX, "harakiri"),
    "uwsgi-send-timeout": (_NGINX, ""),
    "uwsgi-connect-timeout": (_NGINX, ""),
    "uwsgi-buffer-size": (_NGINX, ""),
    "uwsgi-buffers": (_NGINX, ""),
    "proxy-read-timeout": (_NGINX, "harakiri"),
    "proxy-send-timeout": (_NGINX, ""),
    "proxy-connect-timeout": (_NGINX, ""),
    "keepalive-timeout": (_NGINX, "http-keepalive"),
    "client-max-body-size": (_NGINX, "limit-post"),
    "large-client-header-buffers": (_NGINX, "buffer-size"),
    "max-execution-time": (_PHP, "harakiri"),
    "request-terminate-timeout": (_PHP, "harakiri"),
}
"""Key in a uWSGI configuration, with dashes → whose it is, and uWSGI's own for it ("" where it has none)."""


_FLAGS: Mapping[str, str] = {
    "": "",
    "errorlog": "--error-logfile",
    "keepalive": "--keep-alive",
    "limit_request_field_size": "--limit-request-field_size",
    "preload_app": "--preload",
    "wsgi_app": "",
}
"""Settings of Gunicorn whose option is not the name with dashes; "": without an option."""


_OPTIONS: tuple[Mapping[str, str], ...] = (
    {
        "gunicorn": "--bind", "uvicorn": "--host and --port", "hypercorn": "--bind", "daphne": "--bind and --port",
        "granian": "--host and --port", "waitress": "--listen",
    },
    {
        "uwsgi": "--socket", "uvicorn": "--uds", "hypercorn": "--bind unix:PATH", "daphne": "--unix-socket",
        "granian": "--uds", "waitress": "--unix-socket",
    },
    {
        "gunicorn": "--keep-alive", "uvicorn": "--timeout-keep-alive", "hypercorn": "--keep-alive", "daphne": "",
        "granian": "", "waitress": "--channel-timeout",
    },
    {
        "gunicorn": "--graceful-timeout", "uvicorn": "--timeout-graceful-shutdown", "hypercorn": "--graceful-timeout",
        "daphne": "", "granian": "--workers-kill-timeout", "waitress": "",
    },
    {
        "gunicorn": "--forwarded-allow-ips", "uvicorn": "--forwarded-allow-ips", "hypercorn": "",
        "daphne": "--proxy-headers", "granian": "", "waitress": "--trusted-proxy",
    },
    {
        "gunicorn": "--max-requests", "uvicorn": "--limit-max-requests", "hypercorn": "--max-requests", "daphne": "",
        "granian": "", "waitress": "",
    },
    {
        "gunicorn": "--certfile", "uvicorn": "--ssl-certfile", "hypercorn": "--certfile", "daphne": "",
        "granian": "--ssl-certificate", "waitress": "",
    },
    {
        "gunicorn": "--keyfile", "uvicorn": "--ssl-keyfile", "hypercorn": "--keyfile", "daphne": "",
        "granian": "--ssl-keyfile", "waitress": "",
    },
    {
        "gunicorn": "--timeout", "uvicorn": "", "hypercorn": "", "daphne": "--http-timeout", "granian": "",
        "waitress": "",
    },
    {
        "gunicorn": "--worker-class", "uvicorn": "", "hypercorn": "--worker-class", "daphne": "", "granian": "",
        "waitress": "",
    },
    {"gunicorn": "--worker-connections", "uvicorn": "--limit-concurrency", "waitress": "--connection-limit"},
    {"uvicorn": "--workers", "hypercorn": "--workers", "granian": "--workers", "daphne": "", "waitress": "--threads"},
)  # fmt: skip
"""Options that mean nearly the same, by server; "" for one that has none."""

_SHORT = {"-b": "--bind", "-w": "--workers", "-k": "--worker-class", "-t": "--timeout", "--http-socket": "--socket"}
_SHOWN = {"gunicorn": _GUNICORN, "uwsgi": _UWSGI, "uvicorn": _UVICORN, "waitress": "waitress"}


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    use: SettingUse = case.element
    kind: AppKind = case.subject.kind
    readers = {AppKind.GUNICORN: _in_gunicorn, AppKind.UWSGI: _in_uwsgi}
    found = readers[kind](use) if kind in readers else _in_another(use, kind.value)
    if found is not None:
        family, instead = found
        yield Hit(values={"family": family, "instead": instead, "flag": family == _FLAG})


def _in_gunicorn(use: SettingUse) -> tuple[str, str] | None:
    if use.means:
        return _FLAG, use.means
    whose = _IN_GUNICORN.get(use.name.lstrip("-").replace("-", "_").lower())
    if whose is None or not use.name.startswith("-"):
        return whose
    family, setting = whose
    return family, _FLAGS.get(setting, f"--{setting.replace('_', '-')}")


def _in_uwsgi(use: SettingUse) -> tuple[str, str] | None:
    return _IN_UWSGI.get(use.name.lstrip("-").replace("_", "-").lower())


def _in_another(use: SettingUse, server: str) -> tuple[str, str] | None:
    """An option of one of the other servers."""
    name = _SHORT.get(use.name, use.name)
    for options in _OPTIONS:
        owners = [other for other, option in options.items() if option.split(" ")[0] == name and other != server]
        if owners and server in options:
            return _SHOWN.get(owners[0], owners[0].capitalize()), options[server]
    if name in ("--host", "--port") and server in ("hypercorn", "waitress"):
        return _UVICORN, _OPTIONS[0][server]
    return None
