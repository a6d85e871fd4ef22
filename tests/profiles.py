"""How many cases an oracle compares: few on each run of the tests, many in the night."""

from __future__ import annotations

import os

STEADY_EXAMPLES = 25
NIGHTLY_EXAMPLES = 250


def oracle_examples() -> int:
    """The number of generated cases of one oracle test, by the profile that ``HYPOTHESIS_PROFILE`` names."""
    nightly = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
    return NIGHTLY_EXAMPLES if nightly else STEADY_EXAMPLES


def examples(few: int) -> int:
    """``few`` generated cases on each run of the tests, ten times as many in the night."""
    return few * NIGHTLY_EXAMPLES // STEADY_EXAMPLES if oracle_examples() == NIGHTLY_EXAMPLES else few
