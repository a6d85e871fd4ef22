"""From commands and config files to apps: which app servers a stack runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cfgcheck.findings import Problem
from cfgcheck.load.discover import Candidate, FileKind
from cfgcheck.load.disk import Disk
from cfgcheck.load.tree_index import TreeIndex
from cfgcheck.model.app import App
from cfgcheck.model.located import Located
from cfgcheck.model.version import Version
from cfgcheck.record import record, replace
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.procfile import Process, read_procfile
from cfgcheck.syntax.shell_words import Locate, in_file, split_commands

if TYPE_CHECKING:
    # The readers are loaded where there is something for them to read: each costs a few milliseconds.
    from cfgcheck.load.gunicorn import FindFile, GunicornReader, GunicornStart
    from cfgcheck.load.uwsgi import UwsgiStart

_OF_A_PROCFILE = Environment(unknown={"PORT": "the process manager sets it"})


@record(frozen=True)
class Command:
    """A command line that starts something, and where.

    ``folder``: absolute, where it is started. ``together``: the mark of what is started along with it.
    """

    name: str
    text: str
    locate: Locate
    folder: Path
    environment: Environment
    together: str
    host: str = ""


class AppReader:
    """Reads commands and config files into apps. ``problems``: what could not be read; ``files``: every file that was.
    ``unseen``: commands that may start an app server which can't be seen."""

    def __init__(self, disk: Disk, index: TreeIndex, versions: Mapping[str, Located[Version]]) -> None:
        self.disk = disk
        self.index = index
        self.versions = versions
        self.apps: list[App] = []
        self.problems: list[Problem] = []
        self.files: dict[int, SourceFile] = {}
        self.unseen: list[str] = []
        self._gunicorns: GunicornReader | None = None

    def read(self, candidates: Sequence[Candidate], commands: Iterable[Command]) -> None:
        """Apps of commands first: a config file that one of them uses is not an app besides."""
        for command in commands:
            self._command(command)
        for candidate in candidates:
            if candidate.kind is FileKind.PROCFILE:
                self._procfile(candidate.path)
        used = {id(file) for app in self.apps for file in app.files}
        lone = [self._lone(one) for one in candidates if one.kind in (FileKind.GUNICORN, FileKind.UWSGI)]
        found = [(file, app) for file, app in lone if app is not None and id(file) not in used]
        # A file that another one includes or imports is a part of that one.
        parts = {id(part) for file, app in found for part in app.files if part is not file}
        self._keep(app for file, app in found if id(file) not in parts)
        if self._gunicorns is not None:
            self.problems += self._gunicorns.problems

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
        if candidate.kind is FileKind.GUNICORN:
            from cfgcheck.load.gunicorn import GunicornStart

            return file, self._gunicorn(GunicornStart(name, folder, config=file, find=self._finder(folder)))
        from cfgcheck.load.uwsgi import UwsgiStart

        return file, self._uwsgi(UwsgiStart(name, config=file, find=self._finder(folder)))

    # ── commands ──────────────────────────────────────────────────────────────────────────────────────────────

    def _procfile(self, path: Path) -> None:
        file = self.disk.read(path)
        if file is None:
            return
        self.files[id(file)] = file
        processes, problems = read_procfile(file)
        self.problems += [] if problems and _is_template(file) else problems
        for process in processes:
            self._command(_of_process(process, file, path.parent))

    def _command(self, command: Command) -> None:
        built = list(self._built(command))
        self._keep(built)
        if not built and _starts_something_unseen(command):
            self.unseen.append(f"what `{command.text.strip()[:60]}` starts can't be seen")

    def _built(self, command: Command) -> Iterator[App]:
        if "gunicorn" not in command.text and "uwsgi" not in command.text:
            return
        from cfgcheck.load.gunicorn_command import find_gunicorn

        uwsgi_too = "uwsgi" in command.text
        for simple in split_commands(command.text, command.locate, command.environment):
            gunicorn = find_gunicorn(simple)
            if gunicorn is not None:
                from cfgcheck.load.gunicorn import GunicornStart

                folder = self.disk.show(command.folder)
                start = GunicornStart(
                    command.name,
                    folder,
                    gunicorn,
                    find=self._finder(folder),
                    together=command.together,
                    host=command.host,
                )
                yield self._gunicorn(start)
                continue
            if not uwsgi_too:
                continue
            from cfgcheck.load.uwsgi import UwsgiStart
            from cfgcheck.load.uwsgi_command import find_uwsgi

            uwsgi = find_uwsgi(simple, simple.environment)
            if uwsgi is not None:
                folder = self.disk.show(command.folder)
                app = self._uwsgi(UwsgiStart(command.name, folder, uwsgi, find=self._finder(folder)))
                yield replace(app, together=command.together, host=command.host)

    def _finder(self, folder: str) -> FindFile:
        return lambda wanted: self.index.find(wanted, folder)

    def _gunicorn(self, start: GunicornStart) -> App:
        from cfgcheck.load.gunicorn import GunicornReader

        if self._gunicorns is None:
            self._gunicorns = GunicornReader(self.disk)
        version = self.versions.get("gunicorn")
        return self._gunicorns.build(replace(start, version=version) if version is not None else start)

    def _uwsgi(self, start: UwsgiStart) -> App:
        from cfgcheck.load.uwsgi import build_uwsgi

        version = self.versions.get("uwsgi")
        app, problems = build_uwsgi(self.disk, replace(start, version=version) if version is not None else start)
        self.problems += problems
        return app


def _of_process(process: Process, file: SourceFile, folder: Path) -> Command:
    locate = in_file(file, process.command.start)
    return Command(process.name, process.command.text, locate, folder, _OF_A_PROCFILE, f"Procfile {file.path}")


def _is_template(file: SourceFile) -> bool:
    """Whether lines may stand there that become processes, or nothing, later."""
    from cfgcheck.syntax.templates import detect

    return detect(file.path, file.text) is not None


_SCRIPTS = (".sh", ".bash")


def _starts_something_unseen(command: Command) -> bool:
    """Whether a command runs a script or a target that may start any server."""
    words = command.text.split()
    return command.name == "web" and any(
        word.endswith(_SCRIPTS) or word in ("make", "npm", "yarn", "just", "task") or word.startswith("bin/")
        for word in words[:4]
    )


def of_declaration(name: str, text: str, span: Span, folder: Path, environment: Environment, host: str) -> Command:
    """An ``[[app]]`` of the settings."""
    whole = span.text == text

    def locate(start: int, end: int) -> Span:
        return Span(span.file, span.start + start, span.start + end) if whole else span

    return Command(name, text, locate, folder, environment, "settings", host)
