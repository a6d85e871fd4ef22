"""Ingresses of ingress-nginx as nginx configurations: what is written in annotations, what is its default."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from cfgcheck.model.host import HostKind
from cfgcheck.model.located import Origin
from cfgcheck.model.nginx import Location, Proxy
from cfgcheck.model.nginx_values import Buffers

from .manifests import deployment, read, service

RULE = "{host: shop.example.com, http: {paths: [{path: /, pathType: Prefix, backend: BACKEND}]}}"
BACKEND = "{service: {name: web, port: {number: 80}}}"


def ingress(annotations: str = "", spec: str = "", rules: str = RULE, name: str = "shop") -> str:
    """``annotations``: lines of YAML without the prefix of ingress-nginx."""
    lines = "".join(
        f"    nginx.ingress.kubernetes.io/{line}\n" if line[:1] not in (" ", "") else f"    {line}\n"
        for line in annotations.splitlines()
    )
    return (
        f"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: {name}\n"
        + (f"  annotations:\n{lines}" if lines else "")
        + f"spec: {{ingressClassName: nginx, {spec}rules: [{rules.replace('BACKEND', BACKEND)}]}}\n---\n"
    )


def proxy_of(root: Path, text: str) -> Proxy:
    (proxy,) = read(root, text).proxies
    assert proxy.ingress and proxy.name == "shop"
    return proxy


def location_of(root: Path, annotations: str = "", **options: str) -> Location:
    """The only location that passes on."""
    (location,) = [one for one in proxy_of(root, ingress(annotations, **options)).locations() if one.passes]
    return location


# ── what is an Ingress of ingress-nginx ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("old", "new", "is_one"),
    [
        ("", "", True),
        ("ingressClassName: nginx", "ingressClassName: nginx-internal", True),
        ("ingressClassName: nginx", "ingressClassName: traefik", False),
        ("ingressClassName: nginx, ", "", False),
        ("  name: shop\n", "  name: shop\n  annotations: {kubernetes.io/ingress.class: nginx}\n", True),
        ("ingressClassName: nginx", "ingressClassName: alb", False),
        ("  name: shop\n", "  name: shop\n  annotations: {nginx.org/proxy-read-timeout: 20s}\n", False),
        (BACKEND, "null", False),
        ("spec: {", "spec: {tls: [], ", True),
    ],
)
def test_classes(tmp_path: Path, old: str, new: str, is_one: bool) -> None:
    assert bool(read(tmp_path, ingress().replace(old, new)).proxies) is is_one


def test_classes_by_their_own_objects(tmp_path: Path) -> None:
    text = ingress().replace("ingressClassName: nginx", "ingressClassName: public")
    known = "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: public}\n"
    known += "spec: {controller: k8s.io/%s}\n"
    assert read(tmp_path, text + known % "ingress-nginx").proxies
    assert not read(tmp_path, text + known % "other").proxies


def test_annotations_alone_are_enough(tmp_path: Path) -> None:
    text = ingress("proxy-read-timeout: '20'").replace("ingressClassName: nginx, ", "")
    assert read(tmp_path, text).proxies


def test_the_old_form(tmp_path: Path) -> None:
    text = ingress().replace("networking.k8s.io/v1", "extensions/v1beta1")
    proxy = proxy_of(tmp_path, text.replace(BACKEND, "{serviceName: web, servicePort: 8080}"))
    (location,) = proxy.locations()
    assert location.passes is not None
    assert str(location.passes.upstream.value.peers[0].address.value) == "web:8080"


# ── servers and locations ─────────────────────────────────────────────────────────────────────────────────────────


def test_servers(tmp_path: Path) -> None:
    other = RULE.replace("shop.example.com", "api.example.com")
    proxy = proxy_of(tmp_path, ingress(rules=f"{RULE}, {other}, {RULE.replace('path: /', 'path: /b')}"))
    assert [server.names for server in proxy.servers] == [("shop.example.com",), ("api.example.com",)]
    assert [[one.label for one in server.locations] for server in proxy.servers] == [["/", "/b"], ["/"]]
    assert str(proxy.servers[0].span).endswith(":5:48") and proxy.servers[0].span.text == "shop.example.com"


@pytest.mark.parametrize(
    ("spec", "annotations", "listens"),
    [
        ("", "", ["80"]),
        ("tls: [{hosts: [shop.example.com]}], ", "", ["80 308", "443 tls"]),
        ("tls: [{hosts: ['*.example.com']}], ", "", ["80 308", "443 tls"]),
        ("tls: [{secretName: all}], ", "", ["80 308", "443 tls"]),
        ("tls: [{hosts: [other.example.com]}], ", "", ["80"]),
        ("tls: [{hosts: [shop.example.com]}], ", "ssl-redirect: 'false'", ["80", "443 tls"]),
    ],
)
def test_tls(tmp_path: Path, spec: str, annotations: str, listens: list[str]) -> None:
    proxy = proxy_of(tmp_path, ingress(annotations, spec))
    found = [
        f"{listen.address.value.port}{' tls' if listen.tls else ''}{' 308' if 'return' in server.scope.own else ''}"
        for server in proxy.servers
        for listen in server.listens
    ]
    assert found == listens


def test_tls_that_is_only_handed_through(tmp_path: Path) -> None:
    assert not read(tmp_path, ingress("ssl-passthrough: 'true'")).proxies


@pytest.mark.parametrize(
    ("path", "annotations", "label"),
    [
        ("{path: /api, pathType: Prefix,", "", "/api"),
        ("{path: /api, pathType: Exact,", "", "= /api"),
        ("{path: '/api(/|$)(.*)', pathType: ImplementationSpecific,", "rewrite-target: /$2", "~* ^/api(/|$)(.*)"),
        ("{path: '/v[0-9]', pathType: ImplementationSpecific,", "use-regex: 'true'", "~* ^/v[0-9]"),
        ("{", "", "/"),
    ],
)
def test_paths(tmp_path: Path, path: str, annotations: str, label: str) -> None:
    rules = RULE.replace("{path: /, pathType: Prefix,", path)
    assert location_of(tmp_path, annotations, rules=rules).label == label


def test_default_backends(tmp_path: Path) -> None:
    text = ingress(spec=f"defaultBackend: {BACKEND}, ", rules="")
    (server,) = proxy_of(tmp_path, text).servers
    assert (server.names, [one.label for one in server.locations]) == (("_",), ["/"])


@pytest.mark.parametrize(
    ("protocol", "verb", "tls"),
    [("HTTP", "proxy_pass", False), ("HTTPS", "proxy_pass", True), ("GRPC", "grpc_pass", False),
     ("GRPCS", "grpc_pass", True), ("FCGI", "fastcgi_pass", False)],
)  # fmt: skip
def test_protocols(tmp_path: Path, protocol: str, verb: str, tls: bool) -> None:
    location = location_of(tmp_path, f"backend-protocol: {protocol}\nproxy-read-timeout: '7'")
    assert location.passes is not None
    assert (location.passes.verb, location.passes.tls) == (verb, tls)
    assert location.read_timeout.value == (60 if protocol == "FCGI" else 7)


def test_redirects_pass_nothing_on(tmp_path: Path) -> None:
    proxy = proxy_of(tmp_path, ingress("permanent-redirect: https://example.com"))
    assert [one.passes for one in proxy.locations()] == [None]


# ── backends ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_backends_are_services(tmp_path: Path) -> None:
    text = ingress(rules=RULE.replace("BACKEND", "{service: {name: web, port: {name: http}}}"))
    text += service("ports: [{name: http, port: 8080, targetPort: 8000}]") + deployment("a: b")
    text = text.replace("  name: shop\n", "  name: shop\n  namespace: live\n")
    text = text.replace("{name: web}\n", "{name: web, namespace: live}\n")
    carried = read(tmp_path, text)
    (location,) = carried.proxies[0].locations()
    assert location.passes is not None
    upstream = location.passes.upstream.value
    (peer,) = upstream.peers
    assert (upstream.name, str(peer.address.value)) == ("live-web-http", "web.live.svc.cluster.local:8080")
    assert peer.resolve and peer.span.text == "web, port: {name: http"
    hosts = {host.name: host for host in carried.hosts}
    controller = hosts[carried.proxies[0].host]
    assert controller.kind is HostKind.POD
    assert any(way.networks & controller.networks and peer.address.value.host in way.names for way in carried.doorways)


def test_a_port_that_no_service_tells_of(tmp_path: Path) -> None:
    rules = RULE.replace("BACKEND", "{service: {name: web, port: {name: http}}}")
    location = location_of(tmp_path, rules=rules)
    assert location.passes is not None
    assert location.passes.upstream.value.peers[0].address.value.templated


# ── settings ──────────────────────────────────────────────────────────────────────────────────────────────────────

DEFAULTS: dict[str, Any] = {
    "proxy_connect_timeout": 5,
    "proxy_read_timeout": 60,
    "proxy_send_timeout": 60,
    "client_max_body_size": 1024 * 1024,
    "proxy_buffer_size": 4096,
    "proxy_buffers": Buffers(4, 4096),
    "proxy_buffering": False,
    "proxy_request_buffering": True,
    "proxy_http_version": "1.1",
    "proxy_next_upstream_tries": 3,
    "keepalive_timeout": 75,
    "keepalive_requests": 1000,
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_of_the_controller(tmp_path: Path, name: str) -> None:
    value = location_of(tmp_path).setting(name)
    assert (value.value, value.origin, value.span) == (DEFAULTS[name], Origin.DEFAULT, None)
    assert "ingress-nginx" in value.because and "ConfigMap of the ingress controller" in value.because


def test_connections_to_upstreams_are_kept(tmp_path: Path) -> None:
    location = location_of(tmp_path)
    assert location.passes is not None
    upstream = location.passes.upstream.value
    kept = (upstream.keepalive, upstream.keepalive_timeout, upstream.keepalive_requests, upstream.keepalive_time)
    assert [one.value for one in kept] == [320, 60, 10000, 3600]
    assert all(one.origin is Origin.DEFAULT for one in kept)
    assert location.keeps_connections.value is True


@pytest.mark.parametrize(
    ("annotation", "name", "value"),
    [
        ("proxy-read-timeout: '20'", "proxy_read_timeout", 20),
        ('proxy-read-timeout: "20"', "proxy_read_timeout", 20),
        ("proxy-send-timeout: 21", "proxy_send_timeout", 21),
        ("proxy-connect-timeout: '3'", "proxy_connect_timeout", 3),
        ("proxy-body-size: 8m", "client_max_body_size", 8 * 1024 * 1024),
        ("proxy-body-size: '0'", "client_max_body_size", 0),
        ("proxy-buffer-size: 16k", "proxy_buffer_size", 16384),
        ("proxy-buffer-size: 16k", "proxy_buffers", Buffers(4, 16384)),
        ("proxy-buffers-number: '8'", "proxy_buffers", Buffers(8, 4096)),
        ("proxy-buffering: 'on'", "proxy_buffering", True),
        ("proxy-request-buffering: 'off'", "proxy_request_buffering", False),
        ("proxy-next-upstream: error timeout http_502", "proxy_next_upstream", ("error", "timeout", "http_502")),
        ("proxy-next-upstream-tries: '1'", "proxy_next_upstream_tries", 1),
        ("proxy-http-version: '1.0'", "proxy_http_version", "1.0"),
    ],
)
def test_annotations(tmp_path: Path, annotation: str, name: str, value: object) -> None:
    found = location_of(tmp_path, annotation).setting(name)
    assert found.value == value and found.origin is Origin.FILE
    assert found.span is not None and found.span.text == annotation.partition(": ")[2]


@pytest.mark.parametrize("value", ["60s", "'1m'", "abc", "'-1'", "'{{ .Values.timeout }}'", "[60]"])
def test_seconds_must_be_numbers(tmp_path: Path, value: str) -> None:
    found = location_of(tmp_path, f"proxy-read-timeout: {value}").setting("proxy_read_timeout")
    assert not found.known or found.origin is Origin.DEFAULT


def test_headers_that_are_always_sent(tmp_path: Path) -> None:
    location = location_of(tmp_path)
    for name in ("Host", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Upgrade"):
        assert location.sends(name).value is True
    assert location.header_value("X-Forwarded-Proto").value == "$scheme"
    assert location.controls("Proxy").value is True
    assert location.sent_connection.value == ""


@pytest.mark.parametrize(
    ("annotation", "header", "value"),
    [
        ("upstream-vhost: internal.example.com", "Host", "internal.example.com"),
        ("connection-proxy-header: keep-alive", "Connection", "keep-alive"),
        ("x-forwarded-prefix: /shop", "X-Forwarded-Prefix", "/shop"),
        ("configuration-snippet: |\n    proxy_set_header X-Extra $host;", "X-Extra", "$host"),
        ("configuration-snippet: 'proxy_set_header X-Extra $host;'", "X-Extra", "$host"),
        ("configuration-snippet: >\n    proxy_set_header X-Extra\n    $host;", "X-Extra", "$host"),
    ],
)
def test_headers_of_annotations(tmp_path: Path, annotation: str, header: str, value: str) -> None:
    location = location_of(tmp_path, annotation)
    assert location.header_value(header).value == value
    assert location.sends("X-Forwarded-Proto").value is True


def test_snippets_stand_where_they_are_written(tmp_path: Path) -> None:
    location = location_of(tmp_path, "configuration-snippet: |\n    # of ours\n    proxy_read_timeout 3s;")
    found = location.setting("proxy_read_timeout")
    assert (found.value, str(found.span)) == (3, "app.yaml:8:28")


def test_snippets_that_nginx_refuses(tmp_path: Path) -> None:
    text = ingress("configuration-snippet: |\n    proxy_read_timeout 3s\n    proxy_buffering on;")
    (problem,) = read(tmp_path, text).problems
    assert problem.rule == "unparsable-file" and str(problem.span).startswith("app.yaml:7:")


def test_snippets_of_a_server(tmp_path: Path) -> None:
    location = location_of(tmp_path, "server-snippet: |\n    client_header_timeout 7s;")
    assert location.server.setting("client_header_timeout").value == 7


# ── the controller's own ConfigMap ────────────────────────────────────────────────────────────────────────────────

CONTROLLER = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ingress-nginx-controller}\ndata:\n"


def with_controller(root: Path, data: str, annotations: str = "") -> Location:
    text = ingress(annotations) + CONTROLLER + indent(data, "  ") + "\n"
    (location,) = proxy_of(root, text).locations()
    return location


def test_the_controller_decides_for_all(tmp_path: Path) -> None:
    data = "proxy-read-timeout: '9'\nkeep-alive: '10'\nupstream-keepalive-timeout: '4'\nproxy-body-size: 2m"
    location = with_controller(tmp_path, data, "proxy-body-size: 3m")
    assert location.read_timeout.value == 9 and location.read_timeout.origin is Origin.INHERITED
    assert location.setting("keepalive_timeout").value == 10
    assert location.setting("client_max_body_size").value == 3 * 1024 * 1024
    assert location.passes is not None and location.passes.upstream.value.keepalive_timeout.value == 4
    assert location.server.proxy.complete
    assert "among the files" not in location.setting("proxy_send_timeout").because


def test_a_controller_that_trusts_clients(tmp_path: Path) -> None:
    location = with_controller(tmp_path, "use-forwarded-headers: 'true'")
    assert location.header_value("X-Forwarded-Proto").value == "$pass_access_scheme"
    assert location.server.proxy.maps["pass_access_scheme"].result_for("") == "$scheme"


def test_controllers_of_several_environments(tmp_path: Path) -> None:
    text = CONTROLLER + "  proxy-read-timeout: '%d'\n"
    carried = read(tmp_path, ingress(), a__c_yaml=text % 1, b__c_yaml=text % 2)
    assert all(not proxy.complete for proxy in carried.proxies)
