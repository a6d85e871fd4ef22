"""One stage of a Dockerfile in the making: its variables, working directory, user, command and files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path

from cfgcheck.load.dockerfile_layers import Layers
from cfgcheck.load.image import Image
from cfgcheck.load.known_images import ROOT, TERM
from cfgcheck.load.service import Launch
from cfgcheck.model.located import Located
from cfgcheck.model.version import Version
from cfgcheck.source.file import Span
from cfgcheck.syntax.dockerfile import Instruction
from cfgcheck.syntax.dockerfile_words import Expanded, expand
from cfgcheck.syntax.environment import Environment

PLATFORM = re.compile(r"(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)\Z|(?:HTTPS?|FTP|NO|ALL)_PROXY\Z")
"""Arguments that Docker gives of itself."""

_BLANK_APART = re.compile(r"\S+")
_LONGEST_PATH = 4096
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")
_MOST_PORTS = 256


class Stage:
    """A stage as the instructions read so far leave it.

    ``variables``: of ENV; ``arguments``: of ARG. ``folder``: "" where it is not known. ``commanded``: CMD was given in
    this stage. ``links``: symbolic links, what they lead to, and where they are made. ``certain``: nothing but
    ``layers`` puts server configuration into it. ``whole``: its base sets no variables that are not known.
    ``opaque``: why nobody knows what it runs.
    """

    def __init__(self, name: str, context: Path, escape: str, layers: Layers, reference: Located[str]) -> None:
        self.name = name
        self.context = context
        self.escape = escape
        self.layers = layers
        self.reference = reference
        self.span: Span | None = None
        self.variables: dict[str, Located[str]] = {}
        self.arguments: dict[str, Located[str]] = {}
        self.folder = "/"
        self.user = ROOT
        self.group: Located[str] = ROOT
        self.stop_signal = TERM
        self.ports: list[Located[int]] = []
        self.entrypoint: Launch | None = None
        self.command: Launch | None = None
        self.commanded = False
        self.versions: dict[str, Located[Version]] = {}
        self.certain = True
        self.whole = False
        self.opaque = ""
        self.links: list[tuple[str, str, Span]] = []

    def take_image(self, image: Image, plain: bool) -> None:
        """Begin with what an image from elsewhere brings."""
        environment = image.environment
        for name, value in environment.values.items():
            self.variables[name] = Located.read(value, environment.spans.get(name))
        for name, because in environment.unknown.items():
            self.variables[name] = Located.unknown(because)
        self.folder, self.user, self.group = image.folder, image.user, image.group
        self.stop_signal, self.ports = image.stop_signal, [*image.ports]
        self.entrypoint, self.command = image.entrypoint, image.command
        self.layers.mounts = [*image.mounts]
        self.versions = dict(image.versions)
        self.certain = plain
        self.opaque = image.opaque

    def take_stage(self, other: Stage) -> None:
        """Begin with what an earlier stage became. Arguments are not handed on."""
        self.variables = dict(other.variables)
        self.folder, self.user, self.group = other.folder, other.user, other.group
        self.stop_signal, self.ports = other.stop_signal, [*other.ports]
        self.entrypoint, self.command = other.entrypoint, other.command
        self.layers = other.layers.copy()
        self.versions = dict(other.versions)
        self.certain, self.whole, self.opaque = other.certain, other.whole, other.opaque
        self.links = [*other.links]

    def lookup(self, name: str) -> Expanded | None:
        """ENV wins over ARG."""
        found = self.variables.get(name, self.arguments.get(name))
        if found is not None:
            return Expanded(found.get(None), found.because)
        if PLATFORM.match(name):
            return Expanded(None, f"{name} is given when the image is built")
        if self.whole:
            return None
        return Expanded(None, f"{name} is not set in this file; the image that it begins with may set it")

    def expand(self, raw: str) -> Expanded:
        return expand(raw, self.lookup, self.escape)

    def located(self, instruction: Instruction, start: int, end: int) -> Located[str]:
        """The value of what stands there."""
        found = self.expand(instruction.plain[start:end])
        span = instruction.locate(start, end)
        if found.value is None:
            return Located.unknown(found.because, span, instruction.text[start:end])
        return Located.read(found.value, span)

    def values(self, instruction: Instruction) -> list[Located[str]]:
        """The words of COPY, ADD or EXPOSE (a JSON list or not), variables replaced. Quotes keep no blanks together."""
        if instruction.words is None:
            return [self.located(instruction, *at.span()) for at in _BLANK_APART.finditer(instruction.plain)]
        found = []
        for word in instruction.words:
            expanded = self.expand(word.value) if word.value is not None else Expanded(None, word.because)
            value = expanded.value
            found.append(
                Located.unknown(expanded.because, word.span) if value is None else Located.read(value, word.span)
            )
        return found

    def absolute(self, path: str) -> str:
        """A path of the image, normal; "" when the working directory that it is relative to is not known."""
        if not path.startswith("/"):
            if not self.folder:
                return ""
            path = posixpath.join(self.folder, path)
        return "/" + posixpath.normpath(path).lstrip("/") if len(path) <= _LONGEST_PATH else ""

    def environment(self) -> Environment:
        """That of the image."""
        return _environment(self.variables)

    def environment_for(self, text: str) -> Environment:
        """That of RUN, as far as its text asks for it."""
        names = set(_VARIABLE.findall(text))
        every = ((name, self.variables.get(name, self.arguments.get(name))) for name in names)
        return _environment({name: value for name, value in every if value is not None})

    def work_in(self, instruction: Instruction) -> None:
        """WORKDIR. Docker takes the whole line for one path."""
        path = self.located(instruction, 0, len(instruction.plain))
        self.folder = self.absolute(path.value) if path.known else ""
        if self.folder:
            self.layers.folders.add(self.folder)

    def run_as(self, instruction: Instruction) -> None:
        """USER: a name or number, ``:GROUP`` behind it."""
        written = self.located(instruction, 0, len(instruction.plain))
        if not written.known:
            self.user, self.group = written, written
            return
        user, colon, group = written.value.partition(":")
        self.user = written.with_value("root" if user == "0" else user)
        if colon:
            self.group = written.with_value("root" if group == "0" else group)
        else:
            because = f"the group of the user {user} is not known"
            self.group = written.with_value("root") if user in ("root", "0") else Located.unknown(because, written.span)

    def expose(self, instruction: Instruction) -> None:
        for word in self.values(instruction):
            each = word.value.split() if word.known else []
            for port in [word.with_value(text) for text in each] if word.known else [word]:
                self.ports += _ports(port)
        del self.ports[_MOST_PORTS:]

    def stopped_with(self, instruction: Instruction) -> None:
        written = self.located(instruction, 0, len(instruction.plain))
        self.stop_signal = written.with_value(signal_name(written.value)) if written.known else written


def _environment(every: Mapping[str, Located[str]]) -> Environment:
    return Environment(
        {name: value.value for name, value in every.items() if value.known},
        {name: value.because for name, value in every.items() if not value.known},
        {name: value.span for name, value in every.items() if value.span is not None},
    )


def signal_name(text: str) -> str:
    """``SIGQUIT``, ``quit`` or ``3`` as ``QUIT``."""
    name = text.strip().upper()
    if name.isdigit() and len(name) < 4:
        import signal

        try:
            name = signal.Signals(int(name)).name
        except ValueError:
            return name
    return name.removeprefix("SIG")


def _ports(port: Located[str]) -> list[Located[int]]:
    """``80``, ``80/tcp``, ``8000-8010``; those of UDP are left out."""
    if not port.known:
        return [Located.unknown(port.because, port.span, port.text)]
    numbers, _, protocol = port.value.partition("/")
    first, dash, last = numbers.partition("-")
    if protocol.lower() not in ("", "tcp") or not _is_port(first) or (dash and not _is_port(last)):
        return []
    end = min(int(last), int(first) + _MOST_PORTS) if dash else int(first)
    return [port.with_value(number) for number in range(int(first), end + 1)]


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65536
