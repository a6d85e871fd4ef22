"""Trees of files whose units are told something, and what is read of them before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import ndiff
from pathlib import Path
from typing import Any

from cfgcheck.app import Input, load
from cfgcheck.findings import Edit
from cfgcheck.fix.order import edits_of_order
from cfgcheck.model.app import App
from cfgcheck.model.stack import Stack
from cfgcheck.model.unit import Unit
from cfgcheck.rules.changes import Order
from cfgcheck.settings import Settings

Files = Mapping[str, str]


def stack_of(root: Path, files: Files) -> Stack:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    _, stacks = load(Input((root,)), Settings())
    return stacks[0]


def unit_of(stack: Stack, name: str) -> Unit:
    found = [unit for unit in stack.units if unit.name == name]
    assert len(found) == 1, [unit.name for unit in stack.units]
    return found[0]


def app_of(stack: Stack) -> App:
    assert len(stack.apps) == 1, stack.apps
    return stack.apps[0]


def applied(files: Files, edits: Iterable[Edit]) -> dict[str, str]:
    """The files with the edits made, the last one of each first."""
    found = dict(files)
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        path, text = edit.span.file.path, found[edit.span.file.path]
        assert edit.span.file.text == files[path]
        found[path] = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return found


def ordered(root: Path, files: Files, name: str, order: str, value: Any) -> dict[str, str]:
    """The files once the unit called ``name`` has been told."""
    return applied(files, edits_of_order(Order(unit_of(stack_of(root, files), name), order, value)))


def changed(before: Files, after: Files) -> str:
    """The lines that differ, with their files."""
    found = []
    for name, text in before.items():
        lines = ndiff(text.splitlines(keepends=True), after[name].splitlines(keepends=True), charjunk=None)
        found += [f"{name}: {line.rstrip(chr(10))}" for line in lines if line[0] in "+-"]
    return "\n".join(found)
