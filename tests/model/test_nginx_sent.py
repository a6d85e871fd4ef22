"""What the app gets to see and how long nginx waits: the model against the running nginx, on generated trees."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cfgcheck.model.nginx import Location, Proxy
from tests.model import nginx_real
from tests.model.nginx_build import in_location, proxy_of
from tests.model.nginx_real import RealNginx, Upstream

HOST = "client.example"


@contextmanager
def _both(http: str) -> Iterator[tuple[RealNginx, Proxy, Upstream]]:
    """A running nginx, the model of the same configuration, and the server behind it. ``@UP@`` is its socket and
    ``@PORT@`` its port."""
    with nginx_real.folder() as base:
        upstream = Upstream(base / "up")
        try:
            text = http.replace("@UP@", str(upstream.path)).replace("@PORT@", str(upstream.port))
            with nginx_real.running(text) as nginx:
                conf = (nginx.base / "nginx.conf").read_text()
                yield nginx, proxy_of(conf, nginx_real.version()), upstream
        finally:
            upstream.close()


# --------------------------------------------------------------------------------------- generated trees
HEADERS = ["Host", "X-Forwarded-Proto", "x-forwarded-proto", "Connection", "X-Empty", "X-A"]
TEXTS = ['""', "$host", "$scheme", "literal", "$proxy_host", '"a b"', "$http_host"]
TARGETS = [
    "proxy_pass http://unix:@UP@;",
    "proxy_pass http://unix:@UP@:;",
    "proxy_pass http://named;",
    "proxy_pass http://Named;",
    "proxy_pass http://127.0.0.1:@PORT@;",
    "set $to named; proxy_pass http://$to;",
    "proxy_pass http://$mapped;",
    "set $to 127.0.0.1:@PORT@; proxy_pass http://$to$request_uri;",
    "",
]


def _statements(source: random.Random) -> str:
    lines = []
    for _ in range(source.choice([0, 0, 1, 2, 3])):
        lines.append(f"proxy_set_header {source.choice(HEADERS)} {source.choice(TEXTS)};")
    if source.random() < 0.5:
        lines.append(f"proxy_read_timeout {source.randint(61, 9999)}s;")
    if source.random() < 0.3:
        lines.append(f"proxy_http_version {source.choice(['1.0', '1.1'])};")
    return " ".join(lines)


def _location(source: random.Random, path: str, depth: int) -> str:
    inner = [_location(source, f"{path}/{at}", depth + 1) for at in range(source.randint(0, 2) if depth < 3 else 0)]
    return f"location {path} {{ {_statements(source)} {source.choice(TARGETS)}\n{' '.join(inner)} }}\n"


def _tree(source: random.Random, number: int) -> str:
    locations = "".join(_location(source, f"/{at}", 0) for at in range(3))
    return f"server {{ listen unix:@BASE@/s{number}; server_name s{number}; {_statements(source)}\n{locations} }}\n"


def _seen(value: str, location: Location) -> str:
    """A header's text as the app sees it."""
    assert location.passes is not None
    named = {"$host": HOST, "$http_host": HOST, "$scheme": "http", "$proxy_host": location.passes.proxy_host}
    return named.get(value, value)


def _expected(location: Location) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for header in location.headers:
        if _seen(header.value, location):
            headers.setdefault(header.key, []).append(_seen(header.value, location))
    if location.header("Host") is None:
        headers["host"] = [location.sent_host.value]
    if location.header("Connection") is None and location.sent_connection.value:
        headers["connection"] = [location.sent_connection.value]
    return headers


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(6))
def test_the_app_sees_what_the_model_says(seed: int) -> None:
    source = random.Random(seed)
    http = "upstream named { server unix:@UP@; } map $host $mapped { default named; other named; }\n"
    http += _statements(source) + "\n" + "".join(_tree(source, number) for number in range(6))
    asked = 0
    with _both(http) as (nginx, proxy, upstream):
        for location in proxy.locations():
            if location.passes is None:
                continue
            asked += 1
            nginx.fresh_log()
            nginx.request(location.server.names[0], location.path, HOST)
            assert upstream.headers() == _expected(location), location.path
            assert upstream.request_line == f"GET {location.path} HTTP/{location.http_version.value}"
            assert location.read_timeout.value in nginx.fresh_timers(), location.path
    assert asked > 20


# --------------------------------------------------------------------------------------- kept connections
KEEPING = [
    ("server unix:@UP@;", "", True),
    ("server unix:@UP@; keepalive 0;", "", False),
    ("server unix:@UP@; keepalive 4;", "proxy_http_version 1.0;", False),
    ("server unix:@UP@; keepalive 4;", 'proxy_set_header Connection "";', True),
    ("server unix:@UP@; keepalive 4;", "proxy_set_header Connection close;", False),
    ("server unix:@UP@; keepalive 4;", "proxy_set_header Connection upgrade;", True),
    ("server unix:@UP@; keepalive 4;", "proxy_set_header Connection $plain;", False),
    ("server unix:@UP@; keepalive 4;", "proxy_set_header Connection $silent;", True),
    ("server unix:@UP@; keepalive 4;", "proxy_set_header Connection $listed;", True),
]
MAPS = """map $http_upgrade $plain { default upgrade; '' close; }
map $http_upgrade $silent { default upgrade; "" ""; }
map $http_upgrade $listed { websocket close; }"""


@pytest.mark.oracle
@pytest.mark.parametrize(("pool", "settings", "kept"), KEEPING)
def test_connections_are_kept_as_the_model_says(pool: str, settings: str, kept: bool) -> None:
    location_text = f"location / {{ {settings} proxy_pass http://app; }}"
    http = f"{MAPS} upstream app {{ {pool} }} server {{ listen unix:@BASE@/s; {location_text} }}"
    with _both(http) as (nginx, proxy, upstream):
        nginx.request("s")
        nginx.request("s")
        assert upstream.connections == (1 if kept else 2)
        (location,) = proxy.locations()
        assert location.keeps_connections.value is kept


@pytest.mark.oracle
def test_a_literal_target_keeps_nothing() -> None:
    http = "server { listen unix:@BASE@/s; location / { proxy_pass http://unix:@UP@; } }"
    with _both(http) as (nginx, proxy, upstream):
        nginx.request("s")
        nginx.request("s")
        assert upstream.connections == 2
        (location,) = proxy.locations()
        assert location.keeps_connections.value is False


OLDER = [
    ("1.22", "server 127.0.0.1:1;", "", False),
    ("1.22", "server 127.0.0.1:1; keepalive 4;", "", False),
    ("1.22", "server 127.0.0.1:1; keepalive 4;", "proxy_http_version 1.1;", False),
    ("1.22", "server 127.0.0.1:1; keepalive 4;", 'proxy_http_version 1.1; proxy_set_header Connection "";', True),
    ("1.22", "server 127.0.0.1:1; keepalive 4;", "proxy_set_header Connection keep-alive;", True),
    ("1.30", "server 127.0.0.1:1;", "proxy_http_version 2; proxy_set_header Connection close;", True),
    ("", "server 127.0.0.1:1;", "", None),
    ("", "server 127.0.0.1:1; keepalive 4;", "proxy_set_header Connection close;", False),
    ("", "server 127.0.0.1:1; keepalive 4;", 'proxy_http_version 1.1; proxy_set_header Connection "";', True),
]


@pytest.mark.parametrize(("version", "pool", "settings", "kept"), OLDER)
def test_kept_connections_of_other_versions(version: str, pool: str, settings: str, kept: bool | None) -> None:
    """As observed with 1.22.1 (facts: gunicorn 4.6a-f)."""
    location = in_location(f"{settings} proxy_pass http://app;", version, f"upstream app {{ {pool} }}")
    found = location.keeps_connections
    assert found.get(None) is kept
    assert found.known or "version is not known" in found.because


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("uwsgi_pass app;", False),
        ("scgi_pass app;", False),
        ("fastcgi_pass app;", False),
        ("fastcgi_pass app; fastcgi_keep_conn on;", True),
        ("grpc_pass grpc://app;", True),
    ],
)
def test_kept_connections_of_other_families(body: str, kept: bool) -> None:
    location = in_location(body, "1.26", "upstream app { server 127.0.0.1:1; keepalive 4; }")
    assert location.keeps_connections.value is kept


# --------------------------------------------------------------------------------------- hosts
HOSTS = [
    ("proxy_pass http://app;", "app"),
    ("proxy_pass http://10.0.0.1;", "10.0.0.1"),
    ("proxy_pass http://10.0.0.1:80/x;", "10.0.0.1"),
    ("proxy_pass https://10.0.0.1:443;", "10.0.0.1"),
    ("proxy_pass https://10.0.0.1:80;", "10.0.0.1:80"),
    ("proxy_pass http://10.0.0.1:8000;", "10.0.0.1:8000"),
    ("proxy_pass http://unix:/x.sock;", "localhost"),
    ("proxy_pass http://unix:/x.sock:/y;", "localhost"),
    ("proxy_pass http://[::1]:8000;", "[::1]:8000"),
    ("proxy_pass http://app; proxy_set_header Host $host;", "$host"),
    ("proxy_pass http://app; proxy_set_header hOST shop;", "shop"),
    ("proxy_pass http://app; proxy_set_header Host $proxy_host;", "app"),
    ('proxy_pass http://app; proxy_set_header Host "";', ""),
    ("uwsgi_pass app;", "$http_host"),
    ("uwsgi_pass app; uwsgi_param HTTP_HOST shop;", "shop"),
    ("grpc_pass grpc://app;", "app"),
]


@pytest.mark.parametrize(("body", "host"), HOSTS)
def test_sent_host(body: str, host: str) -> None:
    assert in_location(body, "1.30", "upstream app { server 127.0.0.1:1; }").sent_host.value == host


UNSURE = ["$http_connection", "$pattern", "$by_host", "$open"]
DOUBTFUL_MAPS = """map $http_upgrade $pattern { ~. upgrade; default close; } map $host $by_host { default close; }
map $http_upgrade $open { include more; default close; }"""


@pytest.mark.parametrize("value", UNSURE)
def test_a_connection_header_that_no_file_tells(value: str) -> None:
    pool = "upstream app { server 127.0.0.1:1; keepalive 4; }"
    location = in_location(
        f"proxy_pass http://app; proxy_set_header Connection {value};", "1.30", f"{DOUBTFUL_MAPS} {pool}"
    )
    assert not location.sent_connection.known
    assert not location.keeps_connections.known


def test_a_computed_target_sends_an_unknown_host() -> None:
    assert not in_location("proxy_pass http://$host;").sent_host.known


# --------------------------------------------------------------------------------------- headers by name
def test_sends_and_controls() -> None:
    location = in_location(
        'proxy_pass http://127.0.0.1:1; proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Ssl "";'
    )
    assert location.sends("x-forwarded-proto").value is True
    assert location.header_value("X-Forwarded-Proto").value == "$scheme"
    assert location.sends("X-Ssl").value is False
    assert location.controls("X-Ssl").value is True
    assert location.controls("X-Other").value is False
    assert location.header_value("X-Other").value is None


def test_parameters_carry_headers() -> None:
    location = in_location(
        "uwsgi_pass 127.0.0.1:1; uwsgi_param HTTP_X_FORWARDED_PROTO $scheme; uwsgi_param X-Real-IP $remote_addr;"
        "uwsgi_param HTTPS $https if_not_empty;"
    )
    assert location.sends("X-Forwarded-Proto").value is True
    assert location.sends("X-Real-IP").value is False  # a parameter of that name is no header to the app
    assert location.sends("HTTPS").value is True
    header = location.header("HTTPS")
    assert header is not None
    assert header.conditional
    assert [one.value for one in location.headers_named("x-real-ip")] == ["$remote_addr"]


def test_body_limit() -> None:
    assert in_location("client_max_body_size 0;").body_limit.value is None
    assert in_location("").body_limit.value == 1048576
    assert not in_location("client_max_body_size much;").body_limit.known


def test_folder_is_gone(tmp_path: Path) -> None:
    with nginx_real.folder() as base:
        (base / "x").write_text("")
    assert not base.exists()
