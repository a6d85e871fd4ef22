"""A spec as YAML for people: keys in the order of the model, short forms, no defaults, quotes only where YAML needs
them. ``read_spec(write_spec(spec)) == spec``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from cfgcheck.generate.spec import App, Edge, Server, Spec
from cfgcheck.generate.words import in_bytes, in_seconds
from cfgcheck.generate.yaml_text import comment_lines, yaml_word

Key = tuple[str, ...]
Tree = dict[str, Any]

_SHORT: dict[type[BaseModel], str] = {App: "module", Edge: "kind", Server: "kind"}
"""Tables that a single text may stand for."""

_SINGLE = ("domains", "websockets", "addresses")
"""Lists of which one entry may stand alone."""

_TIMES = ("slowest_request", "websocket_idle", "stop_grace", "hsts", "idle", "response")
_SIZES = ("max_upload", "request_headers", "response_headers")


def write_spec(spec: Spec, comments: Mapping[Key, str] | None = None) -> str:
    """The text. ``comments``: by the path of a key (``("services", "shop", "max-upload")``), what stands above it; a
    key that has one is written although it has its default. What belongs to no key stands at the top (path ``()``)."""
    told = {key: text for key, text in (comments or {}).items() if text.strip()}
    tree = _table(spec, (), told)
    head = [*comment_lines(told[()], ""), ""] if () in told else []
    return "\n".join([*head, *_lines(tree, (), told)]) + "\n"


def _table(table: BaseModel, path: Key, told: Mapping[Key, str]) -> Tree:
    """What differs from the defaults, and what has a comment."""
    written: Tree = {}
    for name, field in type(table).model_fields.items():
        key = field.alias or name
        value = getattr(table, name)
        commented = any(one[: len(path) + 1] == (*path, key) for one in told)
        default = field.get_default(call_default_factory=True)
        if value is None or (value == default and not commented and not field.is_required()):
            continue
        written[key] = _value(name, value, (*path, key), told)
    return written


def _value(name: str, value: Any, path: Key, told: Mapping[Key, str]) -> Any:
    if isinstance(value, BaseModel):
        inner = _table(value, path, told)
        short = _SHORT.get(type(value))
        if short is not None and (not inner or set(inner) == {short}) and (*path, short) not in told:
            return getattr(value, short)
        return inner
    if name == "services":
        return {key: _table(one, (*path, key), told) for key, one in value.items()}
    if name in _SINGLE and len(value) == 1:
        return value[0]
    if name in _TIMES:
        return in_seconds(value)
    if name in _SIZES:
        text = in_bytes(value)
        return value if text.isdecimal() else text
    return value


def _lines(tree: Tree, path: Key, told: Mapping[Key, str]) -> Iterator[str]:
    pad = "  " * len(path)
    for index, (key, value) in enumerate(tree.items()):
        own = (*path, key)
        if index and path == ("services",):
            yield ""
        yield from comment_lines(told.get(own, ""), pad)
        if isinstance(value, Mapping) and value:
            yield f"{pad}{yaml_word(key)}:"
            yield from _lines(dict(value), own, told)
        elif isinstance(value, list) and value and not _is_raw(own):
            yield f"{pad}{yaml_word(key)}:"
            yield from (f"{pad}  - {yaml_word(item)}" for item in value)
        else:
            yield f"{pad}{yaml_word(key)}: {_inline(value)}"


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list):
        return yaml_word(value[0]) if len(value) == 1 else f"[{', '.join(map(yaml_word, value))}]"
    return yaml_word(value)


def _is_raw(path: Key) -> bool:
    """Whether a list is the arguments of a directive, which read better in one line."""
    return path[0] == "nginx" or (len(path) > 3 and path[2] == "nginx")
