"""Settings of Gunicorn that the worker class in use does not look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import App
from cfgcheck.rules.contract import Case, Hit

_IGNORED: Mapping[str, frozenset[str]] = {
    "keepalive": frozenset({"sync"}),
    "worker_connections": frozenset({"sync"}),
    "threads": frozenset({"gevent", "gevent_pywsgi", "eventlet", "asgi", "tornado", "uvicorn"}),
}
"""Setting → the worker classes that do not read it (``gunicorn/workers/`` of 27.0.1)."""

_DEFAULTS = {"keepalive": 2, "worker_connections": 1000, "threads": 1}
"""Who writes the default expects nothing of it. The same in all versions since 20."""


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    app: App = case.subject
    works = app.facts.worker_class
    chosen = app.settings["worker_class"]
    # Where a variable chooses the class, the setting may be meant for another one.
    if any(one.by_hand and one.because for one in (chosen, app.settings["threads"])):
        return
    for name, classes in _IGNORED.items():
        setting = app.settings[name]
        if not setting.by_hand or setting.value == _DEFAULTS[name]:
            continue
        if works.value in classes:
            related = [(chosen, f"this is the {works.value} worker")] if chosen.by_hand else []
            values = {"name": name, "value": setting.value, "works": works.value}
            yield Hit(at=(setting, app), label=f"nothing to the {works.value} worker", related=related, values=values)
