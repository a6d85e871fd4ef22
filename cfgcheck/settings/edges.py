"""What is known of the load balancers and networks that stand in front of nginx."""

from __future__ import annotations

from cfgcheck.record import record


@record(frozen=True)
class KnownEdge:
    """Limits in seconds; None: not known. ``source``: who says so."""

    idle: float | None
    response: float | None
    source: str


KNOWN_EDGES = {
    "aws-alb": KnownEdge(60, 60, "AWS documentation; facts: causes 4.4"),
    "gcp-lb": KnownEdge(600, 30, "Google Cloud documentation; facts: causes 4.4"),
    "cloudflare": KnownEdge(900, 125, "Cloudflare documentation (2026-09); facts: causes 4.4"),
    "heroku": KnownEdge(90, 30, "Heroku Router 2.0; facts: causes 4.4"),
    "azure-app-gateway": KnownEdge(None, 30, "azure-docs; facts: causes 4.4"),
}
"""By ``kind`` of ``[edge]``. Where sources differ the larger limit is taken: it accuses nobody wrongly."""
