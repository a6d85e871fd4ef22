"""Images that are built from Dockerfiles of the tree, as far as their instructions tell what will be in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from cfgcheck.load.context import Context
from cfgcheck.load.disk import Disk
from cfgcheck.load.dockerfile_build import ImageBuilder
from cfgcheck.load.dockerfile_copy import sources_of
from cfgcheck.load.dockerfile_layers import Layers
from cfgcheck.load.dockerfile_stage import Stage
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.image import Build, Image
from cfgcheck.load.known_images import known_image
from cfgcheck.load.service import Carried, Service
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.dockerfile import Dockerfile, read_dockerfile

_DEVELOPMENT = re.compile(r"(?:^|[._/-])(?:dev|devel|development|local|test|tests|testing|ci|debug)(?:[._/-]|\Z)")
_MOST_SOURCES = 200

Key = tuple[Path, str, Path, tuple[tuple[str, str | None], ...]]


class ImageReader:
    """Reads each image of a run once."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._built: dict[Key, Image] = {}
        self._parsed: dict[Path, Dockerfile | None] = {}

    def of(self, reference: Located[str]) -> Image:
        """An image that is not built here."""
        return known_image(reference, self.context.disk)

    def build(self, build: Build) -> Image:
        """The image that a Dockerfile makes. One that is not there, or has no such stage, is ``opaque``."""
        arguments = tuple(sorted((name, value.get(None)) for name, value in build.arguments.items()))
        key = (build.dockerfile, build.target, build.context, arguments)
        if key not in self._built:
            self._built[key] = self._build(build)
        return self._built[key]

    def parsed(self, path: Path) -> Dockerfile | None:
        if path not in self._parsed:
            file = self.context.disk.read(path) if self.context.disk.exists(path) else None
            self._parsed[path] = read_dockerfile(file) if file is not None else None
        return self._parsed[path]

    def _build(self, build: Build) -> Image:
        parsed = self.parsed(build.dockerfile)
        if parsed is None:
            because = f"{self.context.disk.show(build.dockerfile)} is not in the folder checked"
            return Image(Located.unknown(because), stop_signal=Located.unknown(because), opaque=because)
        return ImageBuilder(self.context.disk, parsed, build).image()


def lone_images(context: Context, paths: Iterable[Path], used: set[Path]) -> Carried:
    """Dockerfiles that nothing else uses: each an image that somebody runs, nobody knows how. Several are alternatives.

    Their ports are taken for those of the machine.
    """
    carried = Carried()
    reader = ImageReader(context)
    for path in paths:
        parsed = reader.parsed(path) if path not in used else None
        if parsed is None:
            continue
        image = reader.build(Build(_context_folder(context, parsed, path), path))
        carried.files += image.files
        carried.problems += image.problems
        carried.used.add(path)
        if image.span is not None:
            carried.services.append(_service(context, image, parsed.file, path))
    return carried


def _service(context: Context, image: Image, file: SourceFile, path: Path) -> Service:
    unit = Unit(
        manager=Manager.DOCKERFILE,
        name=file.path,
        span=image.span or Span(file, 0, 0),
        container=True,
        image=image.reference,
        mounts=image.mounts,
        user=image.user,
        group=image.group,
        stop_signal=image.stop_signal,
        stop_grace=Located.unknown("a Dockerfile alone does not tell who stops the container", image.span),
        development=bool(_DEVELOPMENT.search(file.path.lower())),
        files=image.files,
    )
    return Service(
        unit=unit,
        files=Filesystem(context.disk, context.index, image.mounts, path.parent, image.certain),
        entrypoint=image.entrypoint,
        command=image.command,
        environment=image.environment,
        folder=image.folder,
        versions=image.versions,
        opaque=image.opaque,
    )


def _context_folder(context: Context, parsed: Dockerfile, path: Path) -> Path:
    """The folder that is built in: the Dockerfile's own, or the one above it where what is copied is found."""
    sources = _literal_sources(parsed, path.parent)
    best, most = path.parent, _count(path.parent, sources)
    folder = path.parent
    while most < len(sources) and folder != context.disk.root and folder.is_relative_to(context.disk.root):
        folder = folder.parent
        count = _count(folder, sources)
        if count > most:
            best, most = folder, count
    return best


def _literal_sources(parsed: Dockerfile, folder: Path) -> list[str]:
    stage = Stage("", folder, parsed.escape, Layers(Disk(folder)), Located.unknown(""))
    every = (one for one in parsed.instructions if one.keyword in ("COPY", "ADD"))
    found = dict.fromkeys(source for one in every for source in sources_of(stage, one))
    return [source for source in found if source not in ("", ".")][:_MOST_SOURCES]


def _count(folder: Path, sources: list[str]) -> int:
    return sum((folder / source).exists() for source in sources if "\0" not in source)
