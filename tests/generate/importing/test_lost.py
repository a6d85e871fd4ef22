"""Nothing of the old files is lost without a word: it is carried, or it is listed with its place and the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.app import Input, load
from cfgcheck.generate.importing.defects import without_defects
from cfgcheck.generate.importing.draft import Draft
from cfgcheck.generate.importing.grouping import group
from cfgcheck.generate.writing import write_spec
from cfgcheck.settings import load_settings
from tests.generate.importing.helping import GUNICORN, NGINX, import_files, only, problems, told, write
from tests.generate.importing.test_foreign_files import SECURE, located, one


@pytest.mark.parametrize("level", ["location", "server", "http"])
def test_headers_for_the_app_are_kept(level: str, tmp_path: Path) -> None:
    lines = 'proxy_set_header X-Tenant blue; proxy_set_header Authorization "";'
    nginx = located(lines) if level == "location" else located("", **{level: lines})
    if level != "location":
        nginx = nginx.replace("proxy_set_header Host $host;", "")
    service, left = one(tmp_path, nginx)
    assert service.nginx.server == {"proxy_set_header": ["X-Tenant", "blue"]}
    assert service.nginx.location == {"proxy_set_header": ["Authorization", ""]}
    assert left == []


def test_headers_that_are_derived_are_not_kept(tmp_path: Path) -> None:
    lines = "proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Forwarded-Port 443;"
    service, left = one(tmp_path, located(f'{lines} proxy_set_header Connection "";'))
    assert service.nginx.location == service.nginx.server == {}
    assert left == []


def test_headers_without_room_are_listed(tmp_path: Path) -> None:
    lines = "proxy_set_header X-A a; proxy_set_header X-B b; proxy_set_header X-C c; proxy_set_header X-D d;"
    _, left = one(tmp_path, located(lines))
    assert [line.split(": ")[1] for line in left] == ["`proxy_set_header X-C c`", "`proxy_set_header X-D d`"]


def test_headers_with_variables_of_the_file_are_listed(tmp_path: Path) -> None:
    service, left = one(tmp_path, located("proxy_set_header X-Tenant $tenant;", server="set $tenant blue;"))
    assert service.nginx.location == service.nginx.server == {}
    assert any("`proxy_set_header X-Tenant $tenant`: a spec has no variables" in line for line in left)


def test_headers_that_an_inner_level_hides_are_listed(tmp_path: Path) -> None:
    service, left = one(tmp_path, located("", server="proxy_set_header X-Tenant blue;"))
    assert service.nginx.location == service.nginx.server == {}
    assert len(left) == 1
    assert "`proxy_set_header X-Tenant blue`: not in effect where the app is" in left[0]


def test_parameters_of_uwsgi_are_kept(tmp_path: Path) -> None:
    nginx = located("include uwsgi_params; uwsgi_param TENANT blue;").replace("proxy_pass http://", "uwsgi_pass ")
    nginx = nginx.replace("proxy_set_header Host $host;", "")
    ini = "[uwsgi]\nmodule = shop.wsgi\nsocket = 127.0.0.1:8000\nmaster = true\n"
    found = import_files({"nginx.conf": nginx, "uwsgi.ini": ini}, tmp_path)
    assert only(found).nginx.server == {"uwsgi_param": ["TENANT", "blue"]}


def test_security_headers_survive_files_of_users(tmp_path: Path) -> None:
    """At the http level they would be dropped where a location has headers of its own."""
    files = {
        "nginx.conf": located(
            "",
            server="location /media/ { alias /srv/media/; }",
            http="add_header Content-Security-Policy \"default-src 'self'\"; add_header X-Frame-Options DENY always;",
        ),
        "gunicorn.conf.py": GUNICORN,
    }
    found = import_files(files, tmp_path)
    service = only(found)
    assert service.nginx.server == {"add_header": ["Content-Security-Policy", "default-src 'self'"]}
    assert service.nginx.location == {"add_header": ["X-Frame-Options", "DENY", "always"]}
    assert found.spec.nginx.http == {}
    assert [one for one in problems(found.spec) if "dropped-inherited-headers" in one] == []


def test_what_strict_transport_security_says_is_carried_once(tmp_path: Path) -> None:
    service, _ = one(tmp_path, SECURE)
    assert service.nginx.server == {}


@pytest.mark.parametrize(
    ("line", "told_of"),
    [
        ("client_max_body_size ${MAX}m;",
         "`client_max_body_size ${MAX}m`: not known: the default, `max-upload: 1m`, is taken"),
        ("proxy_read_timeout {{ wait }};", "not known: "),
    ],
)  # fmt: skip
def test_values_that_are_not_known_are_listed(line: str, told_of: str, tmp_path: Path) -> None:
    _, left = one(tmp_path, located(line))
    assert len(left) == 1
    assert told_of in left[0]


COMPOSE = """
    services:
      proxy:
        image: nginx:1.28.0
        volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
      db: {image: "postgres:16"}
      redis: {image: "redis:7"}
      shop:
        image: python:3.12-slim
        env_file: [shop.env]
        volumes: ["./media:/srv/media"]
        depends_on: [db]
        healthcheck: {test: [CMD, "true"]}
        labels: {team: blue}
        command: sh -c "./manage.py migrate && exec gunicorn -b 0.0.0.0:8000 --env A=1 shop.wsgi"
"""


def test_what_compose_says_beside_the_app_is_listed(tmp_path: Path) -> None:
    nginx = NGINX.replace("127.0.0.1:8000", "shop:8000")
    found = import_files({"nginx.conf": nginx, "compose.yaml": COMPOSE, "shop.env": "B=2\n"}, tmp_path)
    lines = told(found)
    assert "compose.yaml:5:3: 2 other services: db, redis: keep them in a compose file of their own" in lines
    for name in ("env_file", "volumes", "depends_on", "healthcheck", "labels", "./manage.py migrate"):
        assert len([line for line in lines if f"`{name}`" in line]) == 1, name
    assert only(found).environment == {"A": "1", "B": "2"}


def test_what_a_start_script_does_is_listed(tmp_path: Path) -> None:
    script = """
        #!/bin/sh
        set -e
        cd /srv/shop
        # The tables.
        python manage.py migrate
        if [ -n "$FILES" ]; then python manage.py collectstatic; fi
        exec gunicorn -b 127.0.0.1:8000 shop.wsgi
    """
    found = import_files({"nginx.conf": NGINX, "start.sh": script}, tmp_path)
    assert [line for line in told(found) if "starts the app server only" in line] == [
        "start.sh:5:1: `python manage.py migrate`: a spec starts the app server only",
        "start.sh:6:26: `python manage.py collectstatic`: a spec starts the app server only",
    ]


def test_variables_of_gunicorn_and_of_uwsgi_are_kept(tmp_path: Path) -> None:
    service, _ = one(tmp_path, gunicorn=f'{GUNICORN}    raw_env = ["A=1", "B=x=y"]\n')
    assert service.environment == {"A": "1", "B": "x=y"}


def test_uwsgi_options_are_kept(tmp_path: Path) -> None:
    ini = "[uwsgi]\nmodule = shop.wsgi\nhttp-socket = 127.0.0.1:8000\nmaster = true\n"
    own = "touch-reload = /srv/new\nenv = A=1\n"
    service = only(import_files({"nginx.conf": NGINX, "uwsgi.ini": ini + own}, tmp_path))
    assert service.server.settings == {"touch-reload": "/srv/new"}
    assert service.environment == {"A": "1"}


def test_the_rest_of_a_unit_is_listed(tmp_path: Path) -> None:
    unit = """
        [Service]
        User=web
        Group=staff
        UMask=0007
        RemainAfterExit=yes
        Restart=always
        ExecStart=/opt/env/bin/gunicorn -b 127.0.0.1:8000 shop.wsgi:application
    """
    found = import_files({"nginx.conf": NGINX, "shop.service": unit}, tmp_path)
    assert told(found) == [
        "shop.service:3:1: `Group`: who may reach the socket is derived",
        "shop.service:4:1: `UMask`: who may reach the socket is derived",
        "shop.service:5:1: `RemainAfterExit`: a spec has no such setting",
    ]


SUPERVISORD = """
    [program:shop]
    command=gunicorn -b 127.0.0.1:8000 shop.wsgi
    numprocs=1
    stopasgroup=true
    killasgroup=false
    priority=5
    [program:blog]
    command=gunicorn -b 127.0.0.1:8001 blog.wsgi
    autostart=false
    [program:worker]
    command=celery worker
"""


def test_programs_of_supervisord(tmp_path: Path) -> None:
    found = import_files({"nginx.conf": NGINX, "supervisord.conf": SUPERVISORD}, tmp_path)
    assert list(found.spec.services) == ["shop"]
    assert only(found).manager == {"priority": 5}
    assert told(found) == [
        "supervisord.conf:4:1: `stopasgroup`: how the server is stopped is derived",
        "supervisord.conf:7:1: blog: autostart=false, not taken",
        "supervisord.conf:10:1: 1 other program: worker: keep it in a file of its own beside the generated ones",
    ]


def test_what_a_unit_says_of_others_is_listed(tmp_path: Path) -> None:
    unit = """
        [Unit]
        Description=The shop
        After=network.target postgresql.service
        [Service]
        ExecStart=/opt/env/bin/gunicorn -b 127.0.0.1:8000 shop.wsgi:application
    """
    found = import_files({"nginx.conf": NGINX, "shop.service": unit}, tmp_path)
    assert told(found) == ["shop.service:3:1: `After=postgresql.service`: the generated unit names the network only"]


@pytest.mark.parametrize(("ports", "listed"), [("8080:80", True), ("80:80", False), ("127.0.0.1:80:80", True)])
def test_other_ports_of_the_machine_are_listed(ports: str, listed: bool, tmp_path: Path) -> None:
    compose = COMPOSE.replace("image: nginx:1.28.0", f'image: nginx:1.28.0\n        ports: ["{ports}"]')
    nginx = NGINX.replace("127.0.0.1:8000", "shop:8000")
    lines = told(import_files({"nginx.conf": nginx, "compose.yaml": compose}, tmp_path))
    assert (f"`ports: {ports}`" in " ".join(lines)) is listed


@pytest.mark.parametrize(
    "line", ["error_page 404 /none.html;", "expires 1h;", "proxy_intercept_errors on;", "proxy_pass_header Server;"]
)
def test_directives_that_give_way_to_derived_ones_are_listed(line: str, tmp_path: Path) -> None:
    _, left = one(tmp_path, located(line))
    assert [text.split(": ", 1)[1] for text in left] == [f"`{line[:-1]}`: a spec derives its own"]


@pytest.mark.parametrize("setting", ["pythonpath = '/srv/lib'", "certfile = '/etc/a.pem'", "reload = True"])
def test_settings_that_no_key_carries_are_listed(setting: str, tmp_path: Path) -> None:
    _, left = one(tmp_path, gunicorn=f"{GUNICORN}    {setting}\n")
    assert any(f"`{setting.partition(' ')[0]}`: a spec has no such setting" in line for line in left)


def test_an_empty_block_is_not_said(tmp_path: Path) -> None:
    """All raw directives of a level were defects."""
    found = import_files(
        {"nginx.conf": located("", http="proxy_headers_hash_max_size 64;"), "gunicorn.conf.py": GUNICORN}, tmp_path
    )
    assert found.spec.nginx.http

    class Bad:
        rule = "some-rule"

    cleaned = without_defects(found, lambda spec: [Bad()] if spec.nginx.http else [])  # type: ignore[list-item]
    assert "http:" not in write_spec(cleaned.spec)


def test_examples_are_listed_where_there_are_others(tmp_path: Path) -> None:
    example = "server { listen 80; server_name a.example.com; location / { proxy_pass http://127.0.0.1:8000; } }\n"
    files = {"nginx.conf": NGINX, "gunicorn.conf.py": GUNICORN, "examples/tls.conf": example}
    found = import_files(files, tmp_path)
    assert only(found).domains == ["shop.example.com"]
    assert told(found) == ["examples/tls.conf:1:1: `server` for a.example.com: it stands in a folder of examples"]


def test_examples_count_where_there_is_nothing_else(tmp_path: Path) -> None:
    found = import_files({"examples/nginx.conf": NGINX, "examples/gunicorn.conf.py": GUNICORN}, tmp_path)
    assert only(found).domains == ["shop.example.com"]


@pytest.mark.parametrize(("wait", "grace"), [(600, 30), (60, None)])
def test_a_grace_that_is_far_shorter_than_requests_stays(wait: int, grace: int | None, tmp_path: Path) -> None:
    nginx = located(f"proxy_read_timeout {wait + 60};")
    service, _ = one(tmp_path, nginx, f"{GUNICORN}    timeout = {wait}\n")
    assert service.stop_grace == grace


def test_an_app_of_a_service_is_not_left_behind_as_well(tmp_path: Path) -> None:
    """A second stack may have the same app without a server that leads to it."""
    folder = write({"nginx.conf": NGINX, "gunicorn.conf.py": GUNICORN}, tmp_path)
    (first,), (second,) = (load(Input((folder,)), load_settings(folder))[1] for _ in range(2))
    second.proxies, second.routes = [], []
    draft = Draft()
    assert len(group([first, second], draft)) == 1
    assert draft.left == []


@pytest.mark.parametrize("line", ["proxy_redirect off;", "proxy_redirect default;", "proxy_pass_request_headers on;"])
def test_defaults_are_not_listed(line: str, tmp_path: Path) -> None:
    _, left = one(tmp_path, located(line))
    assert left == []


@pytest.mark.parametrize("lines", ["", "proxy_set_header Upgrade $http_upgrade;"])
def test_headers_of_other_locations_are_listed(lines: str, tmp_path: Path) -> None:
    inside = f"location /ws/ {{ proxy_pass http://127.0.0.1:8000; proxy_set_header X-Tenant red; {lines} }}"
    gunicorn = f'{GUNICORN}    worker_class = "uvicorn.workers.UvicornWorker"\n'
    _, left = one(tmp_path, located("", server=inside), gunicorn)
    assert len(left) == 1
    assert left[0].startswith("nginx.conf:7:9: `location /ws/`: ")
    assert left[0].endswith("its own `proxy_set_header X-Tenant` is lost")
