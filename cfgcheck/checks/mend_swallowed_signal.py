"""``exec`` in front of the command that a shell starts and that keeps the stop signal from the app server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.model.app import App
from cfgcheck.rules.changes import Change, Order
from cfgcheck.rules.contract import Case


def changes(case: Case, values: Mapping[str, Any]) -> Iterator[Change]:
    """In every shell that stays between."""
    app: App = case.subject
    if app.unit is not None and app.shells:
        yield Order(app.unit, "exec", app)
