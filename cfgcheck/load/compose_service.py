"""A compose service as a container: its host, its doors, its files, its command and its environment."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from pathlib import Path
from typing import Protocol

from cfgcheck.findings import Problem
from cfgcheck.load.compose_definition import Definition
from cfgcheck.load.compose_mounts import Mounts
from cfgcheck.load.compose_projects import Project
from cfgcheck.load.compose_text import Values, anew, inner_span, listed, seconds, whole
from cfgcheck.load.context import Context
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.image import Build, Image
from cfgcheck.load.service import Launch, Service
from cfgcheck.model.host import Host, HostKind
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.dotenv import read_dotenv, with_variables
from cfgcheck.syntax.dotenv_variable import Variable
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.shell_words import Word
from cfgcheck.syntax.yaml_tree import Mapping, Node, Scalar, Sequence

_STOP_GRACE: Located[float | None] = Located.default(10.0, "Docker kills what still runs after 10 s")
_DEVELOPMENT_PROFILES = frozenset({"dev", "devel", "development", "debug", "test", "tests", "testing", "local"})
_MOST_JOINED = 20
_NO_USER: Located[str] = Located.unknown("whom the image's server runs as is not known")


class Images(Protocol):
    """Reads images that are built here, and knows public ones."""

    def build(self, build: Build) -> Image: ...

    def of(self, reference: Located[str]) -> Image: ...


class ServiceMaker:
    """Makes the services of one project. ``files``: environment files that were read; ``used``: Dockerfiles."""

    def __init__(self, context: Context, project: Project, values: Values, images: Images) -> None:
        self.context = context
        self.project = project
        self.values = values
        self.images = images
        self.mounts = Mounts(project, values)
        self.problems: list[Problem] = []
        self.files: list[SourceFile] = []
        self.used: set[Path] = set()
        self._container_names: dict[str, str] | None = None

    # ── hosts ─────────────────────────────────────────────────────────────────────────────────────────────────

    def host_name(self, definition: Definition, all_names: MappingType[str, Definition]) -> str:
        """The name of the host that a service runs on: its own container, the machine, or another one's container."""
        seen: set[str] = set()
        while definition.name not in seen and len(seen) < _MOST_JOINED:
            seen.add(definition.name)
            mode = self.values.plain(definition.last("network_mode"))
            if mode == "host":
                return ""
            kind, _, other = mode.partition(":")
            if kind == "container":
                other = self._by_container_name(other, all_names)
            if kind not in ("service", "container") or other not in all_names:
                break
            definition = all_names[other]
        return f"{self.project.key}/{definition.name}"

    def _by_container_name(self, name: str, all_names: MappingType[str, Definition]) -> str:
        """The service whose container is called so; "" for none."""
        if self._container_names is None:
            every = ((self.values.plain(one.last("container_name")), one.name) for one in all_names.values())
            self._container_names = {called: service for called, service in every if called}
        return self._container_names.get(name, "")

    def host(self, definition: Definition) -> Host:
        names = [definition.name, self.values.plain(definition.last("container_name"))]
        names.append(self.values.plain(definition.last("hostname")))
        networks, addresses = [], []
        only_on: dict[str, set[str]] = {}
        for value, _ in definition.each("networks"):
            for name, node in _networks(value):
                networks.append(self._network(name))
                for alias in listed(node.get("aliases") if node else None):
                    only_on.setdefault(self.values.plain(alias).lower(), set()).add(networks[-1])
                addresses += [self.values.plain(node.get("ipv4_address"))] if node and node.get("ipv4_address") else []
        if not networks and self.values.plain(definition.last("network_mode")) != "none":
            networks.append(self._network("default"))
        return Host(
            f"{self.project.key}/{definition.name}",
            tuple(addresses),
            kind=HostKind.CONTAINER,
            label=f"container {definition.name}",
            names=tuple(dict.fromkeys(name for name in [*names, *only_on] if name)),
            networks=frozenset(networks),
            aliases={name: frozenset(on) for name, on in only_on.items() if name not in names},
            project=self.project.label,
            fixed=bool(addresses),
            unseen=self._joined_with(definition),
            span=definition.head.span.file.span(definition.head.span.start, definition.head.span.start),
        )

    def _joined_with(self, definition: Definition) -> str:
        """Why others may listen at its addresses: it lives in the network of a container of another project."""
        kind, _, other = self.values.plain(definition.last("network_mode")).partition(":")
        if kind != "container":
            return ""
        return f"container {definition.name} shares the network of container {other}, which is not among the files"

    def _network(self, name: str) -> str:
        for one in self.project.files:
            top = one.root.mapping("networks")
            declared = top.mapping(name) if top is not None else None
            if declared is None:
                continue
            own = self.values.plain(declared.get("name"))
            if own:
                return own
            if self.values.plain(declared.get("external")).lower() == "true":
                return name
        return f"{self.project.key}_{name}"

    # ── images ────────────────────────────────────────────────────────────────────────────────────────────────

    def image(self, definition: Definition) -> Image:
        build, layer = definition.last("build"), definition.layer_of("build")
        reference = definition.last("image")
        if build is None or layer is None:
            unknown: Located[str] = Located.unknown("no image is named")
            return self.images.of(self.values.text(reference) if reference is not None else unknown)
        return self.images.build(self._build(definition, build, layer.folder))

    def _build(self, definition: Definition, build: Node, folder: Path) -> Build:
        long = build if isinstance(build, Mapping) else None
        context = self.values.plain(long.get("context") if long is not None else build, ".")
        base = Path(os.path.normpath(folder / context))
        dockerfile = self.values.plain(long.get("dockerfile") if long is not None else None, "Dockerfile")
        path = Path(os.path.normpath(base / dockerfile))
        self.used.add(path)
        target = self.values.plain(long.get("target")) if long is not None else ""
        arguments = long.get("args") if long is not None else None
        return Build(base, path, target, dict(self._arguments(arguments)))

    def _arguments(self, node: Node | None) -> Iterator[tuple[str, Located[str]]]:
        if isinstance(node, Mapping):
            for name, pair in node.items():
                yield name, self._assigned(name, pair.key, pair.value)
        for item in node.items if isinstance(node, Sequence) else ():
            if isinstance(item, Scalar):
                name = item.text.partition("=")[0]
                yield name, self._assigned(name, item, None)

    # ── environment ───────────────────────────────────────────────────────────────────────────────────────────

    def environment(self, definition: Definition, image: Image) -> tuple[Environment, str]:
        """The variables, and why more may be set than files tell ("" when not)."""
        found = image.environment
        unseen = ""
        for value, layer in definition.each("env_file"):
            for item in listed(value):
                name = self.values.plain(item.get("path") if isinstance(item, Mapping) else item)
                path = Path(os.path.normpath(layer.folder / name))
                file = self.context.disk.read(path) if name and self.context.disk.exists(path) else None
                if file is None:
                    unseen = f"{name} sets variables, and is not among the files"
                    continue
                self.files.append(file)
                variables, problems = read_dotenv(file, "compose")
                self.problems += problems
                found = with_variables(found, variables)
        own = []
        for variable, (key, given) in definition.mapping("environment").items():
            made = self._assigned(variable, key, given)
            span = made.span or key.span
            own.append(Variable(variable, made.get(None), span, key.span, made.because, made.text))
        return with_variables(found, own), unseen

    def _assigned(self, name: str, key: Scalar, value: Node | None) -> Located[str]:
        """``NAME: VALUE`` or ``NAME=VALUE``; without a value it is handed through."""
        if isinstance(value, Scalar) and not value.null:
            made = self.values.text(value)
            span = inner_span(value)
            if not made.known:
                return Located.unknown(made.because, span, made.text)
            plain = not value.style and "$" not in value.text
            return Located.read(anew(made.value) if plain else made.value, span)
        if value is None and "=" in key.text:
            written = key.text.partition("=")[2]
            replaced = self.values.replaced(written)
            span = key.locate(len(key.text) - len(written), len(key.text)) if written else key.span
            if replaced.value is not None:
                return Located.read(replaced.value, span)
            return Located.unknown(replaced.because or replaced.invalid, span, replaced.template)
        # Without a value it comes from where Compose takes its own variables from, ``.env`` among them.
        handed_through = self.values.given(name)
        if handed_through is not None:
            return Located.read(handed_through, key.span)
        return Located.unknown(f"{name} is handed through from the environment of docker compose", key.span)

    # ── the whole ─────────────────────────────────────────────────────────────────────────────────────────────

    def service(self, definition: Definition, host: str) -> Service:
        image = self.image(definition)
        self.problems += image.problems
        self.files += image.files
        environment, unseen = self.environment(definition, image)
        mounts = (*image.mounts, *self.mounts.of(definition))
        folder = self.values.plain(definition.last("working_dir")) or image.folder
        unit = self._unit(definition, host, image, mounts, unseen)
        files = Filesystem(self.context.disk, self.context.index, mounts, self.project.folder, image.certain)
        entrypoint, command = self._commands(definition, image)
        return Service(
            unit,
            files,
            entrypoint,
            command,
            environment,
            posixpath.normpath(folder) if folder else "",
            versions=image.versions,
            together=self.project.key,
            opaque=image.opaque if entrypoint is None and command is None else "",
            init=self.values.plain(definition.last("init")).lower() in ("true", "yes", "on"),
        )

    def _commands(self, definition: Definition, image: Image) -> tuple[Launch | None, Launch | None]:
        """An entrypoint of the compose file takes the image's command away with its entrypoint."""
        own_entrypoint, own_command = definition.last("entrypoint"), definition.last("command")
        entrypoint = self._launch(own_entrypoint) if own_entrypoint is not None else image.entrypoint
        command = self._launch(own_command) if own_command is not None else image.command
        if own_entrypoint is not None and own_command is None:
            command = None
        if command is not None and image.entrypoint is not None and image.entrypoint.shell and own_entrypoint is None:
            command = None
        return entrypoint, command

    def _launch(self, node: Node) -> Launch | None:
        if isinstance(node, Sequence):
            items = (item for item in node.items if isinstance(item, Scalar))
            words: tuple[Word, ...] = tuple(self.values.word(item) for item in items)
        elif isinstance(node, Scalar):
            words = self.values.words(node)
            refused = self.values.refused(node)
            self.problems += [refused] if refused is not None else []
        else:
            words = ()
        span = Span(node.span.file, words[0].span.start, words[-1].span.end) if words else node.span
        return Launch(span, words) if words else None

    def _unit(self, definition: Definition, host: str, image: Image, mounts: tuple[object, ...], unseen: str) -> Unit:
        head = _name_span(definition, self.project)
        replicas = self._replicas(definition)
        deploy = definition.last("deploy")
        return Unit(
            Manager.COMPOSE,
            definition.name,
            head,
            host,
            container=True,
            image=self._reference(definition, image),
            mounts=mounts,  # type: ignore[arg-type]
            user=self._user(definition, image),
            group=self._group(definition),
            stop_signal=self._stop_signal(definition, image),
            stop_grace=self._stop_grace(definition),
            prestop=Located.default(None, "Compose has no such hook before the stop signal"),
            open_files=self._open_files(definition),
            replicas=replicas,
            recreated_apart=isinstance(deploy, Mapping) and deploy.get("update_config") is not None,
            development=self._is_development(definition),
            profiles=tuple(sorted(self._profiles(definition))),
            unseen_environment=unseen,
            files=tuple(dict.fromkeys(one.file for one in self.project.files)),
        )

    def _reference(self, definition: Definition, image: Image) -> Located[str]:
        node = definition.last("image")
        return self.values.text(node) if node is not None and definition.last("build") is None else image.reference

    def _user(self, definition: Definition, image: Image) -> Located[str]:
        node = definition.last("user")
        if node is None:
            return image.user
        made = self.values.text(node)
        return made.with_value(made.value.partition(":")[0]) if made.known else made

    def _group(self, definition: Definition) -> Located[str]:
        node = definition.last("user")
        made = self.values.text(node) if node is not None else _NO_USER
        if made.known and ":" in made.value:
            return made.with_value(made.value.partition(":")[2])
        return Located.unknown("the group it runs as is not known")

    def _stop_signal(self, definition: Definition, image: Image) -> Located[str]:
        node = definition.last("stop_signal")
        if node is None:
            return image.stop_signal
        made = self.values.text(node)
        return made.with_value(signal_name(made.value)) if made.known else made

    def _stop_grace(self, definition: Definition) -> Located[float | None]:
        node = definition.last("stop_grace_period")
        if node is None:
            return _STOP_GRACE
        made = self.values.text(node)
        if not made.known:
            return Located.unknown(made.because, node.span)
        duration = seconds(made.value)
        if duration is None:
            return Located.unknown(f"{made.value} is no duration", node.span)
        return Located.read(duration, node.span)

    def _open_files(self, definition: Definition) -> Located[int | None]:
        """``nofile`` of ``ulimits``: one number, or the soft limit, which is the one in force."""
        ulimits = definition.last("ulimits")
        node = ulimits.get("nofile") if isinstance(ulimits, Mapping) else None
        node = node.get("soft") if isinstance(node, Mapping) else node
        if node is None:
            return Located.unknown("how many files it may open is in the settings of Docker itself")
        made = self.values.text(node)
        if not made.known:
            return Located.unknown(made.because, node.span)
        if made.value == "-1":
            return Located.read(None, node.span)
        number = whole(made.value)
        return Located.read(number, node.span) if number is not None else _bad_limit(node, made.value[:40])

    def _replicas(self, definition: Definition) -> Located[int]:
        deploy = definition.last("deploy")
        node = deploy.get("replicas") if isinstance(deploy, Mapping) else None
        node = node or definition.last("scale")
        if node is None:
            return Located.default(1, "one container is started")
        made = self.values.text(node)
        number = whole(made.value) if made.known else None
        if number is not None:
            return made.with_value(number)
        return Located.unknown("how many are started is not known", node.span)

    def _profiles(self, definition: Definition) -> set[str]:
        given = (item for value, _ in definition.each("profiles") for item in listed(value))
        return {self.values.plain(item).lower() for item in given}

    def _is_development(self, definition: Definition) -> bool:
        profiles = self._profiles(definition)
        return self.project.development or bool(profiles and profiles <= _DEVELOPMENT_PROFILES)


def signal_name(text: str) -> str:
    """``QUIT`` for ``SIGQUIT``, ``quit`` and ``3``."""
    numbers = {"1": "HUP", "2": "INT", "3": "QUIT", "9": "KILL", "10": "USR1", "12": "USR2", "15": "TERM"}
    name = text.strip().upper().removeprefix("SIG")
    return numbers.get(name, name)


def _bad_limit(node: Node, text: str) -> Located[int | None]:
    return Located.unknown(f"{text} is no number of files", node.span)


def _name_span(definition: Definition, project: Project) -> Span:
    """The service's name in the file that speaks of it first."""
    for one in project.files:
        pair = (one.root.mapping("services") or one.root).pair(definition.name)
        if pair is not None:
            return pair.key.span
    return definition.head.span


def _networks(value: Node) -> Iterator[tuple[str, Mapping | None]]:
    if isinstance(value, Mapping):
        for name, pair in value.items():
            yield name, pair.value if isinstance(pair.value, Mapping) else None
    for item in value.items if isinstance(value, Sequence) else ():
        if isinstance(item, Scalar):
            yield item.text, None
