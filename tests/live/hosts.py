"""Several hosts on one machine: network and mount namespaces on one bridge, where a stack runs with its own addresses.

Here nothing is rewritten: ``10.0.0.5:8000`` in a file is that address, of a namespace of ours. Nothing leads out of
them, and they are gone with the processes that hold them.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

from cfgcheck.rules.proof import Request
from tests.live.client import Answer, Target, ask
from tests.live.commands import commands_of
from tests.live.home import Home, home_as_it_is
from tests.live.lab import Observation
from tests.live.servers import RefusedError, Server, app, nginx

_CLONE_NEWNET = 0x40000000
_PREFIX = 8
"""All hosts are in 10.0.0.0/8, and so on one wire."""

Result = TypeVar("Result")


@cache
def refusal() -> str:
    """Why no hosts can be made here; "" when they can."""
    missing = [name for name in ("ip", "unshare", "nsenter", "mount") if shutil.which(name) is None]
    if missing:
        return f"no {', '.join(missing)} is here"
    if os.geteuid() != 0:
        return "only root can make network namespaces"
    trial = "ip link add name bridge type bridge && ip link add type veth && mount --bind /etc/hosts /etc/hosts"
    command = ["unshare", "--net", "--mount", "sh", "-c", trial]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"no network namespaces: {made.stderr.strip()}" if made.returncode else ""


@dataclass
class Host:
    """A network namespace with one address, and a mount namespace with files of ``/etc`` of its own."""

    name: str
    address: str
    pid: int
    folder: Path

    def words(self, *command: str) -> list[str]:
        """A command line that runs here."""
        return ["nsenter", "--target", str(self.pid), "--net", "--mount", "--", *command]

    def run(self, *command: str) -> None:
        subprocess.run(self.words(*command), check=True, capture_output=True, timeout=30)

    def file(self, path: str, content: str | bytes) -> None:
        """A file of this host alone; a second call changes it. What the machine has in that folder is out of sight
        where it has no such file."""
        own = self.folder / path.strip("/")
        known = own.exists()
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_bytes(content if isinstance(content, bytes) else content.encode())
        if Path(path).exists():
            source, target = own, Path(path)
        else:
            source, target = own.parent, Path(path).parent
        if not target.exists():
            pytest.skip(f"this machine has no {target}")
        if not known:
            self.run("mount", "--bind", str(source), str(target))

    def names(self, hosts: Mapping[str, str]) -> None:
        """What ``/etc/hosts`` says here, beside localhost: addresses by name."""
        lines = ["127.0.0.1 localhost", "::1 localhost", *(f"{address} {name}" for name, address in hosts.items())]
        self.file("/etc/hosts", "\n".join(lines) + "\n")

    def inside(self, call: Callable[[], Result]) -> Result:
        """What a function gives whose sockets are made in this host's network. Its thread is gone afterwards."""
        found: list[Result] = []
        failed: list[BaseException] = []

        def work() -> None:
            try:
                _enter(self.pid)
                found.append(call())
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]
        return found[0]

    def ask(self, address: str, port: int, request: Request | None = None, *, tls: bool = False) -> list[Answer]:
        """What a client on this host gets."""
        wanted, target = request or Request(), Target((address, port), tls)
        return self.inside(lambda: ask(target, wanted, wanted.host or "shop.example.com"))


def _enter(pid: int) -> None:
    """The network of that process, for this thread alone (``os.setns`` is newer than the oldest Python here)."""
    library = ctypes.CDLL(None, use_errno=True)
    handle = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    try:
        if library.setns(handle, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(handle)


@contextlib.contextmanager
def hosts(**addresses: str) -> Iterator[dict[str, Host]]:
    """A host for each name, with that address of 10.0.0.0/8, all on one wire. Skips where it can't be done."""
    if refusal():
        pytest.skip(refusal())
    folder = Path(tempfile.mkdtemp(prefix="cfghosts"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        wire = stack.enter_context(_namespace())
        _ip(wire, "link add name wire type bridge", "link set wire up")
        made = {}
        for number, (name, address) in enumerate(addresses.items()):
            assert address.startswith("10.")
            own = folder / name
            own.mkdir()
            host = Host(name, address, stack.enter_context(_namespace()), own)
            _ip(wire, f"link add port{number} type veth peer name eth0 netns {host.pid}")
            _ip(wire, f"link set port{number} master wire", f"link set port{number} up")
            _ip(host.pid, "link set lo up", f"addr add {address}/{_PREFIX} dev eth0", "link set eth0 up")
            made[name] = host
        for host in made.values():
            host.names({})
        yield made


@contextlib.contextmanager
def _namespace() -> Iterator[int]:
    """The process that holds a pair of namespaces: it waits for the end of its input, and so ends with this one."""
    command = ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", "echo ready; read end"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process.pid
        finally:
            process.stdin.close()
            process.wait(10)


def _ip(pid: int, *commands: str) -> None:
    for command in commands:
        words = ["nsenter", "--target", str(pid), "--net", "--", "ip", *command.split()]
        subprocess.run(words, check=True, capture_output=True, timeout=30)


@contextlib.contextmanager
def published(machine: Host, address: tuple[str, int], container: Host, port: int) -> Iterator[None]:
    """A port of the machine that leads to one of a container, as Docker's own proxy does it: it takes every connection
    and closes it again where the container's port refuses."""
    listening = machine.inside(lambda: socket.create_server(address))
    listening.settimeout(0.2)
    over = threading.Event()

    def serve() -> None:
        _enter(machine.pid)
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = listening.accept()
                threading.Thread(target=_forward, args=(machine.pid, client, (container.address, port))).start()

    with listening, _thread(serve, over):
        yield


def _forward(pid: int, client: socket.socket, target: tuple[str, int]) -> None:
    """One request and its answer: the experiments' clients send all at once and close afterwards."""
    _enter(pid)
    client.settimeout(5)
    with client, contextlib.suppress(OSError), socket.create_connection(target, 5) as server:
        there = threading.Thread(target=_copy, args=(client, server))
        there.start()
        _copy(server, client)
        there.join(10)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)


@dataclass
class Names:
    """What a name server knows, to be changed while it runs. ``asked``: the names it was asked for."""

    addresses: dict[str, str]
    asked: list[str] = field(default_factory=list)


@contextlib.contextmanager
def name_server(host: Host, address: str, known: Names) -> Iterator[None]:
    """A name server on port 53 of an address of that host."""

    def bound() -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((address, 53))
        return made

    with answering(host.inside(bound), known):
        yield


@contextlib.contextmanager
def answering(listening: socket.socket, known: Names) -> Iterator[None]:
    """A name server on that datagram socket, which is closed at the end."""
    over = threading.Event()
    listening.settimeout(0.2)

    def serve() -> None:
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                query, client = listening.recvfrom(512)
                listening.sendto(_answer(known, query), client)

    with listening, _thread(serve, over):
        yield


def _answer(known: Names, query: bytes) -> bytes:
    """The answer to a query for one name (RFC 1035): its address, or none of that type."""
    labels, place = [], 12
    while length := query[place]:
        labels.append(query[place + 1 : place + 1 + length].decode("ascii"))
        place += 1 + length
    name, question = ".".join(labels), query[12 : place + 5]
    known.asked.append(name)
    address = known.addresses.get(name) if query[place + 1 : place + 3] == b"\0\1" else None
    told = b"\x81\x80" if name in known.addresses else b"\x81\x83"
    head = query[:2] + told + b"\0\1" + (b"\0\1" if address else b"\0\0") + b"\0\0\0\0"
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x05\0\4" + socket.inet_aton(address) if address else b""
    return head + question + record


@contextlib.contextmanager
def _thread(work: Callable[[], None], over: threading.Event) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(10)


@dataclass
class Stage:
    """A stack's files as they are, and the servers that were started with them, each on its host."""

    home: Home
    stack: contextlib.ExitStack
    servers: dict[str, Server] = field(default_factory=dict)

    def app(self, host: Host, command: str = "", name: str = "app") -> Server:
        """An app server on that host, by its command line: by default the only one that the files tell."""
        command = command or next(iter(commands_of(self.home.texts).values()))
        inside = " ".join(host.words("env", f"--chdir={self.home.base}", command))
        self.servers[name] = self.stack.enter_context(app(self.home, name, inside))
        return self.servers[name]

    def fails(self, host: Host, command: str, name: str) -> str:
        """What an app server says that does not start."""
        with pytest.raises(RefusedError) as refused:
            self.app(host, command, name)
        return refused.value.says

    def nginx(self, host: Host, program: str, number: int = 0) -> Server:
        """nginx on that host; ``number``: with which of the stack's main files."""
        wrapper = self.home.base / f"nginx-{host.name}"
        wrapper.write_text(f'#!/bin/sh\nexec {" ".join(host.words(program))} "$@"\n')
        wrapper.chmod(0o755)
        main, name = self.home.mains[number], f"nginx {host.name}"
        self.servers[name] = self.stack.enter_context(nginx(self.home, str(wrapper), main, name))
        return self.servers[name]

    def observation(self, answers: list[Answer]) -> Observation:
        """What the logs and the application say of all that has happened here, a moment after those answers."""
        time.sleep(0.3)
        apps = [server.printed() for name, server in self.servers.items() if not name.startswith("nginx")]
        seen = [json.loads(line) for line in _read(self.home.base / "seen.jsonl").splitlines()]
        return Observation(answers, _read(self.home.base / "error.log"), "\n".join(apps), seen=seen)


@contextlib.contextmanager
def stage(files: Mapping[str, str]) -> Iterator[Stage]:
    with home_as_it_is(files) as home, contextlib.ExitStack() as stack:
        yield Stage(home, stack)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
