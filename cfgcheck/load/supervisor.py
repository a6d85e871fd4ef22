"""Programs of supervisord: of the machine's own, or of one that runs inside a container."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from cfgcheck.findings import Problem
from cfgcheck.load.context import Context
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.service import Carried, Service
from cfgcheck.load.supervisor_program import Daemon, ProgramReader, assigned
from cfgcheck.load.supervisor_values import Expansions, Unknown, boolean, expand, octal_of
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.record import replace
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.supervisor_ini import Section, SupervisorFile, read_supervisor_ini

__all__ = ["programs", "programs_inside", "read_supervisor"]

_PROGRAMS = ("program:", "fcgi-program:")
_OF_SUPERVISOR = ("SUPERVISOR_ENABLED", "SUPERVISOR_SERVER_URL", "SUPERVISOR_PROCESS_NAME", "SUPERVISOR_GROUP_NAME")
_MOST_PROGRAMS = 300
_UMASK = "supervisord.org/configuration.html, umask"


def read_supervisor(context: Context, paths: Sequence[Path]) -> Carried:
    """The programs of files that lie on the machine (``supervisord.conf``, ``conf.d/*.conf``). Files that a main file
    includes run together with it, and those of one folder together."""
    carried = Carried()
    read: dict[Path, SupervisorFile] = {}
    for path in sorted(paths):
        file = context.disk.read(path)
        if file is not None:
            carried.files.append(file)
            read[path] = read_supervisor_ini(file)
            carried.problems += read[path].problems
    left = dict(read)
    for path, main in read.items():
        if "supervisord" in main.sections and path in left:
            left.pop(path)
            parts = _included(path, main, left)
            for part in parts:
                left.pop(part)
            _add_machine(context, carried, path, [main, *(read[part] for part in parts)])
    for path, lone in left.items():
        _add_machine(context, carried, path, [lone])
    return carried


def _add_machine(context: Context, carried: Carried, path: Path, files: list[SupervisorFile]) -> None:
    unit = Unit(Manager.SUPERVISOR, "supervisord", files[0].file.span(0, min(1, len(files[0].file.text))))
    main = "supervisord" in files[0].sections
    shown = context.disk.show(path if main else path.parent)
    base = Service(unit, Filesystem(context.disk, context.index, beside=path.parent), together=f"supervisord {shown}")
    found = _programs(files, base, None)
    carried.services += found.services
    carried.problems += found.problems


def _included(path: Path, main: SupervisorFile, others: Iterable[Path]) -> list[Path]:
    """Which of the other files a main file includes: those at the very path, else those whose path ends alike."""
    found = []
    for pattern in _patterns(main, {"here": str(path.parent), "host_node_name": Unknown("")}):
        ending = "/".join(pattern.strip("/").split("/")[-2:])
        for other in others:
            full = posixpath.normpath(posixpath.join(path.parent.as_posix(), pattern))
            alike = "/".join(other.parts[-2:]) if "/" in ending else other.name
            if other not in found and (_matches(other.as_posix(), full) or _matches(alike, ending)):
                found.append(other)
    return sorted(found)


def _matches(path: str, pattern: str) -> bool:
    return path.count("/") == pattern.count("/") and fnmatchcase(path, pattern)


def _patterns(main: SupervisorFile, expansions: Expansions) -> Iterator[str]:
    section = main.sections.get("include")
    option = section.options.get("files") if section is not None else None
    if option is not None:
        expanded = expand(option.value, expansions)
        if not expanded.holes and not expanded.refused:
            yield from expanded.text.split()[:100]


# ── inside a container ────────────────────────────────────────────────────────────────────────────────────────────


def programs(file: SourceFile, service: Service, context: Context) -> list[Service]:
    """The programs of a supervisord that ``service`` runs with ``file`` as its configuration."""
    return programs_inside(file, service, context).services


def programs_inside(file: SourceFile, service: Service, context: Context) -> Carried:
    """The same, with the files that were read and what is wrong in them. A file that is included and not in the tree
    is a service by itself, of which nobody knows what it runs (``opaque``)."""
    main = read_supervisor_ini(file)
    carried = Carried(files=[file], problems=list(main.problems))
    here = _inside(file, service, context)
    files = [main]
    missing = ""
    for pattern in _patterns(main, _common(here, service.environment)):
        full = posixpath.normpath(posixpath.join(here or "", pattern))
        paths = service.files.glob(full) if full.startswith("/") else _beside(file, pattern, context)
        if not paths and not service.files.certain:
            missing = missing or pattern
        for path in paths:
            included = context.disk.read(path)
            if included is not None and all(included is not each.file for each in files):
                files.append(read_supervisor_ini(included))
                carried.files.append(included)
                carried.used.add(path)
                carried.problems += files[-1].problems
    unit = Unit(Manager.SUPERVISOR, "supervisord", service.unit.span, host=service.unit.host, outer=service.unit)
    base = Service(unit, service.files, folder=service.folder, versions=service.versions, together=service.together)
    found = _programs(files, replace(base, environment=service.environment), here)
    carried.services += found.services
    carried.problems += found.problems
    if missing:
        carried.services.append(replace(base, opaque=f"supervisord includes {missing}, which is not in the tree"))
    return carried


def _inside(file: SourceFile, service: Service, context: Context) -> str | None:
    """The folder of the container's file system that a file of the tree lies in."""
    path = context.disk.absolute(file.path)
    for mount in reversed(service.files.mounts):
        if mount.source and (path == Path(mount.source) or path.is_relative_to(mount.source)):
            rest = path.relative_to(mount.source).as_posix()
            return posixpath.dirname(posixpath.normpath(posixpath.join(mount.target, rest)))
    return None


def _beside(file: SourceFile, pattern: str, context: Context) -> list[Path]:
    """The files that a pattern names beside the main file's place in the tree."""
    folder = context.disk.absolute(file.path).parent
    if ".." in pattern.split("/") or pattern.startswith("/"):
        return []
    return sorted(path for path in folder.glob(pattern) if path.is_file())[:1000]


# ── both ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _common(here: str | None, environment: Environment) -> dict[str, str | int | Unknown]:
    found: dict[str, str | int | Unknown] = {
        "here": here if here is not None else Unknown("where the file will lie is not known"),
        "host_node_name": Unknown("it is the machine's name"),
    }
    found |= {f"ENV_{name}": Unknown(because) for name, because in environment.unknown.items()}
    return found | {f"ENV_{name}": value for name, value in environment.values.items()}


def _programs(files: list[SupervisorFile], base: Service, here: str | None) -> Carried:
    """The programs of a main file and of those that it includes: of a section in several of them the later options
    count."""
    carried = Carried()
    sections: dict[str, Section] = {}
    for each in files:
        for title, section in each.sections.items():
            known = sections.setdefault(title, Section(section.name, title, section.span, section.branch))
            known.options.update(section.options)
    daemon = _daemon(sections, base, here, files, carried.problems)
    found = [section for title, section in sections.items() if title.startswith(_PROGRAMS)]
    for section in found[:_MOST_PROGRAMS]:
        reader = ProgramReader(section, daemon)
        carried.services += reader.services()
        carried.problems += reader.problems
    if len(found) > _MOST_PROGRAMS:
        because = f"supervisord has {len(found)} programs, of which {_MOST_PROGRAMS} were read"
        carried.services.append(replace(base, opaque=because))
    return carried


def _daemon(
    sections: dict[str, Section], base: Service, here: str | None, files: list[SupervisorFile], problems: list[Problem]
) -> Daemon:
    own = sections.get("supervisord")
    options = own.options if own is not None else {}
    environment = base.environment
    if "environment" in options:
        option = options["environment"]
        environment, problem = assigned(environment, expand(option.value, _common(here, environment)), option)
        if problem is not None and not any(each.template for each in files):
            problems.append(problem)
    for name in _OF_SUPERVISOR:
        environment = environment.with_unknown(name, "supervisord sets it")
    expansions = _common(here, environment)
    outer = base.unit.outer
    user: Located[str] = Located.unknown("it runs as whom supervisord runs as")
    user = outer.user if outer is not None else user
    umask = Located.default(0o22, _UMASK)
    if "user" in options:
        user = expand(options["user"].value, expansions).located()
    if "umask" in options and not _stays(options["nodaemon"].value.text if "nodaemon" in options else ""):
        text = expand(options["umask"].value, expansions).located()
        number = octal_of(text.get(""))
        umask = Located.unknown(text.because, text.span) if number is None else text.with_value(number)
    elif outer is not None and outer.umask.known:
        umask = outer.umask
    template = any(each.template for each in files)
    return Daemon(base, environment, here, umask, user, tuple(each.file for each in files), template)


def _stays(nodaemon: str) -> bool:
    """Whether supervisord stays in the foreground: then it leaves the umask alone."""
    return boolean(nodaemon) is True
