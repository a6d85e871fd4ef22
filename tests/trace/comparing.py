"""Whether the model of a hop agrees with what nginx did."""

from __future__ import annotations

from cfgcheck.trace.hop import End, Hop
from tests.trace.lab import Received, Seen

PORTLESS = frozenset({"date", "server"})


def differences(hop: Hop, seen: Seen) -> list[str]:
    """What disagrees; nothing where the model says that it does not know."""
    if hop.end is End.UNKNOWN or any(_on_files(step.text) for step in hop.steps):
        return []
    found = []
    if hop.end is End.PASSES:
        if seen.received is None:
            return [f"the model passes it on, nginx answers {seen.status}"]
        found += _passed(hop, seen.received)
    elif seen.received is not None:
        return [f"the model says {hop.end.value} {hop.status}, nginx passes it on: {seen.received.target}"]
    elif hop.end is End.ANSWERS and hop.status != seen.status:
        found.append(f"status {hop.status}, nginx {seen.status}")
    elif hop.end is End.FILES and seen.status not in (403, 404, 405):
        found.append(f"files, nginx {seen.status}")
    elif hop.end is End.NOBODY and seen.status:
        found.append(f"closed, nginx {seen.status}")
    if seen.where and where(hop) != seen.where:
        found.append(f"in {where(hop)}, nginx {seen.where}")
    return found


def _on_files(text: str) -> bool:
    """It goes on as if files were there; in these folders there are none."""
    return "taken to be there" in text or text.startswith("without such a file")


def where(hop: Hop) -> str:
    """The mark that the location in effect gives its answers; the nearest level's, as nginx inherits it."""
    scope = hop.location.scope if hop.location is not None else None
    if scope is None and hop.server is not None:
        scope = hop.server.scope
    for level in scope.levels() if scope is not None else ():
        for one in level.own.get("add_header", ()):
            if one.values[0] == "X-Where":
                return one.values[1]
    return ""


def _passed(hop: Hop, received: Received) -> list[str]:
    found = []
    if received.target and hop.uri.known and hop.uri.value != _text(received.target):
        found.append(f"uri {hop.uri.value!r}, nginx {_text(received.target)!r}")
    if received.target and not hop.uri.known:
        found.append(f"uri not known: {hop.uri.because}")
    modelled = [(header.name, header.value.get(None)) for header in hop.headers]
    real = [(name, _text(value)) for name, value in received.headers]
    if len(modelled) != len(real):
        found.append(f"headers {modelled}, nginx {real}")
    else:
        for (name, value), (real_name, real_value) in zip(modelled, real, strict=True):
            if name.lower() != real_name.lower() or (value is not None and value != real_value):
                found.append(f"header {name}: {value!r}, nginx {real_name}: {real_value!r}")
    return found


def _text(value: str) -> str:
    return value.encode("latin-1").decode("utf-8", "backslashreplace")
