"""How Hypothesis searches: the same cases on every run, so that a change alone can turn a test red.

``HYPOTHESIS_PROFILE=search`` looks at new ones each time, for hunting; ``nightly`` does so with many more cases of each
oracle (``tests/profiles.py``).
"""

from __future__ import annotations

import gc
import os

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
