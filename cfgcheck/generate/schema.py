"""The keys of a spec, as the model has them: which stand where, and the JSON Schema for editors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from cfgcheck.generate.spec import Spec

KeyPath = tuple[str | int, ...]
"""Where something stands in a spec: ``("services", "shop", "domains", 0)``."""


def table_at(path: Sequence[str | int]) -> type[BaseModel] | None:
    """The table that stands at a path; None where there is none: a value, or keys that anyone may choose."""
    found: Any = Spec
    for step in path:
        found = _inner(found, str(step))
        if found is None:
            return None
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def keys_of(table: type[BaseModel]) -> list[str]:
    """The keys of a table as they are written, in its order."""
    return [field.alias or name for name, field in table.model_fields.items()]


def keys_at(path: Sequence[str | int]) -> list[str]:
    table = table_at(path)
    return keys_of(table) if table is not None else []


@cache
def homes() -> dict[str, tuple[str, ...]]:
    """For each key, the tables where it stands: ``workers`` → ``("services.NAME.server",)``."""
    found: dict[str, tuple[str, ...]] = {}
    for place, table in tables():
        for key in keys_of(table):
            found[key] = (*found.get(key, ()), place)
    return found


def tables(table: type[BaseModel] = Spec, place: tuple[str, ...] = ()) -> Iterator[tuple[str, type[BaseModel]]]:
    """Every table of a spec with its place (``services.NAME.server``), outer ones first."""
    yield ".".join(place), table
    for name, field in table.model_fields.items():
        key = field.alias or name
        for step in ((), ("NAME",)):
            below = _inner(table, key)
            below = _inner(below, "NAME") if step else _model(below)
            if isinstance(below, type) and issubclass(below, BaseModel):
                yield from tables(below, (*place, key, *step))


def _inner(kind: Any, key: str) -> Any:
    """What stands below ``key`` in something of this kind: a type, or None."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            if key == (field.alias or name):
                return _model(field.annotation) or field.annotation
        return None
    origin = get_origin(kind)
    if origin is dict:
        value = get_args(kind)[1]
        return _model(value) or value
    return None


def _model(kind: Any) -> Any:
    """The table in ``Annotated[Table, …]`` or ``Table | None``; None where there is none."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    if get_origin(kind) in (Union, UnionType) or hasattr(kind, "__metadata__"):
        return next((found for found in map(_model, get_args(kind)) if found is not None), None)
    return None
