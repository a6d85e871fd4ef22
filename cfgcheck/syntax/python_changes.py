"""Which names a stretch of Python may set or change, without evaluating it."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from cfgcheck.syntax.python_functions import MUTATING


def _receiver(node: ast.AST) -> ast.Name | None:
    """The name whose value is changed in place: ``name.append(…)``, ``name[…] = …``."""
    inner: ast.AST | None = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATING:
        inner = node.func.value
    elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        inner = node.value
    return inner if isinstance(inner, ast.Name) else None


def changed_names(nodes: list[ast.stmt]) -> Iterable[tuple[str, ast.AST, ast.AST | None]]:
    """Names that statements bind (with the statement or value and the target) or whose value they may change."""
    pending: list[tuple[ast.AST, ast.AST]] = [(node, node) for node in reversed(nodes)]
    while pending:
        node, owner = pending.pop()
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id, owner, node
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name, node, node
            continue
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name.partition(".")[0]), node, node
        elif (receiver := _receiver(node)) is not None:
            yield receiver.id, node, None
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and node.value is not None:
            owner = node.value
        pending.extend((child, owner) for child in ast.iter_child_nodes(node))
