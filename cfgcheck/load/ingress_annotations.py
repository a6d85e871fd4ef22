"""Annotations of an Ingress, and keys of the controller's ConfigMap, as the nginx directives that they become.

After ``docs/user-guide/nginx-configuration`` of kubernetes/ingress-nginx: timeouts are whole seconds without a unit,
and what does not pass as a value there is refused or left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from cfgcheck.findings import Problem
from cfgcheck.load.kubernetes_view import View
from cfgcheck.model.located import Located
from cfgcheck.record import record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.nginx_parse import parse
from cfgcheck.syntax.nginx_tree import Directive, Word
from cfgcheck.syntax.yaml_embedded import embedded

PREFIX: Final = "nginx.ingress.kubernetes.io/"

_SECONDS: Final = re.compile(r"[0-9]{1,9}\Z")


@record(frozen=True)
class Row:
    """``directive``: what it becomes; ``seconds``: a number without a unit; ``flag``: ``true`` is ``on``."""

    directive: str
    seconds: bool = False
    flag: bool = False


_PASSING: Final[Mapping[str, Row]] = {
    "proxy-connect-timeout": Row("proxy_connect_timeout", seconds=True),
    "proxy-read-timeout": Row("proxy_read_timeout", seconds=True),
    "proxy-send-timeout": Row("proxy_send_timeout", seconds=True),
    "proxy-next-upstream": Row("proxy_next_upstream"),
    "proxy-next-upstream-timeout": Row("proxy_next_upstream_timeout", seconds=True),
    "proxy-next-upstream-tries": Row("proxy_next_upstream_tries"),
    "proxy-body-size": Row("client_max_body_size"),
    "client-body-buffer-size": Row("client_body_buffer_size"),
    "proxy-buffering": Row("proxy_buffering"),
    "proxy-buffer-size": Row("proxy_buffer_size"),
    "proxy-busy-buffers-size": Row("proxy_busy_buffers_size"),
    "proxy-max-temp-file-size": Row("proxy_max_temp_file_size"),
    "proxy-request-buffering": Row("proxy_request_buffering"),
    "proxy-http-version": Row("proxy_http_version"),
    "proxy-cookie-domain": Row("proxy_cookie_domain"),
    "proxy-cookie-path": Row("proxy_cookie_path"),
}
ANNOTATIONS: Final[Mapping[str, Row]] = {
    **_PASSING,
    "proxy-ssl-name": Row("proxy_ssl_name"),
    "proxy-ssl-server-name": Row("proxy_ssl_server_name"),
    "proxy-ssl-verify": Row("proxy_ssl_verify"),
    "proxy-ssl-verify-depth": Row("proxy_ssl_verify_depth"),
    "proxy-ssl-protocols": Row("proxy_ssl_protocols"),
}
CONTROLLER: Final[Mapping[str, Row]] = {
    **_PASSING,
    "client-header-buffer-size": Row("client_header_buffer_size"),
    "client-header-timeout": Row("client_header_timeout", seconds=True),
    "client-body-timeout": Row("client_body_timeout", seconds=True),
    "enable-underscores-in-headers": Row("underscores_in_headers", flag=True),
    "ignore-invalid-headers": Row("ignore_invalid_headers", flag=True),
    "keep-alive": Row("keepalive_timeout", seconds=True),
    "keep-alive-requests": Row("keepalive_requests"),
    "large-client-header-buffers": Row("large_client_header_buffers"),
    "max-worker-connections": Row("worker_connections"),
    "ssl-protocols": Row("ssl_protocols"),
    "use-http2": Row("http2", flag=True),
    "worker-shutdown-timeout": Row("worker_shutdown_timeout"),
}
UPSTREAM: Final[Mapping[str, Row]] = {
    "upstream-keepalive-connections": Row("keepalive"),
    "upstream-keepalive-requests": Row("keepalive_requests"),
    "upstream-keepalive-time": Row("keepalive_time"),
    "upstream-keepalive-timeout": Row("keepalive_timeout", seconds=True),
}
_SIZED: Final = ("proxy-buffers-number", "proxy-buffer-size")
_GRPC: Final = ("proxy_connect_timeout", "proxy_read_timeout", "proxy_send_timeout")
"""Settings that hold for ``grpc_pass``, too."""

Value = tuple[str, Span, bool]
"""A word of a directive: its text, where it stands, and whether a template fills it in."""

Settings = Mapping[str, tuple[Span, View]]
"""Keys with the place of the key and the value; without the annotations' prefix."""


def settings_of(view: View, prefix: str = "") -> Settings:
    return {
        name[len(prefix) :]: (key.span, value) for name, key, value in view.entries() if name.startswith(prefix)
    }


def value_of(view: View, at: Span) -> Value:
    """A scalar as one word. ``at``: where it stands if nothing is written."""
    text = view.text
    if text is None or text.span is None or text.span.file is not at.file:
        return "", at, False
    return (text.value, text.span, False) if text.known else (text.text, text.span, True)


def statement(name: str, at: Span, *values: Value) -> Directive:
    """A directive that stands in no nginx file. ``at``: what it is made of; each value with its own place, and
    whether it is not known."""
    end = max([at.end, *(span.end for _, span, _ in values)])
    words = tuple(Word(text, span.start, span.end, templated=templated) for text, span, templated in values)
    directive = Directive(at.file, Word(name, at.start, at.end), words)
    directive.head_end = directive.end = end
    return directive


def renamed(directive: Directive, name: str) -> Directive:
    """The same statement under another name."""
    made = Directive(directive.file, Word(name, directive.name.start, directive.name.end), directive.args)
    made.head_end, made.end = directive.head_end, directive.end
    return made


def block(name: str, at: Span, children: list[Directive], *values: Value) -> Directive:
    """The same for a block."""
    directive = statement(name, at, *values)
    directive.block = children
    for child in children:
        if child.parent is None and child.file is at.file:
            child.parent = directive
    return directive


def directives(settings: Settings, rows: Mapping[str, Row], *, grpc: bool = False) -> Iterator[Directive]:
    """The directives that these settings become."""
    for key, row in rows.items():
        if key in settings:
            made = _directive(row, *settings[key])
            if made is not None:
                yield made
                if grpc and row.directive in _GRPC:
                    yield renamed(made, "grpc" + row.directive[5:])
    if rows is not UPSTREAM:
        yield from _buffers(settings)


def _directive(row: Row, at: Span, view: View) -> Directive | None:
    text = view.text
    if text is None or text.span is None or text.span.file is not at.file:
        return None
    if not text.known:
        return statement(row.directive, at, (text.text, text.span, True))
    value = text.value.strip()
    if row.flag:
        value = "on" if value.lower() == "true" else "off"
    if row.seconds:
        # "60s" is none of its numbers: the annotation is left out, or the whole Ingress refused, as the version has it.
        value = value if value == "0" or _SECONDS.match(value) else f"{value} (a number of seconds must stand here)"
        return statement(row.directive, at, (value, text.span, False))
    words = value.split()
    return statement(row.directive, at, *((word, text.span, False) for word in words)) if words else None


def _buffers(settings: Settings) -> Iterator[Directive]:
    """``proxy_buffers``: a number of buffers of ``proxy-buffer-size`` each."""
    found = {name: settings[name] for name in _SIZED if name in settings}
    if not found:
        return
    texts = {name: view.text for name, (_, view) in found.items()}
    at, view = found.get("proxy-buffers-number") or found["proxy-buffer-size"]
    if view.span is None or view.span.file is not at.file:
        return
    number, size = (texts.get(name) or Located.default(value) for name, value in zip(_SIZED, ("4", "4k"), strict=True))
    known = number.known and size.known
    yield statement(
        "proxy_buffers", at, (number.get("4"), view.span, not known), (size.get("4k"), view.span, not known)
    )


def snippet(view: View, problems: list[Problem] | None = None) -> list[Directive]:
    """nginx statements that stand in a block of text. ``problems``: takes what nginx would refuse."""
    node = view.scalar
    if node is None:
        return []
    file = embedded(node)
    if file is not None:
        tree = parse(file)
        if problems is not None:
            problems += tree.problems
        return tree.directives
    text = view.text
    if text is None or not text.known or len(text.value) > 4096:
        return []
    # Quoted or folded text: each statement stands where all of it does.
    found = parse(SourceFile(node.span.file.path, text.value)).directives
    return [_moved(one, node.span) for one in found if one.block is None]


def _moved(directive: Directive, span: Span) -> Directive:
    words = [(word.value, span, word.templated) for word in directive.args]
    return statement(directive.key, span, *words)
