"""Whom nginx's workers run as: started by whom, told what, from which image."""

from __future__ import annotations

import pytest

from cfgcheck.model.declared import Declared
from cfgcheck.model.located import Located
from cfgcheck.model.nginx_user import name_of, workers_of
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.record import replace
from cfgcheck.source.file import SourceFile, Span
from tests.model.nginx_build import proxy_of

MAIN = "events {{}}\n{}\nhttp {{ server {{ listen 80; }} }}\n"
FRAGMENT = "server { listen 80; }\n"
SPAN = Span(SourceFile("compose.yaml", "nginx"), 0, 5)


def unit(user: Located[str] | None = None, image: str = "", outer: Unit | None = None) -> Unit:
    made = Unit(Manager.COMPOSE, "nginx", SPAN, container=True, outer=outer)
    made = replace(made, image=Located.read(image, SPAN)) if image else made
    return made if user is None else replace(made, user=user, group=Located.unknown("no group"))


def told(text: str, started: Unit | None = None, declared: str = "") -> str:
    proxy = proxy_of(text)
    proxy.unit = started
    found = workers_of(proxy, Declared(nginx_user=Located.declared(declared) if declared else None))
    return ":".join(name_of(each.value) if each.known else "?" for each in (found.user, found.group))


def test_the_main_file_says() -> None:
    assert told(MAIN.format("user www-data;")) == "www-data:www-data"
    assert told(MAIN.format("user www-data web;")) == "www-data:web"
    assert told(MAIN.format("user www-data;"), declared="nginx") == "www-data:www-data"


@pytest.mark.parametrize("text", [MAIN.format(""), FRAGMENT])
def test_where_no_file_says_it_is_declared_or_unknown(text: str) -> None:
    assert told(text) == "?:?"
    assert told(text, declared="nginx") == "nginx:nginx"


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("nginx", "nginx:nginx"),
        ("nginx:1.30-alpine", "nginx:nginx"),
        ("docker.io/library/nginx@sha256:0", "nginx:nginx"),
        ("shop/nginx:1", "?:?"),
        ("nginxproxy/nginx-proxy", "?:?"),
        ("debian:13", "?:?"),
    ],
)
def test_its_own_image_is_built_for_the_user_nginx(image: str, expected: str) -> None:
    assert told(MAIN.format(""), unit(Located.default("root"), image)) == expected


def test_who_is_not_root_stays_who_he_is() -> None:
    started = unit(Located.read("101", SPAN), "nginx")
    assert told(MAIN.format("user www-data;"), started) == "101:?"
    assert told(MAIN.format("user www-data;"), unit(Located.read("", SPAN))) == "www-data:www-data"
    assert told(MAIN.format("user www-data;"), unit(Located.unknown("a template", SPAN))) == "?:?"


def test_a_program_is_started_by_whom_its_container_runs_as() -> None:
    outer = unit(Located.read("shop", SPAN))
    assert told(MAIN.format("user www-data;"), unit(outer=outer)) == "shop:?"
