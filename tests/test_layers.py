"""A file imports only from its own layer and from those above it (the order of the data's way)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "cfgcheck"

LAYERS = (
    ("record", "resources"),
    ("source",),
    ("findings",),
    ("syntax",),
    ("model",),
    ("load",),
    ("rules",),
    ("checks",),
    ("trace",),
    ("diagnose",),
    ("compare",),
    ("fix", "report"),
    ("settings",),
    ("generate",),
    ("app",),
    ("cli",),
    ("__main__",),
)
"""From the top down; those in one line don't know each other."""

RANKS = {name: rank for rank, names in enumerate(LAYERS) for name in names}


def layer_of(module: str) -> str:
    """``cfgcheck.load.disk`` → ``load``; the package itself (its version) belongs to nobody."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imported(source: str) -> Iterator[tuple[int, str]]:
    """Modules of this package that a text imports, anywhere in it, with line numbers."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name.split(".")[0] == "cfgcheck")
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno, "cfgcheck.relative-import"
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "cfgcheck":
            if node.module == "cfgcheck":
                yield from ((node.lineno, f"cfgcheck.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, node.module


def violations(own: str, source: str) -> Iterator[str]:
    for line, module in imported(source):
        layer = layer_of(module)
        if layer in ("", "__version__", own):
            continue
        if layer not in RANKS:
            yield f"{line}: {module} is in no layer"
        elif own not in RANKS or RANKS[layer] >= RANKS[own]:
            yield f"{line}: {own} imports {module}"


FILES = sorted(PACKAGE.rglob("*.py"))


def test_every_file_imports_upward_only() -> None:
    found = []
    for path in FILES:
        module = path.relative_to(PACKAGE.parent).with_suffix("").as_posix().replace("/", ".")
        own = layer_of(module.removesuffix(".__init__"))
        found += [f"{module}:{one}" for one in violations(own, path.read_text(encoding="utf-8")) if own]
    assert found == []


def test_every_top_level_name_has_a_layer() -> None:
    names = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES} - {"__init__"}
    assert names <= RANKS.keys()


@pytest.mark.parametrize(
    ("own", "source"),
    [
        ("model", "from cfgcheck.load.disk import Disk"),
        ("model", "def late():\n    import cfgcheck.report.text"),
        ("report", "from cfgcheck import app"),
        ("report", "from cfgcheck.fix import edits"),
        ("rules", "from . import run"),
        ("load", "from cfgcheck.nowhere import x"),
    ],
)
def test_a_violation_is_seen(own: str, source: str) -> None:
    assert list(violations(own, source))
