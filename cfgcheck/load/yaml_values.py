"""Values of YAML nodes as those who read the file take them."""

from __future__ import annotations

import re
from typing import Final

from cfgcheck.model.located import Located
from cfgcheck.syntax.yaml_nodes import Node, Scalar

BECAUSE_TEMPLATE: Final = "a template placeholder stands there"

_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})


def located_text(node: Node | None, missing: str = "nothing is written there") -> Located[str]:
    """The text of a scalar; unknown for a template's placeholder, and for anything that is no scalar."""
    if node is None:
        return Located.unknown(missing)
    if not isinstance(node, Scalar) or node.null:
        return Located.unknown(missing, node.span)
    if node.templated:
        return Located.unknown(BECAUSE_TEMPLATE, node.span, node.text)
    return Located.read(node.text, node.span)


def located_int(node: Node | None, missing: str = "nothing is written there") -> Located[int]:
    """The whole number of a scalar, quoted or not; unknown for anything else."""
    text = located_text(node, missing)
    if not text.known:
        return Located.unknown(text.because, text.span, text.text)
    if not _INTEGER.match(text.value) or len(text.value) > 18:
        return Located.unknown(f"{text.value[:40]} is no whole number", text.span, text.value)
    return text.with_value(int(text.value))


def located_bool(node: Node | None, missing: str = "nothing is written there") -> Located[bool]:
    """``true`` or ``false``; unknown for anything else."""
    text = located_text(node, missing)
    if text.known and text.value in _TRUE | _FALSE:
        return text.with_value(text.value in _TRUE)
    return Located.unknown(text.because or f"{text.get('')[:40]} is neither true nor false", text.span, text.text)
