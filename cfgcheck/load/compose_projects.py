"""Which compose files make one deployment: a base with its override, a base with another file over it, a file alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from collections.abc import Sequence as SequenceType
from pathlib import Path

from cfgcheck.load.context import Context
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.yaml_tree import Mapping, Node, Scalar, Sequence

BASES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_OVERRIDE = re.compile(r"(?:docker-)?compose\.override\.ya?ml\Z")
_DEVELOPMENT = re.compile(r"(?:\A|[._-])(?:dev|devel|development|test|tests|testing|ci|debug|e2e|localdev)(?:[._-]|\Z)")
_PRODUCTION = re.compile(r"(?:\A|[._-])(?:prod|production|live)(?:[._-]|\Z)")
_MOST_VARIANTS = 12
_NOT_SERVICES = frozenset({"version", "services", "networks", "volumes", "configs", "secrets", "name", "include"})


@record(eq=False)
class ComposeFile:
    """One file. ``services``: by name."""

    path: Path
    file: SourceFile
    root: Mapping
    services: dict[str, Mapping] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.path.name


@record(eq=False)
class Project:
    """Files that make one deployment, later ones over earlier ones. ``key``: unique in the run; ``label``: for people.
    ``development``: made for a developer's machine or for tests."""

    key: str
    label: str
    files: list[ComposeFile]
    development: bool = False

    @property
    def folder(self) -> Path:
        return self.files[0].path.parent


def services_of(root: Mapping) -> dict[str, Mapping]:
    """The services of a file; those of the first version of the format stand at the top."""
    services = root.get("services")
    if services is not None:
        every = dict(services.items()) if isinstance(services, Mapping) else {}
    else:
        every = {name: pair for name, pair in root.items() if name not in _NOT_SERVICES and name[:2] != "x-"}
    return {name: pair.value for name, pair in every.items() if isinstance(pair.value, Mapping)}


def projects(context: Context, files: SequenceType[ComposeFile]) -> list[Project]:
    """The deployments that the files make, folder by folder."""
    folders: dict[Path, list[ComposeFile]] = {}
    extended = {path for one in files for path in _extended(one)}
    for one in files:
        if one.path not in extended or _runs_by_itself(one):
            folders.setdefault(one.path.parent, []).append(one)
    return [project for folder, inside in folders.items() for project in _of_folder(context, folder, inside)]


def _of_folder(context: Context, folder: Path, files: list[ComposeFile]) -> list[Project]:
    by_name = {one.name: one for one in files}
    base = next((by_name[name] for name in BASES if name in by_name), None)
    overrides = [one for one in files if _OVERRIDE.match(one.name)]
    shown = context.disk.show(folder)
    found: list[Project] = []
    if base is not None:
        # Who keeps a file for production beside it runs the plain one on a developer's machine.
        beside = any(_PRODUCTION.search(one.name.lower()) for one in files)
        found.append(_project(shown, [base, *overrides], development=beside))
    elif overrides:
        found.append(_project(shown, overrides))
    for one in files:
        if one is base or one in overrides:
            continue
        alone = base is None or _stands_alone(one)
        found.append(_project(shown, [one] if alone or base is None else [base, one]))
    return found[:_MOST_VARIANTS]


def _project(folder: str, files: list[ComposeFile], *, development: bool = False) -> Project:
    last = files[-1]
    key = f"{folder}/{'+'.join(one.name for one in files)}"
    return Project(key, last.file.path, files, development or is_development(last))


def _extended(one: ComposeFile) -> Iterator[Path]:
    """Other files that a file takes services from with ``extends``."""
    for service in one.services.values():
        extends = service.get("extends")
        name = extends.get("file") if isinstance(extends, Mapping) else None
        if isinstance(name, Scalar) and name.text:
            path = Path(os.path.normpath(one.path.parent / name.text))
            if path != one.path:
                yield path


def _runs_by_itself(one: ComposeFile) -> bool:
    """Whether a file that others extend is run as well, and not there for them only."""
    if one.name in BASES or _OVERRIDE.match(one.name):
        return True
    return _stands_alone(one) and any(service.get("ports") is not None for service in one.services.values())


def is_development(one: ComposeFile) -> bool:
    """Whether the name of a file, or of its folder in the tree checked, says that it is for development or tests."""
    folder = one.file.path.rpartition("/")[0].rpartition("/")[2]
    return any(_DEVELOPMENT.search(name.lower()) for name in (one.name, folder))


def _stands_alone(one: ComposeFile) -> bool:
    """Whether each service says by itself what it runs, and needs none that only another file has."""
    names = set(one.services)
    return bool(names) and all(_says(service) and _needs(service) <= names for service in one.services.values())


def _says(service: Mapping) -> bool:
    return any(service.get(key) is not None for key in ("image", "build", "extends"))


def _needs(service: Mapping) -> set[str]:
    depends = service.get("depends_on")
    if isinstance(depends, Mapping):
        return set(depends.resolved)
    items: Iterable[Node] = depends.items if isinstance(depends, Sequence) else ()
    return {item.text for item in items if isinstance(item, Scalar)}
