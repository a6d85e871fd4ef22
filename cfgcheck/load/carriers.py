"""All files that carry commands, read into services. Each reader is loaded where there is something for it to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cfgcheck.load.context import Context
from cfgcheck.load.discover import Candidate, FileKind
from cfgcheck.load.service import Carried

if TYPE_CHECKING:
    pass

_IN_CONTAINERS = (FileKind.COMPOSE, FileKind.KUBERNETES, FileKind.DOCKERFILE)


def read_carriers(context: Context, candidates: Sequence[Candidate]) -> Carried:
    """What the carriers among the candidates say. Those that use others come first: a Dockerfile that a compose file
    builds, a script that a Dockerfile starts, is nothing by itself."""
    carried = Carried()
    paths: dict[FileKind, list[Path]] = {}
    for candidate in candidates:
        paths.setdefault(candidate.kind, []).append(candidate.path)
    if any(kind in paths for kind in _IN_CONTAINERS):
        _containers(context, paths, carried)
    if FileKind.SYSTEMD in paths:
        from cfgcheck.load.systemd import read_systemd

        carried.add(read_systemd(context, paths[FileKind.SYSTEMD]))
    if FileKind.PROCFILE in paths:
        from cfgcheck.load.procfile_services import procfile_services

        for path in paths[FileKind.PROCFILE]:
            carried.add(procfile_services(context, path))
    return carried


def _containers(context: Context, paths: Mapping[FileKind, list[Path]], carried: Carried) -> None:
    from cfgcheck.load.dockerfile import ImageReader

    images = ImageReader(context)
    if FileKind.COMPOSE in paths:
        from cfgcheck.load.compose import read_compose

        carried.add(read_compose(context, paths[FileKind.COMPOSE], images))
    if FileKind.KUBERNETES in paths:
        from cfgcheck.load.kubernetes import read_kubernetes

        carried.add(read_kubernetes(context, paths[FileKind.KUBERNETES], images))
    _images(context, paths, carried)


def _images(context: Context, paths: Mapping[FileKind, list[Path]], carried: Carried) -> None:
    from cfgcheck.load.dockerfile import lone_images

    lone = [path for path in paths.get(FileKind.DOCKERFILE, ()) if path not in carried.used]
    if lone:
        carried.add(lone_images(context, lone, carried.used))


def read_left_over(context: Context, candidates: Sequence[Candidate], used: set[Path]) -> Carried:
    """What starts servers by itself once it is known that nothing else uses it: supervisord's files and scripts."""
    carried = Carried()
    rest = [one for one in candidates if one.path not in used]
    supervisor = [one.path for one in rest if one.kind is FileKind.SUPERVISOR]
    if supervisor:
        from cfgcheck.load.supervisor import read_supervisor

        carried.add(read_supervisor(context, supervisor))
    scripts = [one.path for one in rest if one.kind is FileKind.SCRIPT]
    if scripts:
        from cfgcheck.load.scripts import lone_scripts

        carried.add(lone_scripts(context, scripts, used))
    return carried
