"""Kubernetes manifests for tests, and what is read of them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from cfgcheck.load.dockerfile import ImageReader
from cfgcheck.load.kubernetes import read_kubernetes
from cfgcheck.load.service import Carried, Service

from .carrying import context_of, write


def read(root: Path, text: str = "", **files: str) -> Carried:
    """The manifests of ``app.yaml``, and of ``files``: names with ``__`` for a slash and ``_yaml`` for the ending."""
    named = {name.replace("__", "/").replace("_yaml", ".yaml"): dedent(body) for name, body in files.items()}
    every = {**({"app.yaml": dedent(text)} if text else {}), **named}
    paths = write(root, every)
    context = context_of(root)
    return read_kubernetes(context, [path for path in paths if path.suffix == ".yaml"], ImageReader(context))


def deployment(container: str, spec: str = "", kind: str = "Deployment", name: str = "web") -> str:
    """A workload with one container; both parts are YAML in flow style without the outer braces."""
    return (
        f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n"
        f"spec: {{selector: {{matchLabels: {{app: {name}}}}}, template: {{metadata: {{labels: {{app: {name}}}}}, "
        f"spec: {{{spec + ', ' if spec else ''}containers: "
        f"[{{name: {name}, image: shop/web:1, {container}}}]}}}}}}\n---\n"
    )


def service(spec: str, name: str = "web") -> str:
    head = f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n"
    return f"{head}spec: {{selector: {{app: {name}}}, {spec}}}\n---\n"


def only(carried: Carried) -> Service:
    (found,) = carried.services
    return found


def started(found: Service) -> list[str | None]:
    """The words of entrypoint and command together."""
    parts = (part for part in (found.entrypoint, found.command) if part is not None)
    return [word.value for part in parts for word in part.words]
