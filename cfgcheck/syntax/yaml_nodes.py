"""The nodes of a YAML document, located. An alias is the very node that its anchor names, never a copy of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

from cfgcheck.source.file import Span

NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
MERGE: Final = "<<"

_DEEPEST_MERGE = 50
_MOST_MERGED = 100_000


class Scalar:
    """One value. ``text``: what it says, quotes, escapes and folding resolved, placeholders of a template as written.

    ``style``: "" for a plain one, else the character that begins it (``'``, ``"``, ``|``, ``>``). ``span``: all of it,
    quotes and all; never empty: where nothing is written, the character before. ``templated``: a template fills it in,
    wholly or partly. ``content``: of a block scalar, its lines; ``indent``: the blanks in front of each of them.
    """

    __slots__ = ("content", "indent", "span", "style", "tag", "templated", "text")

    def __init__(
        self, text: str, span: Span, style: str = "", tag: str = "", templated: bool = False,
        content: Span | None = None, indent: int = 0,
    ) -> None:  # fmt: skip
        self.text = text
        self.span = span
        self.style = style
        self.tag = tag
        self.templated = templated
        self.content = content
        self.indent = indent

    @property
    def null(self) -> bool:
        return not self.style and not self.templated and self.text in NULLS

    def locate(self, start: int, end: int) -> Span:
        """Where a stretch of ``text`` stands; never empty."""
        from cfgcheck.syntax.yaml_places import places_of

        return places_of(self).span(start, end)

    def __repr__(self) -> str:
        return f"Scalar({self.text!r}, {self.span})"


class Sequence:
    """A list. ``partial``: more items may stand here (a template puts them here, or an error ends the reading)."""

    __slots__ = ("flow", "items", "partial", "span", "tag")

    def __init__(
        self, items: tuple[Node, ...], span: Span, tag: str = "", flow: bool = False, partial: bool = False
    ) -> None:
        self.items = items
        self.span = span
        self.tag = tag
        self.flow = flow
        self.partial = partial

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return f"Sequence({len(self.items)} items, {self.span})"


class Pair(NamedTuple):
    """A key and its value."""

    key: Scalar
    value: Node

    @property
    def span(self) -> Span:
        """From the key to the end of the value; the key alone where the value stands elsewhere (an alias)."""
        start, value = self.key.span, self.value.span
        return start.file.span(start.start, value.end if value.start >= start.start else start.end)


class MergeBudget:
    """How many pairs the merge keys of one file may still bring: they can be written so that they double on and on."""

    __slots__ = ("left",)

    def __init__(self, left: int = _MOST_MERGED) -> None:
        self.left = left


class Mapping:
    """Keys and values. ``pairs``: as written, repeated keys and merge keys (``<<``) among them.

    ``partial``: more keys may stand here (a template puts them here, or an error ends the reading). ``get`` and
    ``items`` honour merge keys: own keys win, then earlier ones of several merges; of repeated keys the last counts.
    """

    __slots__ = ("_budget", "_resolved", "flow", "pairs", "partial", "span", "tag")

    def __init__(
        self, pairs: tuple[Pair, ...], span: Span, tag: str = "", flow: bool = False, partial: bool = False,
        budget: MergeBudget | None = None,
    ) -> None:  # fmt: skip
        self.pairs = pairs
        self.span = span
        self.tag = tag
        self.flow = flow
        self.partial = partial
        self._budget = budget if budget is not None else MergeBudget()
        self._resolved: dict[str, Pair] | None = None

    def get(self, key: str) -> Node | None:
        """The value of ``key``; None when it is not there."""
        pair = self.resolved.get(key)
        return None if pair is None else pair.value

    def pair(self, key: str) -> Pair | None:
        return self.resolved.get(key)

    def items(self) -> Iterator[tuple[str, Pair]]:
        return iter(self.resolved.items())

    def mapping(self, key: str) -> Mapping | None:
        """The value of ``key`` where it is a mapping."""
        value = self.get(key)
        return value if isinstance(value, Mapping) else None

    def sequence(self, key: str) -> Sequence | None:
        value = self.get(key)
        return value if isinstance(value, Sequence) else None

    def scalar(self, key: str) -> Scalar | None:
        """The value of ``key`` where it is a scalar that is not null."""
        value = self.get(key)
        return value if isinstance(value, Scalar) and not value.null else None

    def all(self, key: str) -> list[Pair]:
        """Every pair of this mapping itself that has ``key``: of a template's choices there may be several."""
        return [pair for pair in self.pairs if pair.key.text == key]

    @property
    def resolved(self) -> dict[str, Pair]:
        """The pairs that count, by key."""
        if self._resolved is None:
            for node in _unresolved(self):
                node._resolved = node._resolve()
        return self._resolved or {}

    def _resolve(self) -> dict[str, Pair]:
        """With those of the mappings that it merges, which are resolved already where they are not too deep."""
        own = {pair.key.text: pair for pair in self.pairs if not _is_merge(pair)}
        merged: dict[str, Pair] = {}
        for source in self.merges():
            found = source._resolved or {}
            self._budget.left -= len(found)
            if self._budget.left < 0:
                self.partial = True
                break
            for key, pair in found.items():
                merged.setdefault(key, pair)
        return {**merged, **own}

    def merges(self) -> Iterator[Mapping]:
        """The mappings that ``<<`` brings, the first one wins."""
        for pair in self.pairs:
            if _is_merge(pair):
                value = pair.value
                parts = value.items if isinstance(value, Sequence) else (value,)
                yield from (part for part in parts if isinstance(part, Mapping))

    def __repr__(self) -> str:
        return f"Mapping({[pair.key.text for pair in self.pairs][:8]}, {self.span})"


Node: TypeAlias = Scalar | Sequence | Mapping


def _is_merge(pair: Pair) -> bool:
    return pair.key.text == MERGE and not pair.key.style


def _unresolved(top: Mapping) -> list[Mapping]:
    """``top`` and the mappings that it merges, none before those that it merges itself."""
    order: list[Mapping] = []
    seen: set[int] = set()
    waiting: list[tuple[Mapping, int, bool]] = [(top, 0, False)]
    while waiting:
        node, depth, done = waiting.pop()
        if done:
            order.append(node)
        elif node._resolved is None and id(node) not in seen and depth < _DEEPEST_MERGE:
            seen.add(id(node))
            waiting.append((node, depth, True))
            waiting += [(part, depth + 1, False) for part in node.merges()]
    return order


def walk(top: Node) -> Iterator[Node]:
    """``top`` and every node below it, each once however many aliases name it."""
    seen: set[int] = set()
    waiting: list[Node] = [top]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, Sequence):
            waiting += reversed(node.items)
        elif isinstance(node, Mapping):
            waiting += [part for pair in reversed(node.pairs) for part in (pair.value, pair.key)]
