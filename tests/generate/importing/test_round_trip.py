"""Files that were generated lead back to the spec that they were made of, every key of it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, reject, settings

from cfgcheck.generate.defaults import complete
from cfgcheck.generate.escapes import UnwritableError
from cfgcheck.generate.reading import read_spec
from cfgcheck.generate.spec import Spec
from cfgcheck.generate.writing import write_spec
from tests.generate.importing.helping import generate, import_folder, told
from tests.generate.strategies import specs, typical_specs
from tests.profiles import examples

SPECS = sorted((Path(__file__).parents[3] / "fixtures" / "specs").glob("*.yaml"))

QUICKLY = settings(
    max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
"""Each case writes a dozen files: looking for a smaller one takes minutes."""


def same_again(spec: Spec) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        try:
            folder = generate(spec, Path(scratch, "deploy"))
        except UnwritableError:
            reject()
        found = import_folder(folder)
    assert complete(found.spec).model_dump() == complete(spec).model_dump()
    assert told(found) == []
    assert found.comments == {}


@QUICKLY
@given(typical_specs())
def test_specs_as_people_write_them_come_back(spec: Spec) -> None:
    same_again(spec)


@QUICKLY
@given(specs())
def test_specs_with_odd_texts_come_back(spec: Spec) -> None:
    same_again(spec)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_fixtures_come_back(path: Path) -> None:
    same_again(read_spec(path))


def test_what_is_imported_can_be_written_and_read(tmp_path: Path) -> None:
    spec = of({"edge": "aws-alb", "services": {"shop": shop(environment={"NOTE": "a # b: %c"})}})
    found = import_folder(generate(spec, tmp_path))
    assert read_spec(write_spec(found.spec, found.comments)) == found.spec


def test_what_is_derived_is_not_said(tmp_path: Path) -> None:
    found = import_folder(generate(of({"services": {"shop": shop()}}), tmp_path))
    assert write_spec(found.spec) == ("services:\n  shop:\n    domains: shop.example.com\n    app: shop.main:app\n")


@pytest.mark.parametrize("runtime", ["systemd", "compose", "supervisord", "plain"])
@pytest.mark.parametrize(
    "own",
    [
        {"slowest-request": "7m"},
        {"server": {"workers": 7}},
        {"server": {"kind": "uwsgi", "workers": "auto", "threads": 3}},
        {"server": {"worker-class": "sync", "workers": 1, "settings": {"backlog": 2048}}},
        {"server": "uvicorn", "websockets": ["/", "/ws/"], "websocket-idle": "90s"},
        {"server": "uvicorn", "app": "shop.main"},
        {"websocket-idle": 5},
        {"response-headers": 1024},
        {"listener": "tcp", "user": "deploy"},
        {"tls": {"certificate": "/etc/a.pem", "key": "/etc/a.key", "redirect": False, "hsts": 0}},
        {"static": {"/s/": "/srv/uploads"}, "media": {"/static/": "/srv/static"}},
        {"nginx": {"location": {"proxy_buffering": "off"}, "server": {"charset": "utf-8"}}},
        {"nginx": {"location": {"proxy_connect_timeout": "5s"}}, "websockets": "/", "server": "uvicorn"},
        {"app": {"module": "shop.wsgi", "directory": "/opt/shop", "virtualenv": "/opt/env %n"}},
    ],
    ids=str,
)
def test_each_key_comes_back(runtime: str, own: dict[str, Any]) -> None:
    same_again(of({"runtime": runtime, "services": {"shop": shop(**own)}}))


@pytest.mark.parametrize(
    "whole",
    [
        {"versions": {"nginx": "1.30", "gunicorn": "27.0.1", "uwsgi": "2.0.31", "python": "3.12"}},
        {"edge": {"kind": "other", "idle": 10, "response": 100, "addresses": ["10.1.0.0/16", "10.0.0.1"]}},
        {"edge": {"kind": "cloudflare", "tls": False}},
        {"nginx": {"http-port": 8080, "https-port": 8443, "worker-connections": 64, "user": "web"}},
        {"nginx": {"main": {"worker_shutdown_timeout": "1h"}, "http": {"server_tokens": "on"}}},
    ],
    ids=str,
)
def test_what_holds_for_all_services_comes_back(whole: dict[str, Any]) -> None:
    same_again(of({**whole, "services": {"shop": shop(), "blog": shop(domains="blog.example.com")}}))


def shop(**own: Any) -> dict[str, Any]:
    return {"domains": "shop.example.com", "app": "shop.main:app", **own}


def of(data: dict[str, Any]) -> Spec:
    return Spec.model_validate(data)


EDITS = {
    "client_max_body_size 1m;": ("client_max_body_size 7m;", "max_upload", 7 << 20),
    "proxy_read_timeout 47s;": ("proxy_read_timeout 97s;", "slowest_request", 40),
    "server_name shop.example.com;": ("server_name a.example.com;", "domains", ["a.example.com"]),
    "proxy_pass http://shop;": ("proxy_pass http://shop; proxy_buffering off;", "nginx", {"proxy_buffering": ["off"]}),
}


@pytest.mark.parametrize("text", EDITS)
def test_what_was_edited_by_hand_gets_into_the_spec(text: str, tmp_path: Path) -> None:
    spec = of({"services": {"shop": shop(**{"slowest-request": 40, "server": {"worker-class": "sync", "workers": 2}})}})
    generate(spec, tmp_path)
    site = tmp_path / "nginx" / "conf.d" / "shop.conf"
    edited, key, value = EDITS[text]
    assert text in site.read_text(encoding="utf-8")
    site.write_text(site.read_text(encoding="utf-8").replace(text, edited, 1), encoding="utf-8")
    found = import_folder(tmp_path)
    got = getattr(found.spec.services["shop"], key)
    assert (got.location if key == "nginx" else got) == value
    assert told(found) == []


def test_a_worker_count_that_was_edited_counts(tmp_path: Path) -> None:
    generate(of({"services": {"shop": shop()}}), tmp_path)
    file = tmp_path / "shop" / "gunicorn.conf.py"
    changed = file.read_text(encoding="utf-8").replace("multiprocessing.cpu_count() * 2 + 1", "6")
    file.write_text(f"{changed}\npreload_app = True\n", encoding="utf-8")
    server = import_folder(tmp_path).spec.services["shop"].server
    assert server.workers == 6
    assert server.settings == {"preload_app": True}


def test_a_colon_in_the_folder_of_a_uwsgi_app_comes_back(tmp_path: Path) -> None:
    """uWSGI takes what stands behind a colon in the path of its file for a section of it (seen with 2.0.31)."""
    own = {"server": "uwsgi", "app": {"module": "shop.wsgi:app", "directory": "/srv/a:b"}}
    same_again(of({"runtime": "compose", "services": {"shop": shop(**own)}}))
