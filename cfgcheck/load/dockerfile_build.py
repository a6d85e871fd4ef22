"""One Dockerfile's instructions, gone through up to the stage that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from cfgcheck.load.disk import Disk
from cfgcheck.load.dockerfile_copy import copy
from cfgcheck.load.dockerfile_layers import Layers
from cfgcheck.load.dockerfile_run import run
from cfgcheck.load.dockerfile_stage import Stage
from cfgcheck.load.image import Build, Image
from cfgcheck.load.known_images import known, known_image
from cfgcheck.load.service import Launch
from cfgcheck.model.located import Located
from cfgcheck.syntax.dockerfile import Dockerfile, Instruction
from cfgcheck.syntax.dockerfile_words import Expanded, expand, raw_words

_MOST_STAGES = 200
_MOST_LINKS = 200


class ImageBuilder:
    """Goes through the instructions of one Dockerfile up to the stage that is asked for."""

    def __init__(self, disk: Disk, parsed: Dockerfile, build: Build) -> None:
        self.disk = disk
        self.parsed = parsed
        self.given = build
        self.globals: dict[str, Located[str]] = {}
        self.stages: list[Stage] = []
        self.names: dict[str, Stage] = {}
        self.handlers: Mapping[str, Callable[[Stage, Instruction], None]] = {
            "ARG": self._argument,
            "ENV": self._environment,
            "WORKDIR": Stage.work_in,
            "USER": Stage.run_as,
            "EXPOSE": Stage.expose,
            "STOPSIGNAL": Stage.stopped_with,
            "ENTRYPOINT": self._entrypoint,
            "CMD": self._command,
            "COPY": self._copy,
            "ADD": self._copy,
            "RUN": run,
        }

    def image(self) -> Image:
        stage = self._stages()
        if stage is None:
            because = (
                f"no stage {self.given.target} in {self.parsed.file.path}"
                if self.given.target
                else (f"nothing is built from {self.parsed.file.path}")
            )
            unknown: Located[str] = Located.unknown(because)
            return Image(
                unknown, stop_signal=unknown, files=(self.parsed.file,), problems=self.parsed.problems, opaque=because
            )
        return self._made(stage)

    def _stages(self) -> Stage | None:
        """Reads stages; the one that is asked for, or the last one."""
        wanted = self.given.target.lower()
        stage: Stage | None = None
        for instruction in self.parsed.instructions:
            if instruction.keyword == "FROM":
                if stage is not None and wanted and wanted in (stage.name, str(len(self.stages) - 1)):
                    return stage
                if len(self.stages) >= _MOST_STAGES:
                    return None
                stage = self._from(instruction)
            elif stage is None:
                if instruction.keyword == "ARG":
                    self._global(instruction)
            elif instruction.keyword in self.handlers:
                self.handlers[instruction.keyword](stage, instruction)
            elif instruction.keyword == "ONBUILD":
                stage.certain = False
        if stage is not None and wanted and wanted not in (stage.name, str(len(self.stages) - 1)):
            return None
        return stage

    def _from(self, instruction: Instruction) -> Stage:
        places = raw_words(instruction.plain, self.parsed.escape)
        start, end = places[0] if places else (0, 0)
        written = instruction.plain[start:end]
        found = expand(written, self._global_value, self.parsed.escape)
        span = instruction.locate(start, end)
        reference: Located[str] = (
            Located.unknown(found.because, span, instruction.text[start:end])
            if found.value is None
            else Located.read(found.value, span)
        )
        named = len(places) == 3 and instruction.plain[slice(*places[1])].upper() == "AS"
        name = instruction.plain[slice(*places[2])].lower() if named else ""
        stage = Stage(name, self.given.context, self.parsed.escape, Layers(self.disk), reference)
        stage.span = span
        self._begin(stage, reference)
        self.stages.append(stage)
        if name:
            self.names[name] = stage
        return stage

    def _begin(self, stage: Stage, reference: Located[str]) -> None:
        earlier = self.names.get(reference.value.lower()) if reference.known else None
        if earlier is not None:
            stage.take_stage(earlier)
            stage.reference = earlier.reference
            return
        image = known_image(reference, self.disk)
        stage.take_image(image, known(reference).plain)
        stage.whole = reference.known and reference.value == "scratch"

    def _global_value(self, name: str) -> Expanded | None:
        found = self.globals.get(name)
        if found is not None:
            return Expanded(found.get(None), found.because)
        return Expanded(None, f"the argument {name} is given when the image is built")

    def _assignments(self, instruction: Instruction) -> Iterable[tuple[str, int, int]]:
        """``NAME=VALUE`` pairs: the name, and where the value stands (from -1 for a name alone)."""
        for start, end in raw_words(instruction.plain, self.parsed.escape):
            name, equals, _ = instruction.plain[start:end].partition("=")
            yield name, start + len(name) + 1 if equals else -1, end

    def _global(self, instruction: Instruction) -> None:
        for name, start, end in self._assignments(instruction):
            self.globals[name] = self._given(name, instruction) or self._default(name, instruction, start, end)

    def _default(self, name: str, instruction: Instruction, start: int, end: int) -> Located[str]:
        span = instruction.span
        if start < 0:
            return Located.unknown(f"the argument {name} is given when the image is built", span)
        found = expand(instruction.plain[start:end], self._global_value, self.parsed.escape)
        span = instruction.locate(start, end) if end > start else span
        return Located.unknown(found.because, span) if found.value is None else Located.read(found.value, span)

    def _given(self, name: str, instruction: Instruction) -> Located[str] | None:
        return self.given.arguments.get(name)

    def _argument(self, stage: Stage, instruction: Instruction) -> None:
        """A default here wins over one before the first FROM, what is given wins over both."""
        for name, start, end in self._assignments(instruction):
            given = self._given(name, instruction)
            if given is not None:
                stage.arguments[name] = given
            elif start >= 0:
                stage.arguments[name] = stage.located(instruction, start, end)
            elif name in self.globals:
                stage.arguments[name] = self.globals[name]
            else:
                because = f"the argument {name} is given when the image is built"
                stage.arguments[name] = Located.unknown(because, instruction.span)

    def _environment(self, stage: Stage, instruction: Instruction) -> None:
        """Both forms. All values are of the variables as they were before this instruction."""
        pairs = list(self._assignments(instruction))
        if pairs and pairs[0][1] < 0:  # the old form: the rest of the line is the value
            name = pairs[0][0]
            start = len(instruction.plain) - len(instruction.plain[len(name) :].lstrip())
            stage.variables[name] = stage.located(instruction, start, len(instruction.plain))
            return
        stage.variables.update(
            {name: stage.located(instruction, start, end) for name, start, end in pairs if start >= 0 and name}
        )

    @staticmethod
    def _launch(instruction: Instruction) -> Launch | None:
        if instruction.words is not None:
            return Launch(instruction.span, instruction.words) if instruction.words else None
        if not instruction.text.strip():
            return None
        return Launch(instruction.span, shell=True, text=instruction.text, locate=instruction.locate)

    def _entrypoint(self, stage: Stage, instruction: Instruction) -> None:
        """An ENTRYPOINT takes away the CMD that the base image has, not one of its own stage."""
        stage.entrypoint = self._launch(instruction)
        stage.opaque = ""
        if not stage.commanded:
            stage.command = None

    def _command(self, stage: Stage, instruction: Instruction) -> None:
        stage.command = self._launch(instruction)
        stage.commanded = True
        stage.opaque = ""

    def _copy(self, stage: Stage, instruction: Instruction) -> None:
        flag = instruction.flag("from")
        if flag is None:
            copy(stage, instruction)
            return
        origin = self._origin(stage, flag.value)
        if origin is None:
            stage.certain = False
            return
        copy(stage, instruction, origin)
        earlier = self._earlier(stage, flag.value)
        if earlier is None:
            return
        stage.certain = stage.certain and earlier.certain
        for server, version in earlier.versions.items():
            if server != "nginx":
                stage.versions.setdefault(server, version)  # installed there, and copied from there

    def _origin(self, stage: Stage, written: str) -> Layers | None:
        """The files of the stage or image that ``--from`` names."""
        earlier = self._earlier(stage, written)
        if earlier is not None:
            return _linked(earlier)
        name = expand(written, stage.lookup, self.parsed.escape).value
        if name is None:
            return None
        layers = Layers(self.disk)
        layers.mounts = [*known_image(Located.read(name, None), self.disk).mounts]
        return layers

    def _earlier(self, stage: Stage, written: str) -> Stage | None:
        """The stage that ``--from`` names, by its name or number."""
        name = expand(written, stage.lookup, self.parsed.escape).value or ""
        earlier = self.names.get(name.lower())
        if earlier is None and name.isascii() and name.isdigit() and len(name) < 4 and int(name) < len(self.stages):
            earlier = self.stages[int(name)]
        return earlier if earlier is not stage else None

    def _made(self, stage: Stage) -> Image:
        layers = _linked(stage)
        shell = stage.entrypoint is not None and stage.entrypoint.shell
        return Image(
            reference=stage.reference,
            entrypoint=stage.entrypoint,
            command=None if shell else stage.command,
            environment=stage.environment(),
            folder=stage.folder,
            user=stage.user,
            group=stage.group,
            stop_signal=stage.stop_signal,
            ports=tuple(stage.ports),
            mounts=tuple(layers.mounts),
            versions=stage.versions,
            span=stage.span,
            files=(self.parsed.file,),
            problems=self.parsed.problems,
            certain=stage.certain and not layers.full,
            opaque=stage.opaque if stage.entrypoint is None and stage.command is None else "",
        )


def _linked(stage: Stage) -> Layers:
    """A stage's files with what its links lead to; a link may be made before what it leads to."""
    if not stage.links:
        return stage.layers
    layers = stage.layers.copy()
    for link, target, span in stage.links[:_MOST_LINKS]:
        for rest, source in list(layers.below(target)):
            layers.put(f"{link}/{rest}" if rest else link, source, span)
    return layers
