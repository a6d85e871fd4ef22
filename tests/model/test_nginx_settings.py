"""Effective settings: inheritance against an independent reference, defaults by version, what can't be known."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgcheck.load.nginx import DEEPEST
from cfgcheck.model.located import Origin
from cfgcheck.model.nginx import Location, Scope
from cfgcheck.model.nginx_defaults import ByVersion
from cfgcheck.model.nginx_table import HEADER_DIRECTIVES, NAMES, TABLE
from cfgcheck.model.nginx_values import Buffers
from cfgcheck.model.version import Version
from tests.model import nginx_real
from tests.model.nginx_build import in_location, location_of, proxy_of


# --------------------------------------------------------------------------------------- inheritance by reference
@dataclass
class Level:
    """A level as generated: what it sets, and its inner levels."""

    number: int
    read_timeout: int | None
    buffering: bool | None
    headers: list[tuple[str, str]]
    inner: list[Level] = field(default_factory=list)

    def text(self) -> str:
        lines = [f"location /{self.number} {{"]
        lines += self.statements()
        lines += [inner.text() for inner in self.inner]
        return "\n".join([*lines, "}"])

    def statements(self) -> list[str]:
        lines = [] if self.read_timeout is None else [f"proxy_read_timeout {self.read_timeout};"]
        lines += [] if self.buffering is None else [f"proxy_buffering {'on' if self.buffering else 'off'};"]
        return lines + [f'proxy_set_header {name} "{value}";' for name, value in self.headers]

    def all(self) -> list[Level]:
        return [self, *(level for inner in self.inner for level in inner.all())]


LEVELS = st.recursive(
    st.builds(
        Level,
        st.just(0),
        st.none() | st.integers(1, 999),
        st.none() | st.booleans(),
        st.lists(st.tuples(st.sampled_from(["Host", "X-A", "x-b"]), st.sampled_from(["", "$host", "v"])), max_size=2),
    ),
    lambda inner: st.builds(
        Level,
        st.just(0),
        st.none() | st.integers(1, 999),
        st.none() | st.booleans(),
        st.lists(st.tuples(st.sampled_from(["Host", "X-C"]), st.sampled_from(["$scheme", "w"])), max_size=2),
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)


def _expected(path: list[Level]) -> tuple[object, object, list[tuple[str, str]]]:
    """What holds at the end of a path of levels, outermost first: by hand, the last that says something."""
    timeout: object = 60
    buffering: object = True
    headers: list[tuple[str, str]] = []
    for level in path:
        timeout = timeout if level.read_timeout is None else level.read_timeout
        buffering = buffering if level.buffering is None else level.buffering
        headers = level.headers or headers
    return timeout, buffering, headers


def _paths(level: Level, above: list[Level]) -> list[list[Level]]:
    here = [*above, level]
    return [here, *(path for inner in level.inner for path in _paths(inner, here))]


@given(LEVELS, LEVELS)
def test_inheritance(http: Level, server: Level) -> None:
    server_locations, http.inner, server.inner = [*http.inner, *server.inner], [], []
    for number, level in enumerate(inner for top in server_locations for inner in top.all()):
        level.number = number + 1
    text = "events {}\nhttp {\n" + "\n".join(http.statements())
    text += "\nserver {\n" + "\n".join([*server.statements(), *(top.text() for top in server_locations)]) + "\n}\n}\n"
    paths = [path for top in server_locations for path in _paths(top, [http, server])]
    found = list(proxy_of(text).locations())
    assert [location.path for location in found] == [f"/{path[-1].number}" for path in paths]
    for location, path in zip(found, paths, strict=True):
        timeout, buffering, headers = _expected(path)
        assert location.setting("proxy_read_timeout").value == timeout
        assert location.setting("proxy_buffering").value == buffering
        effective = location.scope.headers("proxy")
        assert [(header.name, header.value) for header in effective] == headers
        _check_origin(location, path)


def _check_origin(location: Location, path: list[Level]) -> None:
    setting = location.setting("proxy_read_timeout")
    here = path[-1].read_timeout is not None
    anywhere = any(level.read_timeout is not None for level in path)
    assert setting.origin is (Origin.FILE if here else Origin.INHERITED if anywhere else Origin.DEFAULT)
    assert (setting.span is not None) == anywhere
    if setting.span is not None:
        assert setting.span.text == str(setting.value)


# --------------------------------------------------------------------------------------- values
VALUES = [
    ("uwsgi_read_timeout 1h30m;", "uwsgi_read_timeout", 5400),
    ("proxy_buffers 16 8k;", "proxy_buffers", Buffers(16, 8192)),
    ("fastcgi_buffer_size 16k;", "fastcgi_buffer_size", 16384),
    ("client_max_body_size 2g;", "client_max_body_size", 2 << 30),
    ("proxy_next_upstream error NON_IDEMPOTENT;", "proxy_next_upstream", ("error", "non_idempotent")),
    ("proxy_next_upstream error; proxy_next_upstream timeout;", "proxy_next_upstream", ("error", "timeout")),
    ("proxy_next_upstream_tries 3;", "proxy_next_upstream_tries", 3),
    ("keepalive_timeout 65 60s;", "keepalive_timeout", 65),
    ("keepalive_timeout 65 60s;", "keepalive_timeout:header", 60),
    ("keepalive_timeout 65;", "keepalive_timeout:header", None),
    ("proxy_ssl_protocols tlsv1.2 TLSv1.3;", "proxy_ssl_protocols", ("TLSv1.2", "TLSv1.3")),
    ("proxy_ssl_verify ON;", "proxy_ssl_verify", True),
    ("resolver 127.0.0.11 [::1]:53 valid=10s ipv6=off;", "resolver", ("127.0.0.11", "[::1]:53")),
    ("resolver off;", "resolver", ()),
    ("proxy_bind $remote_addr transparent;", "proxy_bind", ("$remote_addr", "transparent")),
    ("proxy_ssl_name $host;", "proxy_ssl_name", "$host"),
    ("error_page 500 502 /50x; error_page 404 /404;", "error_page", (("500", "502", "/50x"), ("404", "/404"))),
    ("server_tokens off;", "server_tokens", "off"),
    ("grpc_read_timeout 500ms;", "grpc_read_timeout", 0.5),
]


@pytest.mark.parametrize(("written", "name", "value"), VALUES)
def test_values_are_converted(written: str, name: str, value: object) -> None:
    found = in_location(written).setting(name)
    assert found.value == value
    assert type(found.value) is type(value)
    assert found.origin is Origin.FILE


UNKNOWN = [
    ("proxy_read_timeout soon;", "proxy_read_timeout", "`soon` is no time"),
    ("proxy_buffer_size 1g;", "proxy_buffer_size", "no size"),
    ("proxy_buffers 8;", "proxy_buffers", "a number and a size"),
    ("proxy_buffers 0 8k;", "proxy_buffers", "neither may be 0"),
    ("proxy_buffering maybe;", "proxy_buffering", "neither on nor off"),
    ("proxy_ssl_protocols TLSv9;", "proxy_ssl_protocols", "no TLS version"),
    ("proxy_read_timeout;", "proxy_read_timeout", "a value is missing"),
    ("proxy_read_timeout $t;", "proxy_read_timeout", "computed from $t"),
]


@pytest.mark.parametrize(("written", "name", "because"), UNKNOWN)
def test_what_nginx_would_refuse_is_unknown(written: str, name: str, because: str) -> None:
    found = in_location(written).setting(name)
    assert not found.known
    assert because in found.because


def test_main_and_events_settings() -> None:
    main = "user www-data web; worker_processes auto; worker_rlimit_nofile 8192;"
    proxy = proxy_of(f"{main} events {{ worker_connections 4096; }} http {{}}")
    read = [proxy.setting(name).value for name in ("user", "user:group", "worker_processes", "worker_rlimit_nofile")]
    assert read == ["www-data", "web", "auto", 8192]
    assert proxy.setting("worker_connections").value == 4096
    bare = proxy_of("events {}\nhttp { server { listen 80; location / { return 200; } } }")
    assert not bare.setting("user").known
    assert bare.servers[0].locations[0].setting("worker_connections").value == 512


def test_unknown_names_are_errors() -> None:
    with pytest.raises(KeyError):
        in_location("").setting("proxy_reed_timeout")


# --------------------------------------------------------------------------------------- defaults
VERSIONED = [
    ("proxy_http_version", "1.22", "1.0"),
    ("proxy_http_version", "1.29.6", "1.0"),
    ("proxy_http_version", "1.29.7", "1.1"),
    ("proxy_http_version", "1.30", "1.1"),
    ("keepalive_requests", "1.18", 100),
    ("keepalive_requests", "1.19.10", 1000),
    ("ssl_protocols", "1.22.1", ("TLSv1", "TLSv1.1", "TLSv1.2")),
    ("proxy_ssl_protocols", "1.26", ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")),
    ("proxy_ssl_protocols", "1.28", ("TLSv1.2", "TLSv1.3")),
    ("max_headers", "1.28", None),
    ("max_headers", "1.31", 1000),
]


@pytest.mark.parametrize(("name", "version", "value"), VERSIONED)
def test_defaults_by_version(name: str, version: str, value: object) -> None:
    found = in_location("", version).setting(name)
    assert found.value == value
    assert found.origin is Origin.DEFAULT
    assert "nginx" in found.because


def test_without_a_version_both_values_are_named() -> None:
    found = in_location("").setting("proxy_http_version")
    assert not found.known
    assert found.because == (
        "the default of proxy_http_version is 1.0 before nginx 1.29.7, 1.1 since 1.29.7, "
        "and nginx's version is not known"
    )


def test_every_default_can_be_had() -> None:
    location = in_location("proxy_pass http://127.0.0.1;", "1.30")
    for name in sorted(NAMES):
        found = location.setting(name)
        assert found.origin is Origin.DEFAULT or name.startswith("user"), name
        assert found.because, name


def test_busy_buffers_follow_the_buffers() -> None:
    location = in_location("proxy_buffer_size 16k;", outer="proxy_buffers 8 4k;")
    assert location.setting("proxy_busy_buffers_size").value == 32768
    assert in_location("uwsgi_buffers 4 64k;").setting("uwsgi_busy_buffers_size").value == 131072
    assert in_location("proxy_busy_buffers_size 12k;").setting("proxy_busy_buffers_size").value == 12288
    assert not in_location("proxy_buffer_size big;").setting("proxy_busy_buffers_size").known


def test_a_lone_server_doubts_its_defaults() -> None:
    found = location_of("server { listen 80; location / { proxy_pass http://127.0.0.1:1; } }", "/").read_timeout
    assert found.value == 60
    assert found.origin is Origin.DEFAULT
    assert "not among the files" in found.because


@given(st.tuples(st.integers(0, 2), st.integers(0, 40), st.integers(0, 40)))
def test_versions_cut_time_into_pieces(numbers: tuple[int, int, int]) -> None:
    default = ByVersion("a", ((Version(1, 10, 5), "b"), (Version(1, 29, 7), "c")))
    version = Version(*numbers)
    expected = "a" if version < (1, 10, 5) else "b" if version < (1, 29, 7) else "c"
    assert default.at(version) == expected
    assert (
        default.span_of(version)
        == {
            "a": "nginx < 1.10.5",
            "b": "nginx ≥ 1.10.5, < 1.29.7",
            "c": "nginx ≥ 1.29.7",
        }[expected]
    )


def test_the_table_is_whole() -> None:
    assert set(HEADER_DIRECTIVES.values()) <= NAMES
    for family in HEADER_DIRECTIVES:
        for suffix in ("read_timeout", "send_timeout", "connect_timeout", "buffer_size", "next_upstream"):
            assert f"{family}_{suffix}" in NAMES
    for name, setting in TABLE.items():
        assert setting.name == name
        assert setting.contexts
        assert setting.source


# --------------------------------------------------------------------------------------- headers
def _names(location: Location) -> list[str]:
    return [header.name for header in location.headers]


def test_one_directive_drops_all_inherited_ones() -> None:
    location = in_location(
        "proxy_pass http://127.0.0.1:1; proxy_set_header X-Own 1;",
        outer="proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header x-own 0;",
    )
    assert _names(location) == ["X-Own"]
    lost = location.scope.shadowed_headers("proxy_set_header")
    assert [header.name for header in lost] == ["Host", "X-Forwarded-Proto"]
    assert lost[0].span.text == "proxy_set_header Host $host;"
    assert location.lost_headers == lost


def test_what_was_lost_on_the_way() -> None:
    text = """events {} http { proxy_set_header Host $host; proxy_set_header A 1;
    server { listen 80; proxy_set_header B 1;
      location /own { proxy_pass http://127.0.0.1:1; proxy_set_header C 1; }
      location /none { proxy_pass http://127.0.0.1:1; } } }"""
    own, none = proxy_of(text).servers[0].locations
    assert [header.name for header in own.scope.shadowed_headers("proxy_set_header")] == ["B"]
    assert [header.name for header in own.lost_headers] == ["B", "Host", "A"]
    assert none.scope.shadowed_headers("proxy_set_header") == ()
    assert [header.name for header in none.lost_headers] == ["Host", "A"]


INHERITS = """add_header A 1; add_header_inherit on;
server { listen unix:@BASE@/s; add_header B 1; return 200;
  location /plain { return 200; }
  location /own { add_header C 1; }
  location /merge { add_header C 1; add_header_inherit merge; location /merge/deep { add_header D 1; } }
  location /off { add_header_inherit off; }
  location /off/own { add_header C 1; add_header_inherit off; } }"""


def _named(location: Location) -> tuple[str, ...]:
    return tuple(header.name for header in location.scope.headers("add_header"))


def test_add_header_inherit() -> None:
    locations = proxy_of(f"events {{}} http {{ {INHERITS} }}").servers[0].locations
    assert {location.label: _named(location) for location in locations} == {
        "/plain": ("B",),
        "/own": ("C",),
        "/merge": ("C", "B"),
        "/merge/deep": ("D", "C", "B"),
        "/off": (),
        "/off/own": ("C",),
    }
    shadowed = [[header.name for header in one.scope.shadowed_headers("add_header")] for one in locations]
    assert shadowed == [[], ["B"], [], [], [], []]


@pytest.mark.oracle
def test_add_header_inherit_is_as_in_nginx() -> None:
    http = INHERITS.replace("return 200;", "root html;")
    with nginx_real.running(http) as nginx:
        (server,) = proxy_of((nginx.base / "nginx.conf").read_text()).servers
        for location in server.locations:
            (nginx.base / "html" / location.path[1:]).mkdir(parents=True)
            (nginx.base / "html" / location.path[1:] / "index.html").write_text("")
            answer = nginx.request("s", location.path + "/")
            assert answer.startswith(b"HTTP/1.1 200")
            sent = tuple(line[:1] for line in answer.decode().split("\r\n") if line.endswith(": 1"))
            assert sent == _named(location), location.label


# --------------------------------------------------------------------------------------- what can't be known
def test_template_branches() -> None:
    text = """events {} http {
    {% if long %}
    proxy_read_timeout 300;
    proxy_send_timeout 60;
    proxy_set_header Host $host;
    {% else %}
    proxy_read_timeout 30;
    {% endif %}
    server { listen 80; location / { proxy_pass http://127.0.0.1:1; proxy_connect_timeout 5; } } }"""
    location = location_of(text, "/", file="nginx.conf.j2")
    assert not location.read_timeout.known
    assert "template branch" in location.read_timeout.because
    assert location.send_timeout.value == 60  # the branch says what holds without it, too
    assert location.connect_timeout.value == 5
    assert location.header("Host") is not None
    assert not location.sends("Host").known
    assert not location.header_set.known


def test_placeholders_are_equal_to_themselves() -> None:
    body = "proxy_read_timeout {{ t }}; uwsgi_read_timeout {{ t }};"
    location = location_of(f"server {{ listen 80; location / {{ {body} }} }}", "/", file="site.conf.j2")
    one, other = location.setting("proxy_read_timeout"), location.setting("uwsgi_read_timeout")
    assert not one.known
    assert one == other
    assert one != location.setting("scgi_read_timeout")


def test_an_include_that_was_not_read_may_say_anything() -> None:
    location = in_location("include snippets/proxy.conf; proxy_pass http://127.0.0.1:1; proxy_send_timeout 5;")
    assert not location.read_timeout.known
    assert "snippets/proxy.conf" in location.read_timeout.because
    assert location.send_timeout.value == 5  # nginx refuses a second one
    assert not location.sends("Host").known
    assert not location.sent_host.known


def test_what_stands_beside_such_an_include_may_not_be_all() -> None:
    location = in_location("include errors.conf; error_page 500 /50x; proxy_next_upstream error;")
    assert not location.setting("error_page").known
    assert not location.setting("proxy_next_upstream").known
    assert not in_location("include snippets/*.conf; proxy_pass http://127.0.0.1:1;").read_timeout.known


def test_an_include_of_servers_is_no_doubt() -> None:
    location = in_location("proxy_pass http://127.0.0.1:1;", outer="include conf.d/*.conf;")
    assert location.read_timeout.value == 60
    assert not in_location("proxy_pass http://127.0.0.1:1;", outer="include proxy.conf;").read_timeout.known


def test_deep_nesting_is_no_recursion() -> None:
    depth = 5000
    text = "events {} http { proxy_read_timeout 7; server { listen 80;"
    text += "location / { client_body_timeout 5; " * depth + "}" * depth + "} }"
    locations = proxy_of(text).servers[0].locations
    assert len(locations) == DEEPEST
    assert {location.setting("proxy_read_timeout").value for location in locations} == {7}
    assert locations[-1].lost_headers == ()


def test_scope_of_a_directive_alone() -> None:
    location = in_location("proxy_read_timeout 5; client_body_timeout 6;")
    scope = Scope("location", location.directive, None)
    assert scope.setting("proxy_read_timeout").value == 5
    assert list(scope.own) == ["proxy_read_timeout", "client_body_timeout"]
