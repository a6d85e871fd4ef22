"""Pictures of a stack: the same graph in two languages, and as SVG."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgcheck.app import Input, load
from cfgcheck.report import stack_dot, stack_mermaid
from cfgcheck.report.stack_graph import Arrow, Cluster, Graph, Node, graph_of
from cfgcheck.settings import Settings

MANY_APPS = Path(__file__).parents[2] / "fixtures/stacks/many-apps"


def many_apps() -> Graph:
    _, stacks = load(Input((MANY_APPS,)), Settings())
    return graph_of(stacks)


def test_nginx_and_apps_are_nodes_and_routes_are_arrows() -> None:
    graph = many_apps()
    names = {node.name: node.lines[0] for cluster in graph.clusters for node in cluster.nodes}
    names.update({node.name: node.lines[0] for node in graph.nodes})
    assert [(names[arrow.start], arrow.kind, names[arrow.end]) for arrow in graph.arrows] == [
        ("nginx nginx/nginx.conf", "joined", "uwsgi forum"),
        ("nginx nginx/nginx.conf", "unknown", "127.0.0.1:3000"),
        ("nginx nginx/nginx.conf", "joined", "gunicorn web1"),
        ("nginx nginx/nginx.conf", "broken", "127.0.0.1:8002"),
        ("nginx nginx/nginx.conf", "external", "api.payments.example:443"),
    ]


def test_mermaid() -> None:
    shown = stack_mermaid.render(many_apps())
    assert shown.startswith("flowchart LR\n")
    assert '  s0_n1(["gunicorn web1<br/>127.0.0.1:8001<br/>4 workers"]):::app\n' in shown
    assert '  s0_n0 -->|"forum.example.com/<br/>forum.example.com/avatars/"| s0_n3\n' in shown
    assert "  linkStyle 3 stroke:#d93025,color:#d93025\n" in shown


def test_dot() -> None:
    shown = stack_dot.render(many_apps())
    assert shown.startswith("digraph cfgcheck {\n") and shown.endswith("}\n")
    assert 's0_n0 -> s0_n3 [label="forum.example.com/\\nforum.example.com/avatars/", color="#5f6368"];' in shown


@given(st.text(min_size=1, max_size=30))
def test_no_name_breaks_out_of_its_label(name: str) -> None:
    def graph(text: str) -> Graph:
        return Graph([Cluster("c", text, [Node("a", "nginx", [text])])], [], [Arrow("a", "a", "joined", [text])])

    dot = [line.replace("\\\\", "").replace('\\"', "") for line in stack_dot.render(graph(name)).split("\n")]
    mermaid = stack_mermaid.render(graph(name)).split("\n")
    assert all(line.count('"') % 2 == 0 for line in [*dot, *mermaid])
    assert len(dot) == len(stack_dot.render(graph("x")).split("\n"))
    assert len(mermaid) == len(stack_mermaid.render(graph("x")).split("\n"))


def test_without_graphviz_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(stack_dot.DrawingError, match="apt install graphviz"):
        stack_dot.render_svg(many_apps())


def test_svg() -> None:
    if shutil.which("dot") is None:
        pytest.skip("Graphviz's program dot is not installed: no picture was drawn")
    assert "<svg" in stack_dot.render_svg(many_apps())
