"""Between containers and their machine: where nginx's connections come from, and who else gets in."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.app import Input, load
from cfgcheck.model.address import Address
from cfgcheck.model.app import AppKind
from cfgcheck.model.exposure import published
from cfgcheck.model.forwarded import Source, source_of, trusted
from cfgcheck.model.listening import listen_on
from cfgcheck.model.located import Located, Origin, UnknownValue
from cfgcheck.model.nginx_written import named, statement
from cfgcheck.model.stack import Route, Stack
from cfgcheck.record import replace
from cfgcheck.settings import load_settings

NGINX = "events {{}}\nhttp {{ server {{ listen 80; location / {{ proxy_pass http://{target}; }} }} }}\n"
OWN_NGINX = """services:
  nginx:
    image: nginx:1.30.1
    volumes: ["./nginx.conf:/etc/nginx/nginx.conf"]
    {nginx}
  web:
    image: registry.example.com/shop:3
    command: gunicorn -b {bind} {more} shop.wsgi
    {web}
"""
NO_NGINX = """services:
  web:
    image: registry.example.com/shop:3
    command: gunicorn -b {bind} shop.wsgi
    {web}
"""


def joined(folder: Path, compose: str, target: str, settings: str = "") -> tuple[Route, Stack]:
    (folder / "compose.yaml").write_text(compose)
    (folder / "nginx.conf").write_text(NGINX.format(target=target))
    (folder / "cfgcheck.toml").write_text(settings)
    _, (stack,) = load(Input((folder,)), load_settings(folder))
    (route,) = stack.routes
    assert route.matched, route.because
    return route, stack


def own(nginx: str = "", web: str = "", bind: str = "0.0.0.0:8000", more: str = "") -> str:
    return OWN_NGINX.format(nginx=nginx, web=web, bind=bind, more=more)


def test_another_container(tmp_path: Path) -> None:
    route, stack = joined(tmp_path, own(), "web:8000")
    source = source_of(route, stack)
    assert str(source) == "another container"
    assert not source.is_unix
    assert not trusted(route, stack)


def test_another_container_that_a_list_may_mean(tmp_path: Path) -> None:
    route, stack = joined(tmp_path, own(more="--forwarded-allow-ips 172.18.0.5"), "web:8000")
    with pytest.raises(UnknownValue, match="proxy-addresses"):
        trusted(route, stack)


def test_a_file_of_variables_that_is_not_there_may_set_the_list(tmp_path: Path) -> None:
    route, stack = joined(tmp_path, own(web="env_file: shop.env", more="--bind 0.0.0.0:8000"), "web:8000")
    with pytest.raises(UnknownValue, match=r"shop\.env"):
        trusted(route, stack)


def test_one_network_for_both(tmp_path: Path) -> None:
    route, stack = joined(tmp_path, own(nginx='network_mode: "service:web"'), "127.0.0.1:8000")
    assert source_of(route, stack) == Source(("127.0.0.1",))
    assert trusted(route, stack)


@pytest.mark.parametrize("settings", ["", 'proxy-addresses = ["172.18.0.1"]\n'])
def test_through_a_published_port(tmp_path: Path, settings: str) -> None:
    """The engine's network decides from where it comes; only a declaration tells."""
    compose = NO_NGINX.format(bind="0.0.0.0:8000", web='ports: ["127.0.0.1:8000:8000"]')
    route, stack = joined(tmp_path, compose, "127.0.0.1:8000", settings)
    if settings:
        assert source_of(route, stack) == Source(("172.18.0.1",))
        assert not trusted(route, stack)
    else:
        with pytest.raises(UnknownValue, match="engine's network"):
            trusted(route, stack)


def test_a_name_of_a_container_makes_a_lone_nginx_its_neighbour(tmp_path: Path) -> None:
    compose = NO_NGINX.format(bind="0.0.0.0:8000", web="")
    route, stack = joined(tmp_path, compose, "web:8000")
    assert str(source_of(route, stack)) == "another container"


PORTS = [
    ('ports: ["8080:8000"]', 8080),
    ('ports: ["10.0.0.4:8080:8000"]', 8080),
    ('ports: ["127.0.0.1:8080:8000"]', None),
    ('ports: ["[::1]:8080:8000"]', None),
    ('ports: ["8080:9000"]', None),
    ('expose: ["8000"]', None),
]


@pytest.mark.parametrize(("ports", "expected"), PORTS)
def test_a_published_port(tmp_path: Path, ports: str, expected: int | None) -> None:
    route, stack = joined(tmp_path, own(web=ports), "web:8000")
    assert route.app is not None
    assert route.listener is not None
    door = published(stack, route.app, route.listener)
    assert (door.port if door is not None else None) == expected


LISTENING = [
    (AppKind.GUNICORN, "bind", Origin.FILE, 'bind = "0.0.0.0:8000"'),
    (AppKind.GUNICORN, "bind", Origin.CLI, "--bind 0.0.0.0:8000"),
    (AppKind.UWSGI, "http-socket", Origin.FILE, "http-socket = 0.0.0.0:8000"),
    (AppKind.UVICORN, "host", Origin.CLI, "--host 0.0.0.0 --port 8000"),
    (AppKind.DAPHNE, "bind", Origin.CLI, "-b 0.0.0.0 -p 8000"),
    (AppKind.WAITRESS, "listen", Origin.CLI, "--listen=0.0.0.0:8000"),
]


@pytest.mark.parametrize(("kind", "option", "origin", "expected"), LISTENING)
def test_how_an_address_is_written(tmp_path: Path, kind: AppKind, option: str, origin: Origin, expected: str) -> None:
    route, _ = joined(tmp_path, own(), "web:8000")
    assert route.app is not None
    assert route.listener is not None
    app = replace(route.app, kind=kind)
    wanted = Address.tcp("0.0.0.0", 8000)
    listener = replace(route.listener, option=option, address=Located(wanted, origin))
    assert listen_on(app, listener, wanted) == expected


def test_an_ingress_is_told_by_annotations() -> None:
    assert statement("proxy_read_timeout", 65, "s", ingress=False) == "proxy_read_timeout 65s;"
    assert statement("proxy_read_timeout", 65, "s", ingress=True) == (
        'nginx.ingress.kubernetes.io/proxy-read-timeout: "65"'
    )
    assert named("client_max_body_size", ingress=True) == "nginx.ingress.kubernetes.io/proxy-body-size"
    assert statement("client_max_body_size", 20_000_000, "", ingress=False) == "client_max_body_size 20000000;"
