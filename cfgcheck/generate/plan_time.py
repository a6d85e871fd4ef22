"""The ladder of a request: slowest request ≤ limit of the worker < nginx's read timeout ≤ limit of the edge.

What ends a request depends on the app server (facts: gunicorn 3.B, 3.C, 3.L; uwsgi 2.01 to 2.06): only Gunicorn's sync
worker and uWSGI's harakiri do, and both look at the clock once a second; all others leave it to nginx.
"""

from __future__ import annotations

from cfgcheck.generate.plan_records import Figure, Rung
from cfgcheck.generate.spec import Service, Spec

HARAKIRI_MARGIN = 2
"""harakiri was seen to come up to a second too early or too late."""

SYNC_MARGIN = 2
"""Gunicorn's arbiter ends a sync worker up to a second late, never early; the other second is for the way."""

READ_MARGIN = 5
READ_MARGIN_LEAST = 2
"""What nginx waits beyond the limit of the worker. From two seconds on the worker's own end always came first."""

STOP_MARGIN = 5
"""What a manager waits beyond the app server's own grace before it kills."""


def limit_name(service: Service) -> str:
    """What ends a request in the app server: ``timeout``, ``harakiri``, or ``""``."""
    server = service.server
    if server.kind == "uwsgi":
        return "" if (server.threads or 1) > 1 else "harakiri"
    sync = server.kind == "gunicorn" and server.worker_class == "sync" and (server.threads or 1) == 1
    return "timeout" if sync else ""


def own_limit(service: Service) -> int:
    """The app server's limit for a request, in seconds; where it has none, the slowest request itself."""
    name = limit_name(service)
    said = service.server.settings.get(name) if name else None
    if isinstance(said, int) and said > 0:
        return said
    return service.slowest_request + {"timeout": SYNC_MARGIN, "harakiri": HARAKIRI_MARGIN, "": 0}[name]


def least_read_timeout(service: Service) -> int:
    """The shortest read timeout that lets nginx wait for the slowest request, in seconds: what the edge must allow."""
    return own_limit(service) + READ_MARGIN_LEAST


def read_timeout(spec: Spec, service: Service) -> Figure:
    """How long nginx waits for the app: a little longer than the app needs, not longer than the edge waits."""
    limit, name, edge = own_limit(service), limit_name(service), spec.edge.response
    wanted = limit + READ_MARGIN
    seconds = max(least_read_timeout(service), min(wanted, edge)) if edge else wanted
    said = f"{_LIMITS[name]} {limit} s + {seconds - limit} s"
    held = f", within the {edge} s of the edge" if edge and seconds < wanted else ""
    return Figure(seconds, f"{seconds}s", f"{seconds} s: {said}{held}")


def websocket_timeout(spec: Spec, service: Service) -> Figure:
    """How long a websocket may be silent: not longer than the edge in front bears it."""
    idle, edge = service.websocket_idle, spec.edge.response
    if edge and edge < idle:
        return Figure(edge, f"{edge}s", f"{edge} s: longer silence would end at the edge ({idle} s are wanted)")
    return Figure(idle, f"{idle}s", f"{idle} s: how long a websocket may be silent")


_LIMITS = {"timeout": "worker timeout", "harakiri": "harakiri", "": "slowest request"}


def worker_limit(service: Service) -> Figure:
    """``timeout`` or ``harakiri``."""
    limit = own_limit(service)
    margin = limit - service.slowest_request
    return Figure(limit, str(limit), f"{limit} s: slowest request {service.slowest_request} s + {margin} s")


def grace(service: Service) -> Figure:
    """How long the app server lets running requests go on when it is stopped."""
    seconds = service.stop_grace or service.slowest_request
    because = "running requests may take so long to end"
    if seconds == service.slowest_request:
        because = "as long as the slowest request"
    return Figure(seconds, str(seconds), f"{seconds} s: {because}")


def stop(service: Service) -> Figure:
    """How long the manager waits before it kills."""
    own = grace(service).value
    assert isinstance(own, int)
    seconds = own + STOP_MARGIN
    return Figure(seconds, str(seconds), f"{seconds} s: the app server's grace of {own} s + {STOP_MARGIN} s")


def ladder(spec: Spec, service: Service) -> tuple[Rung, ...]:
    """All limits of a request, from the outside in."""
    rungs = [Rung(f"edge ({spec.edge.kind})", spec.edge.response)] if spec.edge.response else []
    waited = read_timeout(spec, service).value
    assert isinstance(waited, int)
    rungs.append(Rung("nginx", waited))
    if limit_name(service):
        rungs.append(Rung(f"{service.server.kind} {limit_name(service)}", own_limit(service)))
    return (*rungs, Rung("slowest request", service.slowest_request))
