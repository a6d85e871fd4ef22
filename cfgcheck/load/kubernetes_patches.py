"""Patches of kustomize overlays: objects that hold only what they change. What is changed is not known any more, since
every overlay makes another deployment of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cfgcheck.load.kubernetes_objects import WORKLOADS, Manifest
from cfgcheck.load.kubernetes_view import View
from cfgcheck.model.located import Located
from cfgcheck.record import record
from cfgcheck.syntax.environment import Environment


@record(frozen=True, eq=False)
class Patch:
    """All patches of one container. Each question is answered by an unknown value, or None where nothing changes it."""

    patches: Sequence[Manifest] = ()
    name: str = ""

    def workload(self, key: str) -> Located[Any] | None:
        return self._first((one, one.view.get("spec", key)) for one in self.patches)

    def pod(self, key: str) -> Located[Any] | None:
        return self._first((one, one.pod.get("spec", key)) for one in self.patches)

    def container(self, key: str) -> Located[Any] | None:
        return self._first((one, view.get(key)) for one in self.patches for view in self._containers(one))

    def environment(self, environment: Environment) -> Environment:
        """The environment, with what patches set in it not known."""
        for one in self.patches:
            for view in self._containers(one):
                for entry in view.get("env").elements():
                    name = entry.get("name").string
                    if name:
                        environment = environment.with_unknown(name, f"{one.file.path} sets it anew")
        return environment

    def _containers(self, patch: Manifest) -> list[View]:
        every = patch.pod.get("spec", "containers").elements()
        return [view for view in every if view.get("name").name == self.name]

    @staticmethod
    def _first(found: Iterable[tuple[Manifest, View]]) -> Located[Any] | None:
        for one, view in found:
            if view:
                return Located.unknown(f"{one.file.path} sets it anew", view.span)
        return None


class Patches:
    """The patches of all workloads, by kind and name."""

    def __init__(self, objects: Iterable[Manifest]) -> None:
        self._found: dict[tuple[str, str], list[Manifest]] = {}
        for one in objects:
            if one.kind in WORKLOADS and not one.whole:
                self._found.setdefault((one.kind, one.name), []).append(one)

    def of(self, workload: Manifest, container: str) -> Patch:
        return Patch(self._found.get((workload.kind, workload.name), ()), container)
