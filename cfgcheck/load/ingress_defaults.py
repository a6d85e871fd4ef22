"""What ingress-nginx sets where an Ingress says nothing: its defaults differ from nginx's own.

Values: ``docs/user-guide/nginx-configuration/configmap.md`` and ``internal/ingress/controller/config/config.go`` of
kubernetes/ingress-nginx (v1.15); what it writes into every location: its ``nginx.tmpl`` (facts: causes 4.4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from cfgcheck import resources
from cfgcheck.load.nginx_stock import PREFIX
from cfgcheck.model.located import Located
from cfgcheck.model.nginx_defaults import Defaults, Setting
from cfgcheck.model.nginx_settings import Scope
from cfgcheck.model.nginx_values import Buffers
from cfgcheck.model.version import Version
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.nginx_parse import parse
from cfgcheck.syntax.nginx_tree import Directive

_SOURCE: Final = "ingress-nginx's default, configmap.md"

_UPSTREAM: Final = ("proxy", "grpc")
_VALUES: Final[Mapping[str, Any]] = {
    "client_body_buffer_size": 8192,
    "client_body_timeout": 60.0,
    "client_header_buffer_size": 1024,
    "client_header_timeout": 60.0,
    "client_max_body_size": 1024 * 1024,
    "default_type": "text/html",
    "http2": True,
    "keepalive_requests": 1000,
    "keepalive_timeout": 75.0,
    "large_client_header_buffers": Buffers(4, 8192),
    "port_in_redirect": False,
    "proxy_buffer_size": 4096,
    "proxy_buffering": False,
    "proxy_buffers": Buffers(4, 4096),
    "proxy_http_version": "1.1",
    "proxy_next_upstream": ("error", "timeout"),
    "proxy_next_upstream_tries": 3,
    "proxy_redirect": (("off",),),
    "proxy_request_buffering": True,
    "proxy_ssl_server_name": False,
    "reset_timedout_connection": True,
    "server_tokens": "off",
    "ssl_prefer_server_ciphers": True,
    "ssl_protocols": ("TLSv1.2", "TLSv1.3"),
    "ssl_session_tickets": False,
    "tcp_nopush": True,
    "upstream keepalive": 320,
    "upstream keepalive_requests": 10000,
    "upstream keepalive_time": 3600.0,
    "upstream keepalive_timeout": 60.0,
    "worker_connections": 16384,
    "worker_processes": "auto",
    "worker_shutdown_timeout": 240.0,
    **{f"{family}_connect_timeout": 5.0 for family in _UPSTREAM},
    **{f"{family}_read_timeout": 60.0 for family in _UPSTREAM},
    **{f"{family}_send_timeout": 60.0 for family in _UPSTREAM},
}
"""As ``Scope.setting`` gives them: times in seconds, sizes in bytes."""

NO_CONTROLLER: Final = "the ConfigMap of the ingress controller, which may set others, is not among the files"

_NO_VERSION: Located[Version] = Located.unknown("which nginx the ingress controller brings is not known")


class IngressDefaults(Defaults):
    """The defaults of an ingress controller. ``doubt`` as with nginx's own: why others may be set elsewhere."""

    __slots__ = ()

    def __init__(self, doubt: str) -> None:
        super().__init__(_NO_VERSION, doubt)

    def of(self, setting: Setting, scope: Scope) -> Located[Any]:
        if setting.name in _VALUES:
            return Located.default(_VALUES[setting.name], self.explained(_SOURCE))
        return super().of(setting, scope)


@lru_cache(maxsize=8)
def stock(name: str) -> Sequence[Directive]:
    """Statements that ingress-nginx writes by itself: ``http.conf``, ``location.conf`` or ``trusting.conf`` (the
    latter of a controller that trusts what clients say, ``use-forwarded-headers``)."""
    text = (resources.data("ingress-nginx") / name).read_text(encoding="utf-8")
    return parse(SourceFile(f"{PREFIX}ingress-nginx/{name}", text), None).directives
