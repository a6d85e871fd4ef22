"""What a container image brings along: its command, its environment, and files of the tree that were copied into it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cfgcheck.findings import Problem
from cfgcheck.load.service import Launch
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Mount
from cfgcheck.model.version import Version
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.environment import NOTHING_KNOWN, Environment


@record(frozen=True)
class Build:
    """How an image is built. ``context``: the folder (absolute) that COPY takes from; ``dockerfile``: absolute;
    ``target``: the stage, "" for the last one; ``arguments``: of ``--build-arg``."""

    context: Path
    dockerfile: Path
    target: str = ""
    arguments: Mapping[str, Located[str]] = field(default_factory=dict)


@record(frozen=True)
class Image:
    """What is known of an image. ``reference``: the one that it is, or is built from (``nginx:1.30-alpine``).

    ``folder``: working directory, "" where it is not known. ``stop_signal``: by name without SIG. ``ports``: of EXPOSE.
    ``mounts``: files and folders of the tree that were copied, in order. ``certain``: nothing but those puts server
    configuration into it. ``opaque``: why nobody knows what it runs by itself, else "".
    """

    reference: Located[str]
    entrypoint: Launch | None = None
    command: Launch | None = None
    environment: Environment = NOTHING_KNOWN
    folder: str = ""
    user: Located[str] = field(default_factory=lambda: Located.unknown("whom the image's server runs as is not known"))
    group: Located[str] = field(default_factory=lambda: Located.unknown("the group its server runs as is not known"))
    stop_signal: Located[str] = field(default_factory=lambda: Located.default("TERM"))
    ports: tuple[Located[int], ...] = ()
    mounts: tuple[Mount, ...] = ()
    versions: Mapping[str, Located[Version]] = field(default_factory=dict)
    span: Span | None = None
    files: tuple[SourceFile, ...] = ()
    problems: tuple[Problem, ...] = ()
    certain: bool = False
    opaque: str = ""
