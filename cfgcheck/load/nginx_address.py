"""Addresses as nginx takes them apart (``ngx_parse_url``): in pass directives and in ``server`` of an upstream.

What nginx refuses or misreads was seen with ``nginx -t`` and by connecting (1.22.1 and 1.31.3); the messages are in
``tests/load/test_nginx_targets.py``.
"""

from __future__ import annotations

import re

from cfgcheck.load.nginx_text import is_all_placeholder, is_templated, unmasked
from cfgcheck.model.address import Address
from cfgcheck.model.units import parse_number
from cfgcheck.record import record

SCHEMES: dict[str, dict[str, tuple[bool, int | None]]] = {
    "proxy": {"http://": (False, 80), "https://": (True, 443)},
    "uwsgi": {"uwsgi://": (False, None), "suwsgi://": (True, None)},
    "grpc": {"grpc://": (False, None), "grpcs://": (True, None)},
    "fastcgi": {},
    "scgi": {},
}
"""Family → scheme → whether it means TLS, and its default port."""

_URI_NAMES = "request_uri|uri|document_uri|is_args|args"
_URI = re.compile(rf"[/?]|\$(?:\{{(?:{_URI_NAMES})\}}|(?:{_URI_NAMES})\b)")


@record()
class Target:
    """A target taken apart. ``address`` is None where none can be made out; ``malformed`` tells why, or in what way
    the address is not what its author meant. ``host``, ``port`` and ``uri`` are masked texts."""

    tls: bool = False
    host: str = ""
    port: str = ""
    uri: str | None = None
    address: Address | None = None
    malformed: str = ""
    default_port: int | None = None

    @property
    def is_unix(self) -> bool:
        return self.address is not None and self.address.is_unix


def parse_target(family: str, text: str) -> Target:
    """A ``proxy_pass`` or the like, without variables in its address; ``text`` is masked."""
    target = Target()
    scheme = scheme_of(family, text)
    if scheme:
        target.tls, target.default_port = SCHEMES[family][scheme]
        text = text[len(scheme) :]
    elif is_templated(text[:1]):
        text = text.partition("://")[2] or text
    elif family == "proxy":
        target.malformed = "it begins with neither http:// nor https://: nginx refuses it (invalid URL prefix)"
        return target
    parse_authority(target, text, takes_uri=family == "proxy")
    return target


def scheme_of(family: str, text: str) -> str:
    """The scheme that a target begins with (``http://``), in lower case; "" when it has none."""
    for scheme in SCHEMES[family]:
        if text[: len(scheme)].lower() == scheme:
            return scheme
    return ""


def written_authority(family: str, text: str) -> str:
    """Host and port, or the socket, as written: neither scheme nor URI."""
    rest = text[len(scheme_of(family, text)) :]
    if rest[:5].lower() == "unix:":
        return "unix:" + rest[5:].partition(":")[0]
    return _split_uri(rest)[0]


def parse_authority(target: Target, text: str, *, takes_uri: bool) -> None:
    """Host and port, or a socket, and what follows."""
    if text[:5].lower() == "unix:":
        _unix(target, text[5:], takes_uri)
        return
    host_and_port, uri = _split_uri(text)
    if uri and not takes_uri:
        target.malformed = f"`{unmasked(text)}` is no address: nginx refuses it (invalid host in upstream)"
        return
    target.uri = uri or None
    _split_port(target, host_and_port)
    if target.malformed:
        return
    if not target.host:
        target.malformed = "the host is missing: nginx refuses it (no host in upstream)"
    elif target.port or target.default_port is not None or is_templated(target.host):
        target.address = _tcp(target)


def _split_uri(text: str) -> tuple[str, str]:
    """Where the URI begins: at a slash, a question mark or a variable that holds a URI."""
    found = _URI.search(text)
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


def _split_port(target: Target, text: str) -> None:
    close = text.find("]") if text.startswith("[") else -1
    colon = text.find(":", close + 1)
    if colon < 0:
        target.host = text
        return
    target.host, target.port = text[:colon], text[colon + 1 :]
    if is_templated(target.port):
        return
    number = parse_number(target.port)
    if number is None or not 1 <= number <= 65535:
        target.malformed = f"`{unmasked(target.port)}` is no port: nginx refuses it (invalid port in upstream)"


def _tcp(target: Target) -> Address:
    host = unmasked(target.host)
    templated = is_templated(target.host) or is_templated(target.port)
    if templated:
        host = host.strip("[]")
    if is_templated(target.port):
        return Address.tcp(host, None, unmasked(target.port), templated=True)
    if target.port:
        return Address.tcp(host, parse_number(target.port), templated=templated)
    if is_all_placeholder(target.host):
        # The placeholder may well hold the port too.
        return Address.tcp(host, None, templated=True)
    return Address.tcp(host, target.default_port, templated=templated)


def _unix(target: Target, text: str, takes_uri: bool) -> None:
    """A socket's path. Only proxy_pass knows a second colon and a URI behind it."""
    path, colon, uri = text.partition(":") if takes_uri else (text, "", "")
    if colon and uri:
        target.uri = uri
    target.host = path
    if not path:
        target.malformed = "the socket's path is missing: nginx refuses it"
    elif path.startswith("@"):
        target.malformed = "nginx knows no abstract sockets: it looks for a file of that name"
    elif takes_uri and not colon:
        _glued_uri(target, path)
    elif path.endswith(":"):
        target.malformed = "the colon at its end counts as part of the path, so nginx looks for another file"
        target.host = path.rstrip(":")
    shown = unmasked(target.host)
    if shown:
        abstract = shown.startswith("@")
        target.address = Address.unix(shown.removeprefix("@"), abstract=abstract, templated=is_templated(target.host))


def _glued_uri(target: Target, path: str) -> None:
    """``http://unix:/x.sock/``: without a second colon all of it is the path (facts: gunicorn 1.15)."""
    socket, dot, rest = path.partition(".sock/")
    if dot:
        target.host, target.uri = f"{socket}.sock", f"/{rest}"
    elif path.endswith("/"):
        target.host, target.uri = path.rstrip("/"), "/"
    else:
        return
    target.malformed = (
        "a colon is missing between the socket's path and the URI, so nginx takes all of it for the path: "
        "(20: Not a directory)"
    )
