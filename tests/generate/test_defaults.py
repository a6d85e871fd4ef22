"""What a spec leaves out follows from what it says."""
# ruff: noqa: E501  (tables)

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from cfgcheck.generate.defaults import complete
from cfgcheck.generate.spec import Service, Spec
from tests.generate.strategies import specs, typical_specs
from tests.profiles import examples


def spec_of(*services: dict[str, Any], **top: Any) -> Spec:
    named = dict(zip(("shop", "api", "blog"), services, strict=False))
    usual = {"domains": "shop.example.com", "app": "shop:app"}
    return Spec.model_validate({**top, "services": {name: {**usual, **own} for name, own in named.items()}})


def only(*services: dict[str, Any], **top: Any) -> Service:
    return complete(spec_of(*services, **top)).services["shop"]


@settings(max_examples=examples(15), deadline=None)
@given(specs())
def test_complete_twice_is_complete(spec: Spec) -> None:
    whole = complete(spec)
    assert complete(whole) == whole


@settings(max_examples=examples(10), deadline=None)
@given(typical_specs())
def test_nothing_is_left_to_be_derived(spec: Spec) -> None:
    whole = complete(spec)
    for service in whole.services.values():
        left = {name for name, value in service if value is None} - {"tls", "health"}
        assert left == set()
        assert None not in dict(service.app).values()
        assert service.server.threads is not None
        assert (service.server.worker_class is None) == (service.server.kind != "gunicorn")
    assert None not in dict(whole.versions).values()


def test_the_order_of_services_does_not_matter() -> None:
    one = spec_of({"listener": "tcp"}, {"listener": "tcp"})
    other = one.model_copy(update={"services": dict(reversed(one.services.items()))})
    assert complete(one) == complete(other)


@pytest.mark.parametrize(
    ("runtime", "listener"),
    [
        ("systemd", "unix:/run/shop/shop.sock"),
        ("supervisord", "unix:/run/shop/shop.sock"),
        ("plain", "unix:/run/shop/shop.sock"),
        ("compose", "0.0.0.0:8000"),
    ],
)
def test_each_runtime_has_its_usual_listener(runtime: str, listener: str) -> None:
    assert only({}, runtime=runtime).listener == listener


def test_ports_are_given_by_name_and_skip_those_that_are_said() -> None:
    whole = complete(spec_of({"listener": "tcp"}, {"listener": "127.0.0.1:8000"}, {"listener": "tcp"}))
    assert {name: service.listener for name, service in whole.services.items()} == {
        "api": "127.0.0.1:8000",
        "blog": "127.0.0.1:8001",
        "shop": "127.0.0.1:8002",
    }


@pytest.mark.parametrize(
    ("app", "server", "interface", "worker"),
    [
        ("django", {}, "wsgi", "gthread"),
        ("flask", {}, "wsgi", "gthread"),
        ("other", {}, "wsgi", "gthread"),
        ("fastapi", {}, "asgi", "asgi"),
        ("starlette", {}, "asgi", "asgi"),
        ("django", {"kind": "uvicorn"}, "asgi", None),
        ("django", {"worker-class": "uvicorn"}, "asgi", "uvicorn"),
        ("django", {"kind": "uwsgi"}, "wsgi", None),
    ],
)
def test_interface_and_worker_follow_from_framework_and_server(
    app: str, server: dict[str, Any], interface: str, worker: str | None
) -> None:
    service = only({"app": {"module": "shop:app", "framework": app}, "server": server})
    assert (service.app.interface, service.server.worker_class) == (interface, worker)


@pytest.mark.parametrize(("version", "worker"), [("25.0.3", "uvicorn"), ("25.1", "asgi"), ("25.1.0", "asgi"), ("27", "asgi")])
def test_gunicorns_own_asgi_worker_is_taken_from_its_first_stable_version_on(version: str, worker: str) -> None:
    app = {"module": "shop:app", "framework": "fastapi"}
    assert only({"app": app}, versions={"gunicorn": version}).server.worker_class == worker


@pytest.mark.parametrize(
    ("framework", "server", "module"),
    [("other", "gunicorn", "shop:application"), ("fastapi", "uvicorn", "shop:app"), ("django", "uvicorn", "shop:application")],
)
def test_a_module_alone_means_its_usual_callable(framework: str, server: str, module: str) -> None:
    assert only({"app": {"module": "shop", "framework": framework}, "server": server}).app.module == module


def test_a_virtualenv_stands_in_the_directory() -> None:
    app = only({"app": {"module": "shop:app", "directory": "/opt/shop"}}).app
    assert (app.directory, app.virtualenv) == ("/opt/shop", "/opt/shop/venv")


def test_the_grace_is_the_slowest_request() -> None:
    assert only({"slowest-request": 75}).stop_grace == 75


@pytest.mark.parametrize(
    ("edge", "limits"),
    [
        ("none", (None, None, False)),
        ("aws-alb", (60, 60, True)),
        ("heroku", (90, 30, True)),
        ({"kind": "aws-alb", "response": "2m"}, (60, 120, True)),
        ({"kind": "gcp-lb", "tls": False}, (600, 30, False)),
        ({"kind": "other", "idle": 7}, (7, None, False)),
    ],
)
def test_known_edges_have_known_limits(edge: Any, limits: tuple[int | None, int | None, bool]) -> None:
    known = complete(spec_of({}, edge=edge)).edge
    assert (known.idle, known.response, known.tls) == limits
