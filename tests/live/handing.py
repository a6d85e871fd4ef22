"""What a manager does that opens a socket itself: ``handing.py PATH MODE systemd|stdin --owner USER[:GROUP] COMMAND…``

It binds the socket, gives it its owner and its mode, and becomes the server, which finds the socket as descriptor 3
(systemd) or 0 (supervisord). It is copied into the stack's folder.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys


def main(path: str, mode: str, how: str, _: str, owner: str, *command: str) -> None:
    os.umask(0)
    made = socket.socket(socket.AF_UNIX)
    made.bind(path)
    user, _, group = owner.partition(":")
    shutil.chown(path, user, group or user)
    os.chmod(path, int(mode, 8))
    made.listen(64)
    descriptor = {"systemd": 3, "stdin": 0}[how]
    os.dup2(made.fileno(), descriptor)
    os.set_inheritable(descriptor, True)
    if how == "systemd":
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
    os.execvp(command[0], command)


main(*sys.argv[1:])
