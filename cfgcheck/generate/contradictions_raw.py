"""Raw nginx directives: those that nginx does not know at their level, and those that the spec has keys for."""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.generate.contradictions_record import Contradiction, meant
from cfgcheck.generate.spec import Directives, Spec
from cfgcheck.syntax import nginx_directives

_OWN = {
    "listen": "nginx.http-port`, `nginx.https-port` or `tls", "server_name": "domains", "server": "listener",
    "ssl_certificate": "tls.certificate", "ssl_certificate_key": "tls.key", "client_max_body_size": "max-upload",
    "large_client_header_buffers": "request-headers", "proxy_read_timeout": "slowest-request",
    "uwsgi_read_timeout": "slowest-request", "proxy_buffer_size": "response-headers",
    "uwsgi_buffer_size": "response-headers", "proxy_pass": "listener", "uwsgi_pass": "listener", "user": "nginx.user",
    "worker_connections": "nginx.worker-connections", "set_real_ip_from": "edge.addresses", "alias": "static",
    "root": "static",
}  # fmt: skip


def raw_directives(spec: Spec) -> Iterator[Contradiction]:
    for level in ("main", "events", "http"):
        yield from _level(("nginx", level), level, getattr(spec.nginx, level))
    for name, service in spec.services.items():
        for level in ("server", "location", "upstream"):
            yield from _level(("services", name, "nginx", level), level, getattr(service.nginx, level))


def _level(place: tuple[str, ...], level: str, directives: Directives) -> Iterator[Contradiction]:
    for name, arguments in directives.items():
        text = _wrong(level, name, len(arguments))
        if text:
            yield Contradiction((*place, name), text)


def _wrong(level: str, name: str, count: int) -> str:
    if name in _OWN:
        return f"`{name}` is derived; say `{_OWN[name]}`"
    if not nginx_directives.known(name):
        if nginx_directives.heard_of(name):
            return ""
        return f"nginx has no directive `{name}`{meant(name, nginx_directives.names())}"
    forms = nginx_directives.forms(name)
    if all(form.block for form in forms):
        return f"`{name}` is a block, which a spec can't hold; put it in a file of your own and `include` that"
    here = [form for form in forms if level in form.contexts and not form.block]
    if not here:
        levels = sorted({one for form in forms for one in form.contexts if one in _LEVELS})
        return f"`{name}` can't stand in `{level}`{f'; it can in {_listed(levels)}' if levels else ''}"
    if not any(form.takes(count) for form in here):
        return f"`{name}` does not take {count} argument{'' if count == 1 else 's'}{_hint(here)}"
    return ""


_LEVELS = ("main", "events", "http", "server", "location", "upstream")


def _listed(words: list[str]) -> str:
    return " or ".join(f"`{word}`" for word in words)


def _hint(forms: list[nginx_directives.Form]) -> str:
    """An argument with blanks is one argument: `a b` must be a list."""
    if any(form.flag for form in forms):
        return "; say `on` or `off`"
    return "; write a list where there are several: [first, second]"
