"""Servers, locations and upstreams: every form of input, every ``listen``, in the order of the text."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.load.disk import Disk
from cfgcheck.load.nginx import build_proxy
from cfgcheck.load.nginx_files import NginxFiles
from cfgcheck.model.located import Located, Origin
from cfgcheck.model.nginx import Proxy, Server
from cfgcheck.model.version import Version
from cfgcheck.syntax.nginx_tree import Directive, Word
from tests.model import nginx_real
from tests.model.nginx_build import in_location, location_of, proxy_of


def _server(body: str, version: str = "") -> Server:
    (server,) = proxy_of(f"events {{}} http {{ server {{ {body} }} }}", version).servers
    return server


# --------------------------------------------------------------------------------------- forms of input
def test_a_whole_configuration() -> None:
    proxy = proxy_of("events {} http { server { listen 80; location / { proxy_pass http://127.0.0.1:1; } } }")
    assert proxy.complete
    assert not proxy.incomplete_because
    assert [location.label for location in proxy.locations()] == ["/"]


FRAGMENTS = [
    "server { listen 80; location / { proxy_pass http://127.0.0.1:1; } }",
    "upstream app { server 127.0.0.1:1; } server { listen 80; location / { proxy_pass http://app; } }",
    "listen 80; location / { proxy_pass http://127.0.0.1:1; }",
    "location / { proxy_pass http://127.0.0.1:1; }",
]


@pytest.mark.parametrize("text", FRAGMENTS)
def test_fragments(text: str) -> None:
    proxy = proxy_of(text)
    assert not proxy.complete
    assert "not among the files" in proxy.incomplete_because
    (location,) = proxy.locations()
    assert location.label == "/"
    assert location.passes is not None
    (peer,) = location.passes.upstream.value.peers
    assert str(peer.address.value) == "127.0.0.1:1"
    assert len(location.server.listens) == ("listen" in text)
    assert location.server.tls.known == ("listen" in text)


def test_a_fragment_of_a_location() -> None:
    proxy = proxy_of("proxy_set_header Host $host;\nproxy_read_timeout 5;\nproxy_pass http://127.0.0.1:1;\n")
    (location,) = proxy.locations()
    assert (location.modifier, location.label) == ("server", "server")
    assert location.read_timeout.value == 5
    assert location.sends("Host").value is True


def test_headers_around_a_location_in_a_fragment() -> None:
    proxy = proxy_of("proxy_set_header Host $host;\nlocation / { proxy_pass http://127.0.0.1:1; }\n")
    (location,) = proxy.locations()
    assert location.header_value("Host").origin is Origin.INHERITED


BARE = ["proxy_set_header Host $host;\n", "", "# nothing\n", "events {}\n", "stream { server { listen 1; } }"]


@pytest.mark.parametrize("text", BARE)
def test_files_without_a_server(text: str) -> None:
    assert proxy_of(text).servers == []


def test_stream_and_mail_are_not_judged() -> None:
    text = """events {} stream { upstream app { server 127.0.0.1:5432; } server { listen 5432; proxy_pass app; } }
    mail { server { listen 25; protocol smtp; } }
    http { server { listen 80; location / { proxy_pass http://app; } } }"""
    proxy = proxy_of(text)
    (location,) = proxy.locations()
    assert location.passes is not None
    assert location.passes.upstream.value.implicit
    assert proxy.upstreams == {}


def test_modules() -> None:
    main = "load_module modules/ngx_http_js_module.so; load_module /usr/lib/nginx/ngx_http_brotli_filter_module.so;"
    assert proxy_of(f"{main} events {{}} http {{}}").modules == ("ngx_http_brotli_filter_module",)


# --------------------------------------------------------------------------------------- locations
def test_locations_in_the_order_of_the_text() -> None:
    text = """location / { location /in/ { proxy_pass http://127.0.0.1:1; } location ~ ^/r { return 200; } }
    location =/exact { if ($a) { proxy_pass http://127.0.0.1:2; } if ($b) { return 200; } }
    location ~* \\.php$ { limit_except GET { proxy_pass http://127.0.0.1:3; } }
    location ^~ /static/ { root /srv; } location @app { uwsgi_pass 127.0.0.1:4; }"""
    server = _server(text)
    found = [(one.modifier, one.path, one.parent.label if one.parent else "") for one in server.locations]
    assert found == [
        ("", "/", ""),
        ("", "/in/", "/"),
        ("~", "^/r", "/"),
        ("=", "/exact", ""),
        ("if", "($a)", "= /exact"),
        ("~*", "\\.php$", ""),
        ("limit_except", "GET", "~* \\.php$"),
        ("^~", "/static/", ""),
        ("@", "@app", ""),
    ]
    assert [one.passes is not None for one in server.locations] == [0, 1, 0, 0, 1, 0, 1, 0, 1]
    kinds = [(one.is_prefix, one.is_regex, one.is_exact, one.is_named) for one in server.locations]
    assert [kind.index(True) for kind in kinds if any(kind)] == [0, 0, 1, 2, 1, 0, 3]


def test_inner_locations_inherit_no_target() -> None:
    server = _server("location / { proxy_pass http://127.0.0.1:1; location /in { proxy_read_timeout 5; } }")
    assert [one.passes is None for one in server.locations] == [False, True]


@pytest.mark.oracle
def test_the_last_handler_counts() -> None:
    body = "proxy_pass http://127.0.0.1:1; uwsgi_pass unix:@BASE@/gone;"
    with nginx_real.running(f"server {{ listen unix:@BASE@/s; location / {{ {body} }} }}") as nginx:
        nginx.request("s")
        assert 'upstream: "uwsgi://unix:' in nginx.fresh_log()
    passes = in_location(body).passes
    assert passes is not None
    assert passes.verb == "uwsgi_pass"


REPEATED = [
    ("location /a {} location /a {}", True),
    ("location /a {} location ^~ /a {}", True),
    ("location = /a {} location =/a {}", True),
    ("location '/a' {} location /a {}", True),
    ("location /b { location /b/a {} location /b/a {} }", True),
    ("location /a {} location = /a {}", False),
    ("location ~ /a {} location ~ /a {}", False),
    ("location @a {} location @a {}", False),
    ("location /a { location /a {} }", False),
    ("location /a {} location /A {}", False),
]


@pytest.mark.oracle
@pytest.mark.parametrize(("body", "repeated"), REPEATED)
def test_repeated_locations(body: str, repeated: bool) -> None:
    assert ("duplicate location" in nginx_real.refusal(f"server {{ listen unix:s; {body} }}")) is repeated
    marked = [location for location in _server(body).locations if location.repeats is not None]
    assert bool(marked) is repeated
    for location in marked:
        assert location.repeats is not None
        assert location.repeats.span.start < location.span.start


def test_template_branches_are_no_repetition() -> None:
    either = "{% if a %}\nlocation / { return 200; }\n{% else %}\nlocation / { return 404; }\n{% endif %}\n"
    text = f"server {{\nlisten 80;\n{either}}}"
    locations = proxy_of(text, path="site.conf.j2").servers[0].locations
    assert [(one.repeats, one.optional) for one in locations] == [(None, True), (None, True)]


# --------------------------------------------------------------------------------------- listen and server_name
LISTENS = [
    ("80", "*:80", False),
    ("*:8080", "*:8080", False),
    ("127.0.0.1", "127.0.0.1:80", False),
    ("127.0.0.1:8080 default_server", "127.0.0.1:8080", False),
    ("localhost", "localhost:80", False),
    ("localhost:8081 proxy_protocol", "localhost:8081", False),
    ("[::]:8082 ipv6only=off", "[::]:8082", False),
    ("[::1]", "[::1]:80", False),
    ("443 ssl http2", "*:443", True),
    ("[::]:443 quic reuseport", "[::]:443", True),
    ("unix:/run/nginx.sock", "unix:/run/nginx.sock", False),
    ("8100-8102", "*:8100", False),
    ("127.0.0.1:8200-8201 backlog=5", "127.0.0.1:8200", False),
]


@pytest.mark.parametrize(("text", "address", "tls"), LISTENS)
def test_listen(text: str, address: str, tls: bool) -> None:
    server = _server(f"listen {text};")
    (listen,) = server.listens
    assert str(listen.address.value) == address
    assert listen.tls is tls is server.tls.value is server.terminates_tls is server.only_tls
    assert listen.default == ("default_server" in text)
    assert listen.proxy_protocol == ("proxy_protocol" in text)
    assert listen.quic == ("quic" in text)
    assert listen.span.text == text
    assert listen.address.span is not None


@pytest.mark.oracle
def test_listens_are_accepted_by_nginx() -> None:
    texts = ["127.0.0.1:18182 default_server", "localhost:18183 proxy_protocol", "127.0.0.1:18200-18201 backlog=5"]
    assert nginx_real.refusal("".join(f"server {{ listen {text}; }}" for text in texts)) == ""
    assert [str(_server(f"listen {text};").listens[0].address.value) for text in texts] == [
        "127.0.0.1:18182",
        "localhost:18183",
        "127.0.0.1:18200",
    ]


@pytest.mark.oracle
@pytest.mark.parametrize("text", ["99999", "80-79", "127.0.0.1:", "unix:", "80x:y"])
def test_what_can_not_be_listened_on(text: str) -> None:
    assert nginx_real.refusal(f"server {{ listen {text}; }}")
    assert not _server(f"listen {text};").listens[0].address.known


def test_a_port_range_keeps_its_end() -> None:
    server = _server("listen 8100-8102; listen 80; listen unix:/x;")
    assert [one.last_port for one in server.listens] == [8102, 80, None]


def test_without_a_listen() -> None:
    (listen,) = _server("server_name a;").listens
    assert str(listen.address.value) == "*:80"
    assert listen.implied
    assert listen.address.origin is Origin.DEFAULT


def test_the_old_ssl_directive() -> None:
    assert _server("ssl on; listen 443; listen 80;", "1.22").only_tls
    assert not _server("ssl off; listen 443;", "1.22").terminates_tls


def test_listens_of_a_template() -> None:
    text = "server {\n{% if tls %}\nlisten 443 ssl;\n{% endif %}\nlisten {{ port }};\n}"
    server = proxy_of(text, path="site.conf.j2").servers[0]
    assert [str(one.address.value) for one in server.listens] == ["*:443", "*:{{ port }}"]
    assert not server.tls.known
    assert "template branch" in server.tls.because
    (plain,) = proxy_of("server { listen 443 {{ more }}; }", path="a.j2").servers
    assert not plain.tls.known
    (tls,) = proxy_of("server { listen 443 ssl {{ more }}; }", path="a.j2").servers
    assert tls.tls.value is True


def test_names() -> None:
    server = _server("server_name a.example b.example; server_name c.example;")
    assert server.names == ("a.example", "b.example", "c.example")
    assert server.label == "a.example"
    assert _server("listen 8080; server_name _;").label == "port 8080"
    assert _server("listen unix:/x;").names == ("",)
    assert _server("listen unix:/x;").label == "server"


def test_who_takes_what_no_name_tells() -> None:
    text = """events {} http { server { listen 80; server_name a; } server { listen 80 default_server; listen 81;
    server_name b; } server { listen 81; server_name c; } }"""
    proxy = proxy_of(text)
    assert {key: server.label for key, server in proxy.default_servers.items()} == {"*:80": "b", "*:81": "b"}


@pytest.mark.oracle
def test_request_lines_are_read_by_the_default_server() -> None:
    http = """server { listen unix:@BASE@/s; server_name small; large_client_header_buffers 2 1k; return 200; }
    server { listen unix:@BASE@/s; server_name large; large_client_header_buffers 2 4k; return 200; }"""
    with nginx_real.running(http) as nginx:
        conf = (nginx.base / "nginx.conf").read_text()
        long_line = nginx.request("s", "/" + "x" * 2000, "large").split()[1]
        long_header = nginx.request("s", "/", "large", f"X-Long: {'x' * 2000}\r\n").split()[1]
    assert (long_line, long_header) == (b"414", b"200")
    small, large = proxy_of(conf).servers
    assert (small.request_line_limit.value, small.header_line_limit.value) == (1024, 1024)
    assert (large.request_line_limit.value, large.header_line_limit.value) == (1024, 4096)
    assert large.header_limit.value == 8192


def test_with_tls_the_name_is_known_from_the_handshake() -> None:
    text = """events {} http { server { listen 443 ssl; server_name a; large_client_header_buffers 2 1k; }
    server { listen 443 ssl; server_name b; } server { listen 81; server_name c; large_client_header_buffers 2 2k; }
    server { listen 443 ssl; listen 81; server_name d; } }"""
    limits = [server.request_line_limit for server in proxy_of(text).servers]
    assert [limit.get(None) for limit in limits] == [1024, 8192, 2048, None]
    assert "different limits" in limits[3].because


# --------------------------------------------------------------------------------------- upstream
def test_an_upstream_and_its_servers() -> None:
    text = """events {} http { upstream App { least_conn; zone app 64k; resolver 127.0.0.11 valid=5s;
      server 10.0.0.1:8000 weight=3 max_fails=0 fail_timeout=1m30s max_conns=5;
      server app.internal resolve service=_http._tcp; server unix:/run/x.sock backup; server [::1] down;
      keepalive 16; keepalive_timeout 5s; keepalive_requests 7; keepalive_time 2m; } }"""
    upstream = proxy_of(text, "1.28").upstreams["app"]
    assert (upstream.name, upstream.implicit, upstream.zone, upstream.methods) == ("App", False, True, ("least_conn",))
    assert upstream.resolver == ("127.0.0.11",)
    kept = (upstream.keepalive, upstream.keepalive_timeout, upstream.keepalive_requests, upstream.keepalive_time)
    assert [value.value for value in kept] == [16, 5, 7, 120]
    assert [str(peer.address.value) for peer in upstream.peers] == [
        "10.0.0.1:8000",
        "app.internal:80",
        "unix:/run/x.sock",
        "[::1]:80",
    ]
    first = upstream.peers[0]
    assert [first.weight.value, first.max_fails.value, first.fail_timeout.value, first.max_conns.value] == [3, 0, 90, 5]
    assert first.weight.span is not None
    assert first.weight.span.text == "weight=3"
    assert [peer.max_fails.origin for peer in upstream.peers] == [Origin.FILE, *[Origin.DEFAULT] * 3]
    assert upstream.peers[1].resolve
    assert upstream.peers[1].service == "_http._tcp"
    assert upstream.active_peers == upstream.peers[:2]


KEEPALIVE = [
    ("1.29.6", "", 0),
    ("1.29.7", "", 32),
    ("1.30", "keepalive 0;", 0),
    ("1.30", "keepalive 8 local;", 8),
    ("", "keepalive 8;", 8),
]


@pytest.mark.parametrize(("version", "body", "keepalive"), KEEPALIVE)
def test_keepalive_of_an_upstream(version: str, body: str, keepalive: int) -> None:
    upstream = proxy_of(f"events {{}} http {{ upstream a {{ server 127.0.0.1:1; {body} }} }}", version).upstreams["a"]
    assert upstream.keepalive.value == keepalive


def test_keepalive_of_an_unknown_version() -> None:
    upstream = proxy_of("upstream a { server 127.0.0.1:1; } server { listen 80; }").upstreams["a"]
    assert not upstream.keepalive.known
    assert "0 before nginx 1.29.7, 32 since 1.29.7" in upstream.keepalive.because
    assert upstream.keepalive_timeout.value == 60


MALFORMED = [
    ("http://127.0.0.1:8000", "invalid host"),
    ("127.0.0.1:8000/x", "invalid host"),
    ("/run/x.sock", "invalid host"),
    ("127.0.0.1:99999", "invalid port"),
    ("::1", "invalid port"),
]


@pytest.mark.oracle
@pytest.mark.parametrize(("server", "told"), MALFORMED)
def test_malformed_servers(server: str, told: str) -> None:
    assert told in nginx_real.refusal(f"upstream a {{ server {server}; }}")
    (peer,) = proxy_of(f"upstream a {{ server {server}; }} server {{}}").upstreams["a"].peers
    assert told in peer.malformed
    assert not peer.address.known


def test_sockets_that_nginx_takes_otherwise() -> None:
    peers = proxy_of("upstream a { server unix:/x.sock:; server unix:@x; } server {}").upstreams["a"].peers
    assert [peer.address.value.path for peer in peers] == ["/x.sock", "x"]
    assert all(peer.malformed for peer in peers)


# --------------------------------------------------------------------------------------- includes
def _from_disk(folder: Path, files: dict[str, str], version: str = "1.30") -> Proxy:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    config = NginxFiles(Disk(folder)).config("nginx.conf")
    assert config is not None
    root = Directive(config.tree.file, Word("", 0, 0), ())
    root.block = config.tree.directives
    known = Located.declared(Version.parse(version) or Version(1))
    return build_proxy("nginx", config.kind.kind.value, root, known, config.expand, config.sources)


def test_includes_count_where_they_stand(tmp_path: Path) -> None:
    files = {
        "nginx.conf": "events {} http { include proxy.conf; include conf.d/*.conf; proxy_read_timeout 90; }",
        "proxy.conf": "proxy_set_header Host $host;\nproxy_buffers 16 8k;\n",
        "conf.d/a.conf": "upstream a { include peers; }\nserver { listen 80; server_name a; include where; }",
        "where": "location / { include pass; proxy_set_header X-A a; }\n",
        "pass": "proxy_pass http://a;\n",
        "peers": "server 127.0.0.1:1;\nserver 127.0.0.1:2;\n",
    }
    proxy = _from_disk(tmp_path, files)
    (location,) = proxy.locations()
    assert location.passes is not None
    assert [str(peer.address.value) for peer in location.passes.upstream.value.peers] == ["127.0.0.1:1", "127.0.0.1:2"]
    assert location.read_timeout.value == 90
    assert str(location.setting("proxy_buffers").span) == "proxy.conf:2:15"
    assert [header.name for header in location.headers] == ["X-A"]
    assert [str(header.span) for header in location.lost_headers] == ["proxy.conf:1:1"]
    assert {file.path for file in proxy.files} == set(files)


def test_stock_files_are_known(tmp_path: Path) -> None:
    text = "events {} http { server { listen 80; location / { include uwsgi_params; uwsgi_pass 127.0.0.1:1; } } }"
    (location,) = _from_disk(tmp_path, {"nginx.conf": text}).locations()
    assert location.sends("PATH_INFO").value is True
    assert location.header_value("REQUEST_SCHEME").value == "$scheme"


def test_an_include_in_a_template_branch(tmp_path: Path) -> None:
    inside = "proxy_pass http://127.0.0.1:1;\n{% if slow %}\ninclude slow;\n{% endif %}\n"
    text = f"server {{\nlisten 80;\nlocation / {{\n{inside}}} }}"
    files = {"nginx.conf.j2": text, "slow": "proxy_read_timeout 900;\nproxy_set_header Host $host;\n"}
    for name, body in files.items():
        (tmp_path / name).write_text(body)
    config = NginxFiles(Disk(tmp_path)).config("nginx.conf.j2")
    assert config is not None
    root = Directive(config.tree.file, Word("", 0, 0), ())
    root.block = config.tree.directives
    version: Located[Version] = Located.unknown("nobody tells")
    (location,) = build_proxy("x", config.kind.kind.value, root, version, config.expand).locations()
    assert not location.read_timeout.known
    assert not location.sends("Host").known


@pytest.mark.oracle
def test_what_is_included_works_in_nginx_as_in_the_model(tmp_path: Path) -> None:
    """Headers and timeouts that come from included files, at three levels, one of them dropped on the way."""
    headers = "proxy_set_header X-Http 1; proxy_set_header Host from-http;"
    http = f"include http.inc; server {{ listen unix:@BASE@/s; include server.inc; }} {headers}"
    files = {
        "http.inc": "proxy_read_timeout 71;\n",
        "server.inc": "location /a { include pass.inc; }\nlocation /b { include pass.inc; include own.inc; }\n",
        "pass.inc": "proxy_pass http://unix:@BASE@/up;\n",
        "own.inc": "proxy_set_header X-Own 1;\nproxy_read_timeout 72;\n",
    }
    with nginx_real.running(http, files) as nginx:
        upstream = nginx_real.Upstream(nginx.base / "up")
        texts = {path.name: path.read_text() for path in nginx.base.iterdir() if path.suffix in (".inc", ".conf")}
        proxy = _from_disk(tmp_path, texts, nginx_real.version())
        for location in proxy.locations():
            nginx.fresh_log()
            nginx.request("s", location.path)
            sent = {header.key: [header.value] for header in location.headers}
            assert upstream.headers() == {"host": [location.sent_host.value], **sent}
            assert location.read_timeout.value in nginx.fresh_timers()
        upstream.close()
    assert [location.read_timeout.value for location in proxy.locations()] == [71, 72]


# --------------------------------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    "text",
    [
        "events {} http { upstream { server; } upstream a; server; location; server { location { proxy_pass; } } }",
        "events {} http { server { listen; server_name; location = { proxy_pass ''; } if { uwsgi_pass x; } } }",
        "events {} http { map; map a; map $a $b { default; x; } geo $c; server { location / { set $x; } } }",
        "events {} http { server { location / { set $x; proxy_pass $x; } location /b { proxy_pass $; } } }",
        "http {} http { server { listen 80; } } events; events {}",
        "server { listen {{; location {% / { proxy_pass http://{{; } }",
    ],
)
def test_broken_statements_break_nothing(text: str) -> None:
    for location in proxy_of(text).locations():
        assert location.label is not None
        if location.passes:
            assert location.passes.malformed or location.passes.upstream.because or location.passes.upstream.known
            assert location.sent_host is not None


def test_ten_thousand_braces() -> None:
    assert proxy_of("events {} http {" + "server {" * 10000).servers
    assert location_of("server { listen 80; location /x { proxy_pass http://127.0.0.1:1; } " + "if ($x) {" * 5000, "/x")
