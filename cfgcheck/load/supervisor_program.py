"""One program of supervisord as services."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from cfgcheck.findings import Problem
from cfgcheck.load.service import Handed, Launch, Service
from cfgcheck.load.supervisor_values import (
    Expanded,
    Expansions,
    Pair,
    PairError,
    Unknown,
    boolean,
    expand,
    octal_of,
    pairs,
    signal_of,
    whole,
)
from cfgcheck.model.address import Address
from cfgcheck.model.app import SocketFile
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.record import record, replace
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.dotenv import Variable, with_variables
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.shell_word import ShellSyntaxError
from cfgcheck.syntax.supervisor_ini import Option, Section

T = TypeVar("T")

_SOURCE = "supervisord.org/configuration.html"
_BRANCH = "it stands in a branch of a template"
_MOST_PROCESSES = 32
_TCP = re.compile(r"tcp://([^\s:]+):(\d{1,5})\Z")


@record(frozen=True)
class Daemon:
    """The supervisord that programs run under. ``here``: the folder of its file, ``None`` where nobody knows.

    ``base``: what a program of it is like before its own options. ``umask``, ``user``: of ``[supervisord]``.
    """

    base: Service
    environment: Environment
    here: str | None
    umask: Located[int]
    user: Located[str]
    files: tuple[SourceFile, ...] = ()
    template: bool = False


class ProgramReader:
    """Reads one ``[program:NAME]`` or ``[fcgi-program:NAME]``. ``problems``: what supervisord refuses."""

    def __init__(self, section: Section, daemon: Daemon, group: str = "") -> None:
        self.section = section
        self.daemon = daemon
        self.kind, _, name = section.title.partition(":")
        self.name = name.strip()
        self.group = group or self.name
        self.problems: list[Problem] = []
        self.environment = daemon.environment
        self.expansions: Expansions = self._expansions({})

    def services(self) -> Iterator[Service]:
        if self.value("autostart", boolean, Located.default(True)).get(True) is False:
            return
        if "command" not in self.section.options:
            message = f"supervisord refuses the file: program {self.name} has no command"
            self._refuse(message, self.section.span, "write command=…")
            return
        count = self.value("numprocs", whole, Located.default(1))
        first = self.value("numprocs_start", whole, Located.default(0)).get(0) or 0
        several = count.known and count.value > 1 and self._differ() and self.kind != "fcgi-program"
        if not several:
            number = first if count.known and count.value == 1 else None
            yield from self._service(number, count)
            return
        for number in range(first, first + min(count.value, _MOST_PROCESSES)):
            yield from self._service(number, Located.default(1))

    def _differ(self) -> bool:
        """Whether the processes of the program are told apart by their number, beyond their names."""
        options = (self.section.options.get(name) for name in ("command", "environment", "directory"))
        return any("%(process_num)" in option.value.text for option in options if option is not None)

    def _service(self, number: int | None, replicas: Located[int]) -> Iterator[Service]:
        of_process: dict[str, str | int | Unknown] = {"numprocs": replicas.get(1) if number is None else 1}
        of_process["process_num"] = Unknown("it differs from process to process") if number is None else number
        self.environment = self.daemon.environment
        self.expansions = self._expansions(of_process)
        self.environment = self._environment()
        self.expansions = self._expansions(of_process)
        option = self.section.options["command"]
        base = self.daemon.base
        service = replace(
            base,
            unit=self._unit(number, replicas),
            environment=self.environment,
            folder=self._folder(),
            handed=tuple(self._handed()),
        )
        expanded = self.expanded(option)
        if expanded.refused:
            self._keep(refused(expanded))
            return
        try:
            words = expanded.words()
        except ShellSyntaxError as error:
            place = expanded.span(error.offset, len(expanded.text))
            self._refuse(f"supervisord can't start {self.name}: this quote is never closed", place, "close the quote")
            return
        if words:
            yield replace(service, command=Launch(option.value.place, words))

    def _refuse(self, message: str, span: Span, hint: str) -> None:
        self._keep(Problem("unparsable-file", message, span, hint))

    def _keep(self, problem: Problem) -> None:
        if not self.daemon.template and all(known.span != problem.span for known in self.problems):
            self.problems.append(problem)

    # ── values ────────────────────────────────────────────────────────────────────────────────────────────────

    def _expansions(self, more: dict[str, str | int | Unknown]) -> Expansions:
        daemon = self.daemon
        found: dict[str, str | int | Unknown] = {
            "program_name": self.name,
            "group_name": self.group,
            "here": daemon.here if daemon.here is not None else Unknown("where the file will lie is not known"),
            "host_node_name": Unknown("it is the machine's name"),
            **more,
        }
        found |= {f"ENV_{name}": Unknown(because) for name, because in self.environment.unknown.items()}
        found |= {f"ENV_{name}": value for name, value in self.environment.values.items()}
        return found

    def expanded(self, option: Option) -> Expanded:
        return expand(option.value, self.expansions)

    def text(self, name: str) -> Located[str] | None:
        """An option's text, None where it is not set."""
        option = self.section.options.get(name)
        if option is None:
            return None
        if option.maybe:
            return Located.unknown(_BRANCH, option.value.place)
        return self.expanded(option).located()

    def value(self, name: str, convert: Callable[[str], T | None], default: Located[T]) -> Located[T]:
        text = self.text(name)
        if text is None:
            return default
        if not text.known:
            return Located.unknown(text.because, text.span, text.text)
        converted = convert(text.value)
        if converted is None:
            return Located.unknown(f"supervisord refuses `{text.value[:80]}`", text.span)
        return text.with_value(converted)

    def _environment(self) -> Environment:
        option = self.section.options.get("environment")
        made = self.daemon.environment
        if option is None:
            return made
        made, problem = assigned(made, self.expanded(option), option)
        if problem is not None:
            self._keep(problem)
        return made

    def _folder(self) -> str:
        text = self.text("directory")
        if text is None:
            return self.daemon.base.folder
        path = text.get("")
        return posixpath.normpath(path) if path.startswith("/") else ""

    # ── the unit ──────────────────────────────────────────────────────────────────────────────────────────────

    def _unit(self, number: int | None, replicas: Located[int]) -> Unit:
        user = self.text("user") or self.daemon.user
        wait = self.value("stopwaitsecs", whole, Located.default(10, f"{_SOURCE}, stopwaitsecs"))
        return Unit(
            Manager.SUPERVISOR,
            self.name if number is None or "numprocs" not in self.section.options else f"{self.name}:{number}",
            self.section.span,
            host=self.daemon.base.unit.host,
            user=user,
            group=_own_group(user),
            umask=self.value("umask", octal_of, self.daemon.umask),
            stop_signal=self.value("stopsignal", signal_of, Located.default("TERM", f"{_SOURCE}, stopsignal")),
            stop_grace=wait.with_value(float(wait.value)) if wait.known else Located.unknown(wait.because, wait.span),
            stops_all=self.value("stopasgroup", boolean, Located.default(False, f"{_SOURCE}, stopasgroup")),
            prestop=Located.default(None),
            replicas=replicas,
            outer=self.daemon.base.unit.outer,
            files=self.daemon.files,
        )

    def _handed(self) -> Iterator[Handed]:
        """The socket of an ``fcgi-program``: opened once, handed to each of its processes as standard input."""
        if self.kind != "fcgi-program":
            return
        text = self.text("socket")
        if text is None:
            self._refuse(
                f"supervisord refuses the file: {self.name} has no socket", self.section.span, "write socket=…"
            )
            return
        span = text.span or self.section.span
        written = text.value if text.known else text.text
        tcp = _TCP.match(written)
        if written.startswith("unix://"):
            path = posixpath.normpath(written.removeprefix("unix://"))
            address = Address.unix(path, templated=not text.known)
            yield Handed(Located.read(address, span, text=written), span, self._socket_file())
        elif tcp is not None and text.known:
            yield Handed(text.with_value(Address.tcp(tcp[1], int(tcp[2]))), span)
        else:
            because = text.because or f"cfgcheck does not know the address `{written[:80]}`"
            yield Handed(Located.unknown(because, span, written), span)

    def _socket_file(self) -> SocketFile:
        mode = self.value("socket_mode", octal_of, Located.default(0o700, f"{_SOURCE}, socket_mode"))
        owner = self.text("socket_owner")
        if owner is None:
            user = self.text("user") or self.daemon.user
            return SocketFile(mode, user, _own_group(user))
        if not owner.known:
            return SocketFile(mode, owner, owner)
        name, colon, group = owner.value.partition(":")
        of_daemon: Located[str] = Located.unknown("it is the group of supervisord", owner.span)
        return SocketFile(mode, owner.with_value(name), owner.with_value(group) if colon else of_daemon)


def _own_group(user: Located[str]) -> Located[str]:
    if user.get("") in ("root", "0"):
        return user.with_value("root")
    return Located.unknown("it runs as its user's own group, which /etc/passwd tells", user.span)


def assigned(environment: Environment, expanded: Expanded, option: Option) -> tuple[Environment, Problem | None]:
    """The environment with what ``environment=`` sets, and what supervisord refuses of it."""
    found: list[Pair] = []
    problem = None
    if expanded.refused:
        problem = refused(expanded)
    else:
        try:
            found = pairs(expanded)
        except PairError as error:
            place = expanded.span(error.offset, len(expanded.text))
            message = "supervisord refuses the file: it expects names, each with an = and one value"
            problem = Problem("unparsable-file", message, place, 'write NAME="value",OTHER="value"')
    variables = [
        Variable(pair.name, None if option.maybe else pair.value, pair.span, pair.span, pair.because or _BRANCH)
        for pair in found
    ]
    made = with_variables(environment, variables)
    return (made if problem is None else replace(made, complete=False)), problem


def refused(expanded: Expanded) -> Problem:
    message = f"supervisord refuses the file: {expanded.refused}"
    return Problem("unparsable-file", message, expanded.value.place, "write %% for a percent sign")
