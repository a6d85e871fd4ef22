"""A relay between a proxy and its upstream: a network that counts connections, and brings some news late.

A race between a request and a close is lost now and then, on any network that is not instant. Here it is lost each
time: the relay passes everything on at once, but the news of a close only when the next request is on its way.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping

PORT = 9009
"""Where the relay listens, as a port of the files."""

_PATIENCE = 90.0


def through(files: Mapping[str, str], port: int) -> dict[str, str]:
    """The files of a stack whose proxies connect to the relay instead of that port of loopback."""
    target = re.compile(rf"((?:server |_pass (?:http://)?)127\.0\.0\.1):{port}(?=;)")
    return {name: target.sub(rf"\1:{PORT}", text) if "{" in text else text for name, text in files.items()}


class Relay:
    """``accepted``: how many connections came; ``late``: whether the news of a close waits for the next request;
    ``slow``: the seconds that answers take."""

    def __init__(self, late: bool, slow: float) -> None:
        self.late, self.slow = late, slow
        self.accepted = 0
        self.closed = threading.Semaphore(0)
        """One for each connection that the upstream has closed."""

    def wait_for_close(self) -> None:
        """Until the upstream has closed a connection, whenever it does that."""
        assert self.closed.acquire(timeout=_PATIENCE), "the upstream closes no connection"

    def serve(self, listening: socket.socket, port: int) -> None:
        """Until the listening socket is shut down."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = listening.accept()
                self.accepted += 1
                threading.Thread(target=self._connection, args=(client, port), daemon=True).start()

    def _connection(self, client: socket.socket, port: int) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as server:
            gone, underway = threading.Event(), threading.Event()
            forth = threading.Thread(target=self._forth, args=(client, server, gone, underway), daemon=True)
            forth.start()
            self._back(client, server, gone, underway)
            forth.join(_PATIENCE)

    def _forth(
        self, client: socket.socket, server: socket.socket, gone: threading.Event, underway: threading.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while part := client.recv(65536):
                after = gone.is_set()
                with contextlib.suppress(OSError):  # the upstream's kernel refuses what comes after its close
                    server.sendall(part)
                if after:
                    underway.set()
            server.shutdown(socket.SHUT_WR)
        underway.set()

    def _back(
        self, client: socket.socket, server: socket.socket, gone: threading.Event, underway: threading.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while part := server.recv(65536):
                time.sleep(self.slow)
                client.sendall(part)
        gone.set()
        self.closed.release()
        if self.late:
            underway.wait(_PATIENCE)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def relay(listen: int, port: int, *, late: bool = True, slow: float = 0) -> Iterator[Relay]:
    """A relay on a port of loopback to another one."""
    made = Relay(late, slow)
    with socket.create_server(("127.0.0.1", listen)) as listening:
        thread = threading.Thread(target=made.serve, args=(listening, port))
        thread.start()
        try:
            yield made
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(10)
