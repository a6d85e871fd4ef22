"""RUN: what of its commands changes the files of the tree in an image, and which servers it installs.

Nothing is run. Simple commands on files that are known to be there (``rm``, ``mv``, ``cp``, ``ln``) are followed; what
else may write a server's configuration makes the image uncertain.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping

from cfgcheck.load.dockerfile_layers import CONFIGURATION, NOTHING
from cfgcheck.load.dockerfile_stage import Stage
from cfgcheck.load.known_images import PACKAGED, stock_mounts
from cfgcheck.load.versions import in_command
from cfgcheck.source.file import Span
from cfgcheck.syntax.dockerfile import Instruction
from cfgcheck.syntax.environment import NOTHING_KNOWN
from cfgcheck.syntax.shell_words import Command, Locate, in_file, split_commands

_REDIRECTION = re.compile(r"(?<![<>&])(>>?)[ \t]*[\"']?([^\s\"'`;&|()<>$]+)")
_HARMLESS = frozenset(
    {
        "apt-get", "apt", "apk", "yum", "dnf", "microdnf", "aptitude", "apt-key", "apt-mark", "dpkg", "rpm",
        "pip", "pip2", "pip3", "pipenv", "poetry", "uv", "conda", "mamba", "npm", "yarn", "pnpm", "npx",
        "corepack", "gem", "bundle", "mkdir", "chmod", "chown", "chgrp", "addgroup", "adduser", "groupadd",
        "useradd", "usermod", "groupmod", "deluser", "install_packages", "echo", "printf", "cat", "touch",
        "true", "false", ":", "test", "[", "[[", "ls", "find", "which", "locale-gen", "update-locale",
        "dpkg-reconfigure", "gpg", "set", "export", "cd", "umask", "ldconfig", "date", "id", "getent",
        "sleep", "rm", "rmdir", "mv", "cp", "ln", "unlink", "xargs", "install", "update-ca-certificates",
        "ldd", "strip", "setcap", "fi", "done", "esac", "else", "then", "case", "for", "unset", "exit",
        "return", "openssl", "gcc", "cc", "virtualenv", "passwd", "chpasswd", "grep", "msgfmt",
        "django-admin", "break", "tee", "sed",
    }
)  # fmt: skip
"""Commands that put no file of the tree where a server reads its configuration."""

_NOTHING_ELSE = re.compile(r"\d*<<-?[^<\s]+\s*\Z")
_DOWNLOADERS = frozenset({"curl", "wget"})
_INTERPRETER = re.compile(r"(?:python[\d.]*|(?:ba|da|a|k|z)?sh)\Z")
_OPTIONS_WITH_VALUE = {"install": frozenset({"-m", "-o", "-g"}), "cp": frozenset[str](), "mv": frozenset[str]()}
_INSTALLERS = {"apt-get": "apt", "apt": "apt", "aptitude": "apt", "install_packages": "apt", "apk": "apk"}
_PACKAGE = re.compile(r"(nginx|supervisor)(?:-(?:core|full|light|extras))?(?:=.*)?\Z")
_MOST_COMMANDS = 2000


def run(stage: Stage, instruction: Instruction) -> None:
    """What a RUN does to a stage."""
    runner = _Runner(stage, instruction)
    words, heredocs = instruction.words, instruction.heredocs
    if words is not None:
        script = words[2] if len(words) > 2 and words[1].value == "-c" else None
        if script is None:
            runner.all([Command(words, (), "", instruction.span, NOTHING_KNOWN)], "")
        else:
            runner.script(script.template, lambda start, end: script.span)
    elif heredocs and _NOTHING_ELSE.match(instruction.plain):
        content = heredocs[0].content
        runner.script(content.text, in_file(content.file, content.start))
    else:
        runner.script(instruction.text, instruction.locate)


class _Runner:
    def __init__(self, stage: Stage, instruction: Instruction) -> None:
        self.stage = stage
        self.layers = stage.layers
        self.span: Span = instruction.span
        self.folder = stage.folder
        self.handlers: Mapping[str, Callable[[list[str]], None]] = {
            "rm": self._remove,
            "unlink": self._remove,
            "mv": self._move,
            "cp": self._copy,
            "install": self._copy,
            "ln": self._link,
            "mkdir": self._make,
            "sed": self._edit,
            "tee": self._tee,
        }

    def script(self, text: str, locate: Locate) -> None:
        self.all(split_commands(text, locate, self.stage.environment_for(text)), text)

    def all(self, commands: list[Command], text: str) -> None:
        for command in commands[:_MOST_COMMANDS]:
            self._command(command)
        if len(commands) > _MOST_COMMANDS:
            self.stage.certain = False
        for mode, path in self._redirected(text):
            self._written(path, mode == ">>")

    def _command(self, command: Command) -> None:
        words = [word.template for word in command.words]
        while words and words[0] in ("sudo", "exec", "env", "time", "nohup", "command"):
            words.pop(0)
        if not words:
            return
        name = posixpath.basename(words[0])
        self.stage.versions.update(in_command(command.words))
        if name in _INSTALLERS:
            self._packages(_INSTALLERS[name], words)
        elif name == "cd":
            self.folder = self._path(words[1]) if len(words) > 1 else ""
        elif name in self.handlers:
            self.handlers[name](words)
        elif not _is_harmless(name, words):
            self.stage.certain = False

    def _packages(self, kind: str, words: list[str]) -> None:
        """nginx of a distribution comes with a main file, and so does supervisord; one that is there already stays."""
        verbs = {"install", "add"} if words[0] != "install_packages" else {words[0]}
        if not verbs & set(words):
            return
        packages = {found[1] for word in words if (found := _PACKAGE.match(word)) is not None}
        for package in sorted(packages):
            for mount in stock_mounts(self.layers.disk, PACKAGED[kind, package]):
                if self.layers.mapped(mount.target) is None:
                    self.layers.put(mount.target, mount.source, None)

    def _path(self, text: str) -> str:
        """The path in the image, normal; "" when it is not known."""
        if not text or "$" in text or "`" in text or "{" in text:
            return ""
        if not text.startswith("/"):
            if not self.folder.startswith("/"):
                return ""
            text = posixpath.join(self.folder, text)
        return "/" + posixpath.normpath(text).lstrip("/")

    def _paths(self, words: list[str]) -> Iterator[str]:
        """The paths that a command names, patterns resolved; what is not known is left out."""
        for text in _operands(words):
            path = self._path(text)
            if any(char in path for char in "*?["):
                yield from self.layers.matching(path)
            elif path:
                yield path
            elif CONFIGURATION.search(text):
                self.stage.certain = False

    def _remove(self, words: list[str]) -> None:
        for text in _operands(words):
            path = self._path(text)
            folder, _, last = path.rpartition("/")
            if last == "*" and folder.startswith("/etc/nginx"):
                self.layers.put(folder, NOTHING, self.span)
            elif path and not any(char in path for char in "*?["):
                self._gone(path)
            else:
                for match in self.layers.matching(path) if path else ():
                    self._gone(match)

    def _gone(self, path: str) -> None:
        """Only what is of the tree, or a configuration that the image has, matters."""
        if self.layers.mapped(path) is not None or any(self.layers.below(path)) or CONFIGURATION.search(path):
            self.layers.put(path, NOTHING, self.span)

    def _copy(self, words: list[str]) -> None:
        self._transfer(words, move=False)

    def _move(self, words: list[str]) -> None:
        self._transfer(words, move=True)

    def _transfer(self, words: list[str], move: bool) -> None:
        operands = _operands(words)
        if len(operands) < 2:
            return
        target = self._path(operands[-1])
        sources = list(self._paths(["", *operands[:-1]]))
        if not target:
            self.stage.certain = False
            return
        into = operands[-1].endswith("/") or len(operands) > 2 or len(sources) > 1 or self.layers.is_folder(target)
        for source in sources:
            place = posixpath.join(target, posixpath.basename(source)) if into else target
            if words[0] == "cp" and operands[0].endswith("/."):
                place = target
            self._bring(source, place)
            if move:
                self._gone(source)

    def _bring(self, source: str, place: str) -> None:
        found = list(self.layers.below(source))
        for rest, origin in found:
            self.layers.put(posixpath.join(place, rest) if rest else place, origin, self.span)
        if not found and CONFIGURATION.search(place):
            # A file of the image itself, or one that a command made.
            self.layers.put(place, "", self.span)
            self.stage.certain = False

    def _link(self, words: list[str]) -> None:
        operands = _operands(words)
        if not operands or operands[0].startswith("/dev/"):
            return
        name = posixpath.basename(operands[0].rstrip("/"))
        link = self._path(operands[1]) if len(operands) > 1 else self._path(name)
        if not link:
            return
        if len(operands) > 1 and (operands[1].endswith("/") or self.layers.is_folder(link)):
            link = posixpath.join(link, name)
        base = posixpath.dirname(link)
        written = operands[0]
        target = written if written.startswith("/") else posixpath.join(base, written)
        self.stage.links.append((link, "/" + posixpath.normpath(target).lstrip("/"), self.span))

    def _make(self, words: list[str]) -> None:
        for path in self._paths(words):
            if len(self.layers.folders) < _MOST_COMMANDS:
                self.layers.folders.add(path)

    def _edit(self, words: list[str]) -> None:
        """``sed -i`` fills in a value here and there: the file stays that of the tree, but is not certain."""
        if any(word.startswith(("-i", "--in-place", "-ri", "-Ei", "-ie")) for word in words[1:]):
            for path in self._paths(words):
                self._written(path, added=True)

    def _tee(self, words: list[str]) -> None:
        for path in self._paths(words):
            self._written(path, "-a" in words)

    def _redirected(self, text: str) -> Iterator[tuple[str, str]]:
        for found in _REDIRECTION.finditer(text):
            if not found[2].startswith("/dev/"):
                yield found[1], self._path(found[2])

    def _written(self, path: str, added: bool) -> None:
        """Something was written to a file, or added to it."""
        if not path:
            return
        if CONFIGURATION.search(path):
            self.stage.certain = False
            if not added:
                self.layers.put(path, "", self.span)


def _operands(words: list[str]) -> list[str]:
    skipped = _OPTIONS_WITH_VALUE.get(words[0], frozenset())
    found: list[str] = []
    after = ""
    for word in words[1:]:
        if after in skipped and after:
            after = ""
            continue
        after = word
        if not word.startswith("-"):
            found.append(word)
    return found


def _is_harmless(name: str, words: list[str]) -> bool:
    """Whether a command puts no file of the tree where a server reads its configuration.

    ``python -m pip …`` and ``python manage.py collectstatic`` install or gather; ``curl … | sh`` installs something.
    """
    if name in _HARMLESS:
        return True
    if name in _DOWNLOADERS:
        return not any(CONFIGURATION.search(word) for word in words[1:])
    if _INTERPRETER.match(name):
        rest = [word for word in words[1:] if not word.startswith("-")]
        return not rest or words[1:3] == ["-m", "pip"] or posixpath.basename(rest[0]) == "manage.py"
    return False
