"""An indented tree of lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfgcheck.record import field, record
from cfgcheck.report.cells import wrap
from cfgcheck.report.terminal import Terminal


@record()
class Node:
    """A line of a tree: its text, where it stands (printed faintly after it), a style, and what hangs below it."""

    text: str
    place: str = ""
    style: str = ""
    below: list[Node] = field(default_factory=list)

    def add(self, text: str, place: str = "", style: str = "") -> Node:
        node = Node(text, place, style)
        self.below.append(node)
        return node


def draw(roots: Sequence[Node], terminal: Terminal) -> Iterator[str]:
    """The lines of some trees, without recursion: depth is the author's."""
    pending: list[tuple[Node, str, str]] = [(root, "", "") for root in reversed(roots)]
    while pending:
        node, first, other = pending.pop()
        yield from _node_lines(node, first, other, terminal)
        for index, child in enumerate(reversed(node.below)):
            last = index == 0
            branch = terminal.glyph("└─ ", "`- ") if last else terminal.glyph("├─ ", "|- ")
            rail = "   " if last else terminal.glyph("│  ", "|  ")
            pending.append((child, other + branch, other + rail))


def _node_lines(node: Node, first: str, other: str, terminal: Terminal) -> Iterator[str]:
    room = terminal.width - len(first)
    lines = wrap(terminal.safe(node.text), room) or [""]
    place = terminal.safe(node.place)
    beside = place and len(lines) == 1 and len(lines[0]) + 2 + len(place) <= room
    rail = other + ("   " if not node.below else terminal.glyph("│  ", "|  "))
    for index, line in enumerate(lines):
        start = terminal.paint("frame", first if index == 0 else rail)
        end = "  " + terminal.paint("quiet", place) if beside else ""
        yield start + terminal.paint(node.style, line) + end
    if place and not beside:
        yield terminal.paint("frame", rail) + terminal.paint("quiet", place)
