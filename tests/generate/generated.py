"""How often a property of generated specs is tried. Drawing a spec takes longer than most that is done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, settings

from tests.profiles import examples


def tried(few: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``few`` specs on each run of the tests, ten times as many in the night; what fails is not made smaller."""
    return settings(
        max_examples=examples(few),
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
