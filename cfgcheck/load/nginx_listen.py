"""``listen`` and ``server_name``: where a server is reached, and under which names."""

from __future__ import annotations

from cfgcheck.load.nginx_text import is_templated, masked, unmasked
from cfgcheck.model.address import Address
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Listen, Scope
from cfgcheck.model.units import parse_number
from cfgcheck.syntax.nginx_tree import Directive

_NO_LISTEN = "nginx's default for a server without listen (*:8000 when it is not started as root)"
_IMPLIED: Located[Address] = Located.default(Address.tcp("", 80), _NO_LISTEN)


def read_listens(scope: Scope, *, fragment: bool) -> tuple[Listen, ...]:
    """The listeners of a server. One without any listens on ``*:80``; a fragment's are not in sight."""
    directives = [directive for directive in scope.own.get("listen", ()) if directive.args]
    old_ssl = scope.setting("ssl")
    ssl = bool(old_ssl.get(False)) if old_ssl.by_hand else False
    if directives:
        return tuple(_listen(scope, directive, ssl) for directive in directives)
    if fragment or scope.gaps:
        return ()
    return (Listen(_IMPLIED, ssl, False, False, scope.directive.span, implied=True),)


def server_names(scope: Scope) -> tuple[str, ...]:
    """All names of a server; the empty one where none is given, as nginx has it."""
    names = tuple(value for directive in scope.own.get("server_name", ()) for value in directive.values)
    return names or ("",)


def _listen(scope: Scope, directive: Directive, ssl: bool) -> Listen:
    words = {word.value for word in directive.args[1:]}
    address, last_port = parse_listen(masked(directive.args[0]))
    return Listen(
        address=_located(address, directive),
        tls=ssl or bool(words & {"ssl", "quic"}),
        default=bool(words & {"default_server", "default"}),
        proxy_protocol="proxy_protocol" in words,
        span=directive.args_span,
        quic="quic" in words,
        http2="http2" in words,
        uncertain=_uncertain(scope, directive),
        last_port=last_port,
    )


def _located(address: Address | None, directive: Directive) -> Located[Address]:
    span = directive.word_span(0)
    text = directive.args[0].value
    if address is None:
        return Located.unknown(f"`{text}` is no address to listen on", span, text)
    return Located.read(address, span, text=text)


def _uncertain(scope: Scope, directive: Directive) -> str:
    if scope.conditional(directive):
        return f"`{directive.key} {' '.join(directive.values)}` stands in a template branch"
    if any(word.templated for word in directive.args[1:]) and "ssl" not in directive.values:
        return f"the parameters of `{directive.key}` are filled in from a template"
    return ""


def parse_listen(text: str) -> tuple[Address | None, int | None]:
    """An address as ``listen`` takes it (``80``, ``*:80``, ``localhost``, ``[::1]:80``, ``unix:/x``, ``80-90``), and
    the last port of a range. ``text`` is masked. The address is None where nginx refuses it."""
    if text[:5].lower() == "unix:":
        path = unmasked(text[5:])
        return (Address.unix(path, templated=is_templated(text)) if path else None), None
    close = text.find("]") if text.startswith("[") else -1
    host, colon, port = text[: close + 1], "", ""
    if close < 0:
        host, colon, port = text.rpartition(":")
        if not colon:
            host, port = ("", text) if _port_like(text) else (text, "")
    elif text[close + 1 : close + 2] == ":":
        colon, port = ":", text[close + 2 :]
    if colon and not port:
        return None, None
    return _tcp(host, port)


def _port_like(text: str) -> bool:
    return is_templated(text) or text.replace("-", "").isdigit()


def _tcp(host: str, port: str) -> tuple[Address | None, int | None]:
    templated = is_templated(host) or is_templated(port)
    shown = "" if host == "*" else unmasked(host)
    if templated:
        shown = shown.strip("[]")
    if not port:
        return Address.tcp(shown, 80, templated=templated), 80
    if is_templated(port):
        return Address.tcp(shown, None, unmasked(port), templated=True), None
    first, _, last = port.partition("-")
    number, end = parse_number(first), parse_number(last or first)
    if number is None or end is None or not 1 <= number <= end <= 65535:
        return None, None
    return Address.tcp(shown, number, templated=templated), end
