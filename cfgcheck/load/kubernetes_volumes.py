"""The volumes of a pod, and what they put into its containers' file systems."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Final

from cfgcheck.load.kubernetes_config_maps import ConfigMap, ConfigMaps
from cfgcheck.load.kubernetes_environment import FindConfigMap
from cfgcheck.load.kubernetes_view import View
from cfgcheck.model.unit import Mount
from cfgcheck.record import record

_MOST_KEYS: Final = 200


@record(frozen=True, eq=False)
class Volumes:
    """``views``: the volumes of the pod by name. ``claims``: names of a StatefulSet's own claims. ``host``: the pod's
    host; ``space``: what names of claims are unique within."""

    views: Mapping[str, View]
    claims: frozenset[str]
    host: str
    space: str
    maps: ConfigMaps
    find: FindConfigMap

    def mounts(self, container: View) -> Iterator[Mount]:
        """Outer folders before what is mounted inside of them, as the container runtime orders them."""
        wanted = [(mount.get("mountPath").string, mount) for mount in container.get("volumeMounts").elements()]
        placed = [(posixpath.normpath(path), mount) for path, mount in wanted if path.startswith("/")]
        for target, mount in sorted(placed, key=lambda one: one[0].count("/")):
            yield from self._mount(target, mount)

    def _mount(self, target: str, mount: View) -> Iterator[Mount]:
        name = mount.get("name").name
        volume = self.views.get(name)
        inner = mount.get("subPath").string.strip("/")
        read_only = mount.get("readOnly").flag
        if mount.get("subPathExpr") or (volume is None and name not in self.claims):
            yield Mount(target, volume=f"volume {name} of {self.host}", span=mount.span)
        elif volume is None:
            yield Mount(target, volume=f"claim {name} of {self.host}", base=_base("", inner), span=mount.span)
        elif volume.get("configMap").is_mapping or volume.get("projected").is_mapping:
            yield from self._files(target, inner, name, volume, mount)
        else:
            yield self._plain(target, inner, name, volume, mount, read_only)

    def _plain(self, target: str, inner: str, name: str, volume: View, mount: View, read_only: bool) -> Mount:
        path = volume.get("hostPath", "path").string
        claim = volume.get("persistentVolumeClaim", "claimName").name
        if path:
            return Mount(target, volume="machine", base=_base(path, inner), read_only=read_only, span=mount.span)
        if claim:
            shared = "claim " + "/".join(part for part in (self.space, claim) if part)
            return Mount(target, volume=shared, base=_base("", inner), read_only=read_only, span=mount.span)
        memory = volume.get("emptyDir", "medium").string == "Memory"
        own = f"volume {name} of {self.host}"
        return Mount(target, "", own, _base("", inner), memory, read_only, mount.span)

    def _files(self, target: str, inner: str, name: str, volume: View, mount: View) -> Iterator[Mount]:
        """The keys of ConfigMaps as files; those of Secrets are not known."""
        sources = [volume, *volume.get("projected", "sources").elements()]
        maps = [source.get("configMap") for source in sources if source.get("configMap")]
        found = [(one, self.find(one.get("name").name)) for one in maps]
        own = f"volume {name} of {self.host}"
        known = [(view, one) for view, one in found if one is not None]
        if not known or len(known) < len(found):
            yield Mount(target, volume=own, base=_base("", inner), read_only=True, span=mount.span)
        elif not inner:
            yield Mount(target, self.maps.folder(known[0][1]), own, read_only=True, span=mount.span)
        for view, one in known:
            for path, source in self._keys(view, one):
                if not inner:
                    yield Mount(f"{target}/{path}", source, own, f"/{path}", read_only=True, span=mount.span)
                elif path == inner:
                    yield Mount(target, source, own, f"/{path}", read_only=True, span=mount.span)
                elif path.startswith(inner + "/"):
                    below = f"{target}/{path[len(inner) + 1 :]}"
                    yield Mount(below, source, own, f"/{path}", read_only=True, span=mount.span)

    def _keys(self, view: View, config_map: ConfigMap) -> Iterator[tuple[str, str]]:
        """Paths within the volume, and where their content is."""
        items = list(view.get("items").elements())
        there = list(config_map.names())[:_MOST_KEYS]
        if not items:
            yield from ((key, self.maps.source(config_map, key)) for key in there)
            return
        known = frozenset(there)
        for item in items[:_MOST_KEYS]:
            key, path = item.get("key").string, posixpath.normpath(item.get("path").string or ".")
            if key in known and not path.startswith((".", "/")):
                yield path, self.maps.source(config_map, key)


def _base(path: str, inner: str) -> str:
    return f"{path.rstrip('/')}/{inner}" if inner else path
