"""What a spec may say, what does not go together, and how it is written."""
# ruff: noqa: E501  (messages in full)

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from cfgcheck.generate.contradictions import contradictions
from cfgcheck.generate.defaults import complete
from cfgcheck.generate.reading import SpecError, read_spec
from cfgcheck.generate.schema_json import json_schema
from cfgcheck.generate.spec import Spec
from cfgcheck.generate.writing import write_spec
from tests.generate.strategies import odd_texts, specs, typical_specs
from tests.generate.test_reading import SHOP, SPECS, told
from tests.profiles import examples
from tools import spec_pages

API = "  api:\n    domains: api.example.com\n    app: api:app\n"
ASGI = "services:\n  shop:\n    domains: shop.example.com\n    app: {module: shop:app, framework: fastapi}\n"


@settings(max_examples=examples(20), deadline=None)
@given(specs())
def test_specs_of_the_strategy_hold_no_contradiction(spec: Spec) -> None:
    assert contradictions(spec) == []
    assert contradictions(complete(spec)) == []


@settings(max_examples=examples(20), deadline=None)
@given(specs())
def test_what_is_written_reads_back(spec: Spec) -> None:
    assert read_spec(write_spec(spec)) == spec
    assert read_spec(write_spec(complete(spec))) == complete(spec)


@settings(max_examples=examples(12), deadline=None)
@given(specs())
def test_what_is_written_is_written_the_same_again(spec: Spec) -> None:
    assert write_spec(read_spec(write_spec(spec))) == write_spec(spec)


@settings(max_examples=examples(12), deadline=None)
@given(specs(), st.data())
def test_comments_change_nothing(spec: Spec, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(spec.services)))
    places = [(), ("edge",), ("services", name), ("services", name, "max-upload"), ("services", name, "app", "module")]
    comments = {place: data.draw(st.text(max_size=30)) for place in places}
    assert read_spec(write_spec(spec, comments)) == spec


@settings(max_examples=examples(20), deadline=None)
@given(st.one_of(odd_texts, st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]))))
def test_any_text_survives(text: str) -> None:
    spec = Spec.model_validate({"services": {"shop": {"domains": "a.example.com", "app": "a"}}})
    try:
        service = type(spec.services["shop"]).model_validate(
            {"domains": "a.example.com", "app": "a", "environment": {"A": text}}
        )
    except ValueError:
        return
    spec = spec.model_copy(update={"services": {"shop": service}})
    assert read_spec(write_spec(spec)).services["shop"].environment == {"A": text}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_fixtures_are_written_as_people_wrote_them(path: Path) -> None:
    spec = read_spec(path)
    written = write_spec(spec)
    assert read_spec(written) == spec
    assert len(written.splitlines()) <= len(path.read_text(encoding="utf-8").splitlines()) + 2


def test_the_canonical_form() -> None:
    text = """\
# Two apps.

runtime: compose
edge: aws-alb
versions:
  nginx: "1.30"
nginx:
  http:
    server_tokens: "off"
    add_header: [X-Frame-Options, DENY, always]
services:
  shop:
    domains: shop.example.com
    app: shop:app
    server: uwsgi
    # videos
    max-upload: 20m
    slowest-request: 50s
    environment:
      GREETING: "100 % #1"
      ZERO: "0"

  api:
    domains:
      - api.example.com
      - "*.example.org"
    app:
      module: api:app
      framework: fastapi
    # as before
    request-headers: 8k
"""
    comments = {
        (): "Two apps.",
        ("services", "shop", "max-upload"): "videos",
        ("services", "api", "request-headers"): "as before",
    }
    assert write_spec(read_spec(text), comments) == text


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        (f"edge: aws-alb\n{SHOP}    slowest-request: 1m\n", [
            "6:22: the slowest request of `shop` takes 1m, and 2 s more for the worker and nginx, but the edge (aws-alb) waits only 1m for a response: lower it to 58 s, raise `edge.response` to 62 s there and here, or move the work to a queue (see also cfgcheck.yaml:1:7)"]),
        (f"runtime: plain\nedge: heroku\n{SHOP}", [
            "4:3: the slowest request of `shop` takes 30s, and 2 s more for the worker and nginx, but the edge (heroku) waits only 30s for a response: lower it to 28 s, or move the work to a queue (see also cfgcheck.yaml:2:7)"]),
        (f"edge: {{kind: other, response: 33s}}\n{SHOP}    server: {{worker-class: sync}}\n", [
            "3:3: the slowest request of `shop` takes 30s, and 4 s more for the worker and nginx, but the edge (other) waits only 33s for a response: lower it to 29 s, raise `edge.response` to 34 s there and here, or move the work to a queue (see also cfgcheck.yaml:1:31)"]),
        (f"edge: {{idle: 3}}\n{SHOP}", ["1:14: `edge.idle` is said of no edge; say its `kind`, `other` where no name fits"]),
        (f"edge: heroku\n{SHOP}    slowest-request: 9\n", ["1:1: Heroku starts processes itself: it has no systemd; say `runtime: plain` (see also cfgcheck.yaml:1:7)"]),
        (f"runtime: plain\nedge: heroku\n{SHOP}    slowest-request: 9\n    tls: {{certificate: /c, key: /k}}\n", [
            "8:10: Heroku's router ends TLS and speaks plain HTTP to the app; leave `tls` out (see also cfgcheck.yaml:2:7)"]),
        (f"{SHOP}    server: {{worker-class: eventlet}}\n", ["5:28: Gunicorn 27.0.1 has no `eventlet` worker (gone since 26.0); say `gevent`"]),
        (f"{ASGI}    server: {{worker-class: asgi}}\nversions: {{gunicorn: 25.0.3}}\n", [
            "5:28: Gunicorn 25.0.3 has no stable `asgi` worker (from 25.1 on); say `uvicorn`, or a newer version (see also cfgcheck.yaml:6:22)"]),
        (f"{ASGI}    server: {{worker-class: sync}}\n", [
            "5:13: Gunicorn's `sync` worker does not run ASGI applications; leave `worker-class` out, or say `interface: wsgi` (see also cfgcheck.yaml:4:10)"]),
        (f"{ASGI}    server: uwsgi\n", ["5:13: uWSGI does not run ASGI applications; say `server: gunicorn`, or say `interface: wsgi` (see also cfgcheck.yaml:4:10)"]),
        (f"{SHOP}    server: {{kind: uwsgi, worker-class: sync}}\n", ["5:41: only Gunicorn has worker classes, not uwsgi; leave it out (see also cfgcheck.yaml:5:20)"]),
        (f"{SHOP}    server: {{worker-class: sync, threads: 4}}\n", [
            "5:43: Gunicorn runs `gthread` where there are threads; say `worker-class: gthread` (see also cfgcheck.yaml:5:28)"]),
        (f"{SHOP}    server: {{worker-class: gevent, threads: 4}}\n", [
            "5:45: Gunicorn's `gevent` worker takes no threads; leave `threads` out, say `workers` (see also cfgcheck.yaml:5:28)"]),
        (f"{SHOP}    websockets: /ws/\n", ["5:17: Gunicorn's `gthread` worker can't serve websockets; they need uvicorn, or Gunicorn with `interface: asgi`"]),
        (f"{SHOP}    user: root\n", ["5:11: an app that runs as root gives the machine away; say another user"]),
        (f"{SHOP}    server: uwsgi\n    request-headers: 40k\n", [
            "6:22: uWSGI takes at most 64 KiB of headers, and a URL of 40k stands there twice: say at most 31k, or take another server (see also cfgcheck.yaml:5:13)"]),
        (f"{SHOP}    static: {{/a/: /x}}\n    media: {{/a/: /y}}\n", ["6:18: `/a/` stands in `static` and in `media`: one place of the site is one thing only (see also cfgcheck.yaml:5:19)"]),
        (f"{SHOP}    static: {{/: /x}}\n", ["5:17: `static` of `/` would leave nothing to the app; say a prefix"]),
        (f"runtime: compose\n{SHOP}    static: {{/a/: /srv}}\n", [
            "6:19: a volume at `/srv` would hide the code in `/srv/shop`; say a folder in it (see also cfgcheck.yaml:5:10)"]),
        (f"{SHOP}    static: {{/a/: /x}}\n    health: /a/\n", ["6:13: nginx would answer the health path `/a/` from files; say a path that the app answers (see also cfgcheck.yaml:5:19)"]),
        (f"{SHOP}{API.replace('api.ex', 'shop.ex')}", ["6:14: `shop` and `api` both have the domain `shop.example.com`; only one of them can answer it (see also cfgcheck.yaml:3:14)"]),
        (f"{SHOP}    listener: 127.0.0.1:8001\n{API}    listener: 127.0.0.1:8001\n", [
            "9:15: `shop` and `api` listen on the same address, `127.0.0.1:8001`; give each its own (see also cfgcheck.yaml:5:15)"]),
        (f"{SHOP}    listener: 0.0.0.0:8001\n", ["5:15: all the world could reach the app around nginx; say `127.0.0.1:8001`"]),
        (f"{SHOP}    listener: unix:/tmp/shop.sock\n", ["5:15: nginx may not see a socket there; put it below `/run`: say `unix`"]),
        (f"runtime: compose\n{SHOP}    listener: 127.0.0.1:8001\n", [
            "6:15: nginx runs in a container of its own and can't reach `127.0.0.1` of this one; say `0.0.0.0:8001` (see also cfgcheck.yaml:1:10)"]),
        (f"nginx: {{http-port: 8080}}\n{SHOP}    listener: 127.0.0.1:8080\n", ["6:15: nginx itself listens on port 8080; say another (see also cfgcheck.yaml:1:20)"]),
        (f"nginx: {{http-port: 443}}\n{SHOP}", ["1:20: `nginx.http-port` and `nginx.https-port` are the same; give each its own"]),
        (SHOP.replace("shop:\n", "nginx:\n"), ["2:3: a service can't be called `nginx`: that name is taken; call it by what it does"]),
        (f"{SHOP}    nginx: {{server: {{client_max_body_size: 1m}}}}\n", ["5:44: `client_max_body_size` is derived; say `max-upload`"]),
        (f"{SHOP}    nginx: {{server: {{gzp: 'on'}}}}\n", ["5:27: nginx has no directive `gzp`; did you mean `gzip`?"]),
        (f"{SHOP}    nginx: {{server: {{worker_processes: 3}}}}\n", ["5:40: `worker_processes` can't stand in `server`; it can in `main`"]),
        (f"{SHOP}    nginx: {{server: {{location: /a}}}}\n", ["5:32: `location` is a block, which a spec can't hold; put it in a file of your own and `include` that"]),
        (f"{SHOP}    nginx: {{server: {{etag: [a, b]}}}}\n", ["5:28: `etag` does not take 2 arguments; say `on` or `off`"]),
        (f"{SHOP}    server: {{settings: {{bind: x}}}}\n", ["5:31: `bind` is derived; say `listener`"]),
        (f"{SHOP}    server: {{settings: {{loglevle: x}}}}\n", ["5:35: Gunicorn has no setting `loglevle`; did you mean `loglevel`?"]),
        (f"{SHOP}    server: {{settings: {{preload_app: 'yes'}}}}\n", ["5:38: `preload_app` must be `true` or `false`"]),
        (f"{SHOP}    server: {{settings: {{on_starting: x}}}}\n", ["5:38: `on_starting` is a function, which a spec can't hold"]),
        (f"{SHOP}    server: {{worker-class: sync, settings: {{timeout: 20}}}}\n", [
            "5:54: `timeout` of 20 s ends the slowest request, which takes 30 s; leave it out: it is derived"]),
        (f"{SHOP}    server: {{kind: uwsgi, settings: {{workers: 3}}}}\n", ["5:47: `workers` is derived; say `server.workers` (see also cfgcheck.yaml:5:20)"]),
        (f"{SHOP}    server: {{kind: uwsgi, settings: {{harakri: 3}}}}\n", ["5:47: uWSGI has no option `harakri`; did you mean `harakiri`? (see also cfgcheck.yaml:5:20)"]),
        (f"{SHOP}    server: {{kind: uvicorn, settings: {{host: x}}}}\n", ["5:46: `host` is derived; say `listener` (see also cfgcheck.yaml:5:20)"]),
        (f"{SHOP}    server: {{kind: uvicorn, settings: {{log-levle: x}}}}\n", ["5:51: uvicorn has no option `log-levle`; did you mean `log-level`? (see also cfgcheck.yaml:5:20)"]),
        (f"{SHOP}    manager: {{User: x}}\n", ["5:21: `User` is derived; say `user`"]),
        (f"{SHOP}    manager: {{limit-nofile: 3}}\n", ["5:29: systemd's keys are spelled like `LimitNOFILE`; `limit-nofile` is none"]),
        (f"runtime: compose\n{SHOP}    manager: {{restrat: always}}\n", [
            "6:24: `restrat` is no setting of a compose service that one value can say; did you mean `restart`? (see also cfgcheck.yaml:1:10)"]),
        (f"runtime: plain\n{SHOP}    manager: {{Nice: 3}}\n", ["6:21: `runtime: plain` has no manager that could be told; leave it out (see also cfgcheck.yaml:1:10)"]),
        (f"{SHOP}    environment: {{WEB_CONCURRENCY: 3}}\n", ["5:36: `WEB_CONCURRENCY` would contradict what is derived; say `server.workers`"]),
        (f"{SHOP}    environment: {{UWSGI_HTTP: 3}}\n", ["5:31: `UWSGI_HTTP` can't be set here: uWSGI takes it for one of its options; say it in `server.settings`"]),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_told(text: str, mistakes: list[str]) -> None:
    assert told(text) == mistakes


@pytest.mark.parametrize(
    "text",
    [
        f"edge: {{kind: aws-alb, response: 62s}}\n{SHOP}    slowest-request: 1m\n",
        f"{SHOP}    server: {{worker-class: eventlet}}\nversions: {{gunicorn: 25.3.0}}\n",
        f"{SHOP}    server: {{kind: uwsgi, threads: 4}}\n",
        f"{ASGI}    websockets: [/ws/, /]\n",
        f"{SHOP}    static: {{/a/: /x, /a/b/: /y}}\n    health: /a/b/c\n",
        f"runtime: compose\n{SHOP}    listener: unix\n",
        f"runtime: compose\n{SHOP}    listener: 0.0.0.0:8000\n{API}    listener: 0.0.0.0:8000\n",
        f"{SHOP}    server: {{settings: {{keepalive: 20, backlog: 100, timeout: 90}}}}\n",
        f"{SHOP}    nginx: {{server: {{include: /etc/nginx/own.conf}}, upstream: {{keepalive_requests: 9}}}}\n",
    ],
)
def test_what_goes_together(text: str) -> None:
    assert read_spec(text)


def test_no_framework_runs_through_the_wrong_interface() -> None:
    for framework, server in (("flask", "uvicorn"), ("fastapi", "uwsgi")):
        text = SHOP.replace("shop:app\n", f"{{module: shop:app, framework: {framework}, interface: {'asgi' if framework == 'flask' else 'wsgi'}}}\n")
        with pytest.raises(SpecError, match=f"{framework} has the interface"):
            read_spec(f"{text}    server: {server}\n")


@pytest.mark.parametrize("page", list(spec_pages.PAGES), ids=lambda path: path.name)
def test_the_published_pages_are_those_of_the_model(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == spec_pages.PAGES[page](), "run `make generate`"


def test_every_key_is_described() -> None:
    from cfgcheck.generate.schema import tables

    missing = [(place, key) for place, table in tables() for key, field in table.model_fields.items() if not field.description]
    assert missing == []


SCHEMA = Draft202012Validator(json.loads(spec_pages.SCHEMA.read_text(encoding="utf-8")))


def refused(text: str) -> list[str]:
    """What an editor has against a text."""
    return [error.message for error in SCHEMA.iter_errors(YAML(typ="safe", pure=True).load(text))]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_schema_takes_the_fixtures(path: Path) -> None:
    assert refused(path.read_text(encoding="utf-8")) == []


@settings(max_examples=examples(12), deadline=None)
@given(typical_specs())
def test_the_schema_takes_what_is_written(spec: Spec) -> None:
    assert refused(write_spec(spec)) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "services: {}",
        f"{SHOP}    max_upload: 1m\n",
        f"{SHOP}    max-upload: lots\n",
        f"{SHOP}    server: apache\n",
        f"{SHOP}    nginx: {{server: {{gzip: true}}}}\n",
        f"{SHOP}    environment: {{A: true}}\n",
        SHOP.replace("shop:\n", "Shop:\n"),
        f"runtime: docker\n{SHOP}",
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(text: str) -> None:
    assert refused(text) != []
    with pytest.raises(SpecError):
        read_spec(text)
