"""What compiled expressions call at run time: three-valued logic, located values, settings, formatting.

Two exceptions carry what is not a plain value: ``UnknownValue`` (nobody knows) and ``Absent`` (there is none).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cfgcheck.model.app import App
from cfgcheck.model.located import Located, UnknownValue
from cfgcheck.model.nginx import Location


class Absent(Exception):  # noqa: N818  (a truth value, nobody's mistake)
    """Raised by reading a field of what is not there, or comparing it: neither that nor its ``not`` is true."""


Thunk = Callable[[], Any]
_UNSET: Located[Any] = Located.default(None, "not set")
_OFF: Located[Any] = Located.default(False, "not set")


def need(value: Any) -> Any:
    """``value``; raises Absent when there is none."""
    if value is None:
        raise Absent
    return value


def inside(value: Located[Any] | None) -> Any:
    """The value of what may not be there; None when it isn't."""
    return None if value is None else value.value


def word(member: Any) -> Any:
    """The word of an enumeration's member; None for none."""
    return None if member is None else member._value_


def all_of(*terms: Thunk) -> bool:
    """``and``: false when one is false, whatever the others; else unknown or absent when one is."""
    doubt: Exception | None = None
    for term in terms:
        try:
            if not term():
                return False
        except Absent as absent:
            doubt = absent
        except UnknownValue as unknown:
            doubt = doubt or unknown
    if doubt is not None:
        raise doubt
    return True


def any_of(*terms: Thunk) -> bool:
    """``or``: true when one is true, whatever the others; else unknown or absent when one is."""
    doubt: Exception | None = None
    for term in terms:
        try:
            if term():
                return True
        except UnknownValue as unknown:
            doubt = unknown if doubt is None or isinstance(doubt, Absent) else doubt
        except Absent as absent:
            doubt = doubt or absent
    if doubt is not None:
        raise doubt
    return False


def any_element(holds: Callable[[Any], Any], elements: Iterable[Any]) -> bool:
    """Whether one element has it; an element for which the condition is absent has not."""
    doubt: UnknownValue | None = None
    for element in elements:
        try:
            if holds(element):
                return True
        except UnknownValue as unknown:
            doubt = doubt or unknown
        except Absent:
            continue
    if doubt is not None:
        raise doubt
    return False


def every_element(holds: Callable[[Any], Any], elements: Iterable[Any]) -> bool:
    doubt: UnknownValue | None = None
    for element in elements:
        try:
            if not holds(element):
                return False
        except UnknownValue as unknown:
            doubt = doubt or unknown
        except Absent:
            return False
    if doubt is not None:
        raise doubt
    return True


def where(holds: Callable[[Any], Any], elements: Iterable[Any]) -> Iterable[Any]:
    """The elements for which the condition is true; unknown when it is not known for one that is reached."""
    for element in elements:
        try:
            if holds(element):
                yield element
        except Absent:
            continue


def first(elements: Iterable[Any]) -> Any:
    return next(iter(elements), None)


def count(elements: Iterable[Any]) -> int:
    return sum(1 for _ in elements)


def present(value: Thunk) -> bool:
    try:
        return value() is not None
    except Absent:
        return False


def absent(value: Thunk) -> bool:
    return not present(value)


def or_else(value: Thunk, otherwise: Thunk) -> Any:
    """The value, or the other one where it is absent. Unknown stays unknown."""
    try:
        found = value()
    except Absent:
        found = None
    return otherwise() if found is None else found


def item(sequence: Any, key: Any) -> Any:
    """An element by its number or key; None when there is none."""
    try:
        return sequence[key]
    except (KeyError, IndexError):
        return None


def setting(app: App, server: str, name: str, switch: bool = False) -> Located[Any]:
    """A setting of an app of that server; Absent for another server's app. A ``switch`` that is not set is off."""
    if app.kind._value_ != server:
        raise Absent
    return app.settings.get(name, _OFF if switch else _UNSET)


def family(location: Location, suffix: str) -> Located[Any]:
    """``read_timeout`` as ``proxy_read_timeout`` or whatever the verb in use has; Absent where nothing is passed on."""
    if location.passes is None:
        raise Absent
    return location.family_setting(suffix)


def headers(location: Location, itself: bool = False) -> Any:
    """A location's effective headers (or the location ``itself``, to be asked for one); unknown where a template
    branch or an include that could not be read may set others."""
    if location.passes is not None:
        doubt = location.scope.headers_doubt(location.passes.family)
        if doubt:
            raise UnknownValue(Located.unknown(doubt, location.span))
    return location if itself else location.headers


def by_hand(value: Located[Any] | None) -> bool:
    """Whether somebody wrote it; unknown where the value is (it may not have been reached)."""
    if value is None:
        return False
    if not value.known:
        raise UnknownValue(value)
    return value.by_hand


def is_default(value: Located[Any] | None) -> bool:
    return not by_hand(value)


def known(value: Located[Any] | None) -> bool:
    return value is None or value.known


def origin(value: Located[Any] | None) -> str:
    return need(value).origin._value_  # type: ignore[no-any-return]


def text(value: Located[Any] | None) -> str:
    """What is written there; "" where nothing is."""
    if value is None:
        return ""
    return value.text or (value.span.text if value.span is not None else "")


def same(one: Located[Any], other: Located[Any]) -> bool:
    """Equal values, or the same placeholder on both sides; unknown where neither can be said."""
    if one == other:
        return True
    need(one.value)
    need(other.value)
    return False


_patterns: dict[str, re.Pattern[str]] = {}


def matches(written: str, pattern: str) -> bool:
    """Whether the pattern is found. (``re``'s own cache of patterns costs more than most of these searches.)"""
    compiled = _patterns.get(pattern)
    if compiled is None:
        compiled = _patterns[pattern] = re.compile(pattern)
    return compiled.search(written) is not None


def seconds(value: float | None) -> str:
    """A time as people say it: ``60 s``, ``5 min``; ``no limit`` for None."""
    if value is None:
        return "no limit"
    if value >= 120 and value % 3600 == 0:
        return f"{value / 3600:g} h"
    if value >= 120 and value % 60 == 0:
        return f"{value / 60:g} min"
    return f"{value:g} s" if value >= 1 or value == 0 else f"{value * 1000:g} ms"


def size(value: int | None) -> str:
    """A size as people say it: ``8 KiB``, ``4094 bytes``; ``no limit`` for None."""
    if value is None:
        return "no limit"
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if value >= unit and value % unit == 0:
            return f"{value // unit} {name}"
    return f"{value} byte{'' if value == 1 else 's'}"


def plural(number: float, noun: str) -> str:
    return f"{show(number)} {noun}{'' if number == 1 else 's'}"


def join(separator: str, values: Iterable[Any]) -> str:
    return separator.join(show(value) for value in values)


def listing(values: Iterable[Any]) -> str:
    """``a, b and c``."""
    shown = [show(value) for value in values]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def given(shown: Any, value: Located[Any] | None) -> str:
    """The shown form, with "(default)" where nobody wrote the value."""
    return f"{show(shown)}{' (default)' if value is not None and value.known and not value.by_hand else ''}"


def show(value: Any) -> str:
    """A value in a message."""
    if isinstance(value, str):
        return value
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Located):
        return show(value.value)
    if isinstance(value, Sequence) and not hasattr(value, "_fields"):
        return join(", ", value)
    return str(value)


NAMESPACE: dict[str, Any] = {
    "__builtins__": {},
    "_need": need,
    "_inside": inside,
    "_word": word,
    "_and": all_of,
    "_or": any_of,
    "_any": any_element,
    "_all": every_element,
    "_where": where,
    "_fast_any": any,
    "_fast_all": all,
    "_first": first,
    "_count": count,
    "_present": present,
    "_absent": absent,
    "_or_else": or_else,
    "_item": item,
    "_setting": setting,
    "_family": family,
    "_headers": headers,
    "_by_hand": by_hand,
    "_is_default": is_default,
    "_known": known,
    "_origin": origin,
    "_text": text,
    "_same": same,
    "_matches": matches,
    "_seconds": seconds,
    "_size": size,
    "_plural": plural,
    "_join": join,
    "_listing": listing,
    "_given": given,
    "_len": len,
    "_min": min,
    "_max": max,
    "_sum": sum,
    "_abs": abs,
    "_round": round,
    "_tuple": tuple,
}
"""All names that a compiled expression can reach."""
