"""What follows from uWSGI's settings: how long a request may last, how an instance stops, what fits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cfgcheck.model.app import AppFacts, Listener
from cfgcheck.model.located import Located

_GRACEFUL = re.compile(r"unix_signal:15\s+gracefully_kill")
_STOPS_AT_ONCE = "uWSGI kills its workers when it is told to stop (facts: uwsgi 5.08)"


def derived(settings: Mapping[str, Located[Any]], listeners: Sequence[Listener]) -> AppFacts:
    """The facts of an app. Times in seconds, sizes in bytes."""
    nothing: Located[float | None] = Located.default(None)
    keepalive = listeners[0].keepalive if listeners else nothing
    return AppFacts(
        Located.default("uwsgi"),
        settings["processes"],
        settings["threads"],
        _limit(settings["harakiri"], float),
        _grace(settings),
        keepalive,
        settings["buffer-size"],
        _limit(settings["limit-post"], int),
    )


def _limit(setting: Located[Any], kind: type[float] | type[int]) -> Located[Any]:
    """A limit where 0 means none."""
    return setting.with_value(kind(setting.value) if setting.value else None) if setting.known else setting


def _grace(settings: Mapping[str, Located[Any]]) -> Located[float | None]:
    """Workers are killed at once, unless a hook makes the signal a graceful one: then worker-reload-mercy counts."""
    hooks = settings["hook-master-start"]
    if not hooks.known:
        return hooks
    if any(_GRACEFUL.search(hook) for hook in hooks.value or ()):
        mercy = settings["worker-reload-mercy"]
        return mercy.with_value(float(mercy.value)) if mercy.known else mercy
    return Located.default(0.0, _STOPS_AT_ONCE)
