"""The plan: ladders hold for any spec, and each figure says why it is what it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from cfgcheck.generate.escapes import UnwritableError
from cfgcheck.generate.plan import Block, Plan, Server, ServicePlan, Statement, plan
from cfgcheck.generate.spec import Spec
from cfgcheck.generate.words import size
from tests.generate.generated import tried
from tests.generate.strategies import specs

TLS = {"certificate": "/etc/ssl/shop.pem", "key": "/etc/ssl/shop.key"}


def planned(service: dict[str, Any] | None = None, **whole: Any) -> Plan:
    written = {"domains": "shop.example.com", "app": "shop.wsgi:application", **(service or {})}
    return plan(Spec.model_validate({**whole, "services": {"shop": written}}))


def said(server: Server) -> dict[str, Statement]:
    return {one.name: one for group in server.groups for one in group.statements}


def own(service: ServicePlan) -> dict[str, Statement]:
    """What the service's own server block says, by name; of several with one name the last."""
    return said(service.servers[-1])


def seconds(statement: Statement) -> int:
    return int(statement.words[0].removesuffix("s"))


def location(service: ServicePlan, *words: str) -> Block:
    (found,) = (one for one in service.servers[-1].locations if one.words == words)
    return found


def figures(service: ServicePlan) -> dict[str, Any]:
    return {one.name: one.figure.value for one in service.settings}


def upstream(service: ServicePlan) -> dict[str, Statement]:
    assert service.upstream is not None
    return {one.name: one for one in service.upstream.statements}


# ── for any spec ──────────────────────────────────────────────────────────────────────────────────────────────────────


def planned_or_refused(spec: Spec) -> Plan | None:
    try:
        return plan(spec)
    except UnwritableError as error:
        assert error.place, error
        return None


@tried(20)
@given(specs())
def test_ladders_hold(spec: Spec) -> None:
    made = planned_or_refused(spec)
    if made is None:
        return
    for service in made.services:
        patience_grows_outwards(service)
        headers_fit_the_app(service)
        headers_fit_nginx(service)
    callers_end_idle_connections_first(made)


def patience_grows_outwards(service: ServicePlan) -> None:
    steps = [rung.seconds for rung in service.ladder]
    assert steps == sorted(steps, reverse=True)
    assert steps[-2] > steps[-1] == service.service.slowest_request
    grace, stop = service.grace.value, service.stop.value
    assert isinstance(grace, int) and isinstance(stop, int) and grace < stop


def headers_fit_the_app(service: ServicePlan) -> None:
    values, longest = figures(service), service.service.request_headers
    if service.service.server.kind == "uwsgi":
        buffers = own(service).get("large_client_header_buffers")
        count, one = (int(buffers.words[0]), size(buffers.words[1])) if buffers else (1, longest)
        assert count * one <= values["buffer-size"] <= 65535
    elif "limit_request_line" in values:
        assert values["limit_request_line"] >= min(8190, longest - 2)
        assert values.get("limit_request_field_size", 8190) >= longest - 2


def headers_fit_nginx(service: ServicePlan) -> None:
    """And nginx wants: twice the larger of both kinds of buffers may be busy, at most all buffers but one."""
    family, said_here = "uwsgi" if service.service.server.kind == "uwsgi" else "proxy", own(service)
    first = size(said_here[f"{family}_buffer_size"].words[0]) if f"{family}_buffer_size" in said_here else 4096
    buffers = said_here.get(f"{family}_buffers")
    count, one = (int(buffers.words[0]), size(buffers.words[1])) if buffers else (8, 4096)
    assert first >= service.service.response_headers
    assert 2 * max(first, one) <= (count - 1) * one


def callers_end_idle_connections_first(made: Plan) -> None:
    http = {one.name: one for group in made.nginx.http for one in group.statements}
    if made.spec.edge.idle is not None:
        assert seconds(http["keepalive_timeout"]) > made.spec.edge.idle
    for service in made.services:
        if service.upstream and "keepalive_timeout" in upstream(service):
            assert figures(service)["keepalive"] > seconds(upstream(service)["keepalive_timeout"])


# ── figures and their reasons ─────────────────────────────────────────────────────────────────────────────────────────


def test_sync_worker_has_the_request_limit() -> None:
    (service,) = planned({"server": {"worker-class": "sync"}, "slowest-request": 58}).services
    assert figures(service)["timeout"] == 60
    statement = own(service)["proxy_read_timeout"]
    assert statement == Statement("proxy_read_timeout", ("65s",), "65 s: worker timeout 60 s + 5 s; beyond it 504")


@pytest.mark.parametrize("worker_class", ["gthread", "gevent", "tornado"])
def test_other_workers_have_none_so_nginx_is_the_limit(worker_class: str) -> None:
    (service,) = planned({"server": {"worker-class": worker_class}, "slowest-request": 58}).services
    assert "timeout" not in figures(service)
    assert own(service)["proxy_read_timeout"].because == "63 s: slowest request 58 s + 5 s; beyond it 504"


def test_harakiri_and_nginx_leave_each_other_room() -> None:
    (service,) = planned({"server": "uwsgi", "slowest-request": 58}).services
    assert figures(service)["harakiri"] == 60
    assert own(service)["uwsgi_read_timeout"].words == ("65s",)


def test_harakiri_is_off_with_threads() -> None:
    (service,) = planned({"server": {"kind": "uwsgi", "threads": 4}}).services
    assert figures(service)["harakiri"] == 0


def test_nginx_waits_no_longer_than_the_edge() -> None:
    (service,) = planned({"slowest-request": 57}, edge="aws-alb").services
    assert own(service)["proxy_read_timeout"].because.startswith("60 s: slowest request 57 s + 3 s, within the 60 s")


def test_silent_websockets_end_before_the_edge_ends_them() -> None:
    service = {"app": {"module": "shop:app", "interface": "asgi"}, "websockets": "/live/"}
    (alone,), (behind,) = planned(service).services, planned(service, edge="aws-alb").services
    assert seconds(location(alone, "/live/").statements[0]) == 3600
    assert seconds(location(behind, "/live/").statements[0]) == 60


@pytest.mark.parametrize(
    ("nginx", "gunicorn", "worker_class", "kept"),
    [
        ("1.30", "27.0.1", "gthread", "32"),
        ("1.30", "27.0.1", "gevent", "32"),
        ("1.30", "27.0.1", "sync", "0"),
        ("1.30", "26.2.0", "gthread", "0"),
        ("1.28", "26.2.0", "gthread", None),
        ("1.28", "27.0.1", "gthread", "32"),
    ],
)
def test_connections_are_kept_where_none_gets_lost(nginx: str, gunicorn: str, worker_class: str, kept: str) -> None:
    versions = {"nginx": nginx, "gunicorn": gunicorn}
    (service,) = planned({"server": {"worker-class": worker_class}}, versions=versions).services
    found = upstream(service).get("keepalive")
    assert (found.words[0] if found else None) == kept
    assert ("keepalive" in figures(service)) == (kept == "32")


def test_old_nginx_needs_two_words_more_to_keep_connections() -> None:
    (service,) = planned(versions={"nginx": "1.28"}).services
    statements = [one for group in service.servers[-1].groups for one in group.statements]
    assert Statement("proxy_http_version", ("1.1",)) in statements
    assert ("Connection", "") in [one.words for one in statements if one.name == "proxy_set_header"]


def test_spoofable_headers_are_cleared_for_those_who_believe_them() -> None:
    (service,) = planned().services
    headers = {one.words for group in service.servers[-1].groups for one in group.statements}
    assert {("X-Forwarded-Protocol", ""), ("X-Forwarded-Ssl", ""), ("X-Forwarded-For", "$remote_addr")} <= headers


def test_only_the_edge_is_believed() -> None:
    made = planned(edge={"kind": "cloudflare", "addresses": ["173.245.48.0/20"]})
    http = {one.name: one.words for group in made.nginx.http for one in group.statements}
    assert http["set_real_ip_from"] == ("173.245.48.0/20",)
    assert http["real_ip_header"] == ("CF-Connecting-IP",)
    assert [block.name for block in made.nginx.blocks] == ["geo", "map"]


def test_health_is_answered_to_load_balancers_that_know_no_name() -> None:
    balanced = planned({"health": "/healthz"}, edge="aws-alb").nginx.servers[0]
    assert [block.words for block in balanced.locations] == [("=", "/healthz"), ("/",)]
    assert not planned({"health": "/healthz"}).nginx.servers[0].locations


def test_containers_are_looked_up_again() -> None:
    (new,), (old,) = (planned(runtime="compose", versions={"nginx": each}).services for each in ("1.30", "1.26"))
    assert upstream(new)["server"].words == ("shop:8000", "resolve")
    assert old.upstream is None
    assert location(old, "/").statements[0].words == ("$shop_app", "shop:8000")


def test_long_and_many_names_get_larger_tables() -> None:
    name = ".".join(["shop" * 12] * 3) + ".example.com"
    http = {one.name: one.words for group in planned({"domains": [name]}).nginx.http for one in group.statements}
    assert http["server_names_hash_bucket_size"] == ("256",)
    assert "server_names_hash_max_size" not in http


# ── raw directives and settings ───────────────────────────────────────────────────────────────────────────────────────


def test_raw_directive_takes_the_place_of_the_derived_one() -> None:
    (service,) = planned({"nginx": {"server": {"proxy_read_timeout": "300s", "etag": "off"}}}).services
    assert own(service)["proxy_read_timeout"] == Statement("proxy_read_timeout", ("300s",), "from the spec")
    assert own(service)["etag"].words == ("off",)


def test_raw_header_is_added_to_the_derived_ones() -> None:
    headers = {"proxy_set_header": ["X-Shop", "1"]}
    (service,) = planned({"nginx": {"server": headers}}).services
    names = [one.words[0] for g in service.servers[-1].groups for one in g.statements if one.name == "proxy_set_header"]
    assert names[0] == "Host" and names[-1] == "X-Shop"


def test_location_that_says_a_header_repeats_the_servers() -> None:
    raw = {"location": {"proxy_set_header": ["X-Shop", "1"], "add_header": ["X-Shop", "1"]}}
    (service,) = planned({"nginx": raw, "tls": {**TLS, "hsts": "1d"}}).services
    names = [one.words[0] for one in location(service, "/").statements if one.name.endswith("_header")]
    assert {"Host", "X-Forwarded-Proto", "Strict-Transport-Security", "X-Shop"} <= set(names)


def test_websockets_everywhere_leave_the_raw_directives_of_the_app() -> None:
    service = {"app": {"module": "shop:app", "interface": "asgi"}, "websockets": "/"}
    (made,) = planned({**service, "nginx": {"location": {"gzip": "off"}}}).services
    names = [one.name for one in location(made, "/").statements]
    assert "gzip" in names and names.count("proxy_pass") == 1


def test_media_say_hsts_again() -> None:
    service = {"media": {"/media/": "/srv/shop/media"}, "tls": {**TLS, "hsts": "1d"}}
    (made,) = planned(service).services
    names = [one.words[0] for one in location(made, "/media/").statements if one.name == "add_header"]
    assert names == ["Strict-Transport-Security", "X-Content-Type-Options"]


def test_setting_of_the_spec_counts() -> None:
    (service,) = planned({"server": {"settings": {"keepalive": 20, "backlog": 512}}}).services
    assert figures(service)["keepalive"] == 20 and figures(service)["backlog"] == 512
    assert seconds(upstream(service)["keepalive_timeout"]) == 15


def test_command_of_uvicorn_says_all() -> None:
    (service,) = planned({"server": "uvicorn", "app": {"module": "shop.asgi:app"}}).services
    assert service.command[:4] == ("/srv/shop/venv/bin/uvicorn", "shop.asgi:app", "--uds", "/run/shop/shop.sock")
    assert service.command[8:10] == ("--forwarded-allow-ips", "*")
    assert service.config == ""


def test_what_can_not_be_written_is_refused_with_its_place() -> None:
    with pytest.raises(UnwritableError) as caught:
        planned({"static": {"/static/": "/srv/{{ shop }}"}})
    assert caught.value.place == ("services", "shop", "static", "/static/")
