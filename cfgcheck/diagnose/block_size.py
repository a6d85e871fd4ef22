"""What the number in uWSGI's ``invalid request block size: 21573 (max 4096)...skip`` means.

A uwsgi packet begins with a byte (modifier1), the size of the packet in two bytes, the lower one first, and a byte
(modifier2). Whoever speaks another protocol sends other bytes there: ``GET /`` is modifier1 ``G`` and the size ``ET``,
69 + 256 × 84 = 21573 (facts: uwsgi key fact 13; causes-and-defaults, decoder).
"""

from __future__ import annotations

_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND")


def _size(text: bytes) -> int:
    """What uWSGI takes for the size of a packet that begins with these bytes."""
    return text[1] + 256 * text[2]


_HTTP = {_size(method.encode()): method for method in _METHODS}
_HTTP2 = _size(b"PRI * HTTP/2.0")
_TLS = {_size(bytes((0x16, 3, minor))): minor for minor in range(5)}
"""A TLS record of a handshake: its type, and the version in two bytes."""
_PROXY = _size(b"PROXY TCP4")
_DIGITS = range(ord("0"), ord("9") + 1)

FOREIGN_SIZES = tuple(sorted({*_HTTP, *_TLS, _HTTP2, _PROXY}))
"""Numbers that are another protocol's first bytes. (An SCGI request begins with digits: those are sizes that real
requests have, too.)"""


def spoken(size: int) -> str:
    """The protocol that a number betrays: ``http``, ``tls``, ``proxy``; ``uwsgi`` for a real size."""
    if size in _HTTP or size == _HTTP2:
        return "http"
    if size in _TLS:
        return "tls"
    return "proxy" if size == _PROXY else "uwsgi"


def explained(size: int, limit: int) -> str:
    """What a peer sent that uWSGI took for a packet of ``size`` bytes, with ``limit`` as its ``buffer-size``."""
    if size in _HTTP:
        return _spelt(_HTTP[size], size)
    if size == _HTTP2:
        return f"{_spelt('PRI', size)} (HTTP/2)"
    if size in _TLS:
        return f"{size} is the bytes 0x03 0x0{_TLS[size]}: a TLS handshake begins 0x16 0x03 0x0{_TLS[size]}"
    if size == _PROXY:
        return f"{_spelt('PROXY', size)} (the PROXY protocol)"
    return f"a request whose headers take {size} bytes, {max(size - limit, 0)} above buffer-size = {limit}{_scgi(size)}"


def _scgi(size: int) -> str:
    low, high = size % 256, size // 256
    return f" (or SCGI, which begins with digits: “{chr(low)}{chr(high)}”)" if {low, high} <= {*_DIGITS} else ""


def _spelt(method: str, size: int) -> str:
    one, two = method[1], method[2]
    return (
        f"{size} = {ord(one)} + 256 × {ord(two)} is the bytes “{one}{two}” of “{method}”: uWSGI took “{method[0]}” for "
        "the packet's first byte and the next two for its size"
    )
