"""A spec's YAML as plain values, and where each of them stands.

Only what YAML 1.2 calls a number, `true`, `false` or nothing is one; all else is text. Nothing is ever made of a tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cfgcheck.generate.errors import Mistake
from cfgcheck.generate.schema import KeyPath, table_at
from cfgcheck.record import field, record
from cfgcheck.source.file import Span
from cfgcheck.syntax.yaml_tree import Mapping, Node, Scalar, Sequence

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]

INTEGER = re.compile(r"[-+]?\d{1,18}\Z")
FLOAT = re.compile(r"[-+]?(?:\.\d+|\d+\.\d*|\d+(?:\.\d*)?[eE][-+]?\d+|\.(?:inf|Inf|INF|nan|NaN|NAN))\Z")
_BOOLEANS = {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_TEXT_TAGS = ("", "!", "!!str", "tag:yaml.org,2002:str")
_MOST = 50_000
_DEEPEST = 30


@record(frozen=True)
class Place:
    """A value and its key; an item of a list is its own key."""

    key: Span
    value: Span


@record(frozen=True)
class Values:
    """``value``: of the whole document. ``places``: of all in it. ``mistakes``: what YAML allows, but no spec."""

    value: Value
    places: dict[KeyPath, Place] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)


def values_of(document: Node) -> Values:
    """The document's values. Keys without a value are left out where the model has a default for them."""
    builder = _Builder()
    value = builder.value(document, ())
    return Values(value, builder.places, builder.mistakes)


def plain_value(text: str) -> bool | int | float | str | None:
    """What an unquoted scalar is."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if INTEGER.match(text):
        return int(text)
    if FLOAT.match(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


class _Builder:
    def __init__(self) -> None:
        self.places: dict[KeyPath, Place] = {}
        self.mistakes: list[Mistake] = []
        self.left = _MOST

    def value(self, node: Node, path: KeyPath) -> Value:
        self.left -= 1
        if self.left < 0 or len(path) > _DEEPEST:
            if self.left > -_MOST:
                self.mistakes.append(Mistake(node.span, "too much stands here for a spec"))
                self.left = -_MOST
            return None
        if isinstance(node, Scalar):
            return self._scalar(node, path)
        if isinstance(node, Sequence):
            return [self._item(item, (*path, index)) for index, item in enumerate(node.items)]
        return dict(self._pairs(node, path))

    def _item(self, node: Node, path: KeyPath) -> Value:
        self.places[path] = Place(node.span, node.span)
        return self.value(node, path)

    def _pairs(self, node: Mapping, path: KeyPath) -> Iterator[tuple[str, Value]]:
        known = table_at(path) is not None
        self._repeated(node)
        for key, pair in node.items():
            self.places[(*path, key)] = Place(pair.key.span, pair.value.span)
            value = self.value(pair.value, (*path, key))
            if value is not None or not known:
                yield key, value

    def _repeated(self, node: Mapping) -> None:
        first: dict[str, Span] = {}
        for pair in node.pairs:
            key = pair.key.text
            if key in first:
                before = first[key]
                self.mistakes.append(
                    Mistake(pair.key.span, f"`{key}` stands here a second time; first on line {before.begin.line}")
                )
            first.setdefault(key, pair.key.span)

    def _scalar(self, node: Scalar, path: KeyPath) -> Value:
        if node.tag not in _TEXT_TAGS:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            self.mistakes.append(Mistake(node.span, f"the tag `{tag}` means nothing in a spec; leave it out"))
        if node.style or node.tag:
            return node.text
        value = plain_value(node.text)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        # `1.30` would be 1.3, and all variables are texts.
        return node.text if is_number and _wants_text(path) else value


def _wants_text(path: KeyPath) -> bool:
    return path[:1] == ("versions",) or (len(path) == 4 and path[2] == "environment")
