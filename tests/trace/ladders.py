"""Ladders of small stacks written down as texts; the way is taken from the routes, nobody follows the request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cfgcheck.app import Input, load
from cfgcheck.model.located import Located
from cfgcheck.model.stack import Route, Stack
from cfgcheck.settings import load_settings
from cfgcheck.trace.hop import End, Hop, SentHeader, Way
from cfgcheck.trace.ladder import Ladder, ladder
from cfgcheck.trace.limits import Binding, Question, Rung
from cfgcheck.trace.request import Request
from tests.load.carrying import write

SETTINGS = 'nginx = "1.30"\ngunicorn = "23.0.0"\n'
HTTP = "events {{}}\nhttp {{\n{http}\nserver {{\nlisten 80;\nserver_name shop.example.com;\n{server}\n}}\n}}\n"


def nginx(location: str, *, http: str = "", server: str = "", path: str = "/") -> str:
    return HTTP.format(http=http, server=f"{server}\nlocation {path} {{\n{location}\n}}")


def stack_of(folder: Path, files: dict[str, str], settings: str = SETTINGS) -> Stack:
    write(folder, {"cfgcheck.toml": settings, **files})
    (stack,) = load(Input((folder,)), load_settings(folder, None))[1]
    return stack


def way_of(stack: Stack, request: Request, headers: dict[str, str] | None = None) -> Way:
    """The way through the stack's first location that passes on."""
    first = stack.routes[0]
    routes = tuple(route for route in stack.routes if route.location is first.location)
    return Way((_hop(first, routes, request, headers or {}),))


def _hop(first: Route, routes: tuple[Route, ...], request: Request, headers: dict[str, str]) -> Hop:
    sent = tuple(SentHeader(name, Located.read(value, first.span)) for name, value in headers.items())
    return Hop(
        request,
        first.proxy,
        End.PASSES,
        (),
        first.server.listens[0] if first.server.listens else None,
        first.server,
        first.location,
        Located.read(request.target, first.span),
        sent,
        routes,
    )


def ladder_of(
    folder: Path, files: dict[str, str], *, settings: str = SETTINGS, sent: dict[str, str] | None = None, **asked: Any
) -> Ladder:
    stack = stack_of(folder, files, settings)
    request = Request("http", "shop.example.com", 80, **{"target": "/", **asked})
    return ladder(stack, way_of(stack, request, sent))


def binding(found: Ladder, question: Question) -> Binding:
    (one,) = [each for each in found.bindings if each.question is question]
    return one


def rung(found: Ladder, name: str, what: str = "") -> Rung:
    (one,) = [each for each in found.rungs if each.name == name and each.what.startswith(what)]
    return one
