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
from cfgcheck.syntax.templates import FILLER
from cfgcheck.syntax.yaml_tree import Node, NodeKind

_PLACEHOLDER: Final = re.compile(r"\{\{-?(.*?)-?\}\}", re.DOTALL)
_WORDS: Final = re.compile(r"[A-Za-z0-9]+")
_NUMBER: Final = re.compile(r"[0-9]{1,9}\Z")
_DROPPED: Final = frozenset({"include", "template", "Values", "quote", "trunc", "trimSuffix", "default", "Release", "Name"})


class View:
    """A node, or none. ``values``: of the chart that the file is a template of."""

    __slots__ = ("node", "values")

    def __init__(self, node: Node | None, values: ChartValues | None = None) -> None:
        self.node = node
        self.values = values

    def __bool__(self) -> bool:
        return self.node is not None and not self.node.is_null

    def get(self, *keys: str) -> View:
        node = self.node
        for key in keys:
            node = node.get(key) if node is not None else None
        return View(node, self.values)

    def elements(self) -> Iterator[View]:
        """The elements of a sequence."""
        if self.node is not None and self.node.kind is NodeKind.SEQUENCE:
            for item in self.node.items:
                yield View(item, self.values)

    def entries(self) -> Iterator[tuple[str, Node, View]]:
        """Keys of a mapping, with their nodes and values."""
        if self.node is not None and self.node.kind is NodeKind.MAPPING:
            for name, (key, value) in self.node.entries().items():
                if key.kind is NodeKind.SCALAR:
                    yield name, key, View(value, self.values)

    @property
    def span(self) -> Span | None:
        return self.node.span if self.node is not None else None

    @property
    def is_list(self) -> bool:
        return self.node is not None and self.node.kind is NodeKind.SEQUENCE

    @property
    def is_mapping(self) -> bool:
        return self.node is not None and self.node.kind is NodeKind.MAPPING

    @property
    def text(self) -> Located[str] | None:
        """The text of a scalar; unknown where a template fills it in; None for all else."""
        node = self.node
        if node is None or node.kind is not NodeKind.SCALAR or node.is_null:
            return None
        if FILLER not in node.text:
            return Located.read(node.text, node.span, text=node.text)
        written = self.written
        known = self.values.fill(written) if self.values is not None else None
        if known is not None:
            return Located.read(known, node.span, text=known)
        return Located.unknown(f"it is filled in from a template: {written}", node.span, written)

    @property
    def written(self) -> str:
        """A scalar's text, with what a template fills in as it is written."""
        node = self.node
        if node is None or node.kind is not NodeKind.SCALAR:
            return ""
        if FILLER not in node.text:
            return node.text
        text = node.span.text.strip()
        quoted = len(text) > 1 and not node.plain and text[0] == text[-1] and text[0] in "\"'"
        return text[1:-1] if quoted else text

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
        return self.string.lower() in ("true", "yes", "on")


NOTHING: Final = View(None)


def stand_in(written: str) -> str:
    """A name for one that a template makes up, the same for the same placeholders:
    ``{{ include "shop.fullname" . }}-web`` → ``shop-fullname-web``."""

    def words(found: re.Match[str]) -> str:
        kept = [word for word in _WORDS.findall(found[1]) if word not in _DROPPED]
        return "-".join(kept) or "release"

    return _PLACEHOLDER.sub(words, written).strip()
