"""Types of expressions, taken from the model's own annotations. Used when rules are compiled, not when they run."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import sys
import textwrap
import types
import typing
from collections.abc import Collection, Iterable, Mapping
from enum import Enum
from functools import cache
from typing import Any

import cfgcheck.model
from cfgcheck.model import located, version
from cfgcheck.record import record, replace
from cfgcheck.source import file as source_file


@record(frozen=True)
class Kind:
    """The type of an expression.

    ``base``: ``any bool number str none object enum word version list mapping tuple settings``. ``word`` is an
    enumeration's value, already text. ``items``: the element of a list, the value of a mapping, all of a tuple.
    ``settings`` is the sugar ``app.gunicorn``: ``server`` tells whose. ``optional``: the value may be None;
    ``missing``: a located value may not be there at all. A literal list is a ``tuple``.
    """

    base: str
    cls: type[Any] | None = None
    optional: bool = False
    located: bool = False
    items: tuple[Kind, ...] = ()
    server: str = ""
    missing: bool = False

    @property
    def plain(self) -> Kind:
        """The kind of the value inside a located one."""
        return replace(self, located=False, missing=False)

    @property
    def maybe(self) -> Kind:
        return replace(self, missing=True) if self.located else replace(self, optional=True)

    @property
    def element(self) -> Kind:
        """What the elements are: one kind for all, or any."""
        return self.items[0] if len(set(self.items)) == 1 else ANY

    @property
    def words(self) -> list[str]:
        """What an enumeration's value can be."""
        assert self.cls is not None
        return [str(member.value) for member in self.cls]

    @property
    def named(self) -> str:
        """With its article, for messages."""
        name = str(self)
        return f"an {name}" if name[0] in "AEIOaeio" else f"a {name}"

    def __str__(self) -> str:
        names = {"str": "text", "object": self.cls.__name__ if self.cls else "object", "enum": "word", "any": "value"}
        return names.get(self.base, self.base)


ANY = Kind("any")
BOOL = Kind("bool")
NUMBER = Kind("number")
TEXT = Kind("str")
NONE = Kind("none", optional=True)

_PACKAGES = ("cfgcheck.syntax", "cfgcheck.source", "cfgcheck.findings", "cfgcheck.model")
"""Where classes of the model come from; of two with one name that of the later package is meant."""

_SIMPLE = {bool: BOOL, int: NUMBER, float: NUMBER, str: TEXT, type(None): NONE}


def list_of(element: Kind) -> Kind:
    return Kind("list", items=(element,))


def from_annotation(annotation: Any) -> Kind:
    """The kind that an annotation of the model means."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return _union(args)
    if origin is located.Located:
        return replace(from_annotation(args[0]), located=True)
    if origin is tuple:
        return list_of(from_annotation(args[0])) if args[-1] is ... else Kind("tuple", items=_each(args))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return Kind("mapping", items=(from_annotation(args[1]),))
    if isinstance(origin, type) and issubclass(origin, (Collection, Iterable)):
        return list_of(from_annotation(args[0]))
    return _of_class(annotation)


def _each(annotations: Iterable[Any]) -> tuple[Kind, ...]:
    return tuple(from_annotation(annotation) for annotation in annotations)


def _union(args: tuple[Any, ...]) -> Kind:
    others = [arg for arg in args if arg is not type(None)]
    kinds = {from_annotation(other) for other in others}
    kind = kinds.pop() if len(kinds) == 1 else ANY
    return kind.maybe if len(others) < len(args) else kind


def _of_class(annotation: Any) -> Kind:
    if annotation in _SIMPLE:
        return _SIMPLE[annotation]
    if not isinstance(annotation, type):
        return ANY
    if annotation is version.Version:
        return Kind("version", annotation)
    if issubclass(annotation, Enum):
        return Kind("enum", annotation)
    return Kind("object", annotation) if annotation.__module__.startswith("cfgcheck.") else ANY


@cache
def _names() -> dict[str, Any]:
    """Every name that an annotation of the model may use, wherever it was written."""
    for module in pkgutil.iter_modules(cfgcheck.model.__path__, "cfgcheck.model."):
        importlib.import_module(module.name)
    modules = sorted(sys.modules.items())
    ours = [module for package in _PACKAGES for name, module in modules if name.startswith(package)]
    return {name: value for module in ours for name, value in vars(module).items()}


def returned(function: Any) -> Kind:
    """What a function of the model gives."""
    return from_annotation(_resolve(function.__annotations__.get("return", Any)))


def _resolve(annotation: Any) -> Any:
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, {**vars(typing), **_names()})  # noqa: S307  (our own annotations)
    except Exception:
        return Any


_FIELDS: dict[type[Any], Mapping[str, Kind]] = {}


def fields(cls: type[Any]) -> Mapping[str, Kind]:
    """The public fields and properties of a model class."""
    if cls not in _FIELDS:
        _FIELDS[cls] = _read_fields(cls)
    return _FIELDS[cls]


def _read_fields(cls: type[Any]) -> Mapping[str, Kind]:
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if not base.__module__.startswith("cfgcheck."):
            continue
        found.update(_assigned(base))
        found.update(inspect.get_annotations(base))
        for name, member in vars(base).items():
            if isinstance(member, property) and member.fget is not None:
                found[name] = member.fget.__annotations__.get("return", Any)
    return {name: from_annotation(_resolve(kind)) for name, kind in found.items() if not name.startswith("_")}


def _assigned(cls: type[Any]) -> dict[str, Any]:
    """Fields that ``__init__`` makes: ``self.x = x`` (an annotated parameter) and ``self.x: T = …``."""
    init = cls.__dict__.get("__init__")
    if not isinstance(init, types.FunctionType) or "__record_fields__" in cls.__dict__:
        return {}
    found: dict[str, Any] = {}
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(init)))):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Attribute):
            found[node.target.attr] = ast.unparse(node.annotation)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and isinstance(node.value, ast.Name):
                    found[target.attr] = init.__annotations__.get(node.value.id, Any)
                elif isinstance(target, ast.Attribute):
                    found.setdefault(target.attr, Any)
    return found


@record(frozen=True)
class Method:
    """A method that expressions may call."""

    parameters: tuple[Kind, ...]
    gives: Kind


def methods(cls: type[Any]) -> Mapping[str, Method]:
    """The public methods of a model class that take plain values or objects of the model."""
    found: dict[str, Method] = {}
    for name, member in inspect.getmembers(cls, inspect.isfunction):
        if name.startswith("_") or not member.__module__.startswith("cfgcheck."):
            continue
        names = list(inspect.signature(member).parameters)[1:]
        kinds = tuple(from_annotation(_resolve(member.__annotations__.get(each, Any))) for each in names)
        if all(kind.base in ("bool", "number", "str", "object") for kind in kinds):
            found[name] = Method(kinds, returned(member))
    return found


def has_place(kind: Kind) -> bool:
    """Whether a mark can be put on it: a located value, a span, or an object with one."""
    if kind.located:
        return True
    if kind.base != "object" or kind.cls is None:
        return False
    return kind.cls is source_file.Span or "span" in fields(kind.cls)
