"""Docker Compose: each project of compose files as containers on networks of their own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from cfgcheck.findings import Problem
from cfgcheck.load.compose_definition import Definition, Definitions
from cfgcheck.load.compose_include import Included
from cfgcheck.load.compose_ports import doorways
from cfgcheck.load.compose_projects import ComposeFile, Project, projects, services_of
from cfgcheck.load.compose_service import Images, ServiceMaker
from cfgcheck.load.compose_text import Values, listed
from cfgcheck.load.context import Context
from cfgcheck.load.service import Carried
from cfgcheck.record import replace
from cfgcheck.syntax.dotenv import read_dotenv
from cfgcheck.syntax.yaml_tree import read_yaml

_MOST_SERVICES = 1000
_MOST_ITEMS = 20_000
"""Of all services of a project together: anchors let a small file say very much."""


def read_compose(context: Context, paths: Sequence[Path], images: Images) -> Carried:
    """All projects that the files make."""
    carried = Carried()
    reader = _Reader(context, carried)
    files = [one for path in paths if (one := reader.read(path)) is not None]
    included = Included(context, reader.read, carried.problems)
    parts = {part.path for one in files for part in included.by(one)}
    for project in projects(context, [one for one in files if one.path not in parts]):
        # Never the first one: that one's folder is the project's.
        project.files[1:1] = [part for one in project.files for part in included.by(one)]
        _project(context, project, images, reader, carried)
    carried.files += [one.file for one in reader.opened.values() if one is not None]
    return carried


class _Reader:
    """Reads each compose file once, those that others extend among them."""

    def __init__(self, context: Context, carried: Carried) -> None:
        self.context = context
        self.carried = carried
        self.opened: dict[Path, ComposeFile | None] = {}

    def read(self, path: Path) -> ComposeFile | None:
        full = self.context.disk.absolute(path)
        if full not in self.opened:
            self.opened[full] = self._open(full)
        return self.opened[full]

    def _open(self, path: Path) -> ComposeFile | None:
        file = self.context.disk.read(path) if self.context.disk.exists(path) else None
        if file is None:
            return None
        found = read_yaml(file)
        self.carried.problems += found.problems
        root = next(found.mappings, None)
        if root is None:
            return None
        return ComposeFile(path, file, root, services_of(root))


def _project(context: Context, project: Project, images: Images, reader: _Reader, carried: Carried) -> None:
    values = Values(_variables(context, project, carried))
    definitions = Definitions(project, values, reader.read)
    by_name = {definition.name: definition for definition in islice(definitions.all(), _MOST_SERVICES)}
    maker = ServiceMaker(context, project, values, images)
    aliases = _links(by_name, values)
    left = _MOST_ITEMS if len(by_name) < _MOST_SERVICES else 0
    for definition in by_name.values():
        left -= definition.size
        if left < 0:
            message = "this project holds more than cfgcheck reads of one: this service and later ones are left out"
            carried.problems.append(Problem("unparsable-file", message, definition.head.span, "exclude the file"))
            break
        host = maker.host_name(definition, by_name)
        if host == f"{project.key}/{definition.name}":
            own = maker.host(definition)
            extra = aliases.get(definition.name, [])
            carried.hosts.append(replace(own, names=tuple(dict.fromkeys([*own.names, *extra]))) if extra else own)
        if host:
            carried.doorways += doorways(definition, host, values)
        carried.services.append(maker.service(definition, host))
    carried.problems += [*definitions.problems, *maker.problems]
    carried.files += maker.files
    carried.used |= maker.used


def _variables(context: Context, project: Project, carried: Carried) -> dict[str, str | None]:
    """``.env`` beside the first file: what ``${X}`` in the compose file stands for."""
    path = project.folder / ".env"
    file = context.disk.read(path) if context.disk.exists(path) else None
    if file is None:
        return {}
    carried.files.append(file)
    variables, problems = read_dotenv(file, "compose")
    carried.problems += problems
    return {each.name: each.value for each in variables}


def _links(definitions: dict[str, Definition], values: Values) -> dict[str, list[str]]:
    """Further names of services: ``links: ["db:database"]``."""
    found: dict[str, list[str]] = {}
    for definition in definitions.values():
        for value, _ in definition.each("links"):
            for item in listed(value):
                name, _, alias = values.plain(item).partition(":")
                if alias:
                    found.setdefault(name, []).append(alias)
    return found
