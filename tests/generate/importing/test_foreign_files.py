"""Files that people wrote: what of them becomes which key, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cfgcheck.generate.importing.result import NothingToImport
from tests.generate.importing.helping import GUNICORN, NGINX, import_files, only, told

SECURE = """
    events {}
    http {
        server {
            listen 80;
            server_name shop.example.com;
            return 301 https://$host$request_uri;
        }
        server {
            listen 443 ssl;
            server_name shop.example.com;
            ssl_certificate /etc/ssl/shop.pem;
            ssl_certificate_key /etc/ssl/shop.key;
            add_header Strict-Transport-Security "max-age=600; includeSubDomains";
            location / { proxy_pass http://127.0.0.1:8000; }
        }
    }
"""


def located(line: str, *, server: str = "", http: str = "") -> str:
    """nginx's file with a line in its location, server or http block."""
    text = NGINX.replace("proxy_set_header Host $host;", f"proxy_set_header Host $host;\n{' ' * 16}{line}")
    text = text.replace("location /", f"{server}\n            location /")
    return text.replace("http {", f"http {{\n        {http}")


def one(tmp_path: Path, nginx: str = NGINX, gunicorn: str = GUNICORN, **more: str) -> tuple[Any, list[str]]:
    found = import_files({"nginx.conf": nginx, "gunicorn.conf.py": gunicorn, **more}, tmp_path)
    return only(found), told(found)


def test_a_service_has_the_names_of_its_servers(tmp_path: Path) -> None:
    service, left = one(tmp_path, NGINX.replace("shop.example.com", "Shop.example.com *.shop.example.com ~^x$"))
    assert service.domains == ["shop.example.com", "*.shop.example.com"]
    assert left == ["nginx.conf:5:9: `server_name ~^x$`: a spec knows plain names and *.names only"]


def test_a_service_without_a_name_gets_an_example_and_a_word(tmp_path: Path) -> None:
    service, left = one(tmp_path, NGINX.replace("shop.example.com", "_"))
    assert service.domains == ["shop.example.com"]
    assert len(left) == 1
    assert "no file says it: `domains: shop.example.com` is a guess" in left[0]


def test_the_redirecting_server_belongs_to_the_service(tmp_path: Path) -> None:
    service, left = one(tmp_path, SECURE)
    assert service.tls.model_dump() == {
        "certificate": "/etc/ssl/shop.pem", "key": "/etc/ssl/shop.key", "redirect": True, "hsts": 600,
    }  # fmt: skip
    assert [line for line in left if "server" in line] == []
    assert any("a spec says max-age only" in line for line in left)


def test_a_redirect_for_all_names_counts(tmp_path: Path) -> None:
    text = SECURE.replace("server_name shop.example.com;\n            return", "server_name _;\n            return")
    service, _ = one(tmp_path, text)
    assert service.domains == ["shop.example.com"]
    assert service.tls.redirect


def test_without_a_plain_server_there_is_no_redirect(tmp_path: Path) -> None:
    text = SECURE[: SECURE.index("server {")] + SECURE[SECURE.rindex("server {") :]
    service, _ = one(tmp_path, text)
    assert not service.tls.redirect


@pytest.mark.parametrize(
    ("location", "key", "prefix", "folder"),
    [
        ("location /static/ { alias /srv/a/; }", "static", "/static/", "/srv/a"),
        ("location /static/ { root /srv/a; }", "static", "/static/", "/srv/a/static"),
        ("location ^~ /assets { alias /srv/a; expires 1h; }", "static", "/assets/", "/srv/a"),
        ("location /media/ { alias /srv/m/; expires max; }", "media", "/media/", "/srv/m"),
        ("location /x/ { alias /srv/x/; expires max; }", "static", "/x/", "/srv/x"),
        ('location /x/ { alias /srv/x/; add_header Cache-Control "max-age=31536000"; }', "static", "/x/", "/srv/x"),
        ("location /x/ { alias /srv/x/; }", "media", "/x/", "/srv/x"),
    ],
)
def test_folders_of_files(location: str, key: str, prefix: str, folder: str, tmp_path: Path) -> None:
    service, left = one(tmp_path, located("", server=location))
    assert getattr(service, key) == {prefix: folder}
    assert left == []


@pytest.mark.parametrize(
    ("nginx", "gunicorn", "seconds"),
    [
        ("", "", 30),
        ("", 'worker_class = "gthread"', 60),
        ("proxy_read_timeout 65s;", 'worker_class = "gthread"', 60),
        ("proxy_read_timeout 300s;", "timeout = 122", 120),
        ("proxy_read_timeout 47s;", "timeout = 122", 40),
        ("", "timeout = 300", 60),
        ("", "timeout = 0", 60),
        ("proxy_read_timeout 10d;", 'worker_class = "gthread"', 86400),
        ("proxy_read_timeout 1s;", 'worker_class = "gthread"', 1),
    ],
)
def test_the_slowest_request_is_what_got_through_both_sides(
    nginx: str, gunicorn: str, seconds: int, tmp_path: Path
) -> None:
    service, _ = one(tmp_path, located(nginx), f"{GUNICORN}    {gunicorn}\n")
    assert service.slowest_request == seconds


def test_the_slowest_request_fits_the_edge(tmp_path: Path) -> None:
    text = located("proxy_read_timeout 300s;")
    found = import_files(
        {
            "nginx.conf": text,
            "gunicorn.conf.py": f'{GUNICORN}    worker_class = "gthread"\n',
            "cfgcheck.toml": '[edge]\nkind = "aws-alb"\ntls = true\n',
        },
        tmp_path,
    )
    assert found.spec.edge.kind == "aws-alb"
    assert only(found).slowest_request == 58


def test_uploads_are_what_gets_through_both_sides(tmp_path: Path) -> None:
    ini = "[uwsgi]\nmodule = shop.wsgi\nsocket = 127.0.0.1:8000\nmaster = true\nlimit-post = 1048576\n"
    nginx = located("client_max_body_size 20m;").replace("proxy_pass http://", "uwsgi_pass ")
    found = import_files({"nginx.conf": nginx, "uwsgi.ini": ini}, tmp_path)
    assert only(found).max_upload == 1 << 20


def test_uploads_without_limit_get_one(tmp_path: Path) -> None:
    service, left = one(tmp_path, located("client_max_body_size 0;"))
    assert service.max_upload == 1 << 30
    assert left == [
        "nginx.conf:11:34: `client_max_body_size 0`: a spec has no uploads without limit: `max-upload: 1g` now"
    ]


def test_sizes_of_headers(tmp_path: Path) -> None:
    service, _ = one(tmp_path, located("proxy_buffer_size 16k;", http="large_client_header_buffers 4 32k;"))
    assert (service.request_headers, service.response_headers) == (32 << 10, 16 << 10)


SOCKETS = """location /ws/ {
                proxy_pass http://127.0.0.1:8000;
                proxy_http_version 1.1;
                proxy_set_header Upgrade $http_upgrade;
                proxy_set_header Connection upgrade;
                proxy_read_timeout 2h;
            }"""


def test_websockets_and_how_long_they_may_be_silent(tmp_path: Path) -> None:
    gunicorn = f'{GUNICORN}    worker_class = "uvicorn.workers.UvicornWorker"\n'
    service, left = one(tmp_path, located("", server=SOCKETS), gunicorn)
    assert (service.websockets, service.websocket_idle) == (["/ws/"], 7200)
    assert service.slowest_request == 60, "a websocket's silence is no slow request"
    assert service.server.worker_class == "uvicorn"
    assert left == []


def test_websockets_that_the_worker_cant_serve_are_left(tmp_path: Path) -> None:
    service, left = one(tmp_path, located("", server=SOCKETS))
    assert service.websockets == []
    assert any("`websockets`: Gunicorn's `sync` worker can't serve websockets" in line for line in left)


def test_a_quiet_exact_location_is_the_health_path(tmp_path: Path) -> None:
    text = located("", server="location = /up { access_log off; proxy_pass http://127.0.0.1:8000; }")
    service, left = one(tmp_path, text)
    assert service.health == "/up"
    assert left == []


@pytest.mark.parametrize(
    ("inside", "told_of"),
    [
        ("location /old { rewrite ^ /new; }", "`location /old`: a spec has no locations of nginx's own"),
        ("location = /robots.txt { return 200 ''; }", "`location = /robots.txt`: a spec has no answers of nginx"),
        ("if ($host = x) { return 403; }", "`if ($host = x)`: conditions can't be said in a spec"),
        ("rewrite ^/a$ /b;", "`rewrite ^/a$ /b`: rewrite rules can't be said in a spec"),
        ("auth_basic secret;", "`auth_basic secret`: a spec has no authentication"),
        ("limit_conn_status 429;", "`limit_conn_status 429`: a spec has no rate limits"),
        ("location /up/ { client_max_body_size 9m; proxy_pass http://127.0.0.1:8000; }",
         "`location /up/`: its own `client_max_body_size` holds for all of the service now"),
        ("location /q/ { gzip off; proxy_pass http://127.0.0.1:8000; }", "its own `gzip` is lost"),
        ("location /q/ { proxy_pass http://127.0.0.1:8000/z/; }", "its own `proxy_pass … /z/` is lost"),
        ("location /pay/ { proxy_pass https://pay.example.org; }", "passes to another server"),
    ],
)  # fmt: skip
def test_what_a_spec_cant_say_is_listed_with_its_place(inside: str, told_of: str, tmp_path: Path) -> None:
    _, left = one(tmp_path, located("", server=inside))
    assert len(left) == 1
    assert left[0].startswith("nginx.conf:7:9: ")
    assert told_of in left[0]


def test_the_other_peers_of_an_upstream_are_listed(tmp_path: Path) -> None:
    text = NGINX.replace("http://127.0.0.1:8000", "http://app").replace(
        "http {", "http {\n        upstream app { server 127.0.0.1:8000; server 10.0.0.9:8000; }"
    )
    _, left = one(tmp_path, text)
    assert left == ["nginx.conf:3:50: `10.0.0.9:8000`: a service has one app server; use its workers"]


def test_other_directives_are_kept_at_their_level(tmp_path: Path) -> None:
    found = import_files(
        {
            "nginx.conf": located("proxy_buffering off;", server="charset utf-8;", http="open_file_cache max=20;")
            .replace("events {}", "worker_shutdown_timeout 30s;\n    events { multi_accept on; accept_mutex off; }"),
            "gunicorn.conf.py": GUNICORN,
        },
        tmp_path,
    )  # fmt: skip
    service = only(found)
    assert service.nginx.location == {"proxy_buffering": ["off"]}
    assert service.nginx.server == {"charset": ["utf-8"]}
    assert found.spec.nginx.http == {"open_file_cache": ["max=20"]}
    assert found.spec.nginx.main == {"worker_shutdown_timeout": ["30s"]}


def test_derived_directives_are_not_kept(tmp_path: Path) -> None:
    policy = "proxy_next_upstream error timeout non_idempotent; proxy_connect_timeout 5s; gzip on; keepalive_timeout 9;"
    service, left = one(tmp_path, located("proxy_redirect off;", server=policy))
    assert service.nginx.server == {}
    assert service.nginx.location == {}
    assert left == []


def test_settings_without_a_key_are_kept_and_derived_ones_are_not(tmp_path: Path) -> None:
    own = "backlog = 99\n    preload_app = True\n    keepalive = 2\n    forwarded_allow_ips = '*'\n"
    service, left = one(tmp_path, gunicorn=f"{GUNICORN}    {own}")
    assert service.server.settings == {"backlog": 99, "preload_app": True}
    assert left == []


def test_recycled_workers_get_a_jitter(tmp_path: Path) -> None:
    service, _ = one(tmp_path, gunicorn=f"{GUNICORN}    max_requests = 1000\n")
    assert service.server.settings == {"max_requests": 1000, "max_requests_jitter": 100}


def test_unknown_settings_are_listed(tmp_path: Path) -> None:
    _, left = one(tmp_path, gunicorn=f"{GUNICORN}    time_out = 9\n    def post_fork(a, b): pass\n")
    assert left[0].startswith("gunicorn.conf.py:4:1: `time_out`: Gunicorn has no such setting, did you mean `timeout`?")


def test_a_factory_is_a_guess(tmp_path: Path) -> None:
    service, left = one(tmp_path, gunicorn=GUNICORN.replace("shop.wsgi:application", "shop.web:create()"))
    assert service.app.module == "shop.web:create"
    assert len(left) == 1
    assert left[0].startswith("gunicorn.conf.py:1:12: `shop.web:create()`: a factory's call")
    assert left[0].endswith("`app: shop.web:create` is a guess")


@pytest.mark.parametrize(
    ("bind", "listener"),
    [("0.0.0.0:8000", "127.0.0.1:8000"), ("unix:/var/run/shop/a.sock", "unix:/run/shop/a.sock"), ("unix:a.sock", None)],
)
def test_addresses(bind: str, listener: str | None, tmp_path: Path) -> None:
    target = bind if bind.startswith("unix") else "127.0.0.1:8000"
    service, _ = one(tmp_path, NGINX.replace("127.0.0.1:8000", target), GUNICORN.replace("127.0.0.1:8000", bind))
    assert service.listener == listener


def test_workers_by_processors_are_auto(tmp_path: Path) -> None:
    text = f"    import multiprocessing\n{GUNICORN}".replace("= 3", "= multiprocessing.cpu_count() * 2 + 1")
    service, left = one(tmp_path, gunicorn=text)
    assert service.server.workers == "auto"
    assert left == []


UNIT = """
    [Service]
    User=web
    WorkingDirectory=/opt/shop
    Environment=DJANGO_SETTINGS_MODULE=shop.production "GREETING=good morning"
    LimitNOFILE=4096
    ExecStartPre=/opt/shop/venv/bin/python manage.py migrate
    ExecStart=/opt/env/bin/gunicorn -b 127.0.0.1:8000 -w 2 shop.wsgi:application
    TimeoutStopSec=50
"""


def test_a_unit_tells_who_runs_it_and_where(tmp_path: Path) -> None:
    found = import_files({"nginx.conf": NGINX, "shop.service": UNIT}, tmp_path)
    service = only(found)
    assert found.spec.runtime == "systemd"
    assert service.app.model_dump(exclude_none=True) == {
        "module": "shop.wsgi:application", "framework": "django", "directory": "/opt/shop", "virtualenv": "/opt/env",
    }  # fmt: skip
    assert service.user == "web"
    assert service.environment == {"DJANGO_SETTINGS_MODULE": "shop.production", "GREETING": "good morning"}
    assert service.manager == {"LimitNOFILE": 4096}
    assert told(found) == ["shop.service:6:1: `ExecStartPre`: a spec starts the app server only"]


COMPOSE = """
    services:
      proxy:
        image: nginx:1.28.0
        volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
      shop:
        image: python:3.12-slim
        init: true
        environment: {GREETING: hello}
        command: gunicorn -b 0.0.0.0:9000 -k gthread shop.wsgi
"""


def test_compose_tells_versions_and_ports(tmp_path: Path) -> None:
    nginx = NGINX.replace("127.0.0.1:8000", "shop:9000")
    found = import_files({"nginx.conf": nginx, "compose.yaml": COMPOSE}, tmp_path)
    service = only(found)
    assert found.spec.runtime == "compose"
    assert (found.spec.versions.nginx, found.spec.versions.python) == ("1.28.0", "3.12")
    assert (service.listener, service.manager) == ("0.0.0.0:9000", {"init": True})
    assert service.environment == {"GREETING": "hello"}


def test_two_services(tmp_path: Path) -> None:
    second = "server { listen 80; server_name blog.example.com; location / { proxy_pass http://127.0.0.1:8001; } }"
    found = import_files(
        {
            "nginx.conf": located("", http=second),
            "shop/gunicorn.conf.py": GUNICORN,
            "blog/gunicorn.conf.py": GUNICORN.replace("shop.", "blog.").replace("8000", "8001"),
        },
        tmp_path,
    )
    assert {name: one.domains for name, one in found.spec.services.items()} == {
        "blog": ["blog.example.com"],
        "shop": ["shop.example.com"],
    }
    assert all(one.listener is None or one.listener.startswith("127") for one in found.spec.services.values())


def test_comments_go_with_what_they_stand_beside(tmp_path: Path) -> None:
    nginx = located("proxy_read_timeout 95s; # slow reports", server="# photos\n            client_max_body_size 9m;")
    gunicorn = """
        # The shop of the house.

        wsgi_app = "shop.wsgi:application"
        # bind = "0.0.0.0:8000"
        bind = "127.0.0.1:8000"  # beside nginx
        # cfgcheck: ignore[exposed-sync-worker] known
        workers = 3
        worker_class = "gthread"
        # One for each cook.
        threads = 9
    """
    found = import_files({"nginx.conf": nginx, "gunicorn.conf.py": gunicorn}, tmp_path)
    place = ("services", "shop")
    assert found.comments == {
        (): "The shop of the house.",
        (*place, "listener"): "beside nginx",
        (*place, "server", "threads"): "One for each cook.",
        (*place, "slowest-request"): "slow reports",
        (*place, "max-upload"): "photos",
    }


def test_nothing_to_import(tmp_path: Path) -> None:
    with pytest.raises(NothingToImport, match="one file was read, one nginx configuration among them"):
        import_files({"nginx.conf": NGINX}, tmp_path)


@pytest.mark.parametrize(
    ("option", "module", "guessed"),
    [
        ("module = shop.wsgi:app", "shop.wsgi:app", False),
        ("module = shop.wsgi\ncallable = app", "shop.wsgi:app", False),
        ("wsgi-file = shop/wsgi.py", "shop.wsgi", False),
        ("wsgi-file = ./wsgi.py\ncallable = app", "wsgi:app", False),
        ("wsgi-file = /srv/shop/shop.wsgi", "shop", True),
        ("module = shop.py", "shop", True),
    ],
)
def test_applications_of_uwsgi(option: str, module: str, guessed: bool, tmp_path: Path) -> None:
    nginx = NGINX.replace("proxy_pass http://", "uwsgi_pass ")
    found = import_files(
        {"nginx.conf": nginx, "uwsgi.ini": f"[uwsgi]\nmaster = true\nsocket = 127.0.0.1:8000\n{option}\n"}, tmp_path
    )
    assert only(found).app.module == module
    assert [line.startswith("uwsgi.ini:4:") and "is a guess" in line for line in told(found)] == [True] * guessed


def test_a_folder_that_is_filled_in_is_said_to_be_unknown(tmp_path: Path) -> None:
    _, left = one(tmp_path, located("", server="location /static/ { alias $folder; }"))
    assert left == ["nginx.conf:7:9: `location /static/`: its folder is no plain absolute path"]
