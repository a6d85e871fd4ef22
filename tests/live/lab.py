"""One side of an experiment: a stack is started, the steps are taken, what happens is written down."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cfgcheck.rules.proof import Pause, Request, Signal, Step
from tests.live.client import Answer, Target, ask
from tests.live.commands import commands_of
from tests.live.home import Home, home
from tests.live.servers import RefusedError, Server, app, nginx


@dataclass
class Observation:
    """What happened. ``answers``: in the order in which they came; ``refused``: who did not start, with what it said;
    ``log``: nginx's error log, ``app_log``: what the apps printed; ``seen``: what the probe saw of each request."""

    answers: list[Answer] = field(default_factory=list)
    log: str = ""
    app_log: str = ""
    start_log: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)
    refused: str = ""
    says: str = ""
    exit: int | None = None
    left: int | None = None


@dataclass
class Running:
    """A stack that runs. ``servers``: nginx and the apps by name."""

    home: Home
    servers: dict[str, Server]
    host: str
    waiting: list[threading.Thread] = field(default_factory=list)
    observation: Observation = field(default_factory=Observation)

    def target(self, to: int | None) -> Target:
        port = self.home.listens[0] if to is None else to
        text = "\n".join(self.home.texts.values())
        tls = bool(re.search(rf"listen [^;]*\b{self.home.local(port)}\b[^;]*\b(?:ssl|quic)\b", text))
        return Target(("127.0.0.1", self.home.local(port)), tls)

    def ask(self, request: Request) -> list[Answer]:
        """All answers to a request, which may be many."""
        target, answers = self.target(request.to), list[Answer]()
        clients = [
            threading.Thread(target=lambda: answers.extend(ask(target, request, self.host)))
            for _ in range(request.at_once)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        return answers

    def take(self, step: Step) -> None:
        if isinstance(step, Pause):
            time.sleep(step.pause)
        elif isinstance(step, Signal):
            self._signal(step)
        elif step.background:
            thread = threading.Thread(target=lambda: self.observation.answers.extend(self.ask(step)))
            thread.start()
            self.waiting.append(thread)
            time.sleep(0.3)  # it must have arrived before the next step
        else:
            self.observation.answers += self.ask(step)

    def _signal(self, step: Signal) -> None:
        server = self.server(step.to)
        server.signal(step.signal)
        self.observation.exit = server.wait(step.within)
        self.observation.left = len(server.members())

    def server(self, name: str) -> Server:
        """By name; ``app`` is the only or first app."""
        if name in self.servers:
            return self.servers[name]
        assert name == "app", f"no server is called {name}: there are {', '.join(self.servers)}"
        return next(server for key, server in self.servers.items() if not key.startswith("nginx"))

    def finish(self) -> None:
        for thread in self.waiting:
            thread.join()

    def collect(self) -> None:
        """Logs and what the probe saw, as far as they have come."""
        base, found = self.home.base, self.observation
        found.log = _read(base / "error.log")
        apps = (server for name, server in self.servers.items() if not name.startswith("nginx"))
        found.app_log = "\n".join(server.printed() for server in apps)
        found.seen = [json.loads(line) for line in _read(base / "seen.jsonl").splitlines()]


@contextlib.contextmanager
def running(
    files: Mapping[str, str],
    program: str,
    *,
    start: Mapping[str, str] | None = None,
    users: bool = False,
    gunicorn: str = "",
    refuses: str = "",
    prepare: Callable[[Home], None] = lambda made: None,
) -> Iterator[Running]:
    """A stack's servers, from its files. ``program``: the nginx; ``gunicorn``: a version other than the installed;
    ``refuses``: who is expected not to start, and so gets time to say so. nginx stands in front of an app that does
    not start, too. ``prepare``: puts into the folder what the files alone don't bring."""
    commands = dict(start) if start else commands_of(files)
    with home(files, commands, users=users) as made, contextlib.ExitStack() as stack:
        prepare(made)
        result = Running(made, {}, _host(made.texts))
        for name, command in commands.items():
            with _refusal(result.observation):
                started = app(made, name, command, gunicorn=gunicorn, ends=name == refuses)
                result.servers[name] = stack.enter_context(started)
        for main in made.mains:
            name = "nginx" if main == made.mains[0] else f"nginx of {main.relative_to(made.base)}"
            with _refusal(result.observation):
                result.servers[name] = stack.enter_context(nginx(made, program, main, name))
        result.observation.start_log = "\n".join(server.printed() for server in result.servers.values())
        yield result


@contextlib.contextmanager
def _refusal(found: Observation) -> Iterator[None]:
    """Notes who does not start; the first one counts."""
    try:
        yield
    except RefusedError as refused:
        if not found.refused:
            found.refused, found.says, found.exit = refused.who, refused.says, refused.code


def observe(
    files: Mapping[str, str],
    program: str,
    steps: Sequence[Step],
    *,
    start: Mapping[str, str] | None = None,
    users: bool = False,
    gunicorn: str = "",
    refuses: str = "",
    enough: Callable[[Observation], bool] = lambda observation: True,
) -> Observation:
    """Start, take the steps, wait a moment for the last log lines (until ``enough``), stop."""
    with running(files, program, start=start, users=users, gunicorn=gunicorn, refuses=refuses) as stack:
        if not stack.observation.refused or "nginx" in stack.servers:
            for step in steps:
                stack.take(step)
            stack.finish()
        for _ in range(30):
            stack.collect()
            if enough(stack.observation):
                break
            time.sleep(0.1)
        return stack.observation


_NAME = re.compile(r"^\s*server_name\s+([A-Za-z][\w.-]*)", re.MULTILINE)


def _host(texts: Mapping[str, str]) -> str:
    found = _NAME.search("\n".join(texts.values()))
    return found[1] if found else "shop.example.com"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
