"""YAML for people: nested values with the reasons beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Union

from cfgcheck.generate.escapes import yaml_text
from cfgcheck.record import record

Tree = Union[str, int, float, bool, "Noted", Mapping[str, "Tree"], Sequence["Tree"]]


@record(frozen=True)
class Noted:
    """A value and why it is that. The comment stands behind a scalar, above anything else."""

    value: Tree
    because: str


def yaml_lines(tree: Mapping[str, Tree], text: Callable[[str], str], indent: int = 0) -> Iterator[str]:
    """The lines of a mapping. ``text``: how a text is written; keys too are quoted where they must be."""
    pad = " " * indent
    for name, given in tree.items():
        key = yaml_text(name)
        value, because = (given.value, given.because) if isinstance(given, Noted) else (given, "")
        if not _is_scalar(value):
            if because:
                yield f"{pad}# {because}"
            yield f"{pad}{key}:"
            yield from _nested(value, text, indent + 2)
            continue
        yield f"{pad}{key}: {_scalar(value, text)}{f'  # {because}' if because else ''}"


def _nested(value: Tree, text: Callable[[str], str], indent: int) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from yaml_lines(value, text, indent)
        return
    assert isinstance(value, Sequence)
    for item in value:
        assert not isinstance(item, Noted)
        if isinstance(item, Mapping):
            first, *rest = yaml_lines(item, text, indent + 2)
            yield f"{' ' * indent}- {first.lstrip()}"
            yield from rest
        else:
            yield f"{' ' * indent}- {_scalar(item, text)}"


def _is_scalar(value: Tree) -> bool:
    return isinstance(value, str | int | float | bool)


def _scalar(value: Tree, text: Callable[[str], str]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return text(value) if isinstance(value, str) else str(value)
