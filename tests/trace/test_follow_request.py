"""The way of a request through a whole stack: which nginx takes it, what the next one gets, what can't be known."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.app import Input, load
from cfgcheck.settings import Settings
from cfgcheck.trace.follow_request import follow_request
from cfgcheck.trace.hop import End, Hop, Way
from cfgcheck.trace.request import Request
from tests.hanging import no_hang
from tests.load.carrying import write


def way(root: Path, files: dict[str, str], request: Request, settings: Settings | None = None) -> Way:
    write(root, files)
    _, stacks = load(Input((root,)), settings or Settings())
    assert len(stacks) == 1
    return follow_request(stacks[0], request)


def plain(target: str = "/", host: str = "shop.example.com", port: int = 80, app: str = "") -> Request:
    return Request("https" if port == 443 else "http", host, port, target, headers={"x-app": app} if app else {})


def conf(http: str) -> str:
    return f"events {{}}\nhttp {{\n{http}\n}}\n"


def said(hop: Hop) -> str:
    return "\n".join(step.text for step in hop.steps)


def test_an_app_behind_one_nginx(tmp_path: Path) -> None:
    files = {
        "nginx.conf": conf("server { listen 80; location /api/ { proxy_pass http://127.0.0.1:8000/; } }"),
        "gunicorn.conf.py": 'bind = "127.0.0.1:8000"\n',
    }
    found = way(tmp_path, files, plain("/api/x?y=1"))
    (hop,) = found.hops
    assert (hop.end, hop.uri.value, found.others) == (End.PASSES, "/x?y=1", ())
    assert [route.app is not None for route in hop.routes] == [True]
    assert hop.location is not None
    assert hop.location.label == "/api/"


def test_an_outer_nginx_passes_to_an_inner_one(tmp_path: Path) -> None:
    files = {
        "outer/nginx.conf": conf(
            "server { listen 80; server_name shop.example.com; location /shop/ { proxy_pass http://127.0.0.1:8080/in/;"
            " proxy_set_header Host inner.example.com; proxy_set_header X-Real-IP $remote_addr; } }"
        ),
        "inner/nginx.conf": conf(
            "server { listen 127.0.0.1:8080; server_name other; return 404; }"
            "server { listen 127.0.0.1:8080; server_name inner.example.com; location /in/ { proxy_pass http://127.0.0.1:8000;"
            " proxy_set_header X-Seen $http_x_real_ip; } }"
        ),
        "gunicorn.conf.py": 'bind = "127.0.0.1:8000"\n',
    }
    found = way(tmp_path, files, plain("/shop/a"))
    assert [hop.end for hop in found.hops] == [End.PASSES, End.PASSES]
    outer, inner = found.hops
    assert outer.uri.value == "/in/a"
    assert inner.uri.value == "/in/a"
    assert inner.request.host == "inner.example.com"
    assert inner.routes[0].app is not None
    seen = next(header.value for header in inner.headers if header.name == "X-Seen")
    assert not seen.known
    assert "client's address" in seen.because


def test_the_inner_nginx_alone_takes_what_comes_to_its_own_port(tmp_path: Path) -> None:
    files = {
        "outer.conf": conf("server { listen 80; location / { proxy_pass http://127.0.0.1:8080; } }"),
        "inner.conf": conf("server { listen 8080; return 204; }"),
    }
    (hop,) = way(tmp_path, files, plain(port=8080)).hops
    assert (hop.end, hop.status) == (End.ANSWERS, 204)


def test_two_nginx_that_pass_to_each_other_end(tmp_path: Path) -> None:
    files = {
        "one.conf": conf("server { listen 80; location / { proxy_pass http://127.0.0.1:8080; } }"),
        "two.conf": conf("server { listen 8080; location / { proxy_pass http://127.0.0.1:80; } }"),
    }
    with no_hang():
        found = way(tmp_path, files, plain())
    assert "comes back" in said(found.hops[-1])


def test_a_published_port_leads_into_the_container(tmp_path: Path) -> None:
    files = {
        "docker-compose.yml": (
            "services:\n  web:\n    image: nginx:1.27\n    ports: ['8080:80']\n"
            "    volumes: ['./nginx.conf:/etc/nginx/nginx.conf']\n"
        ),
        "nginx.conf": conf("server { listen 80; return 204; }"),
    }
    (hop,) = way(tmp_path, files, plain(port=8080)).hops
    assert (hop.end, hop.status) == (End.ANSWERS, 204)
    assert "published port 8080 leads to port 80" in said(hop)


def test_several_deployments_take_it_just_as_well(tmp_path: Path) -> None:
    files = {f"{name}/nginx.conf": conf(f"server {{ listen 80; return {status}; }}") for name, status in
             (("one", 201), ("two", 202))}  # fmt: skip
    found = way(tmp_path, files, plain())
    assert {found.hops[0].status, *(hop.status for hop in found.others)} == {201, 202}


def test_a_name_decides_between_deployments(tmp_path: Path) -> None:
    text = "server {{ listen 80; server_name {}.example.com; return 204; }}"
    files = {f"{name}/nginx.conf": conf(text.format(name)) for name in ("one", "two")}
    found = way(tmp_path, files, plain(host="two.example.com"))
    assert found.others == ()
    assert found.hops[0].server is not None
    assert found.hops[0].server.names == ("two.example.com",)


def test_nothing_listens_there(tmp_path: Path) -> None:
    (hop,) = way(tmp_path, {"nginx.conf": conf("server { listen 8080; return 204; }")}, plain()).hops
    assert hop.end is End.NOBODY
    assert "8080" in hop.because


def test_no_nginx_at_all(tmp_path: Path) -> None:
    assert way(tmp_path, {"gunicorn.conf.py": 'bind = "127.0.0.1:8000"\n'}, plain()).hops == ()


def test_tls_is_asked_of_a_plain_listener_and_the_other_way_round(tmp_path: Path) -> None:
    text = conf("server { listen 443; return 204; } server { listen 80 ssl; return 204; }")
    (hop,) = way(tmp_path, {"nginx.conf": text}, plain(port=443)).hops
    assert hop.end is End.NOBODY
    (hop,) = way(tmp_path, {"nginx.conf": text}, plain()).hops
    assert (hop.end, hop.status) == (End.ANSWERS, 400)


def test_an_app_shell_is_a_file_and_no_loop(tmp_path: Path) -> None:
    text = conf("server { listen 80; root /srv; location / { try_files $uri $uri/ /index.html; } }")
    (hop,) = way(tmp_path, {"nginx.conf": text}, plain("/some/page")).hops
    assert hop.end is End.FILES
    assert "/index.html" in said(hop)


def test_a_computed_target_finds_the_app(tmp_path: Path) -> None:
    files = {
        "nginx.conf": conf(
            "map $http_x_app $app { default one; two two; }\nupstream one { server 127.0.0.1:8000; }\n"
            "upstream two { server 127.0.0.1:8001; }\n"
            "server { listen 80; location / { proxy_pass http://$app; } location /1 { proxy_pass http://one; }"
            " location /2 { proxy_pass http://two; } }"
        ),
        "gunicorn.conf.py": 'bind = "127.0.0.1:8001"\n',
    }
    (hop,) = way(tmp_path, files, plain(app="two")).hops
    assert [route.app is not None for route in hop.routes] == [True]
    assert hop.location is not None
    assert hop.location.label == "/"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("if ($remote_addr = 10.0.0.1) { return 403; } proxy_pass http://127.0.0.1:8000;", "client's address"),
        ("if ($geoip_country_code = DE) { return 403; }", "nothing that was read"),
        ("rewrite (*UTF8)^/a /b;", "can't be judged here"),
        ("rewrite ^/(a|aa)+$ /b;", "takes too long"),
    ],
)
def test_what_can_not_be_known_says_why(tmp_path: Path, body: str, why: str) -> None:
    files = {"nginx.conf": conf(f"server {{ listen 80; location / {{ {body} }} }}")}
    with no_hang():
        (hop,) = way(tmp_path, files, plain("/" + "a" * 60 + "!")).hops
    assert hop.end is End.UNKNOWN
    assert why in hop.because


def test_a_set_that_can_not_be_known_spoils_only_what_uses_it(tmp_path: Path) -> None:
    text = conf(
        "server { listen 80; location / { set $v 1; if ($remote_addr = 10.0.0.1) { set $v 2; }"
        " proxy_pass http://127.0.0.1:8000; proxy_set_header X-V $v; proxy_set_header X-W w; } }"
    )
    (hop,) = way(tmp_path, {"nginx.conf": text}, plain()).hops
    sent = {header.name: header.value.get(None) for header in hop.headers}
    assert hop.end is End.PASSES
    assert (sent["X-V"], sent["X-W"]) == (None, "w")


def test_many_slow_patterns_end_together(tmp_path: Path) -> None:
    locations = "".join(f"location ~ ^/(a|aa)+b?{number}$ {{ }}\n" for number in range(200))
    files = {"nginx.conf": conf(f"server {{ listen 80; {locations} }}")}
    with no_hang():
        (hop,) = way(tmp_path, files, plain("/" + "a" * 60 + "!")).hops
    assert hop.end is End.UNKNOWN


def test_variables_that_double_each_other_end(tmp_path: Path) -> None:
    doubling = "set $v x;" + "set $v $v$v$v$v;" * 60
    text = conf(f"server {{ listen 80; {doubling} location / {{ proxy_pass http://127.0.0.1:8000$v; }} }}")
    with no_hang():
        (hop,) = way(tmp_path, {"nginx.conf": text}, plain()).hops
    assert not hop.uri.known


def test_maps_that_ask_each_other_end(tmp_path: Path) -> None:
    text = conf(
        "map $a $b { default $a; } map $b $a { default $b; }"
        "server { listen 80; location / { proxy_pass http://127.0.0.1:8000; proxy_set_header X-A $a; } }"
    )
    with no_hang():
        (hop,) = way(tmp_path, {"nginx.conf": text}, plain()).hops
    assert not next(header for header in hop.headers if header.name == "X-A").value.known
