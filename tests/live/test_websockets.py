"""What becomes of a websocket's handshake that nginx sends on in HTTP/1.0: that differs from server to server."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from cfgcheck.rules.proof import Request, Step
from tests.live.lab import Observation, observe
from tests.live.on_hosts import agrees, bad, good
from tests.live.servers import nginxes

pytestmark = pytest.mark.live

_RULE = "missing-websocket-upgrade"
_OLD, _NEW = "HTTP/1.0, by hand", "HTTP/1.1, by hand"

_WORKER = """
import os
import sys

sys.path.append(os.path.join({place}))
worker_class = "geventwebsocket.gunicorn.workers.GeventWebSocketWorker"
"""
_ROOMS = """
def application(environ, start_response):
    websocket = environ.get("wsgi.websocket")
    if websocket is None:
        start_response("404 Not Found", [("Content-Length", "0")])
        return []
    websocket.send("welcome")
    return []
"""

each_nginx = pytest.mark.parametrize("program", list(nginxes().values()), ids=list(nginxes()))


def _shaken(files: dict[str, str], program: str, command: str) -> Observation:
    steps: list[Step] = [Request(path="/rooms", websocket=True)]
    return observe(files, program, steps, start={"gunicorn": command})


def _rooms(files: dict[str, str]) -> dict[str, str]:
    found = find_spec("geventwebsocket")
    if found is None or found.origin is None:
        pytest.skip("gevent-websocket is not installed")
    # In parts: the lab takes whole paths for paths of the stack.
    place = ", ".join(map(repr, Path(found.origin).parent.parent.parts))
    worker = files["gunicorn.conf.py"] + _WORKER.format(place=place)
    return {**files, "gunicorn.conf.py": worker, "rooms.py": _ROOMS}


@each_nginx
def test_gevent_websocket_wants_http_1_1(program: str, tmp_path: Path) -> None:
    example, command = bad(_RULE, _OLD), "gunicorn -c gunicorn.conf.py rooms"
    refused = _shaken(_rooms(example.files), program, command)
    assert [answer.status for answer in refused.answers] == [402]
    agrees(_RULE, example, refused, tmp_path)
    taken = _shaken(_rooms(good(_RULE, _NEW).files), program, command)
    assert [answer.status for answer in taken.answers] == [101]


@each_nginx
@pytest.mark.parametrize("worker", ["asgi", "uvicorn.workers.UvicornWorker"])
def test_asgi_servers_take_the_handshake_in_http_1_0(program: str, worker: str) -> None:
    for example in (bad(_RULE, _OLD), good(_RULE, _NEW)):
        found = _shaken(example.files, program, f"gunicorn -c gunicorn.conf.py -k {worker} probe:asgi")
        assert [answer.status for answer in found.answers] == [101]
        assert found.seen[-1]["headers"]["upgrade"] == "websocket"
