"""The objects of Kubernetes manifests: files with several documents, lists, templates of charts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from cfgcheck.findings import Problem
from cfgcheck.load.context import Context
from cfgcheck.load.kubernetes_values import Charts
from cfgcheck.load.kubernetes_view import View
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.yaml_tree import Mapping as YamlMapping
from cfgcheck.syntax.yaml_tree import read_yaml

WORKLOADS: Final[Mapping[str, tuple[str, ...]]] = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
}
"""What keeps pods running, and where the pod's own metadata and spec stand in it."""

_MOST_OBJECTS: Final = 5000
_MOST_CONTAINERS: Final = 1500
_API = re.compile(r"^[ \t]*(?:-[ \t]+)?[\"']?apiVersion[\"']?[ \t]*:", re.MULTILINE)
_KIND = re.compile(r"^[ \t]*(?:-[ \t]+)?[\"']?kind[\"']?[ \t]*:[ \t]*[\"']?[A-Z]", re.MULTILINE)


def looks_like_kubernetes(text: str) -> bool:
    """Whether a text (the beginning of a file is enough) holds objects of Kubernetes: an ``apiVersion`` and a kind."""
    return _API.search(text) is not None and _KIND.search(text) is not None


@record(frozen=True, eq=False)
class Manifest:
    """One object. ``namespace``: "" where the manifest leaves it to whoever applies it. ``path``: of its file,
    absolute. ``span``: where its name stands."""

    kind: str
    name: str
    namespace: str
    view: View
    file: SourceFile
    path: Path
    span: Span

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.kind, self.namespace, self.name)

    @property
    def annotations(self) -> View:
        return self.view.get("metadata", "annotations")

    @property
    def pod(self) -> View:
        """Of a workload: the pod that it makes, with ``metadata`` and ``spec``."""
        return self.view.get(*WORKLOADS.get(self.kind, ()))

    @property
    def whole(self) -> bool:
        """Whether it is complete by itself; a patch of an overlay holds only what it changes."""
        if self.kind in WORKLOADS:
            chosen = self.kind == "Pod" or self.view.get("spec", "selector") or self.pod.get("metadata", "labels")
            return bool(chosen) and any(one.get("image") for one in self.pod.get("spec", "containers").elements())
        if self.kind == "Ingress":
            spec = self.view.get("spec")
            return bool(spec.get("rules") or spec.get("defaultBackend") or spec.get("backend"))
        return self.kind != "Service" or bool(self.view.get("spec", "ports") or self.view.get("spec", "externalName"))


def labels_of(view: View) -> Mapping[str, str]:
    """A mapping of labels."""
    return {name: value.name for name, _, value in view.entries()}


@record(eq=False)
class Manifests:
    """All objects, in order. ``files``: those that hold any."""

    objects: list[Manifest] = field(default_factory=list)
    files: list[SourceFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def of(self, *kinds: str) -> Iterator[Manifest]:
        return (one for one in self.objects if one.kind in kinds)


def read_manifests(context: Context, paths: Iterable[Path]) -> Manifests:
    """The objects of these files. What is not valid YAML is a problem where the file is neither a template nor
    something else."""
    found = Manifests()
    charts = Charts(context.disk)
    for path in paths:
        file = context.disk.read(path)
        if file is None:
            continue
        read = read_yaml(file)
        values = charts.of(context.disk.absolute(path))
        before = len(found.objects)
        for document in read.documents:
            found.objects += _objects(View(document, values), file, context.disk.absolute(path))
        if read.problems and looks_like_kubernetes(file.text[:65536]):
            found.problems += read.problems[:1]
        if len(found.objects) > before or read.problems:
            found.files.append(file)
        if len(found.objects) > _MOST_OBJECTS:
            break
    _drop_many(found)
    return found


def _drop_many(found: Manifests) -> None:
    """What has more containers than anybody writes by hand is cut: aliases can be written so that they multiply."""
    containers = 0
    kept: list[Manifest] = []
    for one in found.objects:
        if one.kind in WORKLOADS:
            containers += 1 + sum(1 for _ in one.pod.get("spec", "containers").elements())
        if one.kind not in WORKLOADS or containers <= _MOST_CONTAINERS:
            kept.append(one)
    found.objects = kept[:_MOST_OBJECTS]


def _objects(view: View, file: SourceFile, path: Path) -> Iterator[Manifest]:
    """The object, or those of a list; lists stand in lists nowhere."""
    if view.get("kind").string == "List" or (view.get("items").is_list and view.get("kind").string.endswith("List")):
        for item in view.get("items").elements():
            yield from _object(item, file, path)
    else:
        yield from _object(view, file, path)


def _object(view: View, file: SourceFile, path: Path) -> Iterator[Manifest]:
    node = view.node
    kind, api = view.get("kind").string, view.get("apiVersion").string
    if not isinstance(node, YamlMapping) or not kind or not api:
        return
    if kind == "Service" and "knative" in api:
        return
    name = view.get("metadata", "name")
    span = name.span or view.get("kind").span or node.span
    yield manifest_of(kind, name.name, view, file, path, span)


def manifest_of(kind: str, name: str, view: View, file: SourceFile, path: Path, span: Span) -> Manifest:
    return Manifest(kind, name, view.get("metadata", "namespace").name, view, file, path, span)
