"""What is generated really runs: each spec that people would write is started, and does what it promises.

The slowest request is a short one here (``in_small``); every other figure is the spec's own.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from cfgcheck.generate.plan import ServicePlan
from cfgcheck.generate.plan_time import limit_name, read_timeout
from cfgcheck.generate.reading import read_spec
from cfgcheck.generate.spec import Spec
from cfgcheck.generate.words import size
from cfgcheck.rules.proof import Request
from tests.cli.running import REPOSITORY
from tests.live.client import Answer
from tests.live.generated import Deployment, deployed, deployment, in_small
from tests.live.lab import Running
from tests.live.servers import nginxes

pytestmark = pytest.mark.live

SPECS = sorted((REPOSITORY / "fixtures" / "specs").glob("*.yaml"))
EACH_SPEC = pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
PROGRAM = next(iter(nginxes().values()))
SLOWEST = 4


@pytest.fixture
def made(path: Path) -> Deployment:
    return deployment(in_small(read_spec(path), SLOWEST))


def asked(stack: Running, made: Deployment, service: ServicePlan, **fields: object) -> list[Answer]:
    """A request for that service, to its TLS port where it has one, as from the edge where one ends TLS."""
    spec: Spec = made.plan.spec
    port = spec.nginx.https_port if service.service.tls else spec.nginx.http_port
    return stack.ask(Request.model_validate({"host": host_of(service), "to": port, **fields}))


def statuses(answers: list[Answer]) -> list[int]:
    return [answer.status for answer in answers]


@EACH_SPEC
def test_it_answers(made: Deployment) -> None:
    with deployed(made, PROGRAM) as stack:
        for service in made.plan.services:
            assert statuses(asked(stack, made, service)) == [200]
            stack.collect()
            seen = stack.observation.seen[-1]
            assert seen["headers"]["host"] == host_of(service)
            told = seen["headers"].get("x-forwarded-proto", seen["scheme"])
            assert told == ("https" if service.service.tls else "http")
            assert statuses(asked(stack, made, service, host="nobody.example.org")) == [0]


@EACH_SPEC
def test_sizes(made: Deployment) -> None:
    """The largest upload, header line, request line and response header get through; one more byte gets the status
    that nginx has for it."""
    with deployed(made, PROGRAM) as stack:
        for one in made.plan.services:
            spec = one.service
            for more, status in ((0, 200), (1, 413)):
                sent = asked(stack, made, one, method="POST", body=spec.max_upload + more)
                assert statuses(sent) == [status], f"{one.name}: a body of {spec.max_upload} + {more} bytes"
            for more, status in ((0, 200), (1, 400)):
                length = spec.request_headers - len("X-Big: \r\n") + more
                sent = asked(stack, made, one, headers={"X-Big": f"x*{length}"})
                assert statuses(sent) == [status], f"{one.name}: a header line of {spec.request_headers} + {more} bytes"
            for more, status in ((0, 200), (1, 414)):
                length = spec.request_headers - len("GET /?q= HTTP/1.1\r\n") + more
                sent = asked(stack, made, one, path=f"/?q=x*{length}")
                assert statuses(sent) == [status], (
                    f"{one.name}: a request line of {spec.request_headers} + {more} bytes"
                )
            assert statuses(asked(stack, made, one, path=f"/?header={spec.response_headers - 400}")) == [200]
            assert statuses(asked(stack, made, one, path=f"/?header={buffer_size(one) + 1}")) == [502]


@EACH_SPEC
def test_the_slowest_request(made: Deployment) -> None:
    """It gets through; beyond what the worker, or else nginx, waits for it is ended with the status that README has."""
    with deployed(made, PROGRAM) as stack:
        answers: dict[tuple[str, bool], list[Answer]] = {}
        asking = []
        for one in made.plan.services:
            wait = read_timeout(made.plan.spec, one.service).value
            assert isinstance(wait, int)
            for beyond, seconds in ((False, SLOWEST), (True, wait + 2)):
                asking.append(later(answers, (one.name, beyond), stack, made, one, path=f"/?sleep={seconds}"))
        for thread in asking:
            thread.join()
        for one in made.plan.services:
            ends = {"timeout": 500, "harakiri": 502, "": 504}[limit_name(one.service)]
            assert statuses(answers[one.name, False]) == [200]
            assert statuses(answers[one.name, True]) == [ends]


@EACH_SPEC
def test_websockets(made: Deployment) -> None:
    """They are opened, and stay open in silence for longer than requests may take."""
    with deployed(made, PROGRAM) as stack:
        for one in made.plan.services:
            wait = read_timeout(made.plan.spec, one.service).value
            assert isinstance(wait, int)
            for prefix in one.service.websockets:
                stay = min(wait, one.service.websocket_idle) + 1
                (answer,) = asked(stack, made, one, path=prefix, websocket=True, stay=stay)
                assert (answer.status, answer.truncated) == (101, one.service.websocket_idle < wait)
            if not one.service.websockets:
                assert 101 not in statuses(asked(stack, made, one, path="/ws/", websocket=True))


@EACH_SPEC
def test_static_and_media(made: Deployment) -> None:
    with deployed(made, PROGRAM) as stack:
        for one in made.plan.services:
            for prefix, folder in (*one.service.static.items(), *one.service.media.items()):
                (stack.home.base / folder.lstrip("/") / "cart.txt").write_text("a cart")
                (answer,) = asked(stack, made, one, path=f"{prefix}cart.txt")
                assert (answer.status, answer.body) == (200, b"a cart")
                headers = {name.lower(): value for name, value in answer.headers}
                assert ("expires" in headers) == (prefix in one.service.static)
                assert headers.get("x-content-type-options") == (None if prefix in one.service.static else "nosniff")


@EACH_SPEC
def test_a_restart_under_load(made: Deployment) -> None:
    """New code is loaded, or where the server has no way to, it is stopped: no request that runs is lost."""
    with deployed(made, PROGRAM) as stack:
        for one in made.plan.services:
            server = stack.server(one.name)
            answers: dict[tuple[str, bool], list[Answer]] = {}
            threads = [
                later(answers, (f"{number}", False), stack, made, one, path="/?sleep=1", at_once=2, method=method)
                for number, method in enumerate(("GET", "POST"))
            ]
            time.sleep(0.4)  # they are with the app now
            if one.reload_signal:
                server.signal(one.reload_signal.removeprefix("SIG"))
                for number in range(2, 8):
                    threads.append(later(answers, (f"{number}", False), stack, made, one, at_once=2, times=5))
                    time.sleep(0.3)
            else:
                server.signal(one.stop_signal.removeprefix("SIG"))
                assert server.wait(one.stop.value) is not None  # type: ignore[arg-type]
            for thread in threads:
                thread.join()
            assert {status for each in answers.values() for status in statuses(each)} == {200}


def test_there_is_a_spec_for_each_way_to_deploy() -> None:
    specs = [read_spec(one) for one in SPECS]
    assert {spec.runtime for spec in specs} == {"systemd", "compose", "supervisord", "plain"}
    kinds = {service.server.kind for spec in specs for service in spec.services.values()}
    assert kinds == {"gunicorn", "uwsgi", "uvicorn"}


def host_of(service: ServicePlan) -> str:
    return service.service.domains[0].replace("*", "www")


def buffer_size(service: ServicePlan) -> int:
    """What nginx takes of a response's header, in bytes: as generated, or its default."""
    said = [
        statement.words[0]
        for server in service.servers
        for group in server.groups
        for statement in group.statements
        if statement.name in ("proxy_buffer_size", "uwsgi_buffer_size")
    ]
    return size(said[0]) if said else 4096


def later(
    answers: dict[tuple[str, bool], list[Answer]],
    key: tuple[str, bool],
    stack: Running,
    made: Deployment,
    service: ServicePlan,
    **fields: object,
) -> threading.Thread:
    """A request by a client of its own, whose answers come under ``key``."""

    def ask() -> None:
        answers[key] = asked(stack, made, service, **fields)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread
