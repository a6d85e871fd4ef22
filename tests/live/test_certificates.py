"""TLS between nginx and another host: which name is asked for, whose certificate is believed."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from cfgcheck.rules.schema import Bad, Good
from tests.live.hosts import Host, hosts, stage
from tests.live.lab import Observation
from tests.live.on_hosts import EACH_NGINX, agrees, bad, good, statuses

pytestmark = pytest.mark.live

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
