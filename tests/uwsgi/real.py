"""A real uWSGI, asked what it makes of a configuration. It never serves: it prints what it read and ends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_PROBE = """
import json, os, socket, sys, uwsgi
def name(fd):
    made = socket.socket(fileno=os.dup(fd))
    try:
        where = made.getsockname()
        return where if isinstance(where, (str, bytes)) else list(where[:2])
    finally:
        made.close()
try:
    sockets = [name(fd) for fd in uwsgi.sockets if fd >= 0]
    sockets = [where.decode() if isinstance(where, bytes) else where for where in sockets]
    facts = {"processes": uwsgi.numproc, "buffer-size": uwsgi.buffer_size, "sockets": sockets}
    sys.stderr.write("\\nPROBE " + json.dumps(facts) + "\\n")
    sys.stderr.flush()
finally:
    os._exit(0)
"""


def executable() -> Path:
    """The uWSGI of the environment that the tests run in."""
    folder = Path(sys.executable).parent
    found = next((folder / name for name in ("uwsgi", "pyuwsgi") if (folder / name).exists()), None)
    assert found is not None, "uWSGI is not installed: pip install pyuwsgi"
    return found


@dataclass(slots=True)
class Run:
    """What a uWSGI printed: its options in order (None for a bare one is ``true``), and what the probe saw."""

    log: str
    options: list[tuple[str, str]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def started(self) -> bool:
        """Whether the configuration was taken."""
        return ";end of configuration" in self.log

    @property
    def master(self) -> bool:
        return "without its master process manager" not in self.log


def show_config(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None, seconds: float = 20
) -> Run:
    """The options that a uWSGI acts on, in order, as ``--show-config`` prints them."""
    return _run(["--show-config", "--no-server", *arguments], folder, environment, seconds)


def probe(arguments: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Run:
    """What a uWSGI with bound sockets says of itself just before it would fork its workers."""
    (folder / "probe.py").write_text(_PROBE)
    return _run(["--show-config", "--shared-pyimport", "probe.py", *arguments], folder, environment)


def _run(arguments: list[str], folder: Path, environment: Mapping[str, str] | None, seconds: float = 20) -> Run:
    done = subprocess.run(
        [str(executable()), *arguments],
        cwd=folder,
        env={"LC_ALL": "C.UTF-8", **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=seconds,
        check=False,
    )
    log = (done.stdout + done.stderr).decode("utf-8", "surrogateescape")
    run = Run(log)
    inside = log.partition("\n[uwsgi]\n")[2].partition("\n;end of configuration")[0]
    for line in inside.split("\n") if inside else ():
        key, _, value = line.partition(" = ")
        run.options.append((key, value))
    facts = log.partition("\nPROBE ")[2].partition("\n")[0]
    run.facts = json.loads(facts) if facts else {}
    return run


def version() -> tuple[int, ...]:
    """The version of the uWSGI at hand."""
    done = subprocess.run([str(executable()), "--version"], capture_output=True, timeout=20, check=True)
    return tuple(int(part) for part in (done.stdout + done.stderr).decode().split()[-1].split(".")[:3])


def dump_options() -> set[str]:
    """Every option that the uWSGI at hand knows."""
    done = subprocess.run(
        [str(executable()), "--dump-options"], capture_output=True, timeout=20, check=True, stdin=subprocess.DEVNULL
    )
    return set(done.stdout.decode().split())
