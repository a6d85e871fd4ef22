"""How long it is tried to connect to an app that takes no more connections."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cfgcheck.rules.schema import Bad, Good
from tests.live.hosts import Host, hosts, stage
from tests.live.lab import Observation
from tests.live.on_hosts import EACH_NGINX, agrees, bad, good, statuses
from tests.live.servers import Server

pytestmark = pytest.mark.live

RULE = "oversized-connect-timeout"


@EACH_NGINX
def test_kernel_gives_up_first(program: str, tmp_path: Path) -> None:
    """In a network of its own the kernel tries once more instead of six times: for 2 or 3 s, not 133 s. What nginx
    answers depends on who gives up first."""
    with hosts(web="10.0.0.4") as made:
        web = made["web"]
        web.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/tcp_syn_retries; echo 1 > /proc/sys/net/core/somaxconn")
        example = bad(RULE, "longer than the kernel tries")
        oversized = _connecting(example, web, program)
        assert statuses(oversized.answers) == [502]
        agrees(RULE, example, oversized, tmp_path)
        small = _connecting(good(RULE, "one second"), web, program)
        assert statuses(small.answers) == [504]
        assert "timed out) while connecting to upstream" in small.log


def _connecting(example: Bad | Good, web: Host, program: str) -> Observation:
    with stage(example.files) as stack:
        server = stack.app(web)
        stack.nginx(web, program)
        with _full(server, web):
            return stack.observation(web.ask("127.0.0.1", 80))


@contextlib.contextmanager
def _full(server: Server, web: Host) -> Iterator[None]:
    """The app stands still, and as many clients wait for it as its queue takes."""
    for pid in server.members():
        os.kill(pid, signal.SIGSTOP)
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            client = stack.enter_context(web.inside(lambda: socket.socket()))
            client.settimeout(0.5)
            if client.connect_ex(("127.0.0.1", 8000)):
                break
        else:
            raise AssertionError("the queue is never full")
        yield
