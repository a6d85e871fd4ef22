"""A manager that kills an app server before its running requests have had the time that the server gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import App, AppKind
from cfgcheck.model.located import Located, Origin
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.rules.changes import Order
from cfgcheck.rules.contract import Case, Hit

_MARGIN = 5

_SETTING = {
    Manager.COMPOSE: "stop_grace_period: {}s",
    Manager.KUBERNETES: "terminationGracePeriodSeconds: {}",
    Manager.SYSTEMD: "TimeoutStopSec={}",
    Manager.SUPERVISOR: "stopwaitsecs={}",
}
_WHO = {
    Manager.COMPOSE: "Docker",
    Manager.KUBERNETES: "Kubernetes",
    Manager.SYSTEMD: "systemd",
    Manager.SUPERVISOR: "supervisord",
}
_APPS_OWN = {
    AppKind.GUNICORN: ("graceful_timeout = {}", "--graceful-timeout {}"),
    AppKind.UWSGI: ("worker-reload-mercy = {}", "--worker-reload-mercy {}"),
    AppKind.UVICORN: ("", "--timeout-graceful-shutdown {}"),
    AppKind.HYPERCORN: ("graceful_timeout = {}", "--graceful-timeout {}"),
}
"""How each server is told for how long it waits: in its file, and on its command line."""


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    app: App = case.subject
    if app.facts.grace.get(None) == 0:
        return
    if app.unit is None:
        yield case.unchecked(f"what stops {app.label}, and after how long it is killed, is not known", app)
        return
    # A container that ends takes its programs along, however long its supervisord would wait for them.
    for unit in app.unit.outward:
        if unit.manager not in _SETTING:
            yield case.unchecked(unit.stop_grace.because or f"what stops {unit.label} is not known", unit)
            return
        wait = unit.stop_grace.value
        if wait is None:
            continue
        grace = _grace(case, app)
        if isinstance(grace, Unchecked):
            yield grace
            return
        delay = (unit.prestop.value or 0.0) if unit.manager is Manager.KUBERNETES else 0.0
        if wait - delay <= grace:
            yield _hit(app, unit, wait, delay, grace)
            return


def _grace(case: Case, app: App) -> float | Unchecked:
    grace = app.facts.grace.value
    if grace is None:
        return case.unchecked(f"{app.label} waits for running requests without limit", app.facts.grace)
    return grace


def _by_command(app: App) -> bool:
    """Whether it has its settings from a command line, as far as can be seen."""
    own = [use.span.file for use in app.uses if use.value.origin is Origin.FILE]
    return not own or app.facts.grace.origin is Origin.CLI


def _hit(app: App, unit: Unit, wait: float, delay: float, grace: float) -> Hit:
    needed = int(delay + grace) + _MARGIN
    less = max(1, int(wait - delay) - 2)
    hook: list[tuple[Located[Any], str]] = [(unit.prestop, f"of which this takes {delay:g} s")] if delay else []
    return Hit(
        at=(unit.stop_grace, unit),
        label=f"{_WHO[unit.manager]} kills what still runs after {wait:g} s",
        related=[
            *hook,
            (app.facts.grace, f"{app.label} gives running requests {grace:g} s"),
            *([] if app.facts.grace.span else [(app, f"gives running requests {grace:g} s by default")]),
        ],
        values={
            "who": _WHO[unit.manager],
            "left": wait - delay,
            "grace": grace,
            "ours": _SETTING[unit.manager].format(needed),
            "theirs": _APPS_OWN.get(app.kind, ("", ""))[_by_command(app)].format(less),
            "workers_live_on": unit.manager is Manager.SUPERVISOR,
        },
        changes=[Order(unit, "stop_grace", needed)],
    )
