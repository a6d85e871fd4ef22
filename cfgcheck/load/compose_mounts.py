"""``volumes``, ``tmpfs``, ``configs`` and ``secrets`` of a compose service, as mounts."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from cfgcheck.load.compose_definition import Definition, Layer
from cfgcheck.load.compose_projects import Project
from cfgcheck.load.compose_text import Values, listed
from cfgcheck.model.unit import Mount
from cfgcheck.source.file import Span
from cfgcheck.syntax.yaml_tree import Mapping, Node

_SHORT = re.compile(r"((?:[A-Za-z]:)?[^:]*):((?:[A-Za-z]:)?[^:]+)(?::([^:]*))?\Z")


class Mounts:
    """Makes the mounts of one project's services."""

    def __init__(self, project: Project, values: Values) -> None:
        self.project = project
        self.values = values
        self._named = self._top("volumes")
        self._configs = {**self._top("configs"), **self._top("secrets")}

    def of(self, definition: Definition) -> list[Mount]:
        """In the order in which the later ones count; of two for one target the last one."""
        found: dict[str, Mount] = {}
        for value, layer in definition.each("volumes"):
            for item in listed(value):
                for mount in self._volume(item, layer):
                    found.pop(mount.target, None)
                    found[mount.target] = mount
        for value, _ in definition.each("tmpfs"):
            for item in listed(value):
                target = posixpath.normpath(self.values.plain(item).partition(":")[0] or "/")
                found[target] = Mount(target, memory=True, volume=f"tmpfs {definition.name} {target}", span=item.span)
        for key, folder in (("configs", "/"), ("secrets", "/run/secrets/")):
            for value, _ in definition.each(key):
                for item in listed(value):
                    found.update((mount.target, mount) for mount in self._config(item, folder))
        return sorted(found.values(), key=lambda mount: mount.target.count("/"))

    def _top(self, key: str) -> dict[str, tuple[Node, Path]]:
        found: dict[str, tuple[Node, Path]] = {}
        for one in self.project.files:
            node = one.root.mapping(key)
            if node is not None:
                found.update({name: (pair.value, one.path.parent) for name, pair in node.items()})
        return found

    def _volume(self, item: Node, layer: Layer) -> Iterator[Mount]:
        if isinstance(item, Mapping):
            yield from self._long(item, layer)
            return
        text = self.values.plain(item)
        short = _SHORT.match(text)
        if short is None:
            if text.startswith("/"):
                yield Mount(posixpath.normpath(text), volume=f"anonymous {item.span}", span=item.span)
            return
        read_only = "ro" in (short[3] or "").split(",")
        yield self._made(short[1], short[2], read_only, layer.folder, item.span)

    def _long(self, item: Mapping, layer: Layer) -> Iterator[Mount]:
        target = self.values.plain(item.get("target"))
        kind = self.values.plain(item.get("type"), "volume")
        source = self.values.plain(item.get("source") or item.get("src"))
        if not target.startswith("/"):
            return
        read_only = self.values.plain(item.get("read_only")).lower() == "true"
        if kind == "tmpfs":
            yield Mount(posixpath.normpath(target), memory=True, volume=f"tmpfs {item.span}", span=item.span)
        elif not source:
            yield Mount(posixpath.normpath(target), volume=f"anonymous {item.span}", span=item.span)
        else:
            yield self._made(source, target, read_only, layer.folder, item.span, bind=kind == "bind")

    def _made(
        self, source: str, target: str, read_only: bool, folder: Path, span: Span, bind: bool = False
    ) -> Mount:
        target = posixpath.normpath(target)
        if source.startswith((".", "/")) or bind:
            full = os.path.normpath(os.path.join(folder, source))
            inside = not source.startswith("/")
            there = full if inside else ""
            return Mount(target, there, "tree" if inside else "machine", full, False, read_only, span)
        if source.startswith(("~", "$")):
            return Mount(target, "", "machine", source, False, read_only, span)
        return Mount(target, "", self._volume_name(source), "", False, read_only, span)

    def _volume_name(self, name: str) -> str:
        """One that is declared external or has a name of its own is the same in other projects."""
        declared = self._named.get(name)
        if declared is not None and isinstance(declared[0], Mapping):
            own = self.values.plain(declared[0].get("name"))
            if own:
                return f"volume {own}"
            if self.values.plain(declared[0].get("external")).lower() == "true":
                return f"volume {name}"
        return f"volume {self.project.key}_{name}"

    def _config(self, item: Node, folder: str) -> Iterator[Mount]:
        long = item if isinstance(item, Mapping) else None
        name = self.values.plain(long.get("source") if long is not None else item)
        target = self.values.plain(long.get("target")) if long is not None else ""
        target = target if target.startswith("/") else folder + (target or name)
        declared = self._configs.get(name)
        if declared is None or not isinstance(declared[0], Mapping):
            return
        file = self.values.plain(declared[0].get("file"))
        source = os.path.normpath(os.path.join(declared[1], file)) if file else ""
        yield Mount(posixpath.normpath(target), source, span=item.span)
