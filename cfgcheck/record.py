"""Classes that are nothing but named values, as the standard library's dataclasses are, and cheap to define.

A dataclass compiles five to seven methods when its module is imported: with the hundred that a check of a small stack
needs, that was a third of its time (``benchmarks/run``). Here the one method that has to be compiled, ``__init__``,
is compiled when the first instance is made, so a class that a run does not use costs nothing. To type checkers a record
is a dataclass: ``frozen=True`` is enforced by them, not at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar, dataclass_transform

T = TypeVar("T")


class _Factory(Generic[T]):
    """The default of a field that needs a new value for each instance."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], T]) -> None:
        self.make = make


_MISSING: Any = object()


def field(*, default_factory: Callable[[], T]) -> T:
    """A field whose default is made for each instance."""
    made: Any = _Factory(default_factory)
    return made  # type: ignore[no-any-return]


@dataclass_transform(field_specifiers=(field,))
def record(*, frozen: bool = False, eq: bool = True) -> Callable[[type[T]], type[T]]:
    """Make a class of annotated fields a record: with slots, and made from its fields in their order.

    ``frozen``: instances do not change (for type checkers; with ``eq`` they can be hashed). ``eq``: compared by value,
    else by identity. A ``__repr__`` or ``__hash__`` of the class itself is kept.
    """

    def wrap(cls: type[T]) -> type[T]:
        inherited: tuple[str, ...] = getattr(cls, "__record_fields__", ())
        own = tuple(_annotations(cls))
        body = {name: value for name, value in cls.__dict__.items() if name not in ("__dict__", "__weakref__")}
        defaults = {**getattr(cls, "__record_defaults__", {}), **{name: body.pop(name) for name in own if name in body}}
        body |= {"__slots__": own, "__record_fields__": inherited + own, "__record_defaults__": defaults}
        body |= {"__match_args__": inherited + own}
        body.setdefault("__repr__", _repr)
        if eq:
            body.setdefault("__eq__", _eq)
            body["__hash__"] = body.get("__hash__") or (_hash if frozen else None)
        metaclass: Any = type(cls)
        made = metaclass(cls.__name__, cls.__bases__, body)
        if "__init__" not in body:
            made.__init__ = _first_init(made)
        return made  # type: ignore[no-any-return]

    return wrap


def _annotations(cls: type[Any]) -> dict[str, Any]:
    """The class's own annotations. (``inspect.get_annotations`` would load a module of 10 ms.)"""
    found: dict[str, Any] = vars(cls).get("__annotations__", {})
    return found


def _first_init(cls: Any) -> Callable[..., None]:
    """Stands in for ``__init__`` until an instance is made."""

    def __init__(self: Any, *args: Any, **named: Any) -> None:  # noqa: N807
        cls.__init__ = _init(cls)
        cls.__init__(self, *args, **named)

    return __init__


def _init(cls: Any) -> Any:
    names: tuple[str, ...] = cls.__record_fields__
    defaults: dict[str, Any] = cls.__record_defaults__
    scope: dict[str, Any] = {"_missing": _MISSING}
    parameters, lines = [], []
    for name in names:
        if name not in defaults:
            parameters.append(name)
            lines.append(f" self.{name} = {name}")
        elif isinstance(defaults[name], _Factory):
            scope[f"_make_{name}"] = defaults[name].make
            parameters.append(f"{name}=_missing")
            lines.append(f" self.{name} = _make_{name}() if {name} is _missing else {name}")
        else:
            scope[f"_default_{name}"] = defaults[name]
            parameters.append(f"{name}=_default_{name}")
            lines.append(f" self.{name} = {name}")
    text = f"def __init__(self, {', '.join(parameters)}):\n" + "\n".join(lines or [" pass"])
    exec(compile(text, f"<record {cls.__name__}>", "exec"), scope)  # noqa: S102  (field names of this program's classes)
    return scope["__init__"]


def _values(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, name) for name in self.__record_fields__])


def _eq(self: Any, other: object) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return _values(self) == _values(other)


def _hash(self: Any) -> int:
    return hash(_values(self))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__record_fields__)
    return f"{type(self).__name__}({shown})"


def replace(instance: T, **changes: Any) -> T:
    """A copy with some fields changed; a TypeError for a name that is no field."""
    given = {name: getattr(instance, name) for name in instance.__record_fields__}  # type: ignore[attr-defined]
    return type(instance)(**{**given, **changes})


def is_record(value: object) -> bool:
    return hasattr(type(value), "__record_fields__")


def fields(instance: object) -> Iterator[tuple[str, Any]]:
    """The names and values of a record."""
    return ((name, getattr(instance, name)) for name in instance.__record_fields__)  # type: ignore[attr-defined]


def field_names(cls: type[Any]) -> tuple[str, ...]:
    """The names of a record class's fields, in their order."""
    names: tuple[str, ...] = cls.__record_fields__
    return names
