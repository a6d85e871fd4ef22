"""How large uWSGI's ``buffer-size`` must be for a request: all of its variables travel in one packet."""

from __future__ import annotations

LARGEST = 65535
"""Bytes: a packet's length has 16 bits (facts: uwsgi 3.06, 3.07)."""

VARIABLES = 1024
"""Bytes, for what nginx adds to the client's headers."""


def packet_size(headers: int, line: int) -> int:
    """Bytes for ``headers`` in all, and the URL, one ``line`` at most, a second time: it is sent in two variables.

    Seen: a URL and three headers of 8,100 bytes each, which nginx admits by default, don't fit into 32768
    (``tests/live/test_uwsgi_packet.py``).
    """
    return min(LARGEST, headers + line + VARIABLES)
