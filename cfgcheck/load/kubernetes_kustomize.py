"""Kustomization files: ConfigMaps made of files, and what overlays change in the objects of their bases."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from cfgcheck.load.disk import Disk
from cfgcheck.load.kubernetes_config_maps import ConfigMap
from cfgcheck.load.kubernetes_objects import Manifest, manifest_of
from cfgcheck.load.kubernetes_view import View
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.yaml_embedded import embedded
from cfgcheck.syntax.yaml_tree import read_yaml

_NAMES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_TAG: Final = re.compile(r"(?::[^/:@]*)?(?:@.*)?\Z")
_MOST: Final = 500


@record(frozen=True)
class Operation:
    """One change of a JSON patch: which objects, which path in them, where it says so."""

    kind: str
    name: str
    path: str
    span: Span


@record(eq=False)
class Kustomizations:
    """What all kustomization files of a tree say together. ``patches``: objects that hold only what they change;
    ``operations``: JSON patches; ``images``: names (without tag) of images that are replaced, and where; ``replicas``:
    names of objects whose number is set anew. ``files``: those that say anything of that."""

    config_maps: list[ConfigMap] = field(default_factory=list)
    namespaces: list[str] = field(default_factory=list)
    patches: list[Manifest] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    images: dict[str, Span] = field(default_factory=dict)
    replicas: dict[str, Span] = field(default_factory=dict)
    files: list[SourceFile] = field(default_factory=list)


def image_name(reference: str) -> str:
    """An image's name without tag and digest."""
    return _TAG.sub("", reference)


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
        for name in _NAMES:
            if disk.exists(folder / name):
                _Reader(disk, folder, found).read(folder / name)
    return found


class _Reader:
    """Reads one kustomization file."""

    def __init__(self, disk: Disk, folder: Path, found: Kustomizations) -> None:
        self.disk = disk
        self.folder = folder
        self.found = found

    def read(self, path: Path) -> None:
        file = self.disk.read(path)
        if file is None:
            return
        for document in read_yaml(file).documents:
            view = View(document)
            if view.is_mapping:
                self._take(view, path)
                self.found.files.append(file)

    def _take(self, view: View, path: Path) -> None:
        found = self.found
        namespace = view.get("namespace").string
        if namespace:
            found.namespaces.append(namespace)
        for generator in view.get("configMapGenerator").elements():
            found.config_maps.append(self._generated(path, generator))
        for image in view.get("images").elements():
            if image.span is not None:
                found.images[image.get("name").string] = image.span
        for count in view.get("replicas").elements():
            if count.span is not None:
                found.replicas[count.get("name").string] = count.span
        patches = [*view.get("patches").elements(), *view.get("patchesJson6902").elements()]
        for patch in patches[:_MOST]:
            self._patch(patch, path)
        for patch in list(view.get("patchesStrategicMerge").elements())[:_MOST]:
            if patch.scalar is not None and patch.scalar.style == "|":
                self._patch_text(patch, View(None), path)

    def _patch(self, patch: View, path: Path) -> None:
        target = patch.get("target")
        if patch.get("patch"):
            self._patch_text(patch.get("patch"), target, path)
            return
        named = self.disk.absolute(self.folder / patch.get("path").string.replace("\0", ""))
        if patch.get("path").string and self.disk.exists(named):
            file = self.disk.read(named)
            for document in read_yaml(file).documents if file is not None else ():
                view = View(document)
                if view.is_list:
                    self._operations(view, target)
                elif file is not None and target.is_mapping:
                    self._object(view, file, path, target)

    def _patch_text(self, text: View, target: View, path: Path) -> None:
        scalar = text.scalar
        file = embedded(scalar) if scalar is not None else None
        for document in read_yaml(file).documents if file is not None else ():
            view = View(document)
            if view.is_list:
                self._operations(view, target)
            elif file is not None:
                self._object(view, file.whole, path, target)

    def _object(self, view: View, file: SourceFile, path: Path, target: View) -> None:
        kind = view.get("kind").string or target.get("kind").string
        name = view.get("metadata", "name")
        wanted = target.get("name").name or name.name
        span = name.span or view.span
        if kind and wanted and span is not None:
            self.found.patches.append(manifest_of(kind, wanted, view, file, path, span))

    def _operations(self, view: View, target: View) -> None:
        for one in list(view.elements())[:_MOST]:
            if one.span is not None:
                kind, name = target.get("kind").string, target.get("name").name
                self.found.operations.append(Operation(kind, name, one.get("path").string, one.span))

    def _generated(self, path: Path, generator: View) -> ConfigMap:
        files = dict(self._files(generator))
        pairs = (entry.string.partition("=") for entry in generator.get("literals").elements())
        literals = {key: View(None) for key, equals, _ in pairs if equals}
        return ConfigMap(generator.get("name").string, path, literals, files)

    def _files(self, generator: View) -> Iterator[tuple[str, Path]]:
        for entry in generator.get("files").elements():
            key, equals, source = entry.string.partition("=")
            source = source if equals else key
            if source and "\0" not in source:
                yield key if equals else posixpath.basename(source), self.disk.absolute(self.folder / source)
