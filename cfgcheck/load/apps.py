"""From commands and config files to apps: which app servers a stack runs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cfgcheck.findings import Problem
from cfgcheck.load.context import Context
from cfgcheck.load.discover import Candidate, FileKind
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.handed import with_handed
from cfgcheck.load.start import Start
from cfgcheck.model.app import App
from cfgcheck.model.located import Located
from cfgcheck.model.version import Version
from cfgcheck.record import replace
from cfgcheck.source.file import SourceFile

if TYPE_CHECKING:
    # The readers are loaded where there is something for them to read: each costs a few milliseconds.
    from cfgcheck.load.gunicorn import FindFile, GunicornReader, GunicornStart
    from cfgcheck.load.uwsgi import UwsgiStart
    from cfgcheck.load.versions_tree import TreeVersions

_OTHERS = ("uvicorn", "hypercorn", "daphne", "granian", "waitress", "fastapi")
_NONE: Mapping[str, Located[Version]] = {}
_REQUIREMENTS = re.compile(r"(?:(?:require|reqs).*\.(?:txt|in|pip)|(?:uv|poetry|pdm|pipfile)\.lock|pyproject\.toml)\Z")


class AppReader:
    """Reads commands and config files into apps. ``problems``: what could not be read; ``files``: all that was."""

    def __init__(self, context: Context, versions: Mapping[str, Located[Version]]) -> None:
        self.context = context
        self.disk = context.disk
        self.index = context.index
        self.versions = versions
        self._tree_versions: TreeVersions | None = None
        self.apps: list[App] = []
        self.problems: list[Problem] = []
        self.files: dict[int, SourceFile] = {}
        self._gunicorns: GunicornReader | None = None

    def read_lone(self, candidates: Sequence[Candidate], parts: Container[Path] = ()) -> None:
        """The config files that no app read before uses. ``parts``: files that are known to be parts of something."""
        used = {id(file) for app in self.apps for file in app.files}
        kinds = (FileKind.GUNICORN, FileKind.UWSGI)
        lone = [self._lone(one) for one in candidates if one.kind in kinds and one.path not in parts]
        found = [(file, app) for file, app in lone if app is not None and id(file) not in used]
        # A file that another one includes or imports is a part of that one.
        others = {id(part) for file, app in found for part in app.files if part is not file}
        self._keep(_with_files(app) for file, app in found if id(file) not in others)

    def finish(self) -> None:
        """Take over what was noted on the way."""
        if self._gunicorns is not None:
            self.problems += self._gunicorns.problems

    def of_start(self, start: Start) -> App | None:
        """The app server that a command starts; None where it starts none."""
        app = self._built(start)
        if app is None:
            return None
        unit = start.service.unit
        app = replace(app, unit=unit, host=unit.host, signalled=start.signalled, folder=start.folder)
        known = start.command.environment
        app = replace(app, variables=known.spans, environment=known.values, shells=start.shells)
        app = _with_files(with_handed(app, start.service.handed))
        self._keep([app])
        return app

    def _keep(self, apps: Iterable[App]) -> None:
        for app in apps:
            self.apps.append(app)
            self.files.update((id(file), file) for file in app.files)

    # ── config files by themselves ────────────────────────────────────────────────────────────────────────────

    def _lone(self, candidate: Candidate) -> tuple[SourceFile | None, App | None]:
        file = self.disk.read(candidate.path)
        if file is None:
            return None, None
        self.files[id(file)] = file
        name = file.path
        folder = self.disk.show(candidate.path.parent)
        kind = candidate.kind.value
        versions = {} if kind in self.versions else self._installed(candidate.path.parent)
        if candidate.kind is FileKind.GUNICORN:
            from cfgcheck.load.gunicorn import GunicornStart

            return file, self._gunicorn(GunicornStart(name, folder, config=file, find=self._finder(folder)), versions)
        from cfgcheck.load.uwsgi import UwsgiStart

        return file, self._uwsgi(UwsgiStart(name, config=file, find=self._finder(folder)), versions)

    # ── commands ──────────────────────────────────────────────────────────────────────────────────────────────

    def _built(self, start: Start) -> App | None:
        words = " ".join(word.template for word in start.command.words)
        service = start.service
        name = service.unit.name.removesuffix(".service")
        if "gunicorn" in words:
            from cfgcheck.load.gunicorn import GunicornStart
            from cfgcheck.load.gunicorn_command import find_gunicorn

            gunicorn = find_gunicorn(start.command)
            if gunicorn is not None:
                folder, find = self._folder(start), _finder(start)
                config = self._beside(start)
                found = GunicornStart(name, folder, gunicorn, config, find=find, together=service.together)
                return self._gunicorn(found, self._versions(start, "gunicorn"))
        if "uwsgi" in words:
            from cfgcheck.load.uwsgi import UwsgiStart
            from cfgcheck.load.uwsgi_command import find_uwsgi

            uwsgi = find_uwsgi(start.command, start.command.environment)
            if uwsgi is not None:
                opened = UwsgiStart(name, self._folder(start), uwsgi, find=_finder(start))
                return replace(self._uwsgi(opened, self._versions(start, "uwsgi")), together=service.together)
        return self._another(start, name) if any(server in words for server in _OTHERS) else None

    def _another(self, start: Start, name: str) -> App | None:
        from cfgcheck.load.python_servers import ServerStart, build_server, find_server
        from cfgcheck.load.python_servers_listeners import SocketOwner

        command = find_server(start.command)
        if command is None:
            return None
        kind, service = command.kind.value, start.service
        version = self.versions.get(kind) or self._versions(start, kind).get(kind)
        owner = SocketOwner.of(service.unit)
        return build_server(ServerStart(name, command, version, service.together, owner=owner))

    def _folder(self, start: Start) -> str | None:
        """The folder of the tree that the server is started in."""
        files = start.service.files
        folder = files.tree_folder(start.folder) if start.folder or not start.service.unit.contained else None
        return None if folder is None else self.disk.show(folder)

    def _beside(self, start: Start) -> SourceFile | None:
        """The config file that Gunicorn takes without being told, put into its working directory by itself."""
        if not start.folder.startswith("/"):
            return None
        path = start.service.files.mapped(posixpath.normpath(posixpath.join(start.folder, "gunicorn.conf.py")))
        return self.disk.read(path) if path is not None and self.disk.exists(path) else None

    def _versions(self, start: Start, server: str) -> Mapping[str, Located[Version]]:
        """What the service brings along (its image), else what the files beside the app say is installed."""
        given = start.service.versions
        if server in self.versions or (server in given and given[server].known):
            return given
        files = start.service.files
        working = files.tree_folder(start.folder) if start.folder else None
        installed = self._installed(working or _requirements_folder(files) or files.beside)
        return {**given, **installed}

    def _installed(self, folder: Path) -> Mapping[str, Located[Version]]:
        if self._tree_versions is None:
            from cfgcheck.load.versions_tree import TreeVersions

            self._tree_versions = TreeVersions(self.context)
        return self._tree_versions.of(folder)

    def _finder(self, folder: str) -> FindFile:
        return lambda wanted: self.index.find(wanted, folder)

    def _gunicorn(self, start: GunicornStart, versions: Mapping[str, Located[Version]] = _NONE) -> App:
        from cfgcheck.load.gunicorn import GunicornReader

        if self._gunicorns is None:
            self._gunicorns = GunicornReader(self.disk)
        version = self.versions.get("gunicorn") or versions.get("gunicorn")
        return self._gunicorns.build(replace(start, version=version) if version is not None else start)

    def _uwsgi(self, start: UwsgiStart, versions: Mapping[str, Located[Version]] = _NONE) -> App:
        from cfgcheck.load.uwsgi import build_uwsgi

        version = self.versions.get("uwsgi") or versions.get("uwsgi")
        app, problems = build_uwsgi(self.disk, replace(start, version=version) if version is not None else start)
        self.problems += problems
        return app


def _with_files(app: App) -> App:
    """The app with the files of its unix sockets."""
    if not any(each.address.known and each.address.value.is_unix for each in app.listeners):
        return app
    from cfgcheck.load.socket_files import with_socket_files

    return with_socket_files(app)


def _requirements_folder(files: Filesystem) -> Path | None:
    """The folder that the requirements file of a container comes from; None where none is put there by itself."""
    sources = (Path(mount.source) for mount in reversed(files.mounts) if mount.source)
    return next((path.parent for path in sources if _REQUIREMENTS.match(path.name.lower())), None)


def _finder(start: Start) -> FindFile:
    return lambda wanted: start.service.files.find(wanted, start.folder)
