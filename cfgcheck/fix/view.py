"""What one look at the files gave: the material of a round of fixes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from cfgcheck.findings import Finding
from cfgcheck.fix.ground import Ground
from cfgcheck.record import field, record


@record(frozen=True, eq=False)
class View:
    """``findings``: those that are to be mended. ``heard``: whatever any rule says, also of rules that were not asked
    for: a fix must bring nothing new of any. ``joined``: the locations and apps that routes join, by symbol and
    file."""

    ground: Ground
    findings: tuple[Finding, ...]
    heard: tuple[Finding, ...]
    joined: frozenset[tuple[str, str]] = field(default_factory=frozenset)


Look = Callable[[Mapping[Path, str]], View]
"""Reads and judges with these texts in the place of what files hold."""
