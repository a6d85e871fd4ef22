"""What pydantic has against a spec, in sentences that say what was expected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from cfgcheck.generate.errors import Mistake
from cfgcheck.generate.schema import KeyPath, homes, keys_at
from cfgcheck.generate.words import EXPECTED, in_bytes, in_seconds
from cfgcheck.generate.yaml_values import Place
from cfgcheck.record import record
from cfgcheck.source.file import SourceFile, Span

_WANTED = {
    "string_type": "must be text; put it in quotes",
    "string_too_long": "is too long",
    "too_short": "must not be empty",
    "too_long": "has too many entries",
    "list_type": "must be a list",
    "bool_type": "must be `true` or `false`",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "dict_type": "must be a mapping: `key: value` lines below it",
    "model_type": "must be a mapping: `key: value` lines below it",
}  # fmt: skip
_TIMES = ("slowest-request", "websocket-idle", "stop-grace", "hsts", "idle", "response")
_SIZES = ("max-upload", "request-headers", "response-headers")
_UNIONS = {"workers": "must be `auto` or a whole number from 1 to 512"}
_SCALAR = "must be a number, a text, `true` or `false`"
_ARGUMENT = "must be text or a whole number: nginx itself says `on` and `off`, which are texts here"


@record(frozen=True)
class Where:
    """Places in a spec's text."""

    source: SourceFile
    places: Mapping[KeyPath, Place]

    def path(self, loc: Iterable[str | int]) -> KeyPath:
        """The keys of a path that the text has; pydantic's own names of types among them are left out."""
        found: KeyPath = ()
        for step in loc:
            if (*found, step) in self.places:
                found = (*found, step)
        return found

    def key(self, path: KeyPath) -> Span:
        place = self._nearest(path)
        return place.key if place is not None else Span(self.source, 0, min(1, len(self.source.text)))

    def value(self, path: KeyPath) -> Span:
        """A value of one line; of all others the key."""
        place = self._nearest(path)
        if place is None:
            return self.key(path)
        one_line = place.value.begin.line == place.value.finish.line and place.value.start >= place.key.start
        return place.value if one_line and place.value.end > place.value.start else place.key

    def _nearest(self, path: KeyPath) -> Place | None:
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return None


def mistakes_of(errors: Iterable[Any], where: Where) -> list[Mistake]:
    """One mistake for each place."""
    grouped: dict[tuple[KeyPath, bool], list[Any]] = {}
    for error in errors:
        loc = error["loc"]
        grouped.setdefault((_place_of(error, where), loc[-1:] == ("[key]",)), []).append(error)
    return [_mistake(path, of_key, group, where) for (path, of_key), group in grouped.items()]


def _place_of(error: Any, where: Where) -> KeyPath:
    loc = error["loc"]
    if error["type"] == "missing":
        return (*where.path(loc[:-1]), loc[-1])
    return where.path(loc)


def _mistake(path: KeyPath, of_key: bool, group: list[Any], where: Where) -> Mistake:
    error = group[0]
    kind = error["type"]
    if kind == "extra_forbidden":
        return Mistake(where.key(path), f"unknown key `{path[-1]}`{_in(path[:-1])}{_meant_key(path)}")
    if kind == "missing":
        return Mistake(where.key(path[:-1]), f"`{path[-1]}` is missing{_in(path[:-1])}")
    text = f"`{_dotted(path)}` {_expected(path, group)}" if path else "a spec must be a mapping with `services`"
    return Mistake(where.key(path) if of_key else where.value(path), text)


def _expected(path: KeyPath, group: list[Any]) -> str:
    told = [error for error in group if error["type"] == "value_error"]
    if told:
        return str(told[0]["ctx"]["error"])
    if len(group) > 1 or str(path[-1]) in _UNIONS:
        own = _UNIONS.get(str(path[-1]))
        return own or (_ARGUMENT if "nginx" in path else _SCALAR)
    return _single(path, group[0])


def _single(path: KeyPath, error: Any) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "literal_error":
        expected = str(context["expected"]).replace("'", "`")
        said = error["input"] if isinstance(error["input"], str) else ""
        return f"must be {expected}{_meant(said, expected.replace(' or ', ', ').split(', '))}"
    if kind == "string_pattern_mismatch":
        return EXPECTED.get(context["pattern"], "is not spelled like one")
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = context.get("ge", context.get("le"))
        return f"must be {'at least' if 'ge' in context else 'at most'} {_number(path, bound)}"
    return _WANTED.get(kind) or str(error["msg"]).lower()


def _number(path: KeyPath, value: int) -> str:
    if path[-1] in _TIMES:
        return in_seconds(value)
    return in_bytes(value) if path[-1] in _SIZES else str(value)


def _meant_key(path: KeyPath) -> str:
    key = str(path[-1]).lower().replace("_", "-")
    here = keys_at(path[:-1])
    if key in here:
        return f"; did you mean `{key}`?"
    if key in homes():
        places = " or ".join(f"`{_place(place, path)}`" if place else "the top of the file" for place in homes()[key])
        return f"; `{key}` belongs into {places}"
    return _meant(key, here)


def _place(place: str, path: KeyPath) -> str:
    """``services.NAME.server`` with the name of the service that is meant."""
    return place.replace("NAME", str(path[1])) if path[0] == "services" and len(path) > 2 else place


def _meant(word: str, known: list[str]) -> str:
    names = [one.strip("` ") for one in known]
    close = get_close_matches(word.lower().replace("_", "-"), names, 1, 0.6)
    return f"; did you mean `{close[0]}`?" if close else ""


def _in(path: KeyPath) -> str:
    return f" in `{_dotted(path)}`" if path else ""


def _dotted(path: KeyPath) -> str:
    return ".".join(str(step) for step in path if not isinstance(step, int))
