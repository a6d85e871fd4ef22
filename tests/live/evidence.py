"""What the experiments saw, kept for the generated page: ``docs/evidence.json``.

``CFGCHECK_RECORD=1`` writes it. Without it an experiment only has to come out as its rule file says.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.live.experiments import Case
from tests.live.lab import Observation

PATH = Path(__file__).parent.parent.parent / "docs" / "evidence.json"


def record(case: Case, nginx: str, bad: Observation, good: Observation) -> None:
    if not os.environ.get("CFGCHECK_RECORD"):
        return
    made = {"digest": case.digest, "servers": dict(case.servers(nginx)), "bad": summary(bad), "good": summary(good)}
    with _locked() as known:
        entry = known.setdefault(case.name, {})
        for version in [one for one, before in entry.items() if before["digest"] != case.digest]:
            del entry[version]
        entry[nginx] = made


def summary(found: Observation) -> dict[str, Any]:
    """What a reader wants to know of an observation."""
    told: dict[str, Any] = {}
    if found.answers:
        told["statuses"] = _counted([answer.status for answer in found.answers])
        told["seconds"] = round(max(answer.seconds for answer in found.answers))
    if any(answer.truncated for answer in found.answers):
        told["truncated"] = True
    if found.refused:
        told["refused"] = found.refused
    if found.left is not None:
        told["exit"], told["left"] = found.exit, found.left
    return told


def _counted(statuses: list[int]) -> dict[str, int]:
    return {str(status): statuses.count(status) for status in sorted(set(statuses))}


def recorded() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}
    return found


@contextlib.contextmanager
def _locked() -> Iterator[dict[str, Any]]:
    """The recorded observations, to be changed; several test processes may want to."""
    with (Path(tempfile.gettempdir()) / f"cfgcheck-evidence-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = dict(recorded())
        yield known
        PATH.write_text(_lines(known), encoding="utf-8")


def _lines(known: Mapping[str, Any]) -> str:
    """One line for each experiment and nginx, so that changes can be read."""
    lines = []
    for name, runs in sorted(known.items()):
        inner = ",\n".join(f'  "{version}": {json.dumps(run, sort_keys=True)}' for version, run in sorted(runs.items()))
        lines.append(f' "{name}": {{\n{inner}\n }}')
    return "{\n" + ",\n".join(lines) + "\n}\n"
