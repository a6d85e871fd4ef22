"""The last step: what is derived anyway is not said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cfgcheck.generate.defaults import complete
from cfgcheck.generate.importing.draft import Draft
from cfgcheck.generate.importing.result import Key
from cfgcheck.generate.spec import Spec

_OF_SERVICE: tuple[Key, ...] = (
    ("listener",),
    ("stop-grace",),
    ("user",),
    ("app", "interface"),
    ("app", "virtualenv"),
    ("app", "directory"),
    ("server", "worker-class"),
    ("server", "threads"),
)
_OF_EDGE: tuple[Key, ...] = (("edge", "idle"), ("edge", "response"), ("edge", "tls"))


def tidy(draft: Draft) -> Spec:
    """The spec of the draft, as short as it can be said."""
    spec = draft.spec()
    wanted = complete(spec)
    every = list(_derivable(draft))
    shorter = _without(draft, every, wanted)
    if shorter is not None:
        return shorter
    # What is derived of one thing may hang on another: one at a time.
    for key in every:
        spec = _without(draft, [key], wanted) or spec
    return spec


def _derivable(draft: Draft) -> Iterator[Key]:
    """Keys that are there though they could be derived."""
    for name in draft.get(("services",)) or {}:
        yield from (key for one in _OF_SERVICE if draft.get(key := ("services", name, *one)) is not None)
    yield from (key for key in _OF_EDGE if draft.get(key) is not None)


def _without(draft: Draft, keys: list[Key], wanted: Spec) -> Spec | None:
    """The spec without those of the keys that change nothing; the draft loses them, too. None where that can't be."""
    before = {key: draft.get(key) for key in keys if draft.get(key) is not None}
    for key in before:
        draft.drop(key)
    derived = complete(draft.spec())
    for key, value in before.items():
        if _at(derived, key) != _at(wanted, key):
            draft.put(key, value)
    shorter = draft.spec()
    if complete(shorter) == wanted:
        return shorter
    for key, value in before.items():
        draft.put(key, value)
    return None


def _at(spec: Spec, key: Key) -> Any:
    found: Any = spec
    for name in key:
        found = found[name] if isinstance(found, dict) else getattr(found, name.replace("-", "_"))
    return found
