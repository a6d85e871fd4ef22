"""The graph of a stack as a Mermaid flowchart, which GitHub and GitLab draw in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cfgcheck.report.stack_graph import Graph, Node

_SHAPES = {"nginx": ("[", "]"), "app": ("([", "])"), "edge": ("{{", "}}"), "outside": (">", "]")}
_ARROWS = {"joined": "-->", "broken": "--x", "external": "-.->", "unknown": "-.->"}
_STYLES = (
    "classDef nginx fill:#e6f4ea,stroke:#34a853,color:#111",
    "classDef app fill:#e8f0fe,stroke:#4285f4,color:#111",
    "classDef edge fill:#fff7e0,stroke:#f9ab00,color:#111",
    "classDef outside fill:#f1f3f4,stroke:#80868b,color:#111",
)


def render(graph: Graph) -> str:
    return "\n".join(["flowchart LR", *(f"  {line}" for line in _lines(graph))]) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    for cluster in graph.clusters:
        if cluster.title:
            yield f"subgraph {cluster.name} [{_text([cluster.title])}]"
            yield from (f"  {_node(node)}" for node in cluster.nodes)
            yield "end"
        else:
            yield from (_node(node) for node in cluster.nodes)
    yield from (_node(node) for node in graph.nodes)
    broken = []
    for number, arrow in enumerate(graph.arrows):
        label = f"|{_text(arrow.lines)}|" if arrow.lines else ""
        yield f"{arrow.start} {_ARROWS[arrow.kind]}{label} {arrow.end}"
        if arrow.kind == "broken":
            broken.append(str(number))
    yield from _STYLES
    if broken:
        yield f"linkStyle {','.join(broken)} stroke:#d93025,color:#d93025"


def _node(node: Node) -> str:
    left, right = _SHAPES[node.kind]
    return f"{node.name}{left}{_text(node.lines)}{right}:::{node.kind}"


def _text(lines: Iterable[str]) -> str:
    """A quoted label: characters that Mermaid would take for its own are written as entities."""
    return '"' + "<br/>".join("".join(_character(one) for one in line) for line in lines) + '"'


def _character(one: str) -> str:
    return one if one.isalnum() or one in " .,:/_-()=*@" else f"#{ord(one)};"
