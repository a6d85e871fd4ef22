"""Targets of pass directives: what nginx connects to, what it refuses, what only runs the wrong way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgcheck.load.nginx_address import parse_target
from cfgcheck.load.nginx_listen import parse_listen
from cfgcheck.load.nginx_text import is_all_placeholder, key_of, masked, unmasked
from cfgcheck.model.address import Address
from cfgcheck.model.nginx import Pass
from cfgcheck.syntax.nginx_tree import Word
from tests.model import nginx_real
from tests.model.nginx_build import in_location, location_of

UPSTREAM = "upstream app { server 127.0.0.1:1; }"


def _pass(body: str, version: str = "1.30", outer: str = UPSTREAM) -> Pass:
    passes = in_location(body, version, outer).passes
    assert passes is not None
    return passes


def _address(passes: Pass) -> str:
    (peer,) = passes.upstream.value.peers
    return str(peer.address.value)


# --------------------------------------------------------------------------------------- literal targets
LITERAL = [
    ("proxy_pass http://127.0.0.1:8000;", "127.0.0.1:8000", None),
    ("proxy_pass http://127.0.0.1;", "127.0.0.1:80", None),
    ("proxy_pass https://127.0.0.1;", "127.0.0.1:443", None),
    ("proxy_pass HTTP://127.0.0.1/;", "127.0.0.1:80", "/"),
    ("proxy_pass http://localhost:08000/a/b?c=d;", "localhost:8000", "/a/b?c=d"),
    ("proxy_pass http://127.0.0.1?x=1;", "127.0.0.1:80", "?x=1"),
    ("proxy_pass http://[::1]:8000/;", "[::1]:8000", "/"),
    ("proxy_pass http://[::1];", "[::1]:80", None),
    ("proxy_pass http://0.0.0.0:80;", "0.0.0.0:80", None),
    ("proxy_pass http://unix:/run/x.sock;", "unix:/run/x.sock", None),
    ("proxy_pass http://unix:/run/x.sock:;", "unix:/run/x.sock", None),
    ("proxy_pass http://unix:/run/x.sock:/api/;", "unix:/run/x.sock", "/api/"),
    ("proxy_pass http://unix:run/x;", "unix:run/x", None),
    ("uwsgi_pass 127.0.0.1:3031;", "127.0.0.1:3031", None),
    ("uwsgi_pass localhost:3031;", "localhost:3031", None),
    ("uwsgi_pass uwsgi://127.0.0.1:3031;", "127.0.0.1:3031", None),
    ("uwsgi_pass suwsgi://127.0.0.1:3031;", "127.0.0.1:3031", None),
    ("uwsgi_pass unix:/run/x.sock;", "unix:/run/x.sock", None),
    ("uwsgi_pass uwsgi://unix:/run/x.sock;", "unix:/run/x.sock", None),
    ("uwsgi_pass unix:///run/x.sock;", "unix:///run/x.sock", None),
    ("fastcgi_pass 127.0.0.1:9000;", "127.0.0.1:9000", None),
    ("fastcgi_pass [::1]:9000;", "[::1]:9000", None),
    ("fastcgi_pass unix:/run/php.sock;", "unix:/run/php.sock", None),
    ("scgi_pass localhost:4000;", "localhost:4000", None),
    ("grpc_pass grpc://127.0.0.1:50051;", "127.0.0.1:50051", None),
    ("grpc_pass grpcs://127.0.0.1:50051;", "127.0.0.1:50051", None),
    ("grpc_pass 127.0.0.1:50051;", "127.0.0.1:50051", None),
]


@pytest.mark.parametrize(("body", "address", "uri"), LITERAL)
def test_literal_targets(body: str, address: str, uri: str | None) -> None:
    passes = _pass(body)
    assert _address(passes) == address
    assert passes.uri == uri
    assert passes.upstream.value.implicit
    assert passes.upstream.value.keepalive.value == 0
    assert not passes.variable
    assert not passes.malformed
    assert passes.tls == any(scheme in body for scheme in ("https:", "suwsgi:", "grpcs:"))
    assert passes.family == passes.verb.removesuffix("_pass") == body.partition("_")[0]
    assert passes.span.text == body.split()[1].rstrip(";")


@pytest.mark.oracle
def test_literal_targets_are_accepted_by_nginx() -> None:
    locations = "".join(f"location /{at} {{ {body} }}" for at, (body, _, _) in enumerate(LITERAL))
    assert nginx_real.refusal(f"server {{ listen unix:s; {locations} }}") == ""


NAMED = [
    ("proxy_pass http://app;", False),
    ("proxy_pass http://APP/x;", False),
    ("proxy_pass https://app;", True),
    ("uwsgi_pass app;", False),
    ("uwsgi_pass suwsgi://app;", True),
    ("fastcgi_pass app;", False),
    ("scgi_pass app;", False),
    ("grpc_pass app;", False),
    ("grpc_pass grpcs://app;", True),
]


@pytest.mark.oracle
@pytest.mark.parametrize(("body", "tls"), NAMED)
def test_upstreams_by_name(body: str, tls: bool) -> None:
    passes = _pass(body)
    assert passes.upstream.value.name == "app"
    assert not passes.upstream.value.implicit
    assert passes.tls is tls
    assert nginx_real.refusal(f"{UPSTREAM} server {{ listen unix:s; location / {{ {body} }} }}") == ""


REFUSED = [
    ("proxy_pass 127.0.0.1:8000;", "invalid URL prefix"),
    ("proxy_pass unix:/x;", "invalid URL prefix"),
    ("proxy_pass http:/127.0.0.1;", "invalid URL prefix"),
    ("proxy_pass http://;", "no host"),
    ("proxy_pass http://:8000;", "no host"),
    ("proxy_pass http://unix:;", "path"),
    ("proxy_pass http://127.0.0.1:99999;", "invalid port"),
    ("proxy_pass http://127.0.0.1:0;", "invalid port"),
    ("proxy_pass http://127.0.0.1:80a;", "invalid port"),
    ("proxy_pass http://http://127.0.0.1;", "invalid port"),
    ("proxy_pass http://::1:80/;", "invalid port"),
    ("uwsgi_pass http://127.0.0.1:3031;", "invalid host"),
    ("uwsgi_pass 127.0.0.1:3031/x;", "invalid host"),
    ("uwsgi_pass /run/x.sock;", "invalid host"),
    ("uwsgi_pass 127.0.0.1;", "no port"),
    ("uwsgi_pass django;", "no port"),
    ("fastcgi_pass 127.0.0.1;", "no port"),
    ("grpc_pass grpc://127.0.0.1;", "no port"),
    ("scgi_pass scgi://127.0.0.1:1;", "invalid host"),
]


@pytest.mark.oracle
@pytest.mark.parametrize(("body", "told"), REFUSED)
def test_what_nginx_refuses(body: str, told: str) -> None:
    assert told in nginx_real.refusal(f"server {{ listen unix:s; location / {{ {body} }} }}")
    passes = _pass(body)
    assert "nginx refuses it" in passes.malformed
    assert told.removeprefix("no ") in passes.malformed
    assert not passes.upstream.known


@pytest.mark.oracle
def test_a_port_on_the_name_of_an_upstream() -> None:
    assert "may not have port" in nginx_real.refusal(
        f"{UPSTREAM} server {{ listen unix:s; location / {{ proxy_pass http://app:8000; }} }}"
    )
    passes = _pass("proxy_pass http://App:8000/;")
    assert passes.port_on_upstream
    assert passes.upstream.value.name == "app"
    assert not _pass("proxy_pass http://app/;").port_on_upstream


# --------------------------------------------------------------------------------------- accepted, yet not as meant
ASTRAY = [
    ("proxy_pass http://unix:@BASE@/up/;", "@BASE@/up", "/", "up/ failed (20: Not a directory)"),
    ("proxy_pass http://unix:@BASE@/up.sock/a/;", "@BASE@/up.sock", "/a/", "up.sock/a/ failed (20: Not a directory)"),
    ("uwsgi_pass unix:@BASE@/up:;", "@BASE@/up", None, "up: failed (2: No such file or directory)"),
    ("proxy_pass http://unix:@up;", "up", None, "unix:@up failed (2: No such file or directory)"),
]


@pytest.mark.oracle
@pytest.mark.parametrize(("body", "path", "uri", "told"), ASTRAY)
def test_malformed_sockets(body: str, path: str, uri: str | None, told: str) -> None:
    """nginx starts, and answers 502; the model has the socket that was meant, and says what is wrong with it."""
    http = f"server {{ listen unix:@BASE@/s; location / {{ {body} }} }}"
    with nginx_real.running(http) as nginx:
        for name in ("up", "up.sock"):
            nginx_real.Upstream(nginx.base / name)
        assert b" 502 " in nginx.request("s").splitlines()[0]
        assert told in nginx.fresh_log()
        passes = _pass(body.replace("@BASE@", str(nginx.base)))
        meant = path.replace("@BASE@", str(nginx.base))
    address = passes.upstream.value.peers[0].address.value
    assert (address.path, passes.uri) == (meant, uri)
    assert passes.malformed
    assert address.abstract == ("@up" in body)


# --------------------------------------------------------------------------------------- variables
def test_a_set_variable() -> None:
    passes = _pass("set $backend app; proxy_pass http://$backend/x;")
    assert passes.variable
    assert passes.upstream.value.name == "app"
    assert passes.uri == "/x"
    assert passes.host_text == "$backend"
    assert passes.needs_resolver.value is False
    assert passes.proxy_host == "app"


def test_variables_in_variables() -> None:
    passes = _pass(
        "set $port 8000; set $host_and_port db.internal:$port; proxy_pass http://${host_and_port}$request_uri;"
    )
    assert _address(passes) == "db.internal:8000"
    assert passes.uri == "$request_uri"
    assert passes.needs_resolver.value is True
    assert passes.proxy_host == "db.internal:8000"


NO_RESOLVER = [
    ("proxy_pass http://127.0.0.1:8000$request_uri;", False),
    ("proxy_pass http://[::1]:8000$request_uri;", False),
    ("proxy_pass http://app$request_uri;", False),
    ("proxy_pass http://unix:/x.sock:$request_uri;", False),
    ("proxy_pass http://web$request_uri;", True),
    ("proxy_pass http://app:8000$request_uri;", True),
    ("set $x web; uwsgi_pass $x:3031;", True),
]


@pytest.mark.parametrize(("body", "needed"), NO_RESOLVER)
def test_what_needs_a_resolver(body: str, needed: bool) -> None:
    assert _pass(body).needs_resolver.value is needed


@pytest.mark.parametrize(("green", "needed"), [("green.example.com", True), ("10.0.0.5", False), ("app", False)])
def test_one_of_several_values_may_need_a_resolver(green: str, needed: bool) -> None:
    """Requests that get the host name fail; the others don't (seen with nginx 1.31.3)."""
    text = f"""events {{}} http {{ upstream app {{ server 127.0.0.1:1; }}
      map $arg_c $color {{ default app; x {green}; }}
      server {{ location / {{ proxy_pass http://$color; }} }} }}"""
    passes = location_of(text, "/").passes
    assert passes is not None
    assert passes.needs_resolver.value is needed


@pytest.mark.oracle
def test_a_literal_target_elsewhere_spares_the_resolver() -> None:
    """nginx looks among the upstreams that literal targets made, too."""
    http = """server { listen unix:@BASE@/s;
      location /literal { proxy_pass http://localhost:@PORT@; }
      location /same { set $x localhost; proxy_pass http://$x:@PORT@; }
      location /other { set $x localhost; proxy_pass http://$x:1; } }"""
    with nginx_real.folder() as base:
        upstream = nginx_real.Upstream(base / "up")
        text = http.replace("@PORT@", str(upstream.port))
        with nginx_real.running(text) as nginx:
            statuses = [nginx.request("s", path).split()[1] for path in ("/same", "/other")]
            assert "no resolver defined to resolve localhost" in nginx.fresh_log()
        upstream.close()
    assert statuses == [b"200", b"502"]
    whole = f"events {{}} http {{ {text} }}"
    same, other = (location_of(whole, path).passes for path in ("/same", "/other"))
    assert same is not None
    assert other is not None
    assert same.needs_resolver.value is False
    assert other.needs_resolver.value is True


MAPS = """map $host $one { default app; a.example app; }
map $host $two { default app; a.example other; }
map $host $maybe { a.example app; }
split_clients $remote_addr $half { 50% app; * app; }
geo $near { default app; 10.0.0.0/8 127.0.0.1:9; }
upstream app { server 127.0.0.1:1; } upstream other { server 127.0.0.1:2; }"""


@pytest.mark.parametrize(
    ("variable", "known", "candidates"),
    [
        ("one", "app", []),
        ("half", "app", []),
        ("two", "", ["other", "app"]),
        ("maybe", "", ["app"]),
        ("near", "", ["127.0.0.1:9", "app"]),
        ("host", "", []),
    ],
)
def test_tables(variable: str, known: str, candidates: list[str]) -> None:
    passes = _pass(f"proxy_pass http://${variable};", outer=MAPS)
    assert passes.upstream.known == bool(known)
    assert [upstream.name for upstream in passes.candidates] == candidates
    if not known:
        assert passes.upstream.because == f"the target is computed from ${variable}"
        # Two that are known when nginx starts need none; of all else nobody can tell.
        assert passes.needs_resolver.get(None) is (False if variable in ("two", "near") else None)
    else:
        assert passes.upstream.value.name == known


SETS = [
    ("set $x app;", "", "app"),
    ("", "set $x app;", "app"),
    ("set $x other;", "set $x app;", "app"),
    ("", "set $x other; set $x app;", "app"),
    ("set $x app;", "if ($a) { set $x app; }", "app"),
    ("set $x app;", "if ($a) { set $x other; }", ""),
    ("", "if ($a) { set $x app; }", ""),
    ("", "set $x other; break; set $x app;", ""),
    ("", "set $x app; set_by_lua_block $x { return ngx.var.host };", ""),
    ("", "set $x $y; set $y app;", ""),
    ("", "set $x $x;", ""),
    ("", "set $x '';", ""),
    ("set $X app;", "", "app"),
]


@pytest.mark.parametrize(("server", "location", "name"), SETS)
def test_set(server: str, location: str, name: str) -> None:
    inside = f"location / {{ {location} proxy_pass http://$x; }}"
    passes = location_of(f"events {{}} http {{ {MAPS} server {{ listen 80; {server} {inside} }} }}", "/").passes
    assert passes is not None
    assert passes.upstream.known == bool(name)
    if name:
        assert passes.upstream.value.name == name


def test_outer_locations_set_nothing_for_inner_ones() -> None:
    text = """events {} http { upstream app { server 127.0.0.1:1; } server { listen 80;
      location / { set $x app; proxy_pass http://$x; location /in { proxy_pass http://$x; } }
      location @named { proxy_pass http://$x; } } }"""
    outer, inner, named = (location_of(text, path).passes for path in ("/", "/in", "@named"))
    assert outer is not None
    assert inner is not None
    assert named is not None
    assert outer.upstream.known
    assert not inner.upstream.known
    assert not inner.candidates
    assert [upstream.name for upstream in named.candidates] == ["app"]


def test_an_if_knows_the_variables_around_it() -> None:
    text = """events {} http { server { listen 80; location / { set $x 127.0.0.1;
      proxy_pass http://$x:1; if ($a) { set $x 127.0.0.2; proxy_pass http://$x:2; } } } }"""
    inside = location_of(text, "if ($a)").passes
    assert inside is not None
    assert _address(inside) == "127.0.0.2:2"
    inherited = location_of(text.replace("set $x 127.0.0.2;", ""), "if ($a)").passes
    assert inherited is not None
    assert _address(inherited) == "127.0.0.1:2"


# --------------------------------------------------------------------------------------- templates
def _templated(body: str, outer: str = "") -> Pass:
    passes = location_of(
        f"events {{}} http {{ {outer} server {{ listen 80; location / {{ {body} }} }} }}", "/", file="nginx.conf.j2"
    ).passes
    assert passes is not None
    return passes


@pytest.mark.parametrize(
    ("target", "host", "port", "port_text"),
    [
        ("http://{{ host }}:{{ port }}", "{{ host }}", None, "{{ port }}"),
        ("http://{{ env['A:B/C'] }}:8000/x", "{{ env['A:B/C'] }}", 8000, "8000"),
        ("http://127.0.0.1:{{ port | default('8000') }}", "127.0.0.1", None, "{{ port | default('8000') }}"),
        ("http://app-{{ n }}.internal/", "app-{{ n }}.internal", 80, "80"),
        ("http://{{ backend }}", "{{ backend }}", None, ""),
        ("{{ scheme }}://web:8000/", "web", 8000, "8000"),
    ],
)
def test_placeholders(target: str, host: str, port: int | None, port_text: str) -> None:
    address = _templated(f'proxy_pass "{target}";').upstream.value.peers[0].address.value
    assert (address.host, address.port, address.port_text) == (host, port, port_text)
    assert address.templated == ("{{" in host + port_text)


def test_placeholders_in_a_socket() -> None:
    address = _templated("uwsgi_pass unix:{{ run }}/x.sock;").upstream.value.peers[0].address.value
    assert address == Address.unix("{{ run }}/x.sock", templated=True)


def test_the_same_placeholder_names_the_same_upstream() -> None:
    outer = "upstream {{ name }}-app { server 127.0.0.1:{{ port }}; }"
    same = _templated("proxy_pass http://{{name}}-app;", outer)
    assert same.upstream.value.peers[0].address.value.port_text == "{{ port }}"
    other = _templated("proxy_pass http://{{ other }};", outer)
    assert not other.upstream.known
    assert "placeholder" in other.upstream.because


def test_alternatives_of_a_template() -> None:
    body = "{% if a %}\nproxy_pass http://127.0.0.1:1;\n{% else %}\nproxy_pass http://127.0.0.1:2;\n{% endif %}\n"
    passes = _templated(body)
    assert not passes.upstream.known
    assert [upstream.name for upstream in passes.candidates] == ["127.0.0.1:1", "127.0.0.1:2"]


def test_upstreams_that_a_template_chooses_from() -> None:
    one, other = (f"\nupstream app {{ server 127.0.0.1:{port}; }}\n" for port in (1, 2))
    either = f"{{% if a %}}{one}{{% else %}}{other}{{% endif %}}\n"
    peers = _templated("proxy_pass http://app;", either).upstream.value.peers
    assert [str(peer.address.value) for peer in peers] == ["127.0.0.1:1", "127.0.0.1:2"]
    assert all(peer.optional for peer in peers)


def test_a_placeholder_of_a_language_that_nobody_knows() -> None:
    assert is_all_placeholder(masked(Word("<<host:port>>", 0, 13, templated=True)))
    assert not is_all_placeholder(masked(Word("app-{{ x }}", 0, 11, templated=True)))


def test_envsubst() -> None:
    text = "server { listen ${PORT}; location / { proxy_pass http://${APP_HOST}:${APP_PORT}$request_uri; } }"
    location = location_of(text, "/", file="default.conf.template")
    assert location.passes is not None
    address = location.passes.upstream.value.peers[0].address.value
    assert (address.host, address.port_text) == ("${APP_HOST}", "${APP_PORT}")
    assert location.passes.uri == "$request_uri"
    assert location.server.listens[0].address.value.port_text == "${PORT}"


# --------------------------------------------------------------------------------------- what isn't in sight
@pytest.mark.parametrize("body", ["uwsgi_pass django;", "proxy_pass http://django;"])
def test_a_lone_server_may_mean_an_upstream_elsewhere(body: str) -> None:
    passes = location_of(f"server {{ listen 80; location / {{ {body} }} }}", "/").passes
    assert passes is not None
    assert not passes.upstream.known
    assert not passes.malformed
    assert "may be an upstream{} that is not in sight" in passes.upstream.because


def test_an_include_beside_the_servers_may_hold_upstreams() -> None:
    passes = _pass("proxy_pass http://web;", outer="include conf.d/*.conf;")
    assert not passes.upstream.known
    assert "`include conf.d/*.conf` was not read" in passes.upstream.because
    assert _pass("proxy_pass http://web;", outer="").upstream.known
    assert _pass("proxy_pass http://web:80;", outer="include conf.d/*.conf;").upstream.known


@pytest.mark.parametrize("target", ["django:8000", "127.0.0.1", "app.example.com", "localhost"])
def test_a_lone_server_with_a_plain_target(target: str) -> None:
    passes = location_of(f"server {{ listen 80; location / {{ proxy_pass http://{target}; }} }}", "/").passes
    assert passes is not None
    assert passes.upstream.value.implicit


# --------------------------------------------------------------------------------------- properties
TEXT = st.text(st.sampled_from(list("abx019.:/?$@{}[]-_ unixhttps*%")), max_size=30)


@given(st.sampled_from(["proxy", "uwsgi", "fastcgi", "scgi", "grpc"]), st.sampled_from(["", "http://", "unix:"]), TEXT)
def test_any_text_is_taken_apart(family: str, scheme: str, text: str) -> None:
    target = parse_target(family, scheme + text)
    assert target.address is not None or target.malformed or not target.port
    assert len(unmasked(target.host)) <= len(scheme + text)


@given(TEXT)
def test_any_text_may_be_listened_on(text: str) -> None:
    address, last = parse_listen(text)
    assert last is None or (address is not None and address.port is not None and address.port <= last <= 65535)


@given(st.text(max_size=20), st.booleans())
def test_masking_is_undone(text: str, templated: bool) -> None:
    word = Word(text, 0, len(text), templated=templated)
    if not any("\ue000" <= sign <= "\uf8ff" for sign in text):
        assert unmasked(masked(word)) == text
        assert key_of(masked(word)) == key_of(masked(word))
