"""Connections that are kept: who closes them first, and what becomes of a request that is on its way then."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from cfgcheck.rules.proof import Request
from cfgcheck.rules.schema import Bad, Good
from tests.live.client import Answer
from tests.live.lab import Observation, Running, running
from tests.live.on_hosts import EACH_NGINX, agrees, bad, good, statuses
from tests.live.relay import PORT, Relay, relay, through
from tests.live.servers import nginxes

pytestmark = pytest.mark.live

KEEPS = ">=1.29.7"
"""From this version on nginx keeps connections to an upstream without being told to."""

POST = Request(method="POST", body=9)


def programs_of(wanted: str) -> list[str]:
    """Each nginx of such a version; skips where none is at hand."""
    fitting = [program for version, program in nginxes().items() if version in SpecifierSet(wanted)]
    if not fitting:
        pytest.skip(f"no nginx {wanted} is at hand, only {', '.join(nginxes())}")
    return fitting


@contextmanager
def relayed(
    files: Mapping[str, str],
    program: str,
    port: int = 8000,
    *,
    late: bool = True,
    slow: float = 0,
    start: Mapping[str, str] | None = None,
) -> Iterator[tuple[Running, Relay]]:
    """A stack with a relay before that port of the files."""
    wanted = through(files, port)
    assert wanted != dict(files), "no proxy connects to that port"
    with running(wanted, program, start=start) as stack:
        local = stack.home.local
        with relay(local(PORT), local(port), late=late, slow=slow) as made:
            yield stack, made


def _collected(stack: Running, answers: list[Answer], *, enough: Callable[[str], bool] = bool) -> Observation:
    """With the last lines of nginx's log, which it writes a moment after the answer."""
    for _ in range(30):
        stack.collect()
        if enough(stack.observation.log):
            break
        time.sleep(0.1)
    stack.observation.answers = answers
    return stack.observation


LOST = re.compile(r"(recv\(\) failed \(104: Connection reset by peer\)|upstream prematurely closed connection) while")
RACE = "upstream-keepalive-race"
BY_HAND = "set up by hand before that, with writes declared"
EQUAL = "Daphne and Granian"
"""Daphne's time is nginx's, 60 s: who closes first is a matter of the network."""


def _lost(example: Bad | Good, program: str, request: Request, slow: float) -> Observation:
    """A first request is answered; the app closes the idle connection when its time has come; the second request is on
    its way when the news of that arrives. ``slow``: so long answers take, so that nginx's time begins later."""
    with relayed(example.files, program, slow=slow) as (stack, network):
        assert statuses(stack.ask(request)) == [200]
        network.wait_for_close()
        answers = stack.ask(request)
        assert network.accepted == 1
        return _collected(stack, answers, enough=lambda log: LOST.search(log) is not None)


def _kept(example: Bad | Good, program: str, request: Request, idle: float) -> Observation:
    """The same two requests, so long apart."""
    with relayed(example.files, program) as (stack, _):
        assert statuses(stack.ask(request)) == [200]
        time.sleep(idle)
        return _collected(stack, stack.ask(request), enough=lambda log: True)


@pytest.mark.parametrize(
    ("wrong", "right", "wanted", "path", "idle"),
    [
        ("nginx 1.30 keeps connections by default", "Gunicorn waits longer than nginx", KEEPS, "/", 5),
        ("nginx 1.30 keeps connections by default", "keepalive 0", KEEPS, "/", 5),
        ("nginx 1.30 keeps connections by default", "nginx waits one second", KEEPS, "/", 5),
        ("uvicorn's five seconds", "uvicorn waits longer than nginx", KEEPS, "/", 8),
        ("Hypercorn, told otherwise", "Hypercorn waits longer than nginx", KEEPS, "/", 33),
        ("Granian's time to read headers", "nginx waits less than Granian", KEEPS, "/", 33),
        (EQUAL, "nginx waits less than Daphne", KEEPS, "/", 63),
        (BY_HAND, "gevent waits longer than nginx", "<1.29.7", "/orders/", 8),
        (BY_HAND, "gevent waits longer than nginx", KEEPS, "/orders/", 8),
    ],
)
def test_request_that_meets_the_close(
    wrong: str, right: str, wanted: str, path: str, idle: float, tmp_path: Path
) -> None:
    program, example, request = programs_of(wanted)[0], bad(RACE, wrong), POST.model_copy(update={"path": path})
    with ThreadPoolExecutor(1) as other:
        beside = other.submit(_kept, good(RACE, right), program, request, idle)
        lost = _lost(example, program, request, 4 if wrong == EQUAL else 0)
        assert statuses(lost.answers) == [502]
        assert len(lost.seen) == 1, "the app has not seen the second one"
        agrees(RACE, example, lost, tmp_path)
        kept = beside.result()
    assert statuses(kept.answers) == [200]
    assert len(kept.seen) == 2
    assert not LOST.search(kept.log)


@pytest.mark.parametrize(
    ("right", "wanted"), [("the same before nginx 1.29.7", "<1.29.7"), ("the sync worker always closes", "")]
)
def test_nothing_is_kept(right: str, wanted: str) -> None:
    """The good examples with which no connection is there to be closed."""
    for program in programs_of(wanted):
        with relayed(good(RACE, right).files, program, late=False) as (stack, network):
            assert statuses(stack.ask(POST) + stack.ask(POST)) == [200, 200]
            assert network.accepted == 2


@pytest.mark.parametrize(
    ("method", "status"),
    [("GET", 200), ("HEAD", 200), ("PUT", 200), ("DELETE", 200), ("POST", 502), ("PATCH", 502)],
)
def test_methods_that_are_sent_again(method: str, status: int) -> None:
    program, example = programs_of(KEEPS)[0], bad(RACE, "nginx 1.30 keeps connections by default")
    with relayed(example.files, program) as (stack, network):
        assert statuses(stack.ask(Request())) == [200]
        network.wait_for_close()
        found = _collected(stack, stack.ask(Request(method=method)), enough=lambda log: LOST.search(log) is not None)
    assert statuses(found.answers) == [status]
    assert LOST.search(found.log)
    assert [seen["method"] for seen in found.seen] == ["GET", *([method] if status == 200 else [])]


USELESS = "ineffective-upstream-keepalive"
GUNICORN = {"web": "gunicorn -b 127.0.0.1:8000 -w 1 --threads 4 --keep-alive 75 shop.wsgi"}


@pytest.mark.parametrize(
    ("example", "wanted", "connections"),
    [
        (bad(USELESS, "HTTP/1.0 before nginx 1.29.7"), "<1.29.7", 4),
        (bad(USELESS, "the uwsgi protocol"), "", 4),
        (bad(USELESS, "a sync worker behind it"), "", 4),
        (good(USELESS, "all of it"), "", 1),
        (good(USELESS, "nginx 1.30 needs no more than keepalive"), KEEPS, 1),
    ],
    ids=lambda value: re.sub(r"\W+", "-", value.name) if isinstance(value, Bad | Good) else str(value),
)
def test_connections_of_four_requests(example: Bad | Good, wanted: str, connections: int) -> None:
    port = 3031 if "uwsgi.ini" in example.files else 8000
    start = None if len(example.files) > 1 else GUNICORN
    for program in programs_of(wanted):
        with relayed(example.files, program, port, late=False, start=start) as (stack, network):
            answers = [stack.ask(Request())[0] for _ in range(4)]
            assert statuses(answers) == [200] * 4
            assert network.accepted == connections


EDGE = """events {}
http {
  upstream inner {
    server 127.0.0.1:80;
    keepalive 16;
    keepalive_timeout 60s;
  }
  server {
    listen 8080;
    location / {
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_pass http://inner;
    }
  }
}
"""
"""What stands for a load balancer that keeps connections for a minute."""


@EACH_NGINX
def test_edge_that_keeps_connections_longer(program: str) -> None:
    """The edge sends a POST on a connection that nginx has just closed, and answers 502; nginx says nothing."""
    wrong = {"edge/nginx.conf": EDGE, **bad("edge-keepalive-race", "in small").files}
    with relayed(wrong, program, 80) as (stack, network):
        assert statuses(stack.ask(POST)) == [200]
        network.wait_for_close()
        found = _collected(stack, stack.ask(POST), enough=lambda log: LOST.search(log) is not None)
        assert statuses(found.answers) == [502]
        own = f'upstream: "http://127.0.0.1:{stack.home.local(PORT)}/'
        assert all(own in line for line in found.log.splitlines() if "[error]" in line), "only the edge says something"
    for right in ("in small, longer than the edge", "nginx keeps no connections, in small"):
        example = {"edge/nginx.conf": EDGE, **good("edge-keepalive-race", right).files}
        with relayed(example, program, 80) as (stack, _):
            assert statuses(stack.ask(POST)) == [200]
            time.sleep(4)
            assert statuses(stack.ask(POST)) == [200]
