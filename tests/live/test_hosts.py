"""Claims about several hosts, each seen on several hosts: what is reached from where."""

from __future__ import annotations

import re
import socket
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from cfgcheck.rules.proof import Request
from cfgcheck.rules.schema import Bad, Good
from tests.live.client import CLOSED
from tests.live.hosts import Host, hosts, published, stage
from tests.live.on_hosts import EACH_NGINX, agrees, bad, good, observed, statuses
from tests.live.servers import nginxes

pytestmark = pytest.mark.live

REMOTE = "loopback-bind-behind-remote-proxy"
ACROSS = "loopback-upstream-across-hosts"


@EACH_NGINX
@pytest.mark.parametrize(
    ("rule", "wrong", "right"),
    [
        (REMOTE, "", "the app listens on its host's address"),
        (
            REMOTE,
            "a container, with Gunicorn's address of old",
            "a service of that name that listens on all addresses, too",
        ),
        (ACROSS, "", "the other host's address"),
        (ACROSS, "two containers", "a service's name"),
    ],
)
def test_loopback_and_another_host(program: str, rule: str, wrong: str, right: str, tmp_path: Path) -> None:
    with hosts(web="10.0.0.4", app="10.0.0.5", client="10.0.0.9") as made:
        made["web"].names({"web": made["app"].address})
        example = bad(rule, wrong)
        failed = observed(example, made["web"], made["app"], program, made["client"])
        assert statuses(failed.answers) == [502]
        agrees(rule, example, failed, tmp_path)
        cured = observed(good(rule, right), made["web"], made["app"], program, made["client"])
        assert statuses(cured.answers) == [200]


@EACH_NGINX
@pytest.mark.parametrize(
    ("rule", "wrong", "right"),
    [
        (REMOTE, "a published port that leads to loopback", "a published port that leads to every address"),
        (
            "unreachable-upstream",
            "a published port that leads to where nobody listens",
            "a published port that leads to another port",
        ),
    ],
)
def test_published_port(program: str, rule: str, wrong: str, right: str, tmp_path: Path) -> None:
    with hosts(machine="10.0.0.4", container="10.0.0.5", client="10.0.0.9") as made:
        example = bad(rule, wrong)
        with _published(example, made):
            failed = observed(example, made["machine"], made["container"], program, made["client"])
        assert statuses(failed.answers) == [502]
        agrees(rule, example, failed, tmp_path)
        with _published(good(rule, right), made):
            cured = observed(good(rule, right), made["machine"], made["container"], program, made["client"])
        assert statuses(cured.answers) == [200]


def _published(example: Bad | Good, made: dict[str, Host]) -> AbstractContextManager[None]:
    """The port that the example's compose file publishes."""
    found = re.search(r"(?:([\d.]+):)?(\d+):(\d+)\"", example.files["compose.yaml"])
    assert found is not None
    return published(made["machine"], (found[1] or "0.0.0.0", int(found[2])), made["container"], int(found[3]))


def test_app_that_is_reached_past_nginx() -> None:
    """A stranger asks the app itself, with headers that nginx would have set."""
    forged = Request(headers={"X-Forwarded-Proto": "https"})
    program = next(iter(nginxes().values()))
    with hosts(machine="10.0.0.4", stranger="10.0.0.66") as made:
        for name, scheme in (("every address", "http"), ("and it believes everybody", "https")):
            with stage(bad("bypassable-proxy", name).files) as stack:
                stack.app(made["machine"])
                stack.nginx(made["machine"], program)
                answers = made["stranger"].ask("10.0.0.4", 80) + made["stranger"].ask("10.0.0.4", 8000, forged)
                assert statuses(answers) == [200, 200]
                assert stack.observation(answers).seen[-1]["scheme"] == scheme
        with stage(good("bypassable-proxy", "loopback").files) as stack:
            stack.app(made["machine"])
            stack.nginx(made["machine"], program)
            answers = made["stranger"].ask("10.0.0.4", 80) + made["stranger"].ask("10.0.0.4", 8000, forged)
            assert statuses(answers) == [200, CLOSED]


def test_published_port_that_is_reached_past_nginx() -> None:
    program = next(iter(nginxes().values()))
    with hosts(machine="10.0.0.4", container="10.0.0.5", stranger="10.0.0.66") as made:
        for example, expected in (
            (bad("bypassable-proxy", "nginx on the machine, and a port published to everybody"), [200, 200]),
            (good("bypassable-proxy", "published for the machine itself"), [200, CLOSED]),
        ):
            with _published(example, made), stage(example.files) as stack:
                stack.app(made["container"])
                stack.nginx(made["machine"], program)
                answers = made["stranger"].ask("10.0.0.4", 80) + made["stranger"].ask("10.0.0.4", 8000)
                assert statuses(answers) == expected


@EACH_NGINX
def test_uwsgi_packets_from_another_host(program: str, tmp_path: Path) -> None:
    rule, example = "untrusted-uwsgi-peer", bad("untrusted-uwsgi-peer", "another container, and the default")
    with hosts(proxy="10.0.0.4", web="10.0.0.5", client="10.0.0.9") as made:
        made["proxy"].names({"web": "10.0.0.5"})
        failed = observed(example, made["proxy"], made["web"], program, made["client"])
        assert statuses(failed.answers) == [500]
        assert "uWSGI request from '10.0.0.4' not allowed" in failed.app_log
        agrees(rule, example, failed, tmp_path)
        right = good(rule, "containers, and everybody is let in")
        assert statuses(observed(right, made["proxy"], made["web"], program, made["client"]).answers) == [200]


@EACH_NGINX
def test_uwsgi_packets_to_both_families(program: str, tmp_path: Path) -> None:
    rule, example = "untrusted-uwsgi-peer", bad("untrusted-uwsgi-peer", "IPv4 to a dual-stack listener")
    with hosts(one="10.0.0.4", client="10.0.0.9") as made:
        _skip_without_ipv6(made["one"])
        failed = observed(example, made["one"], made["one"], program, made["client"])
        assert statuses(failed.answers) == [500]
        assert "uWSGI request from '::ffff:127.0.0.1' not allowed" in failed.app_log
        agrees(rule, example, failed, tmp_path)
        right = good(rule, "loopback, by default")
        assert statuses(observed(right, made["one"], made["one"], program, made["client"]).answers) == [200]


def _skip_without_ipv6(host: Host) -> None:
    try:
        host.inside(lambda: socket.create_server(("::1", 0), family=socket.AF_INET6)).close()
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")


FAMILY = "single-family-localhost"


@EACH_NGINX
def test_localhost_of_two_families(program: str, tmp_path: Path) -> None:
    four = Request(times=4)
    refused = "[::1]:8000"
    with hosts(one="10.0.0.4") as made:
        _skip_without_ipv6(made["one"])
        example = bad(FAMILY, "IPv4 only")
        with stage(example.files) as stack:
            app = stack.app(made["one"])
            stack.nginx(made["one"], program)
            found = stack.observation(made["one"].ask("127.0.0.1", 80, four))
            assert statuses(found.answers) == [200] * 4
            assert refused in found.log
            agrees(FAMILY, example, found, tmp_path)
            app.end()
            down = stack.observation(made["one"].ask("127.0.0.1", 80, four))
            assert "no live upstreams while connecting to upstream" in down.log
        with stage(good(FAMILY, "a literal address").files) as stack:
            stack.app(made["one"])
            stack.nginx(made["one"], program)
            found = stack.observation(made["one"].ask("127.0.0.1", 80, four))
            assert statuses(found.answers) == [200] * 4
            assert "connect() failed" not in found.log


@EACH_NGINX
def test_localhost_of_two_families_without_retry(program: str, tmp_path: Path) -> None:
    four = Request(times=4)
    with hosts(one="10.0.0.4") as made:
        _skip_without_ipv6(made["one"])
        example = bad(FAMILY, "and no retry")
        with stage(example.files) as stack:
            stack.app(made["one"])
            stack.nginx(made["one"], program)
            found = stack.observation(made["one"].ask("127.0.0.1", 80, four))
            assert set(statuses(found.answers)) == {200, 502}
            agrees(FAMILY, example, found, tmp_path)
        with stage(good(FAMILY, "a literal address, and no retry").files) as stack:
            stack.app(made["one"])
            stack.nginx(made["one"], program)
            assert statuses(made["one"].ask("127.0.0.1", 80, four)) == [200] * 4


DIES = """import os
import probe

def wsgi(environ, start_response):
    list(probe.wsgi(environ, lambda *arguments: None))
    os._exit(1)
"""


@EACH_NGINX
def test_write_that_is_sent_again(program: str) -> None:
    """The first app does the work and dies before its answer is out."""
    post = Request(method="POST", body=9)
    with hosts(one="10.0.0.4", two="10.0.0.5", proxy="10.0.0.9") as made:
        for example, status, orders in (
            (bad("retried-writes", "two servers"), 200, 2),
            (good("retried-writes", "by default writes are not sent again"), 502, 1),
        ):
            with stage({**example.files, "dies.py": DIES}) as stack:
                stack.app(made["one"], "gunicorn -b 10.0.0.4:8000 -w 1 dies:wsgi", "one")
                stack.app(made["two"], "gunicorn -b 10.0.0.5:8000 -w 1 probe:wsgi", "two")
                stack.nginx(made["proxy"], program)
                found = stack.observation(made["one"].ask("10.0.0.9", 80, post))
                assert statuses(found.answers) == [status]
                assert [seen["method"] for seen in found.seen] == ["POST"] * orders


TWO = "conflicting-binds"


def test_two_apps_on_one_address(tmp_path: Path) -> None:
    """The second one gives up, and the first one answers in its place."""
    with hosts(one="10.0.0.4") as made:
        example = bad(TWO, "the same address")
        with stage(example.files) as stack:
            first = stack.app(made["one"], "gunicorn -b 127.0.0.1:8000 -w 3 shop.wsgi", "web")
            second = stack.fails(made["one"], "gunicorn -b 127.0.0.1:8000 -w 3 probe:wsgi", "api")
            found = stack.observation(made["one"].ask("127.0.0.1", 8000))
            found.says = second
            assert found.seen[-1]["pid"] in first.members()
            agrees(TWO, example, found, tmp_path)
        with stage(good(TWO, "two processes, two ports").files) as stack:
            stack.app(made["one"], "gunicorn -b 127.0.0.1:8000 -w 3 shop.wsgi", "web")
            api = stack.app(made["one"], "gunicorn -b 127.0.0.1:8001 -w 3 probe:wsgi", "api")
            found = stack.observation(made["one"].ask("127.0.0.1", 8001))
            assert found.seen[-1]["pid"] in api.members()


SOCKET = """events {}
http {
  server {
    listen 80;
    location / {
      proxy_pass http://unix:/run/shop/app.sock;
    }
  }
}
"""


@EACH_NGINX
def test_two_apps_on_one_socket(program: str, tmp_path: Path) -> None:
    """Without any error the second one takes the socket over; when it stops, nobody is reached any more."""
    with hosts(one="10.0.0.4") as made:
        made["one"].run("mount", "-t", "tmpfs", "tmpfs", "/run")
        made["one"].run("mkdir", "/run/shop")
        example = bad(TWO, "one socket")
        with stage({**example.files, "nginx.conf": SOCKET}) as stack:
            stack.app(made["one"], "gunicorn -b unix:/run/shop/app.sock -w 1 shop.wsgi", "web")
            second = stack.app(made["one"], "gunicorn -b unix:/run/shop/app.sock -w 1 probe:wsgi", "api")
            stack.nginx(made["one"], program)
            found = stack.observation(made["one"].ask("127.0.0.1", 80))
            assert statuses(found.answers) == [200]
            assert found.seen[-1]["pid"] in second.members()
            second.end()
            found = stack.observation(made["one"].ask("127.0.0.1", 80))
            assert statuses(found.answers) == [502]
            agrees(TWO, example, found, tmp_path)
        with stage({**good(TWO, "two sockets").files, "nginx.conf": SOCKET}) as stack:
            first = stack.app(made["one"], "gunicorn -b unix:/run/shop/app.sock -w 1 shop.wsgi", "web")
            stack.app(made["one"], "gunicorn -b unix:/run/shop/api.sock -w 1 probe:wsgi", "api").end()
            stack.nginx(made["one"], program)
            found = stack.observation(made["one"].ask("127.0.0.1", 80))
            assert statuses(found.answers) == [200]
            assert found.seen[-1]["pid"] in first.members()
