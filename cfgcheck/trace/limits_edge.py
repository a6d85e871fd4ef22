"""The first and the last limits: what stands in front of nginx, and what stops the app.

What an edge answers: facts causes 4.4. How a stop goes: facts causes 4.4, the rule stop-grace-below-app-grace.
"""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.model.app import App
from cfgcheck.model.edge import Edge
from cfgcheck.model.unit import Manager
from cfgcheck.trace.limits import SECONDS, Kind, Outcome, Rung, Side

_STATUS = {"aws-alb": 504, "cloudflare": 524}
"""What the client of an edge gets when a response takes too long."""

_WHO = {
    Manager.COMPOSE: ("Docker", "stop_grace_period"),
    Manager.KUBERNETES: ("Kubernetes", "terminationGracePeriodSeconds"),
    Manager.SYSTEMD: ("systemd", "TimeoutStopSec"),
    Manager.SUPERVISOR: ("supervisord", "stopwaitsecs"),
}
"""Managers that kill what does not stop, and what the time is called."""


def edge_side(edge: Edge) -> Iterator[Rung]:
    status = 504 if edge.seen else _STATUS.get(edge.kind)
    owner = edge.kind if edge.seen or edge.kind == "edge" else f"edge {edge.kind}"
    outcome = Outcome(status) if status else Outcome(None, "an error of its own", "its own")
    yield Rung(
        Side.EDGE, owner, edge.limit or "response limit", Kind.RESPONSE, "nginx's response", edge.response,
        SECONDS, outcome,
    )  # fmt: skip
    yield Rung(
        Side.EDGE, owner, "idle limit", Kind.IDLE, "idle, towards nginx", edge.idle, SECONDS,
        Outcome(None, "the idle connection is closed", "closed"),
    )  # fmt: skip


def stop_side(app: App) -> Iterator[Rung]:
    """How long a running request may go on when the app is told to stop."""
    names = {"gunicorn": "graceful_timeout", "uwsgi": "stop", "uvicorn": "timeout_graceful_shutdown"}
    yield Rung(
        Side.APP, app.label, names.get(app.kind.value, "grace to stop"), Kind.STOP, "requests at a stop",
        app.facts.grace, SECONDS, Outcome(502, "502: cut off"),
    )  # fmt: skip
    for unit in app.unit.outward if app.unit is not None else ():
        if unit.manager not in _WHO:
            continue
        who, name = _WHO[unit.manager]
        delay = (unit.prestop.get(0.0) or 0.0) if unit.manager is Manager.KUBERNETES else 0.0
        wait = unit.stop_grace
        yield Rung(
            Side.MANAGER, f"{who}, {unit.label}", name, Kind.STOP, "stop, then SIGKILL", wait, SECONDS,
            Outcome(502, "502: killed"), f"{delay:g} s of it go to the preStop hook" if delay else "",
            reach=max(0.0, wait.value - delay) if wait.known and wait.value is not None and delay else None,
        )  # fmt: skip
