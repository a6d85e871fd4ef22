"""The tutorial of README.md, command by command, on a machine of its own: namespaces with folders of their own.

Two commands need a network, and get what they would bring from here: packages of the system and of Python.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cfgcheck import resources
from tests.cli.running import REPOSITORY
from tests.live.servers import nginxes, no_namespaces

pytestmark = pytest.mark.live

_PART = re.compile(r"<!-- tutorial -->\n(.*)<!-- /tutorial -->", re.DOTALL)
_FENCE = re.compile(r"```console\n(.*?)```", re.DOTALL)
_ANYTHING = "…"
_MARK = "@@@"
_WITHOUT_NETWORK = {
    "apt install -y nginx python3-venv": "bring_nginx",
    "venv/bin/pip install gunicorn git+URL-OF-THIS-REPOSITORY": "bring_packages",
}


@dataclass
class Shown:
    """A command of the tutorial, and what it is said to print."""

    command: str
    output: list[str] = field(default_factory=list)


def tutorial() -> list[Shown]:
    found = _PART.search((REPOSITORY / "README.md").read_text(encoding="utf-8"))
    assert found is not None
    return [shown for block in _FENCE.findall(found[1]) for shown in _commands(block)]


def _commands(block: str) -> Iterator[Shown]:
    shown: Shown | None = None
    document = ""
    for line in block.splitlines():
        if shown is not None and document:
            shown.command += f"\n{line}"
            document = "" if line == document else document
        elif line.startswith("$ "):
            if shown is not None:
                yield shown
            shown = Shown(line[2:])
            heredoc = re.search(r"<< '(\w+)'$", line)
            document = heredoc[1] if heredoc else ""
        elif shown is not None:
            shown.output.append(line)
    if shown is not None:
        yield shown


def _script(folder: Path, commands: list[Shown]) -> str:
    """All commands in one shell, a mark with each one's exit code behind it."""
    lines = [_prelude(folder)]
    for shown in commands:
        command = _WITHOUT_NETWORK.get(shown.command, shown.command)
        lines += [command, f"echo; echo {_MARK}$?"]
        if command.endswith("&"):
            lines.append("for i in $(seq 100); do [ -S /run/hello/hello.sock ] && break; sleep 0.1; done; sleep 1")
    return "\n".join(lines) + "\n"


def _prelude(folder: Path) -> str:
    """A machine of its own: what is written to /etc, /srv, /run and /var/log stays in there."""
    stock = resources.data("nginx")
    program = next((path for path in nginxes().values() if path.startswith("/usr")), next(iter(nginxes().values())))
    packages = Path(sysconfig.get_path("purelib"))
    return f"""
exec 2>&1
cp -a /etc {folder}/etc && mount --bind {folder}/etc /etc
for place in /srv /run /var/log; do mount -t tmpfs none $place; done
mkdir -p /var/log/nginx
{sys.executable} - << 'EOF'
import fcntl, socket, struct
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))
EOF
mkdir {folder}/bin && export PATH={folder}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
printf '#!/bin/sh\\nexec {program} -p /etc/nginx -c /etc/nginx/nginx.conf "$@"\\n' > {folder}/bin/nginx
chmod +x {folder}/bin/nginx
bring_nginx() {{
    mkdir -p /etc/nginx
    cp {stock}/* /etc/nginx/
    id www-data > /dev/null 2>&1 || useradd --system www-data
}}
bring_packages() {{
    place=$(echo venv/lib/python*/site-packages)
    cp -r {packages}/gunicorn {packages}/packaging $place/
    printf '#!/srv/hello/venv/bin/python\\nfrom gunicorn.app.wsgiapp import run\\nrun()\\n' > venv/bin/gunicorn
    printf '#!/bin/sh\\nexec {sys.executable} -m cfgcheck "$@"\\n' > venv/bin/cfgcheck
    chmod +x venv/bin/gunicorn venv/bin/cfgcheck
}}
"""


def _fits(lines: list[str], wanted: list[str]) -> bool:
    """Whether the lines are the ones shown, ``…`` standing for any number of lines."""
    if not wanted:
        return not lines
    first, *rest = wanted
    if first == _ANYTHING:
        return any(_fits(lines[skipped:], rest) for skipped in range(len(lines) + 1))
    return bool(lines) and lines[0] == first and _fits(lines[1:], rest)


def _cannot() -> str:
    missing = [name for name in ("unshare", "mount", "useradd", "runuser", "curl") if shutil.which(name) is None]
    return f"no {', '.join(missing)} is here" if missing else no_namespaces()


def test_every_command_does_what_the_tutorial_shows(tmp_path: Path) -> None:
    if _cannot():
        pytest.skip(_cannot())
    commands = tutorial()
    assert len(commands) >= 10
    assert {shown.command for shown in commands} >= set(_WITHOUT_NETWORK)
    script = tmp_path / "tutorial.sh"
    script.write_text(_script(tmp_path, commands), encoding="utf-8")
    space = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    done = subprocess.run([*space, "bash", script], capture_output=True, text=True, timeout=120, check=False, cwd="/")
    parts = re.split(rf"\n?\n{_MARK}(\d+)\n", f"\n{done.stdout}")
    outputs, codes = parts[:-1:2], parts[1::2]
    assert len(outputs) == len(commands), done.stdout
    for shown, output, code in zip(commands, outputs, codes, strict=True):
        assert code == "0", f"$ {shown.command}\n{output}"
        if not shown.command.startswith(tuple(_WITHOUT_NETWORK)):
            lines = [line.rstrip() for line in output.splitlines() if line.strip()]
            assert _fits(lines, shown.output), f"$ {shown.command}\n{output}"
