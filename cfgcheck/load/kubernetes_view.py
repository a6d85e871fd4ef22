"""Parts of a Kubernetes manifest, asked without looking first whether they are there.

Whatever stands where something else should (a list for a mapping, null for a text) counts as not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cfgcheck.load.kubernetes_values import ChartValues
from cfgcheck.model.located import Located
from cfgcheck.source.file import Span
from cfgcheck.syntax.yaml_tree import Mapping, Node, Scalar, Sequence

_PLACEHOLDER: Final = re.compile(r"\{\{-?((?:[^{}]|\{(?!\{)|\}(?!\}))*)\}\}")
_WORDS: Final = re.compile(r"[A-Za-z0-9]+")
_NUMBER: Final = re.compile(r"[0-9]{1,9}\Z")
_TRUE: Final = frozenset({"true", "yes", "on"})
_DROPPED: Final = frozenset(
    {"include", "template", "tpl", "Values", "quote", "squote", "trunc", "trimSuffix", "default", "Release", "Name"}
)


class View:
    """A node, or none. ``values``: of the chart that the file is a template of."""

    __slots__ = ("node", "values")

    def __init__(self, node: Node | None, values: ChartValues | None = None) -> None:
        self.node = node
        self.values = values

    def __bool__(self) -> bool:
        """Whether something stands there, be it a template's placeholder."""
        node = self.node
        return node is not None and not (isinstance(node, Scalar) and node.null)

    def get(self, *keys: str) -> View:
        node = self.node
        for key in keys:
            node = node.get(key) if isinstance(node, Mapping) else None
        return View(node, self.values)

    def elements(self) -> Iterator[View]:
        """The elements of a list."""
        if isinstance(self.node, Sequence):
            for item in self.node.items:
                yield View(item, self.values)

    def entries(self) -> Iterator[tuple[str, Scalar, View]]:
        """Keys of a mapping, with their nodes and values."""
        if isinstance(self.node, Mapping):
            for name, pair in self.node.items():
                yield name, pair.key, View(pair.value, self.values)

    @property
    def partial(self) -> bool:
        """Whether a template may put more there than is seen."""
        node = self.node
        return node.templated if isinstance(node, Scalar) else node is not None and node.partial

    @property
    def span(self) -> Span | None:
        return self.node.span if self.node is not None else None

    @property
    def scalar(self) -> Scalar | None:
        return self.node if isinstance(self.node, Scalar) and not self.node.null else None

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, Sequence)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, Mapping)

    @property
    def text(self) -> Located[str] | None:
        """The text of a scalar; unknown where a template fills it in; None for all else."""
        node = self.scalar
        if node is None:
            return None
        if not node.templated:
            return Located.read(node.text, node.span, text=node.text)
        known = self.values.fill(node.text) if self.values is not None else None
        if known is not None:
            return Located.read(known, node.span, text=known)
        return Located.unknown(f"it is filled in from a template: {node.text}", node.span, node.text)

    @property
    def string(self) -> str:
        """The text of a scalar, "" where there is none or it is not known."""
        text = self.text
        return text.get("") if text is not None else ""

    @property
    def name(self) -> str:
        """What names are compared by: where a template makes the name up, one that stands for it."""
        text = self.text
        if text is None:
            return ""
        return text.value if text.known else stand_in(text.text)

    @property
    def number(self) -> Located[int] | None:
        """A number that is not negative; None where none stands there."""
        text = self.text
        if text is None:
            return None
        if not text.known:
            return Located.unknown(text.because, text.span, text.text)
        if not _NUMBER.match(text.value):
            return None
        return text.with_value(int(text.value))

    @property
    def flag(self) -> bool:
        return self.string.lower() in _TRUE


NOTHING: Final = View(None)


def stand_in(written: str) -> str:
    """A name for one that a template makes up, the same for the same placeholders:
    ``{{ include "shop.fullname" . }}-web`` → ``shop-fullname-web``."""

    def words(found: re.Match[str]) -> str:
        kept = [word for word in _WORDS.findall(found[1]) if word not in _DROPPED]
        return "-".join(kept) or "release"

    return _PLACEHOLDER.sub(words, written).strip()
