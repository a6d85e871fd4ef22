"""What the app gets to see and which connections are kept: the model against the running nginx, and by version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cfgcheck.model.nginx import Proxy
from tests.model import nginx_real
from tests.model.nginx_build import in_location, proxy_of
from tests.model.nginx_real import RealNginx, Upstream


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
    ("uwsgi_pass app;", "$host$is_request_port$request_port"),
    ("fastcgi_pass app; fastcgi_pass_request_headers off;", "$host$is_request_port$request_port"),
    ('scgi_pass app; scgi_param HTTP_HOST "";', ""),
    ("uwsgi_pass app; uwsgi_param HTTP_HOST shop;", "shop"),
    ("grpc_pass grpc://app;", "app"),
]


@pytest.mark.parametrize(("body", "host"), HOSTS)
def test_sent_host(body: str, host: str) -> None:
    assert in_location(body, "1.30", "upstream app { server 127.0.0.1:1; }").sent_host.value == host


@pytest.mark.parametrize(
    ("body", "version", "host"),
    [
        ("uwsgi_pass app;", "1.29.5", "$host$is_request_port$request_port"),
        ("uwsgi_pass app;", "1.29.4", "$http_host"),
        ("uwsgi_pass app;", "", "$http_host"),
        ("uwsgi_pass app; uwsgi_pass_request_headers off;", "1.28", ""),
        ("scgi_pass app; uwsgi_pass_request_headers off;", "1.28", "$http_host"),
    ],
)
def test_sent_host_by_parameters(body: str, version: str, host: str) -> None:
    assert in_location(body, version, "upstream app { server 127.0.0.1:1; }").sent_host.value == host


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


@pytest.mark.parametrize(
    ("outer", "controlled"),
    [
        ("", True),
        ("ignore_invalid_headers off; underscores_in_headers on;", True),
        ("ignore_invalid_headers off;", False),
    ],
)
def test_a_header_that_nginx_calls_invalid_is_not_replaced(outer: str, controlled: bool) -> None:
    location = in_location("proxy_pass http://127.0.0.1:1; proxy_set_header X_User me;", "1.30", outer)
    assert location.controls("x_user").value is controlled
    other = in_location("uwsgi_pass 127.0.0.1:1; uwsgi_param HTTP_X_USER me;", "1.30", outer)
    assert other.controls("HTTP_X_USER").value is True


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
