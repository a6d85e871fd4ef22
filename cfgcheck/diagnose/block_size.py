"""What the number in uWSGI's ``invalid request block size: 21573 (max 4096)...skip`` means.

A uwsgi packet begins with a byte (modifier1), the size of the packet in two bytes, the lower one first, and a byte
(modifier2). Whoever speaks another protocol sends other bytes there: ``GET /`` is modifier1 ``G`` and the size ``ET``, 69 +
256 × 84 = 21573 (facts: uwsgi key fact 13; causes-and-defaults, decoder).
"""

from __future__ import annotations

from cfgcheck.record import record

_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND")
_BY_SIZE = {ord(method[1]) + 256 * ord(method[2]): method for method in _METHODS}
_HTTP2 = ord("R") + 256 * ord("I")
_TLS_MINORS = range(5)
_SCGI = range(ord("0"), ord("9") + 1)


@record(frozen=True)
class BlockSize:
    """``protocol``: what was spoken: ``HTTP``, ``TLS``, ``SCGI``, ``PROXY protocol`` or ``uwsgi``. ``text``: why."""

    protocol: str
    text: str

    @property
    def mismatch(self) -> bool:
        return self.protocol != "uwsgi"


def decoded(size: int, limit: int) -> BlockSize:
    """What a peer sent that uWSGI took for a packet of ``size`` bytes, with ``limit`` as its ``buffer-size``."""
    low, high = size % 256, size // 256 % 256
    if size in _BY_SIZE:
        return BlockSize("HTTP", _spelt(_BY_SIZE[size], size))
    if size == _HTTP2:
        return BlockSize("HTTP", _spelt("PRI", size) + " (HTTP/2)")
    if low == 3 and high in _TLS_MINORS:
        return BlockSize("TLS", f"{size} is the bytes 0x{low:02x} 0x{high:02x}: a TLS handshake begins 0x16 0x03 0x0{high}")
    if low == ord("R") and high == ord("O"):
        return BlockSize("PROXY protocol", f"{size} is the bytes “RO”: somebody sends “PROXY …”")
    if low in _SCGI and high in (*_SCGI, ord(":")):
        return BlockSize("SCGI", f"{size} is the bytes “{chr(low)}{chr(high)}”: the length that an SCGI request begins with")
    return BlockSize("uwsgi", f"a request whose headers take {size} bytes, {max(size - limit, 0)} above buffer-size = {limit}")


def _spelt(method: str, size: int) -> str:
    one, two = method[1], method[2]
    return (
        f"{size} = {ord(one)} + 256 × {ord(two)} is the bytes “{one}{two}” of “{method}”: uWSGI took “{method[0]}” for the "
        "packet's first byte and the next two for its size"
    )
