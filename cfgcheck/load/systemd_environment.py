"""The environment that a service of systemd starts in (systemd.exec(5), "Environment")."""

from __future__ import annotations

import posixpath
import re

from cfgcheck.findings import Problem
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.systemd_settings import UnitSettings
from cfgcheck.model.located import Located
from cfgcheck.record import replace
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.dotenv import Variable, read_dotenv, with_variables
from cfgcheck.syntax.environment import Environment

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_OF_SYSTEMD = (
    "PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "HOME", "SHELL", "USER", "LOGNAME", "INVOCATION_ID", "MAINPID",
    "JOURNAL_STREAM", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_USEC", "TERM",
    "XDG_RUNTIME_DIR", "MANAGERPID", "SYSTEMD_EXEC_PID", "CREDENTIALS_DIRECTORY",
)  # fmt: skip
_BECAUSE = "systemd sets it"
_GENERIC = frozenset({".env", "env", "environment", ".environment", "default", "defaults"})
_DIRECTORIES = (
    ("RuntimeDirectory", "RUNTIME_DIRECTORY", "/run/"),
    ("StateDirectory", "STATE_DIRECTORY", "/var/lib/"),
    ("CacheDirectory", "CACHE_DIRECTORY", "/var/cache/"),
    ("LogsDirectory", "LOGS_DIRECTORY", "/var/log/"),
    ("ConfigurationDirectory", "CONFIGURATION_DIRECTORY", "/etc/"),
)


class EnvironmentReader:
    """Reads one service's environment. ``files``: environment files that were read."""

    def __init__(self, settings: UnitSettings, files: Filesystem, folder: str, user: Located[str]) -> None:
        self.settings = settings
        self.filesystem = files
        self.folder = folder
        self.user = user
        self.files: list[SourceFile] = []
        self.problems: list[Problem] = []

    def read(self) -> Environment:
        made = self._of_systemd()
        passed = dict.fromkeys(self._names("PassEnvironment"), "it is passed on from systemd's own environment")
        made = replace(made, unknown={**made.unknown, **passed})
        made = with_variables(made, self._assigned())
        for setting in self.settings.all("Service", "EnvironmentFile"):
            made = self._with_file(made, self.settings.text(setting))
        gone = set(self._names("UnsetEnvironment"))
        if not gone:
            return made
        values = {name: value for name, value in made.values.items() if name not in gone}
        return replace(made, values=values, unknown={n: why for n, why in made.unknown.items() if n not in gone})

    def _of_systemd(self) -> Environment:
        made = Environment(unknown=dict.fromkeys(_OF_SYSTEMD, _BECAUSE), complete=not self.settings.own)
        if self.user.by_hand and self.user.known:
            made = made.with_values({"USER": self.user.value, "LOGNAME": self.user.value})
        for setting, variable, base in _DIRECTORIES:
            found = [text for each in self.settings.all("Service", setting) for _, text in self.settings.words(each)]
            if found and all(text.known for text in found) and not self.settings.own:
                paths = [posixpath.join(base, text.value.partition(":")[0]) for text in found]
                spans = {variable: found[0].span} if found[0].span is not None else {}
                made = made.with_values({variable: ":".join(paths)}, spans)
            elif found:
                made = made.with_unknown(variable, found[0].because or "it depends on the user")
        return made

    def _names(self, setting: str) -> list[str]:
        words = (word for each in self.settings.all("Service", setting) for word in self.settings.words(each))
        return [text.value for _, text in words if text.known]

    def _assigned(self) -> list[Variable]:
        found = []
        for setting in self.settings.all("Service", "Environment"):
            for word, text in self.settings.words(setting):
                written = text.value if text.known else text.text
                name = _NAME.match(written)
                if name is None or written[name.end() : name.end() + 1] != "=" or text.span is None:
                    continue
                begin = word.start + name.end() + 1 if word.plain else word.start
                place = setting.value.span(begin, word.end) if begin < word.end else text.span
                value = written[name.end() + 1 :]
                named = setting.value.span(word.start, min(word.start + name.end(), word.end))
                known = value if text.known else None
                found.append(Variable(name[0], known, place, named, text.because, "" if text.known else value))
        return found

    def _with_file(self, made: Environment, path: Located[str]) -> Environment:
        name = path.get("").removeprefix("-")
        found = self._file(name) if path.known else None
        if found is None:
            return replace(made, complete=False)
        self.files.append(found)
        variables, problems = read_dotenv(found, "systemd")
        self.problems += problems
        return with_variables(made, variables)

    def _file(self, path: str) -> SourceFile | None:
        """The file of the tree that stands at a path of the machine. A name that many files have (``.env``) has to
        stand in a folder of the same name, or in the folder checked where that is the working directory."""
        if not path.startswith("/") or any(character in path for character in "*?["):
            return None
        found = self.filesystem.find_path(path)
        if found is None:
            return None
        folder, name = posixpath.split(path)
        if name in _GENERIC and found.parent.name != posixpath.basename(folder):
            top = self.filesystem.disk.root
            if found.parent != top or not self.folder or posixpath.normpath(self.folder) != folder:
                return None
        return self.filesystem.disk.read(found)
