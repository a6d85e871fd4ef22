"""Docker Compose: keys of a service, in the file that has the last word, never in what services share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Mapping as MappingType
from typing import Any, Final

from cfgcheck.findings import Edit
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.order_text import replaced
from cfgcheck.fix.order_yaml import added, is_alias, item_added, other_value, own_pair, put, scalar
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Unit
from cfgcheck.rules.changes import Order
from cfgcheck.syntax.yaml_tree import Mapping, Node, Pair, Scalar, Sequence, read_yaml

_STARTS = ("restart", "command", "entrypoint", "image", "build")
_RELATIVES: Final[MappingType[str, tuple[str, ...]]] = {
    "stop_grace_period": ("stop_signal", "init", *_STARTS),
    "stop_signal": ("init", *_STARTS),
    "init": _STARTS,
    "tmpfs": ("volumes", *_STARTS),
    "environment": ("env_file", *_STARTS),
    "ulimits": _STARTS,
}
"""The keys that one is written after, the nearest first."""

_ANCHOR = re.compile(r"&([^\s,\[\]{}]+)[ \t\r\n]*\Z")
_BEFORE = 200
_NAME = re.compile(r"[A-Za-z_]\w*\Z")


def in_compose(change: Order) -> list[Edit]:
    """The edits of a service. Errors: CannotFix."""
    writer = _WRITERS.get(change.name)
    if writer is None:
        raise CannotFix(f"Compose has no key for that ({change.name})")
    return writer(_Service(change.unit), change.value)


class _Service:
    """The definitions of a service in the files of its project, the first one first."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.nodes = list(_definitions(unit))
        if not self.nodes:
            raise CannotFix(f"{unit.label} is defined where it can't be changed")

    def own(self, key: str) -> Pair | None:
        """The pair that counts, where a definition has it itself."""
        found = (own_pair(node, key) for node in reversed(self.nodes))
        return next((pair for pair in found if pair is not None), None)

    def place(self, set_elsewhere: bool) -> Mapping:
        """Where a new key is written: where the service is spoken of first, or, to have the last word against what it
        extends and merges, last."""
        node = self.nodes[-1 if set_elsewhere else 0]
        _refuse_shared(node)
        return node

    def put(self, key: str, value: str | int | bool, now: Located[Any] | None = None) -> list[Edit]:
        pair = self.own(key)
        if pair is not None:
            _refuse_shared(next(node for node in self.nodes if pair in node.pairs))
            return [other_value(pair, value)]
        elsewhere = any(node.get(key) is not None for node in self.nodes) or (now is not None and now.span is not None)
        return [put(self.place(elsewhere), key, value, _RELATIVES[key])]


def _definitions(unit: Unit) -> Iterator[Mapping]:
    for file in unit.files:
        root = next(read_yaml(file).mappings, None)
        services = (root.mapping("services") or root) if root is not None else None
        pair = own_pair(services, unit.name) if services is not None else None
        if pair is not None and isinstance(pair.value, Mapping) and not is_alias(*pair):
            yield pair.value


def _refuse_shared(node: Mapping) -> None:
    """An anchored definition is merged into others: what is written there holds of those, too."""
    text = node.span.file.text
    anchor = _ANCHOR.search(text, max(0, node.span.start - _BEFORE), node.span.start)
    if anchor is not None and re.search(rf"\*{re.escape(anchor[1])}(?![^\s,\[\]{{}}])", text):
        raise CannotFix(f"other services use this definition, too (*{anchor[1]})")


# ── what is set ───────────────────────────────────────────────────────────────────────────────────────────────────


def _stop_grace(service: _Service, seconds: float) -> list[Edit]:
    return service.put("stop_grace_period", f"{seconds:g}s", service.unit.stop_grace)


def _stop_signal(service: _Service, name: str) -> list[Edit]:
    pair = service.own("stop_signal")
    bare = pair is not None and isinstance(pair.value, Scalar) and not pair.value.text.upper().startswith("SIG")
    bare = bare and not pair.value.null if pair is not None else bare  # type: ignore[union-attr]
    return service.put("stop_signal", name.removeprefix("SIG") if bare else f"SIG{name.removeprefix('SIG')}")


def _init(service: _Service, wanted: bool) -> list[Edit]:
    return service.put("init", wanted)


def _memory_folder(service: _Service, path: str) -> list[Edit]:
    """One more folder in ``tmpfs``, which is one path or a list of them."""
    pair = service.own("tmpfs")
    if pair is None:
        merged = any(node.get("tmpfs") is not None for node in service.nodes)
        if merged:
            raise CannotFix("its tmpfs is set in what it shares with others")
        return service.put("tmpfs", path)
    if is_alias(*pair):
        raise CannotFix("its tmpfs is set in what it shares with others")
    if isinstance(pair.value, Sequence):
        return [item_added(pair.value, path)] if path not in _paths(pair.value) else []
    if not isinstance(pair.value, Scalar) or pair.value.templated or pair.value.null:
        raise CannotFix("its tmpfs is no list of paths")
    if path in _paths(pair.value):
        return []
    span = pair.value.span
    return [replaced(span.file, span.start, span.end, f"[{span.text}, {scalar(path, pair.value.style)}]")]


def _paths(node: Node) -> list[str]:
    items = node.items if isinstance(node, Sequence) else (node,)
    return [item.text.partition(":")[0].rstrip("/") for item in items if isinstance(item, Scalar)]


def _open_files(service: _Service, number: int) -> list[Edit]:
    pair = service.own("ulimits")
    if pair is None:
        if any(node.get("ulimits") is not None for node in service.nodes):
            raise CannotFix("its ulimits are set in what it shares with others")
        return [added(service.place(False), ["ulimits: ", "nofile: "], number, _RELATIVES["ulimits"])]
    if not isinstance(pair.value, Mapping) or is_alias(*pair):
        raise CannotFix("its ulimits are set in what it shares with others")
    limit = own_pair(pair.value, "nofile")
    if limit is not None and isinstance(limit.value, Mapping) and not is_alias(*limit):
        soft = own_pair(limit.value, "soft")
        hard = limit.value.scalar("hard")
        if soft is None or hard is None or not hard.text.isdigit():
            raise CannotFix("its limits are not all numbers")
        raised = [other_value(soft, number)]
        return raised if int(hard.text) >= number else [*raised, other_value(limit.value.pair("hard") or soft, number)]
    return [put(pair.value, "nofile", number)]


def _environment(service: _Service, assignment: str) -> list[Edit]:
    name, _, value = assignment.partition("=")
    if not _NAME.match(name):
        raise CannotFix("that is no variable and its value")
    value = value.replace("$", "$$")
    pair = service.own("environment")
    if pair is None:
        if any(node.get("environment") is not None for node in service.nodes):
            raise CannotFix("its variables are set in what it shares with others")
        return [added(service.place(False), ["environment: ", f"{name}: "], value, _RELATIVES["environment"])]
    if is_alias(*pair):
        raise CannotFix("its variables are set in what it shares with others")
    if isinstance(pair.value, Mapping):
        return [put(pair.value, name, value)]
    if not isinstance(pair.value, Sequence):
        raise CannotFix("its variables are not written as a list")
    for item in pair.value.items:
        if isinstance(item, Scalar) and item.text.partition("=")[0] == name:
            if "$" in item.text or item.templated or item.span.start < pair.value.span.start:
                raise CannotFix(f"{name} comes from elsewhere")
            text = scalar(f"{name}={value}", item.style)
            return [replaced(item.span.file, item.span.start, item.span.end, text)]
    return [item_added(pair.value, f"{name}={value}")]


_WRITERS: Final[MappingType[str, Callable[[_Service, Any], list[Edit]]]] = {
    "stop_grace": _stop_grace,
    "stop_signal": _stop_signal,
    "init": _init,
    "memory_folder": _memory_folder,
    "open_files": _open_files,
    "environment": _environment,
}
