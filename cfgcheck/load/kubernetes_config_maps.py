"""ConfigMaps: the configurations and variables that manifests bring along, also those that kustomize makes of files."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from cfgcheck.load.disk import Disk
from cfgcheck.load.kubernetes_groups import Group
from cfgcheck.load.kubernetes_objects import Manifest
from cfgcheck.load.kubernetes_view import View
from cfgcheck.model.located import Located
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.yaml_embedded import embedded
from cfgcheck.syntax.yaml_tree import read_yaml

_KUSTOMIZATIONS: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_MOST_EMBEDDED: Final = 32 * 1024 * 1024
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


@record(eq=False)
class Kustomizations:
    """What the kustomization files of a tree add: ConfigMaps made of files, and namespaces."""

    config_maps: list[ConfigMap] = field(default_factory=list)
    namespaces: list[str] = field(default_factory=list)
    files: list[SourceFile] = field(default_factory=list)


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


def read_kustomizations(disk: Disk, paths: Iterable[Path]) -> Kustomizations:
    """The kustomization files beside these files, and in the folders above them."""
    found = Kustomizations()
    folders: dict[Path, None] = {}
    for path in paths:
        folder = disk.absolute(path).parent
        while folder not in folders and folder.is_relative_to(disk.root):
            folders[folder] = None
            folder = folder.parent
    for folder in folders:
        for name in _KUSTOMIZATIONS:
            if disk.exists(folder / name):
                _read_kustomization(disk, folder, name, found)
    return found


def _read_kustomization(disk: Disk, folder: Path, name: str, found: Kustomizations) -> None:
    file = disk.read(folder / name)
    if file is None:
        return
    for document in read_yaml(file).documents:
        view = View(document)
        namespace = view.get("namespace").string
        if namespace:
            found.namespaces.append(namespace)
        for generator in view.get("configMapGenerator").elements():
            found.config_maps.append(_generated(disk, folder, folder / name, generator))
            if file not in found.files:
                found.files.append(file)


def _generated(disk: Disk, folder: Path, path: Path, generator: View) -> ConfigMap:
    files: dict[str, Path] = {}
    for entry in generator.get("files").elements():
        key, equals, source = entry.string.partition("=")
        source = source if equals else key
        if source and "\0" not in source:
            files[key if equals else posixpath.basename(source)] = disk.absolute(folder / source)
    literals: dict[str, View] = {}
    for entry in generator.get("literals").elements():
        key, equals, _ = entry.string.partition("=")
        if equals:
            literals[key] = View(None)
    return ConfigMap(generator.get("name").string, path, literals, files)
