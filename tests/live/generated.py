"""Generated deployments as stacks that the lab can run: each file where it is read, each app server by its command."""

from __future__ import annotations

import contextlib
import re
import shlex
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cfgcheck.generate.plan import Plan, ServicePlan, plan
from cfgcheck.generate.render import render
from cfgcheck.generate.spec import Service, Spec
from cfgcheck.rules.proof import Request
from tests.live import servers
from tests.live.home import Home
from tests.live.hosts import Names, answering
from tests.live.lab import Running, running

_DOCKER_DNS = "127.0.0.11"


@dataclass(frozen=True)
class Deployment:
    """A spec's plan and files, these by the path at which they are read when the servers run."""

    plan: Plan
    files: dict[str, str]

    @property
    def commands(self) -> dict[str, str]:
        """By service. The lab reads in what they print that they are ready, so they print at least that."""
        told = {one.name: shlex.join(one.command) for one in self.plan.services}
        return {name: re.sub(r"(?<=--log-level )\w+", "info", command) for name, command in told.items()}

    def service(self, name: str = "") -> ServicePlan:
        return next(one for one in self.plan.services if name in ("", one.name))


def deployment(spec: Spec) -> Deployment:
    """What a spec generates. Config files of app servers stand where their commands name them."""
    made = plan(spec)
    placed = {one.config: one.config_path.lstrip("/") for one in made.services if one.config}
    texts = render(made)
    files = {placed.get(path, path): text for path, text in texts.items() if _is_run(path, placed)}
    return Deployment(made, files)


def _is_run(path: str, placed: dict[str, str]) -> bool:
    return path in placed or path.startswith("nginx/")


def in_small(spec: Spec, slowest: int = 4) -> Spec:
    """The same spec for an app whose slowest request takes ``slowest`` seconds: the arithmetic is the same, the wait
    is not. Limits of an edge that only would be too short to be generated for stay."""
    services = {name: _hurried(service, slowest) for name, service in spec.services.items()}
    return spec.model_copy(update={"services": services})


def _hurried(service: Service, slowest: int) -> Service:
    changed = {"slowest_request": slowest, "max_upload": min(service.max_upload, LARGEST)}
    return service.model_copy(update=changed)


LARGEST = 32 << 20
"""Bytes: uploads beyond this would only take longer."""


@contextlib.contextmanager
def deployed(made: Deployment, program: str) -> Iterator[Running]:
    """The deployment's app servers and nginx, running. ``program``: the nginx."""
    with contextlib.ExitStack() as beside:
        prepare = _prepared(made, beside)
        stack = beside.enter_context(running(made.files, program, start=made.commands, prepare=prepare))
        assert not stack.observation.refused, f"{stack.observation.refused}: {stack.observation.says}"
        _until_it_answers(stack, made)
        yield stack


def _until_it_answers(stack: Running, made: Deployment) -> None:
    """Workers boot after their server says that it listens, and nginx looks up names while it already answers: with 502
    until then."""
    for one in made.plan.services:
        port = made.plan.spec.nginx.https_port if one.service.tls else made.plan.spec.nginx.http_port
        request = Request(host=one.service.domains[0].replace("*", "www"), path="/?started=1", to=port)
        for _ in range(100):
            if stack.ask(request)[0].status != 502:
                break
            time.sleep(0.1)


def _prepared(made: Deployment, beside: contextlib.ExitStack) -> Callable[[Home], None]:
    programs = _programs(made)

    def prepare(home: Home) -> None:
        programs(home)
        sites = [path for path in home.base.rglob("*.conf") if _DOCKER_DNS in path.read_text()]
        if sites:
            here = _name_server([one.name for one in made.plan.services], beside)
        for path in sites:
            path.write_text(path.read_text().replace(_DOCKER_DNS, here))

    return prepare


def _name_server(names: Iterable[str], beside: contextlib.ExitStack) -> str:
    """Its address: a name server of the lab in place of Docker's, which has loopback for each service."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    beside.enter_context(answering(listening, Names(dict.fromkeys(names, "127.0.0.1"))))
    return f"127.0.0.1:{port} ipv6=off"


def _programs(made: Deployment) -> Callable[[Home], None]:
    """What a machine would have: the programs that commands name, working folders, folders of static files."""

    def prepare(home: Home) -> None:
        for one in made.plan.services:
            program = PurePosixPath(one.command[0])
            if program.is_absolute():
                here = home.base / str(program).lstrip("/")
                here.parent.mkdir(parents=True, exist_ok=True)
                with contextlib.suppress(FileExistsError):
                    here.symlink_to(_program(program.name))
            _module(home, one)
            for folder in (*one.service.static.values(), *one.service.media.values(), one.directory):
                (home.base / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)

    return prepare


def _module(home: Home, one: ServicePlan) -> None:
    """The application that a service names: the probe, by the interface that it has."""
    module, _, name = one.service.app.module.partition(":")
    kind = one.service.app.interface
    for folder in (home.base, home.base / one.directory.lstrip("/")):
        path = folder.joinpath(*module.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"from probe import {kind}\n\n{name or 'application'} = app = {kind}\n")


def _program(name: str) -> Path:
    found = servers.BIN / name
    return found if found.exists() else Path(sys.executable).with_name(name)
