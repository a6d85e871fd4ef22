"""Makes located nodes of the events of ruamel.yaml's parser."""

from __future__ import annotations

import re
from typing import Any

from cfgcheck.findings import Problem
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.yaml_mask import Brought, MaskedYaml
from cfgcheck.syntax.yaml_nodes import Mapping, MergeBudget, Node, Pair, Scalar, Sequence
from cfgcheck.syntax.yaml_tree import YamlDocuments

_PROPERTIES = re.compile(r"(?:[!&][^\s,\[\]{}]*[ \t\r\n]*)+")
_MARK = re.compile(r"[:\-,?]")
_DEEPEST = 100


class _Frame:
    """A collection in the making. ``column``: of its items; -1 for the document itself."""

    __slots__ = ("anchor", "children", "column", "end", "flow", "mapping", "partial", "start", "tag")

    def __init__(self, start: int, column: int, mapping: bool, flow: bool, tag: str, anchor: str) -> None:
        self.start = start
        self.end = start + 1
        self.column = column
        self.mapping = mapping
        self.flow = flow
        self.tag = tag
        self.anchor = anchor
        self.partial = False
        self.children: list[Node] = []


class Builder:
    """Takes events one by one. ``reached``: the offset that the last one ended at."""

    def __init__(
        self, file: SourceFile, text: str, template: MaskedYaml | None, problems: list[Problem], most: int
    ) -> None:
        self.file = file
        self.text = text
        self.template = template
        self.problems = problems
        self.left = most
        self.reached = 0
        self.documents: list[Node] = []
        self.stack: list[_Frame] = []
        self.anchors: dict[str, Node | None] = {}
        self.budget = MergeBudget()
        self.brought: list[Brought] = list(reversed(template.brought)) if template is not None else []

    def take(self, event: Any, base: int) -> bool:
        """Take one event, whose places are relative to ``base``; False when there is too much of it."""
        start, end = event.start_mark.index + base, event.end_mark.index + base
        kind = type(event).__name__
        self.left -= 1
        if self.left < 0 or len(self.stack) > _DEEPEST:
            what = "large" if self.left < 0 else "deeply nested"
            self._problem(f"{self.file.path} is too {what} for a configuration", 0, 1, "exclude it")
            self.cut()
            return False
        if kind in ("MappingStartEvent", "SequenceStartEvent"):
            self._begin(event, start, kind == "MappingStartEvent")
        filled = start == end and kind == "ScalarEvent" and self._bring_value(start)
        self._bring(start)
        if kind == "DocumentStartEvent":
            self.anchors = {}
        elif kind == "ScalarEvent":
            scalar = self._scalar(event, start, end) if start < end else self._nothing(event, start, filled)
            self._add(scalar, scalar.span.end, event.anchor)
        elif kind == "AliasEvent":
            self._alias(str(event.anchor), start, end)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._finish(end)
        self.reached = max(self.reached, end)
        return True

    def cut(self) -> None:
        """An error ends the document here: what is open is closed, and may have had more."""
        while self.stack:
            self.stack[-1].partial = True
            self._finish(self.stack[-1].end)

    def result(self) -> YamlDocuments:
        return YamlDocuments(self.file, tuple(self.documents), tuple(self.problems), self.template)

    # ── nodes ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self, event: Any, start: int, mapping: bool) -> None:
        at = self._after_properties(start)
        column = at - (self.text.rfind("\n", 0, at) + 1)
        anchor = str(event.anchor or "")
        if anchor:
            self.anchors[anchor] = None
        self.stack.append(_Frame(at, column, mapping, bool(event.flow_style), _tag(event), anchor))

    def _finish(self, end: int) -> None:
        frame = self.stack.pop()
        last = end if frame.flow and end > frame.start else frame.end
        span = self.file.span(frame.start, max(last, frame.start + 1))
        node: Node
        if frame.mapping:
            children = frame.children
            pairs = tuple(
                Pair(key, value)
                for key, value in zip(children[::2], children[1::2], strict=False)
                if isinstance(key, Scalar)
            )
            frame.partial = frame.partial or any(pair.key.templated for pair in pairs)
            node = Mapping(pairs, span, frame.tag, frame.flow, frame.partial, self.budget)
        else:
            node = Sequence(tuple(frame.children), span, frame.tag, frame.flow, frame.partial)
        self._add(node, span.end, frame.anchor)

    def _add(self, node: Node, end: int, anchor: str | None) -> None:
        if anchor:
            self.anchors[str(anchor)] = node
        if not self.stack:
            self.documents.append(node)
            return
        frame = self.stack[-1]
        frame.children.append(node)
        frame.end = max(frame.end, end)

    def _alias(self, name: str, start: int, end: int) -> None:
        node = self.anchors.get(name)
        if node is None:
            node = Scalar("", self.file.span(start, end), "", "", self.template is not None)
        if isinstance(node, Scalar) and node.span.start == start and self.template is None:
            inside = name in self.anchors
            message = f"*{name} stands inside of what it names" if inside else f"nothing above is named &{name}"
            hint = "name something else" if inside else f"put &{name} in front of what is meant, above this place"
            self._problem(message, start, end, hint)
        self._add(node, end, None)

    def _scalar(self, event: Any, start: int, end: int) -> Scalar:
        style, text, tag = event.style or "", str(event.value), _tag(event)
        start = min(self._after_properties(start), end)
        content, indent = None, 0
        whole_end = end
        if style in ("|", ">"):
            content, indent = self._content(start, end)
            end = max(content.end, start + 1)
        templated = self.template is not None and self.template.templated(start, whole_end)
        if templated and self.template is not None:
            text = self.template.as_written(text, self.file.text, start, whole_end)
        if start == end:
            return self._nothing(event, start, templated)
        return Scalar(text, self.file.span(start, end), style, tag, templated, content, indent)

    def _nothing(self, event: Any, start: int, templated: bool) -> Scalar:
        """A value that is left out: it stands at the colon or dash that it would follow."""
        frame = self.stack[-1] if self.stack else None
        # An alias among the children stands elsewhere, perhaps further down the line than this place.
        behind = frame.end if frame is not None else start
        found = _MARK.search(self.text, min(behind, start), start)
        at = found.start() if found else max(start - 1, 0)
        return Scalar("", self.file.span(at, at + 1), "", _tag(event), templated)

    def _after_properties(self, start: int) -> int:
        """Where a node begins behind its tag and anchor."""
        if self.text[start : start + 1] not in ("!", "&"):
            return start
        found = _PROPERTIES.match(self.text, start)
        return found.end() if found else start

    def _content(self, start: int, end: int) -> tuple[Span, int]:
        """The lines of a block scalar, and their indentation."""
        line = self.text.find("\n", start, end)
        if line < 0:
            return self.file.span(end, end), 0
        body = self.text[line + 1 : end]
        stop = line + 1 + len(body.rstrip(" \t\r\n"))
        if stop <= line + 1:
            return self.file.span(line + 1, line + 1), 0
        indents = re.findall(r"^( *)[^\s]", body, re.MULTILINE)
        explicit = re.match(r"[|>][-+]?([1-9])", self.text[start:line])
        indent = min(map(len, indents), default=0)
        if explicit:
            indent = min(indent, max(int(explicit[1]), 1) + max((f.column for f in self.stack[-1:]), default=0))
        return self.file.span(line + 1, stop), indent

    # ── templates ────────────────────────────────────────────────────────────────────────────────────────────────

    def _bring(self, before: int) -> None:
        """Note what a template brings between the last event and this one."""
        while self.brought and self.brought[-1].offset < before:
            self._bring_one(self.brought.pop())

    def _bring_value(self, before: int) -> bool:
        """Whether a template brings the value that is left out here."""
        frame = self.stack[-1] if self.stack else None
        column = frame.column if frame is not None else -1
        filled = False
        while self.brought and self.brought[-1].offset < before and self.brought[-1].column >= column:
            filled = True
            # A list may begin at the column of its key, where the next key may be meant as well.
            if self.brought.pop().column == column and frame is not None:
                frame.partial = True
        return filled

    def _bring_one(self, brought: Brought) -> None:
        if not self.stack:
            return
        column = max((f.column for f in self.stack if f.column <= brought.column), default=self.stack[0].column)
        for frame in self.stack:
            if frame.column == column or frame.flow:
                frame.partial = True

    def _problem(self, message: str, start: int, end: int, hint: str) -> None:
        self.problems.append(Problem("unparsable-file", message, self.file.span(start, end), hint))


def _tag(event: Any) -> str:
    return str(event.tag) if event.tag else ""
