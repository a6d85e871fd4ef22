"""The graph of a stack in Graphviz's language, and as a picture where Graphviz is installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cfgcheck.report.stack_graph import Arrow, Graph, Node

_FONT = '"Helvetica,Arial,sans-serif"'
_NODES = {
    "nginx": 'shape=box, style="filled", fillcolor="#e6f4ea", color="#34a853"',
    "app": 'shape=box, style="filled,rounded", fillcolor="#e8f0fe", color="#4285f4"',
    "edge": 'shape=hexagon, style="filled", fillcolor="#fff7e0", color="#f9ab00"',
    "outside": 'shape=box, style="filled,dashed", fillcolor="#f1f3f4", color="#80868b"',
}
_ARROWS = {
    "joined": 'color="#5f6368"',
    "broken": 'color="#d93025", fontcolor="#d93025", penwidth=2',
    "external": 'color="#80868b", style=dashed',
    "unknown": 'color="#f9ab00", style=dashed',
}


class DrawingError(Exception):
    """No picture can be made. ``str()``: why, and what to do."""


def render(graph: Graph) -> str:
    return "\n".join(["digraph cfgcheck {", *(f"  {line}" for line in _lines(graph)), "}"]) + "\n"


def render_svg(graph: Graph) -> str:
    """The picture. Raises DrawingError where Graphviz is not there, or fails."""
    try:
        import graphviz
    except ImportError as error:
        raise DrawingError(
            "--format svg needs the Python package graphviz (pip install 'cfgcheck[svg]'). --format mermaid doesn't"
        ) from error
    try:
        drawn = graphviz.Source(render(graph)).pipe(format="svg", encoding="utf-8", quiet=True)
    except graphviz.ExecutableNotFound as error:
        raise DrawingError(
            "--format svg needs Graphviz's program dot: install the package graphviz of your system "
            "(apt install graphviz, brew install graphviz); --format mermaid needs nothing"
        ) from error
    except graphviz.CalledProcessError as error:
        raise DrawingError(f"Graphviz could not draw the graph: {str(error.stderr).strip()[:200]}") from error
    return str(drawn)


def _lines(graph: Graph) -> Iterator[str]:
    yield "rankdir=LR;"
    yield f"node [fontname={_FONT}, fontsize=11];"
    yield f"edge [fontname={_FONT}, fontsize=10];"
    for cluster in graph.clusters:
        if cluster.title:
            yield f"subgraph cluster_{cluster.name} {{"
            yield f"  label={_text([cluster.title])}; fontname={_FONT}; fontsize=11; color=\"#9aa0a6\";"
            yield from (f"  {_node(node)}" for node in cluster.nodes)
            yield "}"
        else:
            yield from (_node(node) for node in cluster.nodes)
    yield from (_node(node) for node in graph.nodes)
    yield from (_arrow(arrow) for arrow in graph.arrows)


def _node(node: Node) -> str:
    return f"{node.name} [label={_text(node.lines)}, {_NODES[node.kind]}];"


def _arrow(arrow: Arrow) -> str:
    label = f"label={_text(arrow.lines)}, " if arrow.lines else ""
    return f"{arrow.start} -> {arrow.end} [{label}{_ARROWS[arrow.kind]}];"


def _text(lines: Iterable[str]) -> str:
    """A quoted label; ``\\n`` between its lines."""
    return '"' + "\\n".join("".join(_character(one) for one in line) for line in lines) + '"'


def _character(one: str) -> str:
    if one in "\\\"":
        return "\\" + one
    return one if one.isprintable() else "?"
