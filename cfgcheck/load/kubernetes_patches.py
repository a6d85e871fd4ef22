"""What overlays change in a workload: not known any more, since every overlay makes another deployment of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from cfgcheck.load.kubernetes_kustomize import Kustomizations, Operation, image_name
from cfgcheck.load.kubernetes_objects import WORKLOADS, Manifest
from cfgcheck.load.kubernetes_view import View
from cfgcheck.model.located import Located
from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.environment import Environment

_CONTAINER: Final = re.compile(r"/containers/[0-9-]+/([^/]+)")
_READ_FROM_ENVIRONMENT: Final = ("GUNICORN_CMD_ARGS", "WEB_CONCURRENCY", "PORT", "FORWARDED_ALLOW_IPS")
"""Variables that servers read by themselves."""


@record(frozen=True, eq=False)
class Patch:
    """All that is changed in one container. Each question is answered by an unknown value that says who changes it, or
    None where nobody does."""

    name: str = ""
    patches: Sequence[Manifest] = ()
    operations: Sequence[Operation] = ()
    replicas: Span | None = None

    def workload(self, key: str) -> Located[Any] | None:
        if key == "replicas" and self.replicas is not None:
            return _anew(self.replicas)
        views = (one.view.get("spec", key) for one in self.patches)
        return self._first(views, lambda path: path.startswith(f"/spec/{key}"))

    def pod(self, key: str) -> Located[Any] | None:
        views = (one.pod.get("spec", key) for one in self.patches)
        return self._first(views, lambda path: path.endswith(f"/template/spec/{key}"))

    def container(self, key: str) -> Located[Any] | None:
        return self._first((view.get(key) for view in self._containers()), lambda path: _part(path) == key)

    def environment(self, environment: Environment) -> Environment:
        """The environment, with what is set in it anew not known."""
        for view in self._containers():
            for entry in view.get("env").elements():
                name, span = entry.get("name").string, entry.span
                if name and span is not None:
                    environment = environment.with_unknown(name, _anew(span).because)
        changed = next((one for one in self.operations if _part(one.path) in ("env", "envFrom")), None)
        if changed is not None:
            for name in (*environment.values, *_READ_FROM_ENVIRONMENT):
                environment = environment.with_unknown(name, _anew(changed.span).because)
        return environment

    def _containers(self) -> Iterator[View]:
        for one in self.patches:
            for view in one.pod.get("spec", "containers").elements():
                if view.get("name").name == self.name:
                    yield view

    def _first(self, views: Iterable[View], changes: Any) -> Located[Any] | None:
        span = next((view.span for view in views if view), None)
        span = span or next((one.span for one in self.operations if changes(one.path)), None)
        return None if span is None else _anew(span)


def _part(path: str) -> str:
    """Which part of a container a JSON patch changes."""
    found = _CONTAINER.search(path)
    return found[1] if found else ""


def _anew(span: Span) -> Located[Any]:
    return Located.unknown(f"{span.file.path} sets it anew", span)


class Patches:
    """What all overlays change, by workload."""

    def __init__(self, objects: Iterable[Manifest], kustomizations: Kustomizations) -> None:
        self.kustomizations = kustomizations
        self._found: dict[tuple[str, str], list[Manifest]] = {}
        for one in (*objects, *kustomizations.patches):
            if one.kind in WORKLOADS and (not one.whole or one in kustomizations.patches):
                self._found.setdefault((one.kind, one.name), []).append(one)

    def of(self, workload: Manifest, container: str) -> Patch:
        operations = [
            one
            for one in self.kustomizations.operations
            if one.kind in ("", workload.kind) and (one.name in ("", workload.name) or _is_pattern(one.name))
        ]
        found = self._found.get((workload.kind, workload.name), ())
        return Patch(container, found, operations, self.kustomizations.replicas.get(workload.name))

    def image(self, reference: Located[str]) -> Located[str]:
        """The image that a container names, without its tag where an overlay sets another one."""
        if not reference.known:
            return reference
        name = image_name(reference.value)
        span = self.kustomizations.images.get(name)
        return reference if span is None else Located.read(name, span)


def _is_pattern(name: str) -> bool:
    """Names of targets are regular expressions; all but the simplest ones may mean anything."""
    return not re.fullmatch(r"[\w-]+", name)
