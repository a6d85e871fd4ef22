"""YAML files as located trees, with all that can be read of a broken one.

Tags are noted and otherwise ignored, so nothing is ever made of them; aliases are not expanded. What fills in a
template is not known: see ``yaml_mask``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cfgcheck.findings import Problem
from cfgcheck.record import record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.yaml_mask import MaskedYaml, mask_yaml
from cfgcheck.syntax.yaml_nodes import NULLS, Mapping, Node, Pair, Scalar, Sequence, walk

__all__ = [
    "NULLS",
    "Mapping",
    "Node",
    "Pair",
    "Scalar",
    "Sequence",
    "YamlDocuments",
    "read_yaml",
    "scalar_is_templated",
    "walk",
]

LARGEST = 256 * 1024
"""Characters; reading more takes longer than a check may."""

_MOST_EVENTS = 30_000
_MOST_RESTARTS = 20
_DEEPEST_FLOW = 60
_BRACKET = re.compile(r"[\[{\]}]")
_NOT_PRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SEPARATOR = re.compile(r"^---(?=\s|\Z)", re.MULTILINE)


@record(frozen=True)
class YamlDocuments:
    """``documents``: the top node of each that holds something. ``template``: how the file was masked; None when it is
    no template."""

    file: SourceFile
    documents: tuple[Node, ...] = ()
    problems: tuple[Problem, ...] = ()
    template: MaskedYaml | None = None

    @property
    def mappings(self) -> Iterator[Mapping]:
        """The documents that are mappings."""
        return (document for document in self.documents if isinstance(document, Mapping))

    def branch(self, node: Node) -> int:
        """The number of the template's branch that a node stands in, 0 for none."""
        return self.template.masked.branch_at(node.span.start) if self.template is not None else 0

    def exclusive(self, one: Node, other: Node) -> bool:
        """Whether two nodes are never there at once: alternatives of a template's choice."""
        if self.template is None:
            return False
        return self.template.masked.exclusive(self.branch(one), self.branch(other))


def read_yaml(file: SourceFile, *, templates: bool = True) -> YamlDocuments:
    """All documents of a file, and what is wrong with it. What stands before an error is read, and so are the documents
    after the one that has it. ``templates``: whether the file may be one."""
    text = file.text
    if len(text) > LARGEST:
        return _refused(file, f"{file.path} is too large for a configuration", "exclude it")
    problems: list[Problem] = []
    bad = _NOT_PRINTABLE.search(text, 1 if text.startswith("\ufeff") else 0)
    if bad is not None:
        message = f"it is not valid YAML: character U+{ord(bad[0]):04X} can't stand in it"
        if "\udc80" <= bad[0] <= "\udcff":
            message = "it is not valid YAML: this byte is not UTF-8"
        problems.append(Problem("unparsable-file", message, file.span(*bad.span()), "remove the character"))
        text = _NOT_PRINTABLE.sub("\ufffd", text)
    template = mask_yaml(file.path, text) if templates else None
    masked = template.text if template is not None else text
    if _flow_depth(masked) > _DEEPEST_FLOW:
        return _refused(file, f"{file.path} is too deeply nested for a configuration", "exclude it")
    return _read(file, masked, template, problems)


def scalar_is_templated(node: Node | None) -> bool:
    """Whether a template fills in a scalar, wholly or partly."""
    return isinstance(node, Scalar) and node.templated


def _read(file: SourceFile, text: str, template: MaskedYaml | None, problems: list[Problem]) -> YamlDocuments:
    from cfgcheck.syntax.yaml_builder import Builder
    from cfgcheck.syntax.yaml_errors import reason_of

    builder = Builder(file, text, template, problems, _MOST_EVENTS)
    base = 0
    for _ in range(_MOST_RESTARTS):
        try:
            for event in _events(text[base:]):
                if not builder.take(event, base):
                    return builder.result()
            break
        except _YamlError as refusal:
            reason, offset = reason_of(refusal.error)
            # Where a template's part was taken out, what is left need not be YAML.
            if template is None or not (template.brought or template.masked.turns):
                problems.append(Problem("unparsable-file", reason.message, _place(file, base + offset), reason.hint))
            separator = _SEPARATOR.search(text, base + max(refusal.offset, builder.reached - base, 1))
            builder.cut()
            if separator is None:
                break
            base = separator.start()
    return builder.result()


class _YamlError(Exception):
    """ruamel.yaml refused a text. ``offset``: how far it had come."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        self.offset: int = mark.index if mark is not None else 0


def _events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    # Besides its own errors: numbers of escapes and of %YAML that it does not check (seen with 0.19).
    except (YAMLError, ValueError, AssertionError, LookupError, TypeError, AttributeError, OverflowError) as error:
        raise _YamlError(error) from None


def _place(file: SourceFile, offset: int) -> Span:
    """One character, within the file and on the line that it is about."""
    offset = max(0, min(offset, len(file.text) - 1))
    return file.span(offset, offset + 1)


def _refused(file: SourceFile, message: str, hint: str) -> YamlDocuments:
    return YamlDocuments(file, (), (Problem("unparsable-file", message, file.span(0, 1), hint),))


def _flow_depth(text: str) -> int:
    deepest = depth = 0
    for found in _BRACKET.finditer(text):
        depth = depth + 1 if found[0] in "[{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest
