"""Ports that no other experiment has, in this process or another."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

_FOLDER = Path(tempfile.gettempdir()) / f"cfgcheck-ports-{os.getuid()}"
_RANGE = range(20000, 32000)
"""Below what the kernel gives to clients."""


class Ports:
    """A lock file for each port that is taken; the kernel frees them when the process ends, in whatever way."""

    def __init__(self) -> None:
        _FOLDER.mkdir(exist_ok=True)
        self._locks: list[int] = []
        self._source = random.Random()

    def take(self) -> int:
        for _ in range(1000):
            port = self._source.choice(_RANGE)
            if self._lock(port):
                return port
        raise AssertionError("no port is free")

    def _lock(self, port: int) -> bool:
        lock = os.open(_FOLDER / str(port), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as trial:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                trial.bind(("127.0.0.1", port))
        except OSError:
            os.close(lock)
            return False
        self._locks.append(lock)
        return True

    def release(self) -> None:
        for lock in self._locks:
            os.close(lock)
        self._locks.clear()
