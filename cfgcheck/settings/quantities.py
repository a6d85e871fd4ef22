"""Times and sizes as settings write them: a number with or without a unit."""

from __future__ import annotations

import re

_AMOUNT = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([a-zA-Z]*)\Z")
_SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"": 1, "b": 1, "k": 1024, "kb": 1024, "kib": 1024, "m": 1024**2, "mb": 1024**2, "mib": 1024**2,
          "g": 1024**3, "gb": 1024**3, "gib": 1024**3}  # fmt: skip
UNLIMITED = "unlimited"


def seconds(value: object) -> float | None:
    """``"60s"``, ``"1m"``, ``"500ms"`` or a number of seconds; None for ``"unlimited"``. ValueError for all else."""
    amount = _scaled(value, _SECONDS, 'a time such as "60s", "5m", a number of seconds, or "unlimited"')
    return None if amount is None else float(amount)


def size(value: object) -> int:
    """``"16k"``, ``"10m"`` or a number of bytes. ValueError for all else."""
    wanted = 'a size such as "16k", "10m" or a number of bytes'
    amount = _scaled(value, {unit: float(factor) for unit, factor in _BYTES.items()}, wanted)
    if amount is None:
        raise ValueError(f"must be {wanted}")
    return int(amount)


def _scaled(value: object, units: dict[str, float], wanted: str) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e15:
        return value
    if isinstance(value, str):
        if value == UNLIMITED:
            return None
        found = _AMOUNT.match(value.strip())
        if found and found[2].lower() in units:
            return float(found[1]) * units[found[2].lower()]
    raise ValueError(f"must be {wanted}")
