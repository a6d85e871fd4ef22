"""What stands in front of nginx."""

from __future__ import annotations

from cfgcheck.model.located import Located
from cfgcheck.record import record
from cfgcheck.source.file import Span


@record(frozen=True)
class Edge:
    """What stands in front of nginx (a load balancer, a CDN, an outer nginx), declared or seen. Times in seconds.

    ``idle``: how long it keeps an idle connection to nginx; ``response``: how long it waits for a response.
    ``strips``: request headers that it removes from what clients send, or replaces by its own.
    """

    kind: str
    idle: Located[float | None]
    response: Located[float | None]
    tls: Located[bool]
    strips: tuple[str, ...] = ()
    seen: bool = False
    """An outer nginx of the stack, not a declaration."""

    limit: str = ""
    """What its response limit is called (``proxy_read_timeout``, an annotation), where that is known."""

    span: Span | None = None
