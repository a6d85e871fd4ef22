"""Trees of files for the readers of carriers."""

from __future__ import annotations

from pathlib import Path

from cfgcheck.load.context import Context
from cfgcheck.load.disk import Disk
from cfgcheck.load.service import Service
from cfgcheck.load.tree_index import TreeIndex


def write(root: Path, files: dict[str, str]) -> list[Path]:
    paths = []
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        paths.append(path)
    return paths


def context_of(root: Path) -> Context:
    disk = Disk(root)
    return Context(disk, TreeIndex(disk, [root]))


def words(service: Service) -> list[str | None]:
    """The words of a service's command; None for one that is not known."""
    assert service.command is not None
    return [word.value for word in service.command.words]
