"""What a spec can't say together gives way: the key that is complained of is dropped, with the reason."""

from __future__ import annotations

from cfgcheck.generate.contradictions import Contradiction, contradictions
from cfgcheck.generate.defaults import complete
from cfgcheck.generate.escapes import UnwritableError
from cfgcheck.generate.importing.draft import Draft
from cfgcheck.generate.importing.result import Key
from cfgcheck.generate.plan import Plan, plan
from cfgcheck.generate.plan_time import least_read_timeout
from cfgcheck.generate.render import render
from cfgcheck.generate.spec import Spec

_MOST = 300
"""Keys that may give way; what then still contradicts itself is left for people."""


def settled(draft: Draft) -> Spec:
    """The spec of the draft without contradictions."""
    spec = draft.spec()
    for _ in range(_MOST):
        found = contradictions(spec)
        gave_way = [_give_way(draft, spec, one) for one in found]
        if not any(gave_way):
            return spec
        spec = draft.spec()
    return spec


def planned(draft: Draft) -> Plan:
    """The plan of the draft. What one of the languages can't be told is dropped, too."""
    for _ in range(_MOST):
        spec = settled(draft)
        try:
            made = plan(spec)
            render(made)
        except UnwritableError as error:
            if not _drop(draft, error.place, error.message):
                raise
        else:
            return made
    raise AssertionError("keys are dropped until all can be written")


def _give_way(draft: Draft, spec: Spec, one: Contradiction) -> bool:
    """Whether something was changed."""
    place = one.place
    if place[-1] == "slowest-request":
        return _shorten(draft, spec, str(place[1]), one)
    if place[2:3] == ("domains",) and isinstance(place[-1], int):
        return _without_domain(draft, spec, str(place[1]), place[-1], one.text)
    if place == ("runtime",):
        draft.put(("runtime",), "plain")
        return True
    key = tuple(str(step) for step in place)
    return _drop(draft, key, one.text) or any(_drop(draft, tuple(map(str, other)), one.text) for other in one.others)


def _drop(draft: Draft, place: Key, text: str) -> bool:
    key = _droppable(draft, place)
    if not key:
        return False
    span = draft.span_of(key)
    value = draft.drop(key)
    if key[-1] == "websockets":
        draft.drop((*key[:-1], "websocket-idle"))
    draft.leave(span, f"`{key[-1]}`" if isinstance(value, dict | list) else f"`{key[-1]}: {value}`", text)
    return True


def _droppable(draft: Draft, place: Key) -> Key:
    """The key at ``place``, or of what it stands in; ``()`` for what a spec can't do without."""
    for length in range(len(place), 0, -1):
        key = place[:length]
        value = draft.get(key)
        if value is None:
            continue
        if key[-1] == "server" and isinstance(value, dict):
            return next((inner for name in ("worker-class",) if draft.get(inner := (*key, name)) is not None), ())
        required = key[-1] in ("domains", "app", "module", "kind") or len(key) < 2 or key[:-1] == ("services",)
        return () if required else key
    return ()


def _shorten(draft: Draft, spec: Spec, name: str, one: Contradiction) -> bool:
    """Let the slowest request be as slow as the edge allows."""
    whole = complete(spec)
    service = whole.services[name]
    key = ("services", name, "slowest-request")
    allowed = (whole.edge.response or 0) - (least_read_timeout(service) - service.slowest_request)
    if allowed < 1 or allowed >= service.slowest_request:
        return _drop(draft, ("edge", "response"), one.text)
    span = draft.span_of(key)
    draft.leave(span, f"a slowest request of {service.slowest_request} s", f"the edge allows {allowed} s: that now")
    draft.put(key, allowed, span)
    return True


def _without_domain(draft: Draft, spec: Spec, name: str, index: int, text: str) -> bool:
    key = ("services", name, "domains")
    domains = list(spec.services[name].domains)
    if len(domains) < 2:
        return False
    draft.leave(draft.span_of(key), f"`{domains[index]}`", text)
    draft.put(key, domains[:index] + domains[index + 1 :], draft.span_of(key))
    return True
