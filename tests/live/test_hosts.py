"""Claims about several hosts, each seen on several hosts: what is reached from where, under which name."""

from __future__ import annotations

import re
import socket
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import trustme

from cfgcheck.rules.proof import Request
from cfgcheck.rules.schema import Bad, Good, RuleFile
from tests.live.client import CLOSED, Answer
from tests.live.experiments import findings_of, rules
from tests.live.hosts import Host, Names, Stage, hosts, name_server, published, stage
from tests.live.lab import Observation
from tests.live.servers import nginxes
from tests.live.verdict import refutes
from tests.rules import harness

pytestmark = pytest.mark.live

EACH_NGINX = pytest.mark.parametrize("program", list(nginxes().values()), ids=list(nginxes()))
ELSEWHERE = Request(host="shop.example.com")


def bad(rule: str, name: str) -> Bad:
    return next(one for one in _rule(rule).examples.bad if one.name == name)


def good(rule: str, name: str) -> Good:
    return next(one for one in _rule(rule).examples.good if one.name == name)


def _rule(name: str) -> RuleFile:
    return next(rule for rule in rules() if rule.id == name)


def agrees(rule: str, example: Bad, found: Observation, folder: Path) -> None:
    """What the program says of the bad example is what was seen."""
    findings = findings_of(_rule(rule), harness.outcome(example.files, example.settings, folder).findings)
    assert findings
    refusals = [refutes(finding.symptom, found) for finding in findings]
    assert "" in refusals, refusals


def statuses(answers: list[Answer]) -> list[int]:
    return [answer.status for answer in answers]


def observed(example: Bad | Good, proxy: Host, other: Host, program: str, client: Host) -> Observation:
    """nginx on one host, the app on another, a client on a third."""
    with stage(example.files) as stack:
        stack.app(other)
        stack.nginx(proxy, program)
        return stack.observation(client.ask(proxy.address, 80))


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


CACHED = "cached-upstream-address"


def _app_moves(stack: Stage, made: dict[str, Host], program: str) -> list[Answer]:
    """A request before the app moves to another host, and one after."""
    before = stack.app(made["old"], GUNICORN)
    stack.nginx(made["proxy"], program)
    answers = made["client"].ask(made["proxy"].address, 80, Request(wait=1))  # by then it has looked names up
    before.end()
    stack.app(made["new"], GUNICORN, "moved")
    return answers


GUNICORN = "gunicorn -b 0.0.0.0:8000 -w 1 probe:wsgi"


@EACH_NGINX
def test_address_that_changes(program: str, tmp_path: Path) -> None:
    with hosts(proxy="10.0.0.4", old="10.0.0.5", new="10.0.0.6", client="10.0.0.9") as made:
        proxy, client, example = made["proxy"], made["client"], bad(CACHED, "a compose service")
        proxy.names({"web": "10.0.0.5"})
        with stage(example.files) as stack:
            answers = _app_moves(stack, made, program)
            proxy.names({"web": "10.0.0.6"})
            answers += client.ask(proxy.address, 80, Request(times=3))
            assert statuses(answers) == [200, 502, 502, 502]
            agrees(CACHED, example, stack.observation(answers), tmp_path)
            stack.servers["nginx proxy"].signal("HUP")
            assert 200 in statuses(client.ask(proxy.address, 80, Request(times=20, wait=0.2)))


@EACH_NGINX
@pytest.mark.parametrize("name", ["looked up with each request", "a server that is looked up again"])
def test_address_that_is_looked_up_again(program: str, name: str) -> None:
    _skip_before_resolve(program, name)
    with hosts(proxy="10.0.0.4", old="10.0.0.5", new="10.0.0.6", client="10.0.0.9") as made:
        made["proxy"].names({"web": "10.0.0.5"})
        known = Names({"web": "10.0.0.5"})
        with name_server(made["proxy"], "127.0.0.11", known), stage(good(CACHED, name).files) as stack:
            assert statuses(_app_moves(stack, made, program)) == [200]
            known.addresses["web"] = "10.0.0.6"
            later = made["client"].ask("10.0.0.4", 80, Request(times=30, wait=0.5))
            assert statuses(later)[-1] == 200, "the old address counts for 10 s at most"
            assert "web" in known.asked


def _skip_before_resolve(program: str, name: str) -> None:
    version = next(version for version, one in nginxes().items() if one == program)
    if "server" in name and tuple(map(int, version.split("."))) < (1, 27, 3):
        pytest.skip(f"holds for nginx >=1.27.3, not {version}")


UNUSED = "unused-resolver"


@EACH_NGINX
@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("literal targets only", "a variable in a target"),
        ("an upstream without resolve", "a server of an upstream that is looked up again"),
    ],
)
def test_resolver_that_nobody_asks(program: str, wrong: str, right: str) -> None:
    _skip_before_resolve(program, right)
    with hosts(proxy="10.0.0.4", old="10.0.0.5", new="10.0.0.6", client="10.0.0.9") as made:
        proxy, client = made["proxy"], made["client"]
        known = Names({"web": "10.0.0.5"})
        with name_server(proxy, "127.0.0.11", known):
            proxy.names({"web": "10.0.0.5"})
            with stage(bad(UNUSED, wrong).files) as stack:
                assert statuses(_app_moves(stack, made, program)) == [200]
                known.addresses["web"] = "10.0.0.6"
                assert set(statuses(client.ask("10.0.0.4", 80, Request(times=24, wait=0.5)))) == {502}
                assert known.asked == [], "it asks nobody, though its 10 s are over"
            known.addresses["web"] = "10.0.0.5"
            with stage(good(UNUSED, right).files) as stack:
                assert statuses(_app_moves(stack, made, program)) == [200]
                known.addresses["web"] = "10.0.0.6"
                assert statuses(client.ask("10.0.0.4", 80, Request(times=30, wait=0.5)))[-1] == 200
                assert "web" in known.asked


@EACH_NGINX
def test_name_in_a_variable_without_resolver(program: str, tmp_path: Path) -> None:
    with hosts(proxy="10.0.0.4", web="10.0.0.5", client="10.0.0.9") as made:
        proxy, client = made["proxy"], made["client"]
        proxy.names({"web": "10.0.0.5"})
        example = bad("missing-resolver", "a variable, so that the name is looked up again")
        with stage(example.files) as stack:
            stack.app(made["web"], GUNICORN)
            stack.nginx(proxy, program)
            failed = stack.observation(client.ask("10.0.0.4", 80))
        assert statuses(failed.answers) == [502], "what /etc/hosts says does not count"
        assert "no resolver defined to resolve web" in failed.log
        agrees("missing-resolver", example, failed, tmp_path)
        right = good("missing-resolver", "with a resolver")
        with name_server(proxy, "127.0.0.11", Names({"web": "10.0.0.5"})), stage(right.files) as stack:
            stack.app(made["web"], GUNICORN)
            stack.nginx(proxy, program)
            assert statuses(client.ask("10.0.0.4", 80)) == [200]


@EACH_NGINX
def test_one_value_is_a_name_without_resolver(program: str, tmp_path: Path) -> None:
    with hosts(proxy="10.0.0.9", blue="10.0.0.4", green="10.0.0.5") as made:
        example = bad("missing-resolver", "one of the values is a host name")
        green = Request(headers={"Cookie": "color=green"})
        with stage(example.files) as stack:
            stack.app(made["blue"], GUNICORN)
            stack.nginx(made["proxy"], program)
            answers = [*made["blue"].ask("10.0.0.9", 80), *made["blue"].ask("10.0.0.9", 80, green)]
            assert statuses(answers) == [200, 502]
            agrees("missing-resolver", example, stack.observation(answers), tmp_path)
        with stage(good("missing-resolver", "the variable names an upstream block").files) as stack:
            stack.app(made["green"], GUNICORN)
            stack.nginx(made["proxy"], program)
            assert statuses(made["blue"].ask("10.0.0.9", 80, green)) == [200]


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


OTHER = """events {}
http {
  server {
    listen 443 ssl default_server;
    ssl_reject_handshake on;
  }
  server {
    listen 443 ssl;
    listen 8443 ssl;
    server_name api.example.net 10.0.0.9;
    ssl_certificate other.pem;
    ssl_certificate_key other.pem;
    location / {
      return 200 other;
    }
  }
}
"""


@EACH_NGINX
def test_handshake_without_a_name(program: str, tmp_path: Path) -> None:
    authority = trustme.CA()
    rule, example = "missing-upstream-sni", bad("missing-upstream-sni", "by default")
    with hosts(proxy="10.0.0.4", other="10.0.0.9", client="10.0.0.66") as made:
        made["proxy"].names({"api.example.net": "10.0.0.9"})
        made["proxy"].file("/etc/ssl/certs/ca-certificates.crt", authority.cert_pem.bytes())
        failed = _through(example, made, program, _pem(authority, "api.example.net"))
        assert statuses(failed.answers) == [502]
        agrees(rule, example, failed, tmp_path)
        cured = _through(good(rule, "the name is sent"), made, program, _pem(authority, "api.example.net"))
        assert [(answer.status, answer.body) for answer in cured.answers] == [(200, b"other")]


@EACH_NGINX
def test_anybody_with_a_certificate(program: str) -> None:
    """Who is in between, with a certificate of his own, gets the requests; once it is verified he does not."""
    authority, stranger = trustme.CA(), trustme.CA()
    with hosts(proxy="10.0.0.4", other="10.0.0.9", client="10.0.0.66") as made:
        made["proxy"].file("/etc/ssl/certs/internal.crt", authority.cert_pem.bytes())
        wrong, right = bad("unverified-upstream-tls", ""), good("unverified-upstream-tls", "verified")
        assert statuses(_through(wrong, made, program, _pem(stranger, "evil.example.org")).answers) == [200]
        refused = _through(right, made, program, _pem(stranger, "evil.example.org"))
        assert statuses(refused.answers) == [502]
        assert "upstream SSL certificate verify error" in refused.log
        assert statuses(_through(right, made, program, _pem(authority, "app.internal")).answers) == [200]


@EACH_NGINX
def test_certificate_of_an_address(program: str) -> None:
    """nginx looks for a name in a certificate, never for an address."""
    authority = trustme.CA()
    with hosts(proxy="10.0.0.4", other="10.0.0.9", client="10.0.0.66") as made:
        made["proxy"].file("/etc/ssl/certs/internal.crt", authority.cert_pem.bytes())
        files = good("unverified-upstream-tls", "verified").files
        nameless = Good(files={name: text.replace("proxy_ssl_name app.internal;", "") for name, text in files.items()})
        found = _through(nameless, made, program, _pem(authority, "10.0.0.9"))
        assert statuses(found.answers) == [502]
        assert 'upstream SSL certificate does not match "10.0.0.9"' in found.log


def _pem(authority: trustme.CA, name: str) -> str:
    issued = authority.issue_cert(name)
    return "".join(part.bytes().decode() for part in (issued.private_key_pem, *issued.cert_chain_pems))


def _through(example: Bad | Good, made: dict[str, Host], program: str, certificate: str) -> Observation:
    """A request through nginx to another server that speaks TLS with that certificate."""
    with stage({**example.files, "other/nginx.conf": OTHER, "other/other.pem": certificate}) as stack:
        stack.nginx(made["other"], program, 1)
        stack.nginx(made["proxy"], program)
        return stack.observation(made["client"].ask("10.0.0.4", 80))


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
