"""nginx's read timeout above the app's limit, in the one location that passes to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.model.nginx import Location
from cfgcheck.model.stack import Route
from cfgcheck.rules.changes import Change, Statement
from cfgcheck.rules.contract import Case

_MARGIN = 5
"""Seconds; one is enough for Gunicorn, two for harakiri and for workers that sit in long C calls."""

_FAMILIES = ("proxy", "uwsgi", "fastcgi", "scgi", "grpc")


def changes(case: Case, values: Mapping[str, Any]) -> Iterator[Change]:
    """Nothing where the app shall be above, or where somebody wrote another value for a family that nobody uses: once
    that stands where it was meant to, there may be nothing to mend."""
    route: Route = case.subject
    assert route.app is not None
    limit = route.app.facts.request_limit.value
    if case.stack.timeout_order != "proxy-above-app" or limit is None or _meant_elsewhere(route.location):
        return
    yield Statement(route.location, f"{route.passes.family}_read_timeout {limit + _MARGIN:g}s")


def _meant_elsewhere(location: Location) -> bool:
    if location.read_timeout.by_hand:
        return False
    used = {one.passes.family for one in location.server.proxy.locations() if one.passes is not None}
    unused = (family for family in _FAMILIES if family not in used)
    return any(location.setting(f"{family}_read_timeout").by_hand for family in unused)
