"""What a rule that fired would change: its compiled steps, carried out on what it fired on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from cfgcheck.model.app import App
from cfgcheck.model.located import Located, UnknownValue
from cfgcheck.model.nginx import Location, Proxy, Server, Upstream
from cfgcheck.model.unit import Unit
from cfgcheck.record import replace
from cfgcheck.rules.catalogue import load_mend
from cfgcheck.rules.changes import Change, Order, Remove, Repair, Replace, Setting, Statement
from cfgcheck.rules.contract import Case, Hit
from cfgcheck.rules.filling import Firing
from cfgcheck.rules.subjects import Subject, place
from cfgcheck.rules.values import Absent, show
from cfgcheck.source.file import Span

Step = Mapping[str, Any]


def repair_of(kind: Subject, firing: Firing, hit: Hit) -> Repair:
    """How this one is mended. What changes, is found out when it is asked."""
    fix = firing.rule.data["fix"]
    changes = partial(_changes, kind, firing, tuple(hit.changes))
    return Repair(firing.text(fix["title"]), fix["applicability"], changes)


def _changes(kind: Subject, firing: Firing, given: Sequence[Change]) -> list[Change]:
    """Errors: UnknownValue. Something absent: this case can't be mended."""
    try:
        steps: Iterable[Step] = firing.rule.data["fix"].get("edits", ())
        return [change for step in steps for change in _of_step(kind, firing, step)] or list(given)
    except Absent:
        return []


def _of_step(kind: Subject, firing: Firing, step: Step) -> Iterator[Change]:
    if "each" not in step:
        yield from _done(kind, firing, step)
        return
    name, source = step["each"]
    for element in firing.ask(source):
        yield from _done(kind, replace(firing, values={**firing.values, name: element}), step)


def _done(kind: Subject, firing: Firing, step: Step) -> Iterator[Change]:
    if "if" in step and not _holds(firing, step["if"]):
        return
    if "replace" in step:
        yield Replace(_written(firing, step["replace"]), _text(firing, step["with"]))
    elif "remove" in step:
        yield Remove(_span(firing, step["remove"]))
    elif "python" in step:
        case = Case(
            firing.rule.id, kind.thing(firing.subject), partial(kind.label, firing.subject), firing.case, firing.element
        )
        yield from load_mend(firing.rule.id, step["python"])(case, firing.values)
    else:
        yield from _settings(firing, step)


def _holds(firing: Firing, source: str) -> bool:
    """Something absent is not true, as everywhere in a rule; something unknown leaves the whole fix undone."""
    try:
        return bool(firing.ask(source))
    except Absent:
        return False


def _settings(firing: Firing, step: Step) -> Iterator[Change]:
    if "in" in step:
        block = _thing(firing, step["in"], Location, Server, Upstream, Proxy)
        beside = "add" in step
        for parts in step["add" if beside else "set"]:
            yield Statement(block, _text(firing, parts), beside, step.get("level", "http"))
    elif "app" in step:
        app = _thing(firing, step["app"], App)
        for name, value in step["set"].items():
            yield Setting(app, name, _value(firing, value))
    else:
        unit = _thing(firing, step["unit"], Unit)
        for name, value in step["set"].items():
            yield Order(unit, name, _value(firing, value))


def _thing(firing: Firing, source: str, *classes: type[Any]) -> Any:
    found = firing.ask(source)
    if not isinstance(found, classes):
        raise Absent
    return found


def _written(firing: Firing, sources: Iterable[str]) -> Span:
    """The place of a value that is known: what a template or a variable gives can't be written over."""
    for source in sources:
        found = _asked(firing, source)
        span = place(found)
        if span is not None:
            if isinstance(found, Located) and not found.known:
                raise UnknownValue(found)
            return span
    raise Absent


def _span(firing: Firing, sources: Iterable[str]) -> Span:
    for source in sources:
        span = place(_asked(firing, source))
        if span is not None:
            return span
    raise Absent


def _asked(firing: Firing, source: str) -> Any:
    try:
        return firing.ask(source)
    except Absent:
        return None


def _text(firing: Firing, parts: Sequence[str | list[str]]) -> str:
    """A template filled in; here an unknown or absent value is no text."""
    return "".join(part if isinstance(part, str) else _shown(firing.ask(part[0])) for part in parts)


def _shown(value: Any) -> str:
    if value is None:
        raise Absent
    return show(value)


def _value(firing: Firing, value: Any) -> Any:
    if isinstance(value, list):
        return [_value(firing, one) for one in value]
    if not isinstance(value, dict):
        return value
    parts = value["text"]
    if len(parts) == 1 and not isinstance(parts[0], str):
        return _plain(firing.ask(parts[0][0]))
    return _text(firing, parts)


def _plain(value: Any) -> Any:
    """The value of one expression with its type; whole numbers without a fraction, lists as such."""
    if value is None:
        raise Absent
    if isinstance(value, Located):
        return _plain(value.value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Sequence) and not hasattr(value, "_fields"):
        return [_plain(one) for one in value]
    return show(value)
