"""Which objects are applied together: one deployment, or several that stand in one tree (overlays, environments).

All manifests of a tree are one deployment as long as no two files hold the same object. Where they do, the folders
(or files) in which they part are alternatives, and what lies outside of those belongs to each of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from cfgcheck.load.kubernetes_objects import WORKLOADS, Manifest
from cfgcheck.record import record

_COUNTED: Final = frozenset({*WORKLOADS, "Service", "Ingress", "ConfigMap"})
_MOST_SHARED: Final = 5000
"""Files that alternatives have in common, counted once for each."""

_DEEPEST: Final = 12
_NAMESPACE: Final = re.compile(r"\.([a-z0-9][a-z0-9-]{0,62})\.svc\b")
_CLUSTER: Final = "svc.cluster.local"


@record(frozen=True, eq=False)
class Group:
    """One deployment. ``name``: "" where there is one only, else the folder in which it parts from the others.
    ``single``: all its pods are in one namespace, so that each knows every name. ``namespaces``: those that its
    objects name; ``foreign``: those that only configurations speak of.
    """

    name: str
    objects: tuple[Manifest, ...]
    namespaces: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    single: bool = False

    @property
    def network(self) -> str:
        """All its pods, by names with their namespace."""
        return f"cluster {self.name}".strip()

    def network_of(self, namespace: str) -> frozenset[str]:
        """Where short names of a namespace are known. An object without one may be in any."""
        spaces = (namespace,) if namespace else ("", *self.namespaces)
        return frozenset(f"{self.network} namespace {space}".rstrip() for space in spaces)

    def networks(self, namespace: str) -> frozenset[str]:
        return self.network_of(namespace) | {self.network}

    def qualified(self, name: str, namespace: str) -> tuple[str, ...]:
        """The DNS names of a Service besides the bare one."""
        spaces = [namespace] if namespace else ["default", *self.namespaces, *self.foreign]
        endings = [f"{space}{rest}" for space in dict.fromkeys(spaces) for rest in ("", ".svc", f".{_CLUSTER}")]
        return tuple(f"{name}.{ending}" for ending in endings)

    def target(self, name: str, namespace: str) -> str:
        """The name by which an Ingress is shown to mean a Service."""
        return f"{name}.{namespace}.{_CLUSTER}" if namespace else name


def groups_of(objects: Sequence[Manifest], namespaces: Iterable[str] = ()) -> list[Group]:
    """The deployments, each with all objects that belong to it. ``namespaces``: that kustomize may put them into."""
    files: dict[tuple[str, ...], list[Manifest]] = {}
    for one in objects:
        files.setdefault(one.path.parts, []).append(one)
    made: list[Group] = []
    for name, members in _split(sorted(files), files, _DEEPEST):
        own = [one for file in members for one in files[file]]
        made.append(_group(name, own, namespaces))
    return made


def memberships(groups: Iterable[Group]) -> Mapping[int, list[Group]]:
    """The groups of each object, by its id."""
    found: dict[int, list[Group]] = {}
    for group in groups:
        for one in group.objects:
            found.setdefault(id(one), []).append(group)
    return found


def _group(name: str, objects: list[Manifest], namespaces: Iterable[str]) -> Group:
    spaces = dict.fromkeys(one.namespace for one in objects if one.namespace)
    texts = {id(one.file): one.file.text for one in objects if one.kind == "ConfigMap"}
    spoken = dict.fromkeys(found for text in texts.values() for found in _NAMESPACE.findall(text))
    foreign = [space for space in dict.fromkeys([*namespaces, *spoken]) if space not in spaces][:8]
    single = len({one.namespace for one in objects if one.kind in _COUNTED}) < 2
    return Group(name, tuple(_last(objects)), tuple(spaces)[:16], tuple(foreign), single)


def _last(objects: Iterable[Manifest]) -> Iterable[Manifest]:
    """Whole objects; of one that is given twice the last one counts."""
    return {one.key if one.name else id(one): one for one in objects if one.whole}.values()


_Parts = tuple[str, ...]


def _split(
    paths: list[_Parts], files: dict[_Parts, list[Manifest]], depth: int
) -> list[tuple[str, list[_Parts]]]:
    """The paths of each deployment, with its name."""
    rivals = _rivals(paths, files)
    if not rivals or depth == 0:
        return [("", paths)]
    common = _common(rivals)
    parts: dict[str, list[_Parts]] = {}
    for path in rivals:
        parts.setdefault(path[len(common)], []).append(path)
    within = [path for path in paths if path[: len(common)] == common and path[len(common)] in parts]
    inside = set(within)
    shared = [path for path in paths if path not in inside]
    own: dict[str, list[_Parts]] = {part: [] for part in parts}
    for path in within:
        own[path[len(common)]].append(path)
    found = [
        ("/".join(filter(None, (part, name))), members)
        for part, paths_of_part in own.items()
        for name, members in _split(paths_of_part, files, depth - 1)
    ]
    if len(found) * len(shared) > _MOST_SHARED:
        return [*found, ("", shared)]
    return [(name, [*shared, *members]) for name, members in found]


def _rivals(paths: Iterable[_Parts], files: dict[_Parts, list[Manifest]]) -> list[_Parts]:
    """Files that hold an object which another file holds as well."""
    holders: dict[tuple[str, str, str], list[_Parts]] = {}
    for path in paths:
        for key in {one.key for one in files[path] if one.kind in _COUNTED and one.name and one.whole}:
            holders.setdefault(key, []).append(path)
    rivals = {path for several in holders.values() if len(several) > 1 for path in several}
    return sorted(rivals)


def _common(paths: list[_Parts]) -> _Parts:
    """The folder in which all of them lie. ``paths``: sorted, at least two different ones."""
    first, last = paths[0], paths[-1]
    length = 0
    while length < min(len(first), len(last)) - 1 and first[length] == last[length]:
        length += 1
    return first[:length]
