"""Settings of uWSGI that are fine alone and refused or dropped together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cfgcheck.load.uwsgi_listeners import SOCKETS, SocketUse
from cfgcheck.model.app import SettingUse
from cfgcheck.model.located import Located
from cfgcheck.record import replace


def judged(
    uses: Sequence[SettingUse], settings: Mapping[str, Located[Any]], sockets: Sequence[SocketUse]
) -> Iterator[SettingUse]:
    """The uses, those with a problem that only the whole shows marked so."""
    problems = {**_refused_together(settings), **_bound_twice(sockets)}
    for use in uses:
        effective = settings[use.canonical] if use.canonical in problems else None
        if use.problem:
            yield use
        elif effective is not None and effective.span == use.value.span:
            yield replace(use, problem=problems[use.canonical], means="refused")
        elif use.span.key in problems:
            yield replace(use, problem=problems[use.span.key], means="dropped")
        else:
            yield use


def _refused_together(settings: Mapping[str, Located[Any]]) -> dict[Any, str]:
    found: dict[Any, str] = {}
    cheaper, workers = settings["cheaper"], settings["processes"]
    if cheaper.known and workers.known and cheaper.value and cheaper.value >= workers.value:
        # facts 5.16a
        found["cheaper"] = f"uWSGI refuses to start: cheaper must be lower than processes ({workers.value})"
    most, least = settings["max-worker-lifetime"], settings["min-worker-lifetime"]
    if most.known and least.known and most.value and most.value <= least.value:
        # facts 5.10d
        found["max-worker-lifetime"] = (
            f"uWSGI refuses to start: it must be above min-worker-lifetime ({least.value} by default)"
            if not least.by_hand
            else f"uWSGI refuses to start: it must be above min-worker-lifetime ({least.value})"
        )
    return found


def _bound_twice(sockets: Sequence[SocketUse]) -> dict[Any, str]:
    """Of two sockets with one name the second is dropped without a word (facts 1.40)."""
    found: dict[Any, str] = {}
    first: dict[str, SocketUse] = {}
    for use in sockets:
        if use.option in SOCKETS and use.value.known:
            before = first.setdefault(use.raw, use)
            if before is not use:
                found[use.span.key] = f"{use.raw} is bound by {before.option} already: this one is dropped"
    return found
