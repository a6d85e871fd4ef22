"""How a setting is to be written where somebody asks what to change: in nginx's own language, or as an annotation."""

from __future__ import annotations

_ANNOTATION = "nginx.ingress.kubernetes.io/"
_OWN = {"client_max_body_size": "proxy-body-size", "client_body_buffer_size": "client-body-buffer-size"}


def named(directive: str, *, ingress: bool) -> str:
    """``proxy_read_timeout``, or the annotation that ingress-nginx makes it of (annotations.md)."""
    return _ANNOTATION + _OWN.get(directive, directive.replace("_", "-")) if ingress else directive


def statement(directive: str, number: float, unit: str, *, ingress: bool) -> str:
    """``proxy_read_timeout 65s;``, or ``nginx.ingress.kubernetes.io/proxy-read-timeout: "65"``."""
    text = f"{number:g}" if number < 1_000_000 else str(int(number))
    if ingress:
        return f'{named(directive, ingress=True)}: "{text}"'
    return f"{directive} {text}{unit};"
