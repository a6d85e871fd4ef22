"""How Hypothesis searches: the same cases on every run, so that a change alone can turn a test red.

``HYPOTHESIS_PROFILE=search`` looks at new ones each time, for hunting; ``nightly`` does so with many more cases of each
oracle (``tests/profiles.py``).
"""

from __future__ import annotations

import gc
import os
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("steady", derandomize=True)
settings.register_profile("search", derandomize=False, print_blob=True)
settings.register_profile("nightly", derandomize=False, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """An oracle is a real server or library: ``-m "not live"`` leaves it out, too."""
    for item in items:
        if item.get_closest_marker("oracle"):
            item.add_marker(pytest.mark.live)


def pytest_collection_finish() -> None:
    """The thousands of tests stay to the end: the garbage collector need not look at them again and again."""
    gc.freeze()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Says aloud what could not be shown on this machine."""
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if "live" in report.keywords]
    if not skipped:
        return
    reasons: dict[str, int] = {}
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason] = reasons.get(reason, 0) + 1
    terminalreporter.section(f"{len(skipped)} experiments were NOT made on this machine", sep="!")
    for reason, number in sorted(reasons.items()):
        terminalreporter.line(f"{number:4}  {reason.removeprefix('Skipped: ')}")
