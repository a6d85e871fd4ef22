"""Whether what happened is what an experiment says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cfgcheck.findings import Symptom
from cfgcheck.rules.proof import Seen
from tests.live.lab import Observation


def differences(seen: Seen, found: Observation) -> list[str]:
    """What is otherwise than the experiment says, in words; empty when all is as said."""
    kinds = (_start, _answers, _logs, _app, _process)
    return [difference for kind in kinds for difference in kind(seen, found)]


def _start(seen: Seen, found: Observation) -> Iterator[str]:
    if (seen.refuses or "") != found.refused:
        yield f"refuses: {seen.refuses or 'nobody'} expected, {found.refused or 'nobody'} did: {found.says[-1500:]}"
    if seen.says and not re.search(seen.says, found.says):
        yield f"says: nothing matches {seen.says!r} in {found.says[-1500:]!r}"
    if seen.warns and not re.search(seen.warns, found.start_log):
        yield f"warns: nothing matches {seen.warns!r} in {found.start_log[-1500:]!r}"


def _answers(seen: Seen, found: Observation) -> Iterator[str]:
    statuses = [answer.status for answer in found.answers]
    if seen.status is not None and not (statuses and set(statuses) <= set(seen.status)):
        yield f"status: {seen.status} expected, got {statuses[:50]}"
    if seen.some is not None and not set(statuses) & set(seen.some):
        yield f"some: one of {seen.some} expected, got {statuses[:50]}"
    if seen.after is not None:
        low, high = seen.after
        times = [answer.seconds for answer in found.answers]
        if not (times and all(low <= time <= high for time in times)):
            yield f"after: {low}–{high} s expected, took {[round(time, 1) for time in times]}"
    if seen.truncated is not None and any(answer.truncated != seen.truncated for answer in found.answers):
        yield f"truncated: {seen.truncated} expected"
    if seen.body is not None:
        bodies = [answer.body.decode("latin-1") for answer in found.answers]
        if not any(re.search(seen.body, body) for body in bodies):
            yield f"body: nothing matches {seen.body!r} in {[body[:300] for body in bodies[:3]]}"
    yield from _headers(seen, found)


def _headers(seen: Seen, found: Observation) -> Iterator[str]:
    for name, pattern in seen.headers.items():
        for answer in found.answers:
            values = [value for key, value in answer.headers if key.lower() == name.lower()]
            if pattern is None and values:
                yield f"headers: no {name} expected, got {values}"
            elif pattern is not None and not any(re.search(pattern, value) for value in values):
                yield f"headers: {name} {pattern!r} expected, got {values}"


def _logs(seen: Seen, found: Observation) -> Iterator[str]:
    for pattern in seen.log:
        if not re.search(pattern, found.log):
            yield f"log: nothing matches {pattern!r} in {found.log[-2000:]!r}"
    for pattern in seen.no_log:
        if line := re.search(pattern, found.log + found.app_log):
            yield f"no_log: {pattern!r} matches {line[0]!r}"
    for pattern in seen.app_log:
        if not re.search(pattern, found.app_log):
            yield f"app_log: nothing matches {pattern!r} in {found.app_log[-2000:]!r}"


def _app(seen: Seen, found: Observation) -> Iterator[str]:
    if seen.requests is not None and len(found.seen) != seen.requests:
        yield f"requests: {seen.requests} expected, {len(found.seen)} reached the app"
    if seen.saw and not found.seen:
        yield "saw: nothing reached the app"
        return
    for name, pattern in seen.saw.items():
        last = found.seen[-1]
        value = last["headers"].get(name.lower(), last.get(name))
        if pattern is None and value is not None:
            yield f"saw: no {name} expected, the app got {value!r}"
        elif pattern is not None and (value is None or not re.fullmatch(pattern, str(value))):
            yield f"saw: {name} {pattern!r} expected, the app got {value!r}"


def _process(seen: Seen, found: Observation) -> Iterator[str]:
    if seen.exit is not None and seen.exit != found.exit:
        yield f"exit: {seen.exit} expected, got {found.exit}"
    if seen.left is not None and seen.left != found.left:
        yield f"left: {seen.left} expected, {found.left} processes are there"


def refutes(symptom: Symptom | None, found: Observation) -> str:
    """What of a symptom was not seen; "" when all was."""
    if symptom is None:
        return ""
    statuses = {answer.status for answer in found.answers}
    if symptom.status is not None and symptom.status not in statuses:
        return f"the finding says {symptom.status}, seen: {sorted(statuses)}"
    logs = f"{found.log}\n{found.app_log}\n{found.start_log}\n{found.says}"
    if symptom.log and not re.search(symptom.log, logs):
        return f"no line matches the finding's log {symptom.log!r} in {logs[-3000:]!r}"
    return ""
