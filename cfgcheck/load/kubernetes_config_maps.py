"""ConfigMaps: the configurations and variables that manifests bring along, also those that kustomize makes of files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from cfgcheck.load.disk import Disk
from cfgcheck.load.kubernetes_groups import Group
from cfgcheck.load.kubernetes_objects import Manifest
from cfgcheck.load.kubernetes_view import View
from cfgcheck.model.located import Located
from cfgcheck.record import field, record
from cfgcheck.syntax.yaml_embedded import embedded

_MOST_EMBEDDED: Final = 4 * 1024 * 1024
"""Characters that embedded files may have in all: each is as long as the file that it stands in."""


@record(frozen=True, eq=False)
class ConfigMap:
    """``keys``: what stands in the manifest; ``files``: keys that kustomize takes from files of the tree."""

    name: str
    path: Path
    keys: Mapping[str, View] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)

    def names(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self.keys, *self.files)))


_CONFIGURATION: Final = re.compile(r"nginx|uwsgi|gunicorn|\.conf|\.ini\Z|\.py\Z")


class ConfigMaps:
    """Finds ConfigMaps by name, and gives their keys as files."""

    def __init__(self, disk: Disk, objects: Iterable[Manifest], generated: Iterable[ConfigMap]) -> None:
        self.disk = disk
        self._made: dict[int, ConfigMap] = {
            id(one): ConfigMap(one.name, one.path, {name: value for name, _, value in one.view.get("data").entries()})
            for one in objects
            if one.kind == "ConfigMap"
        }
        self._generated: dict[str, list[ConfigMap]] = {}
        for each in generated:
            self._generated.setdefault(each.name, []).append(each)
        self._by_group: dict[int, dict[str, list[Manifest]]] = {}
        self._sources: dict[tuple[int, str], str] = {}
        self._embedded = 0

    def find(self, group: Group, name: str, namespace: str) -> ConfigMap | None:
        """The ConfigMap of that name that a pod of a namespace means; None where it is not in the tree, or several
        are."""
        if not name:
            return None
        if id(group) not in self._by_group:
            table = self._by_group[id(group)] = {}
            for one in group.objects:
                if one.kind == "ConfigMap":
                    table.setdefault(one.name, []).append(one)
        named = self._by_group[id(group)].get(name, [])
        same = [one for one in named if one.namespace == namespace] or named
        if len(same) == 1:
            return self._made[id(same[0])]
        generated = self._generated.get(name, [])
        return generated[0] if not same and len(generated) == 1 else None

    def source(self, config_map: ConfigMap, key: str) -> str:
        """The path under which the content of a key is known, absolute. There is no file of that path where its
        content can't be told (quoted text, ``>``)."""
        known = (id(config_map), key)
        if known not in self._sources:
            self._sources[known] = self._source(config_map, key)
        return self._sources[known]

    def lone(self) -> Iterator[str]:
        """The paths of keys of ConfigMaps that no pod has, as far as they may be configurations of servers."""
        asked = {owner for owner, _ in self._sources}
        for config_map in list(self._made.values()):
            if id(config_map) not in asked:
                for key in config_map.keys:
                    if _CONFIGURATION.search(key.lower()):
                        yield self.source(config_map, key)

    def folder(self, config_map: ConfigMap) -> str:
        """What a folder with all keys of a ConfigMap is known as; there is none of that path."""
        return f"{config_map.path}#{config_map.name}"

    def _source(self, config_map: ConfigMap, key: str) -> str:
        if key in config_map.files:
            return str(config_map.files[key])
        path = Path(posixpath.join(self.folder(config_map), key))
        node = config_map.keys[key].scalar
        if node is None or self._embedded > _MOST_EMBEDDED:
            return str(path)
        file = embedded(node, python=key.endswith(".py"))
        if file is not None:
            self._embedded += len(file.text)
            self.disk.embed(path, file)
        return str(path)


def value_of(config_map: ConfigMap, key: str) -> Located[str] | None:
    """The text of a key, as a variable; None where it has no such key."""
    if key in config_map.keys:
        return config_map.keys[key].text
    if key in config_map.files:
        return Located.unknown(f"it is the content of {config_map.files[key].name}")
    return None
