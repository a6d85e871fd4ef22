"""Values of the model as JSON has them, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from cfgcheck.model.address import Address
from cfgcheck.model.located import Located
from cfgcheck.model.version import Version
from cfgcheck.record import fields, is_record
from cfgcheck.report.places import clean, start_of


def setting(value: Located[Any]) -> dict[str, Any]:
    """``{"value", "origin", "at", "because"}``; times in seconds, sizes in bytes. An unknown value is null."""
    return {
        "value": plain_value(value.get(None)),
        "origin": value.origin.value,
        "at": start_of(value.span) if value.span else None,
        "because": clean(value.because) or None,
    }


def plain_value(value: Any) -> Any:
    """``value`` in JSON's own types."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (Version, Address)):
        return clean(str(value))
    if isinstance(value, Located):
        return plain_value(value.get(None))
    return _compound(value)


def _compound(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {clean(str(key)): plain_value(one) for key, one in value.items()}
    if hasattr(value, "_asdict"):  # a named tuple, such as nginx's "4 8k"
        return {name: plain_value(one) for name, one in value._asdict().items()}
    if is_record(value):
        return {name: plain_value(one) for name, one in fields(value)}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain_value(one) for one in value]
    return clean(str(value))


def in_words(value: Located[Any], unit: str = "") -> str:
    """A value as a person reads it: ``30 s (default)``, ``unknown``, ``none``."""
    if not value.known:
        return "unknown"
    inner = plain_value(value.value)
    if inner is None:
        text = "none"
    elif isinstance(inner, bool):
        text = "yes" if inner else "no"
    else:
        text = f"{inner} {unit}".strip()
    return text if value.by_hand else f"{text} (default)"
