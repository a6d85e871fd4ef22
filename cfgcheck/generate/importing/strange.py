"""Locations that a spec can't say: each is named, with what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.generate.importing.draft import Draft
from cfgcheck.generate.importing.grouping import Found, redirects
from cfgcheck.generate.importing.headers import own_headers
from cfgcheck.generate.importing.notes import is_generated, is_untouched
from cfgcheck.generate.importing.web import main_location
from cfgcheck.model.nginx import Location

_TIMES_AND_SIZES = ("read_timeout", "client_max_body_size", "buffer_size")
_PLAIN = ("_pass", "_set_header", "_param", "_http_version", "include")


def leave_locations(draft: Draft, found: Found, carried: set[int]) -> None:
    """Note all locations of a service that are neither its main one nor ``carried`` (ids)."""
    main = main_location(found)
    to_app = {id(route.location) for route in found.routes}
    for server in found.servers:
        if not any(route.server is server for route in found.routes) and redirects(server):
            continue
        for location in server.locations:
            if location is main or _generated(location):
                continue
            if id(location) in carried:
                _leave_headers(draft, location, main)
                continue
            why = _of_app(location, main) if id(location) in to_app else _of_nginx(location)
            if why and not any(left.span == location.span for left in draft.left):
                draft.leave(location.span, f"`location {location.label}`", why)


def _leave_headers(draft: Draft, location: Location, main: Location | None) -> None:
    """What a location says to the app in other words than the main one, though a key carries it."""
    lost = list(own_headers(location.scope, main.scope if main is not None else None))
    if lost and not is_generated(location.span.file):
        why = f"all of a service has the same headers; its own {_listed(lost)} is lost"
        draft.leave(location.span, f"`location {location.label}`", why)


def _generated(location: Location) -> bool:
    """Whether ``cfgcheck generate`` wrote it: in an edited file, the pages for errors."""
    file = location.span.file
    return is_untouched(file) or (is_generated(file) and location.is_named)


def _of_app(location: Location, main: Location | None) -> str:
    """What is lost of a location that passes to the service's app; ``""`` where nothing is."""
    own = list(_own(location, main))
    widened = [name for name in own if name.endswith(_TIMES_AND_SIZES)]
    lost = [name for name in own if name not in widened]
    if location.passes is not None and location.passes.uri not in (None, "", location.path):
        lost.append(f"{location.passes.directive.key} … {location.passes.uri}")
    if lost:
        return f"all of a service has the same settings; its own {_listed(lost)} is lost"
    return f"its own {_listed(widened)} holds for all of the service now" if widened else ""


def _own(location: Location, main: Location | None) -> Iterator[str]:
    yield from own_headers(location.scope, main.scope if main is not None else None)
    for name, directives in location.scope.own.items():
        if name.endswith(_PLAIN):
            continue
        same = main.scope.own.get(name, ()) if main is not None and main is not location else ()
        if [one.values for one in directives] != [one.values for one in same]:
            yield name


def _of_nginx(location: Location) -> str:
    own = set(location.scope.own)
    if location.modifier in ("server", "if", "limit_except"):
        return "" if location.modifier == "server" else "conditions can't be said in a spec"
    if "return" in own:
        return "a spec has no answers of nginx itself"
    if location.is_prefix and location.path != "/" and own & {"alias", "root"}:
        return "its folder is no plain absolute path"
    return "a spec has no locations of nginx's own but `static` and `media`"


def _listed(names: list[str]) -> str:
    shown = [f"`{name}`" for name in dict.fromkeys(names)]
    return ", ".join(shown[:3]) + (" …" if len(shown) > 3 else "")
