"""What the fixes of rules on nginx's side write, and which cases they leave to people."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fix.test_header_fixes import APP, left, mended, nginx

HEADERS = "proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto $scheme;"


def second(port: int) -> dict[str, str]:
    return {"two/gunicorn.conf.py": f'bind = "127.0.0.1:{port}"\nworkers = 3\n'}


# ── another address ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("bind", "target", "after"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8001/shop/", "http://127.0.0.1:8000/shop/"),
        ("127.0.0.1:8000", "'http://127.0.0.1:8001'", "'http://127.0.0.1:8000'"),
        ("unix:/run/shop/a.sock", "http://unix:/run/shop/b.sock:/shop/", "http://unix:/run/shop/a.sock:/shop/"),
        ("127.0.0.1:8000", "HTTP://127.0.0.1:8001", "HTTP://127.0.0.1:8000"),
    ],
)
def test_only_the_address_changes(bind: str, target: str, after: str, tmp_path: Path) -> None:
    files = {
        "nginx.conf": nginx(f"location /shop/ {{ {HEADERS} proxy_pass {target}; }}"),
        "gunicorn.conf.py": f'bind = "{bind}"\nworkers = 3\n',
    }
    changed = mended(tmp_path, "unreachable-upstream", files)
    line = f"    location /shop/ {{ {HEADERS} proxy_pass "
    assert changed == f"nginx.conf\n-{line}{target}; }}\n+{line}{after}; }}\n"


def test_of_two_apps_that_may_be_meant_none_is_taken(tmp_path: Path) -> None:
    text = nginx(f"location / {{ {HEADERS} proxy_pass http://127.0.0.1:8009; }}")
    left(tmp_path, "unreachable-upstream", {"nginx.conf": text, **APP, **second(8001)})


def test_an_address_that_the_upstream_has_already(tmp_path: Path) -> None:
    servers = "  upstream shop { server 127.0.0.1:8000; server 0.0.0.0:8000; }\n"
    text = nginx(f"location / {{ {HEADERS} proxy_pass http://shop; }}", http=servers)
    left(tmp_path, "wildcard-upstream-address", {"nginx.conf": text, **APP})


def test_an_upstream_of_which_one_server_speaks_tls(tmp_path: Path) -> None:
    servers = "  upstream shop { server 127.0.0.1:8000; server 127.0.0.1:8443; }\n"
    text = nginx(f"location / {{ {HEADERS} proxy_pass http://shop; }}", http=servers)
    tls = {"two/gunicorn.conf.py": 'bind = "127.0.0.1:8443"\ncertfile = "/srv/a.pem"\nkeyfile = "/srv/a.key"\n'}
    left(tmp_path, "upstream-tls-mismatch", {"nginx.conf": text, **APP, **tls})


# ── another protocol ──────────────────────────────────────────────────────────────────────────────────────────────

UWSGI = (
    "[uwsgi]\nsocket = 127.0.0.1:8000\nmodule = shop.wsgi\nmaster = true\nneed-app = true\nlisten = 1024\n"
    "buffer-size = 32768\nharakiri = 30\ndie-on-term = true\n"
)


def test_uwsgi_that_somebody_else_reaches_keeps_its_socket(tmp_path: Path) -> None:
    text = nginx(
        f"location / {{ {HEADERS} proxy_pass http://127.0.0.1:8000; }}",
        "location /api/ { include uwsgi_params; uwsgi_pass 127.0.0.1:8000; }",
    )
    left(tmp_path, "protocol-mismatch", {"nginx.conf": text, "uwsgi.ini": UWSGI})


def test_an_option_on_a_command_line(tmp_path: Path) -> None:
    command = "uwsgi --socket 127.0.0.1:8000 --module shop.wsgi --buffer-size 32768 --listen 1024"
    files = {
        "nginx.conf": nginx(f"location / {{ {HEADERS} proxy_pass http://127.0.0.1:8000; }}"),
        "Procfile": f"web: {command}\n",
    }
    after = command.replace("--socket", "--http-socket")
    assert mended(tmp_path, "protocol-mismatch", files) == f"Procfile\n-web: {command}\n+web: {after}\n"


def test_timeouts_go_with_the_verb(tmp_path: Path) -> None:
    text = nginx(
        "location / {", "  include uwsgi_params;", "  uwsgi_read_timeout 90s;", "  uwsgi_pass 127.0.0.1:8000;", "}"
    )
    assert mended(tmp_path, "protocol-mismatch", {"nginx.conf": text, **APP}) == (
        "nginx.conf\n-      include uwsgi_params;\n-      uwsgi_read_timeout 90s;\n-      uwsgi_pass 127.0.0.1:8000;\n"
        "+      proxy_read_timeout 90s;\n+      proxy_pass http://127.0.0.1:8000;\n"
        "+      proxy_set_header Host $host;\n+      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n"
        "+      proxy_set_header X-Forwarded-Proto $scheme;\n"
    )


# ── times and sizes ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_value_for_a_family_that_nobody_uses_is_not_overruled(tmp_path: Path) -> None:
    text = nginx("proxy_read_timeout 300s;", "location / { include uwsgi_params; uwsgi_pass 127.0.0.1:8000; }")
    ini = UWSGI.replace("harakiri = 30", "harakiri = 120")
    left(tmp_path, "read-timeout-not-above-app-timeout", {"nginx.conf": text, "uwsgi.ini": ini})


def test_the_slowest_app_of_an_upstream_decides(tmp_path: Path) -> None:
    servers = "  upstream shop { server 127.0.0.1:8000; server 127.0.0.1:8001; }\n"
    text = nginx("location / {", f"  {HEADERS}", "  proxy_pass http://shop;", "}", http=servers)
    slow = {"two/gunicorn.conf.py": 'bind = "127.0.0.1:8001"\ntimeout = 200\n'}
    fast = {"gunicorn.conf.py": 'bind = "127.0.0.1:8000"\ntimeout = 90\n'}
    changed = mended(tmp_path, "read-timeout-not-above-app-timeout", {"nginx.conf": text, **fast, **slow})
    assert changed == "nginx.conf\n+      proxy_read_timeout 205s;\n"


def test_buffers_are_written_at_the_nearest_level(tmp_path: Path) -> None:
    text = nginx(
        "location / { proxy_buffer_size 64k; root /srv; }",
        "location /b/ { root /srv; }",
        http="  proxy_buffers 8 8k;\n",
    )
    assert mended(tmp_path, "invalid-buffer-sizes", {"nginx.conf": text}) == (
        "nginx.conf\n-    location / { proxy_buffer_size 64k; root /srv; }\n"
        "+    location / { proxy_buffer_size 64k; proxy_buffers 8 64k; root /srv; }\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("proxy_busy_buffers_size 64k;", "proxy_busy_buffers_size 64k; proxy_buffers 17 4k;"),
        ("proxy_temp_file_write_size 1k;", "proxy_temp_file_write_size 4k;"),
    ],
)
def test_other_sizes_of_buffers(before: str, after: str, tmp_path: Path) -> None:
    text = nginx(f"location / {{ {before} root /srv; }}")
    changed = mended(tmp_path, "invalid-buffer-sizes", {"nginx.conf": text})
    assert (
        changed == f"nginx.conf\n-    location / {{ {before} root /srv; }}\n+    location / {{ {after} root /srv; }}\n"
    )


# ── headers, connections, names ───────────────────────────────────────────────────────────────────────────────────


def test_a_level_that_another_host_s_location_shares_is_left_alone(tmp_path: Path) -> None:
    text = nginx(
        "proxy_set_header X-Forwarded-Proto $scheme;",
        "location / { proxy_pass http://127.0.0.1:8000; }",
        "location /api/ { proxy_pass http://api.example.net; }",
    )
    left(tmp_path, "missing-host", {"nginx.conf": text, **APP})


def test_a_connection_header_for_websockets_stays(tmp_path: Path) -> None:
    http = (
        "  map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n"
        "  upstream shop { server 127.0.0.1:8000; keepalive 16; }\n"
    )
    text = nginx(
        f"location / {{ {HEADERS} proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; "
        "proxy_set_header Connection $connection_upgrade; proxy_pass http://shop; }",
        http=http,
    )
    app = {"gunicorn.conf.py": 'bind = "127.0.0.1:8000"\nthreads = 4\nkeepalive = 75\n'}
    left(tmp_path, "ineffective-upstream-keepalive", {"nginx.conf": text, **app}, 'nginx = "1.22"\n')


COMPOSE = {
    "compose.yaml": (
        "services:\n  nginx:\n    image: nginx:1.26.1\n    volumes:\n      - ./nginx.conf:/etc/nginx/nginx.conf:ro\n"
        "  web:\n    image: registry.example.com/shop:3\n    stop_grace_period: 40s\n"
        '    command: gunicorn -b 0.0.0.0:8000 -w 3 --forwarded-allow-ips "*" shop.wsgi\n'
    )
}


@pytest.mark.parametrize(
    "inside",
    [
        "proxy_pass http://web:8000;",
        f"{HEADERS} rewrite ^/a /b break; proxy_pass http://web:8000;",
        f"{HEADERS} proxy_redirect default; proxy_pass http://web:8000;",
        f"{HEADERS} proxy_pass http://web:8000/shop/;",
    ],
    ids=["no Host, so redirects need rewriting", "a rewrite that ends before", "redirects rewritten", "a URI"],
)
def test_targets_that_can_not_be_computed(inside: str, tmp_path: Path) -> None:
    left(tmp_path, "cached-upstream-address", {"nginx.conf": nginx(f"location / {{ {inside} }}"), **COMPOSE})


def test_one_resolver_for_all_locations_of_a_server(tmp_path: Path) -> None:
    places = [f"location /{name}/ {{ {HEADERS} set $a web; proxy_pass http://$a:8000; }}" for name in "ab"]
    changed = mended(tmp_path, "missing-resolver", {"nginx.conf": nginx(*places), **COMPOSE})
    assert changed == "nginx.conf\n+    resolver 127.0.0.11 valid=10s;\n"
