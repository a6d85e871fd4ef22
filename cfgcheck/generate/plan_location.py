"""The locations of a service: the app, its websockets, its health path, its files, its error pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cfgcheck.generate.plan_headers import family, upgrade_headers
from cfgcheck.generate.plan_listen import listener
from cfgcheck.generate.plan_raw import with_raw_statements
from cfgcheck.generate.plan_records import Block, Statement
from cfgcheck.generate.plan_time import websocket_timeout
from cfgcheck.generate.plan_upstream import RESOLVES
from cfgcheck.generate.plan_versions import nginx_version
from cfgcheck.generate.spec import Service, Spec
from cfgcheck.record import replace

ERRORS = (("502", "@bad_gateway", "Bad gateway"), ("504", "@gateway_timeout", "Gateway timeout"))
_INHERITED = ("include", "proxy_set_header", "uwsgi_param", "add_header")
"""A block that says one of these forgets what its outer block says of it."""


def passes(spec: Spec, name: str, service: Service) -> list[Statement]:
    """The statements that hand a request to the app."""
    scheme = "" if family(service) == "uwsgi" else "http://"
    if looked_up(spec, service):
        variable = f"${name.replace('-', '_')}_app"
        because = "by a variable, so that nginx looks the name up again: a new container has a new address"
        asked = Statement("set", (variable, listener(spec, name, service).target), because)
        return [asked, Statement(f"{family(service)}_pass", (f"{scheme}{variable}",))]
    return [Statement(f"{family(service)}_pass", (f"{scheme}{name}",))]


def looked_up(spec: Spec, service: Service) -> bool:
    """Whether nginx must look the app's name up by a variable, because it can't do so in an upstream block."""
    return spec.runtime == "compose" and not listener(spec, "", service).unix and nginx_version(spec) < RESOLVES


def locations(spec: Spec, name: str, service: Service, outer: Sequence[Statement]) -> tuple[Block, ...]:
    """All of a service. ``outer``: what the server block says."""
    to_app = passes(spec, name, service)
    made = [_location(("/",), _app(service, to_app, outer), "The app")]
    if "/" in service.websockets:
        made = []
    made += [_websocket(spec, service, prefix, to_app, outer) for prefix in sorted(set(service.websockets))]
    if service.health:
        made.append(health_location(spec, name, service))
    made += [_static(prefix, service.static[prefix]) for prefix in sorted(service.static)]
    made += [_media(prefix, service.media[prefix], outer) for prefix in sorted(service.media)]
    return (*made, *error_locations())


def _location(match: tuple[str, ...], statements: Iterable[Statement], title: str) -> Block:
    return Block("location", match, tuple(statements), title)


def _app(service: Service, to_app: list[Statement], outer: Sequence[Statement]) -> tuple[Statement, ...]:
    raw = service.nginx.location
    again = [one for name in _INHERITED if name in raw for one in _said(outer, name)]
    return with_raw_statements([*again, *to_app], raw)


def _said(outer: Sequence[Statement], name: str) -> list[Statement]:
    """What the outer block says, without its reasons, which stand there."""
    again = [one for one in outer if one.name == name or (name == "uwsgi_param" and one.words == ("uwsgi_params",))]
    return [replace(one, because="") for one in again]


def _websocket(spec: Spec, service: Service, prefix: str, to_app: list[Statement], outer: Sequence[Statement]) -> Block:
    wait = websocket_timeout(spec, service)
    waits = Statement("proxy_read_timeout", (wait.text,), wait.because)
    upgrade = upgrade_headers()
    told = [one for one in _said(outer, "proxy_set_header") if one.words[:1] != ("Connection",)]
    statements = (waits, *told, *upgrade, *to_app)
    if prefix == "/":
        again = _said(outer, "add_header") if "add_header" in service.nginx.location else []
        statements = with_raw_statements([*again, *statements], service.nginx.location)
    return _location((prefix,), statements, "Websockets")


def health_location(spec: Spec, name: str, service: Service) -> Block:
    """The health path, which the app answers."""
    quiet = Statement("access_log", ("off",))
    return _location(("=", service.health or "/"), [quiet, *passes(spec, name, service)], "Asked all the time")


def _static(prefix: str, folder: str) -> Block:
    statements = [_alias(folder), Statement("expires", ("1y",), "a file never changes under one name")]
    return _location((prefix,), statements, "Static files")


def _media(prefix: str, folder: str, outer: Sequence[Statement]) -> Block:
    sniff = Statement("add_header", ("X-Content-Type-Options", "nosniff", "always"), "users chose what is in them")
    return _location((prefix,), [_alias(folder), *_said(outer, "add_header"), sniff], "Files of users")


def _alias(folder: str) -> Statement:
    return Statement("alias", (folder if folder.endswith("/") else f"{folder}/",))


def error_locations() -> tuple[Block, ...]:
    """Small pages for what nginx itself answers when the app does not."""
    return tuple(_page(status, name, title) for status, name, title in ERRORS)


def _page(status: str, name: str, title: str) -> Block:
    page = f"<!doctype html><title>{title}</title><h1>{title}</h1><p>Please try again in a minute.</p>"
    return _location((name,), [Statement("default_type", ("text/html",)), Statement("return", (status, page))], "")
