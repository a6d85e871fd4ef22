"""A guard against tests that hang: no statement about speed, which ``benchmarks/`` measures."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

FAR_TOO_LONG = 60
"""Seconds, for what takes a few at most on a slow machine."""


@contextmanager
def no_hang() -> Iterator[None]:
    """Ends what is inside when it does not come back by itself."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"still running after {FAR_TOO_LONG} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(FAR_TOO_LONG)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
