"""A service of a compose project: what its definitions in several files, and those it extends, say together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from cfgcheck.findings import Problem
from cfgcheck.load.compose_projects import ComposeFile, Project
from cfgcheck.load.compose_text import Values
from cfgcheck.record import record
from cfgcheck.syntax.yaml_tree import Mapping, Node, Scalar, Sequence

_MOST_EXTENDS = 20
_PORTS_WEIGHT = 10

ReadFile = Callable[[Path], "ComposeFile | None"]


@record(frozen=True)
class Layer:
    """One definition: its mapping, and the folder that its relative paths begin at."""

    node: Mapping
    folder: Path


class Definition:
    """``layers``: the definitions, a later one over the earlier ones."""

    def __init__(self, name: str, layers: list[Layer], head: Mapping) -> None:
        self.name = name
        self.layers = layers
        self.head = head

    @property
    def size(self) -> int:
        """How many values it holds, those of its lists and mappings among them; a port stands for many."""
        every = [(key, pair.value) for layer in self.layers for key, pair in layer.node.items()]
        return sum(_size(value) * (_PORTS_WEIGHT if key == "ports" else 1) for key, value in every)

    def last(self, key: str) -> Node | None:
        """The value that counts of a key that is replaced; None where it is not set, or reset to nothing."""
        for layer in reversed(self.layers):
            value = layer.node.get(key)
            if value is not None:
                return None if _is_null(value) or value.tag == "!reset" else value
        return None

    def layer_of(self, key: str) -> Layer | None:
        """The definition that sets it."""
        return next((layer for layer in reversed(self.layers) if layer.node.get(key) is not None), None)

    def each(self, key: str) -> Iterator[tuple[Node, Layer]]:
        """The values of a key that is merged, earliest first; ``!override`` and ``!reset`` drop the earlier ones."""
        found: list[tuple[Node, Layer]] = []
        for layer in self.layers:
            value = layer.node.get(key)
            if value is None or _is_null(value):
                continue
            if value.tag in ("!override", "!reset"):
                found = []
            if value.tag != "!reset":
                found.append((value, layer))
        return iter(found)

    def mapping(self, key: str) -> dict[str, tuple[Scalar, Node | None]]:
        """A key that holds ``NAME: VALUE`` or a list of ``NAME=VALUE``, merged by name: where each name stands, and its
        value's node (None for a list's item, or a name without value)."""
        found: dict[str, tuple[Scalar, Node | None]] = {}
        for value, _ in self.each(key):
            if isinstance(value, Mapping):
                found.update({name: (pair.key, pair.value) for name, pair in value.items()})
            elif isinstance(value, Sequence):
                for item in value.items:
                    if isinstance(item, Scalar):
                        found[item.text.partition("=")[0]] = (item, None)
        return found


class Definitions:
    """Puts the definitions of a project's services together. ``read``: another compose file, for ``extends``."""

    def __init__(self, project: Project, values: Values, read: ReadFile) -> None:
        self.project = project
        self.values = values
        self.read = read
        self.problems: list[Problem] = []

    def all(self) -> Iterator[Definition]:
        names = dict.fromkeys(name for one in self.project.files for name in one.services)
        for name in names:
            layers = [layer for one in self.project.files for layer in self._layers(one, name)]
            heads = [one.services[name] for one in self.project.files if name in one.services]
            yield Definition(name, layers, heads[0])

    def _layers(self, one: ComposeFile, name: str) -> list[Layer]:
        """The definition in one file, behind those that it extends."""
        found: list[Layer] = []
        seen: set[int] = set()
        file: ComposeFile | None = one
        while file is not None and name in file.services:
            node = file.services[name]
            if id(node) in seen or len(seen) > _MOST_EXTENDS:
                hint = "let one of them stand by itself"
                self.problems.append(
                    Problem("unparsable-file", f"service {name} extends itself in a circle", node.span, hint)
                )
                break
            seen.add(id(node))
            found.insert(0, Layer(node, file.path.parent))
            extends = node.get("extends")
            if extends is None or _is_null(extends):
                break
            file, name = self._extended(extends, file)
        return found

    def _extended(self, extends: Node, file: ComposeFile) -> tuple[ComposeFile | None, str]:
        if not isinstance(extends, Mapping):
            return file, self.values.plain(extends)
        service, path = extends.get("service"), self.values.plain(extends.get("file"))
        other = self.read(file.path.parent / path) if path else file
        return other, self.values.plain(service)


def _size(node: Node) -> int:
    if isinstance(node, Sequence):
        return 1 + len(node)
    return 1 + len(node.resolved) if isinstance(node, Mapping) else 1


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.null
