"""What the servers of nginx tell of a service: names, TLS, files, sizes, websockets, health."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cfgcheck.generate.importing.draft import Draft
from cfgcheck.generate.importing.grouping import Found, redirects
from cfgcheck.generate.importing.notes import is_generated
from cfgcheck.generate.importing.result import Key
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Location, Scope, Server
from cfgcheck.source.file import Span
from cfgcheck.syntax.nginx_tree import Directive

_DOMAIN = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z")
_MAX_AGE = re.compile(r"max-age=\"?(\d+)")
_PREFIX = re.compile(r"/([A-Za-z0-9._~@:+,=-]+/)*\Z")
_URL = re.compile(r"/[A-Za-z0-9._~@:+,=/-]*\Z")


def domains_of(found: Found) -> list[str]:
    """The names of the service's servers that a spec can say."""
    names = [name.lower() for server in found.servers for name in server.names]
    return [name for name in dict.fromkeys(names) if _DOMAIN.match(name)]


def put_domains(draft: Draft, place: Key, found: Found, domains: list[str], name: str) -> None:
    """Set ``domains:``; without any that of an example, which is said."""
    for server in found.servers:
        for odd in server.names:
            if odd not in ("", "_") and not _DOMAIN.match(odd.lower()):
                draft.leave(_name_span(server), f"`server_name {odd}`", "a spec knows plain names and *.names only")
    if domains:
        draft.put((*place, "domains"), domains, _name_span(found.servers[0]))
        return
    guess = f"{name}.example.com"
    span = _name_span(found.servers[0]) if found.servers else found.app.span
    draft.put((*place, "domains"), [guess], span)
    draft.leave(span, f"the domain of {name}", f"no file says it: `domains: {guess}` is a guess, put yours there")


def _name_span(server: Server) -> Span:
    own = server.scope.own.get("server_name")
    return own[0].span if own else server.span


# ── TLS ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def put_tls(draft: Draft, place: Key, found: Found) -> None:
    """Set ``tls:`` where a server of the service ends TLS."""
    secure = [server for server in found.servers if server.terminates_tls]
    if not secure:
        return
    at = (*place, "tls")
    for key, directive in (("certificate", "ssl_certificate"), ("key", "ssl_certificate_key")):
        own = _nearest(secure[0].scope, directive)
        value = own.values[0] if own is not None and own.values else None
        if value is None or own is None or not _plain(own):
            span = own.span if own is not None else secure[0].span
            value = _guess(value, f"{place[-1]}/{'fullchain' if key == 'certificate' else 'privkey'}.pem")
            draft.leave(span, f"`{directive}`", f"no plain absolute path: `{key}: {value}` is a guess")
            own = None
        draft.put((*at, key), value, own.span if own is not None else None)
    draft.put((*at, "redirect"), any(map(redirects, found.servers)))
    for server in secure:
        _put_hsts(draft, at, server)


def _guess(relative: str | None, usual: str) -> str:
    """nginx looks for relative paths beside its main file."""
    if relative and re.fullmatch(r"[\w.-]+(?:/[\w.-]+)*", relative, re.ASCII) and ".." not in relative:
        return f"/etc/nginx/{relative}"
    return f"/etc/ssl/{usual}"


def _put_hsts(draft: Draft, at: Key, server: Server) -> None:
    for header in (one for level in _levels(server) for one in level.headers("add_header")):
        if header.key != "strict-transport-security":
            continue
        age = _MAX_AGE.search(header.value)
        if age:
            draft.put((*at, "hsts"), int(age[1]), header.span)
        if "includesubdomains" in header.value.lower() or "preload" in header.value.lower():
            draft.leave(header.span, f"`{header.value}`", "a spec says max-age only")
        return


def _levels(server: Server) -> Iterator[Scope]:
    yield server.scope
    yield from (location.scope for location in server.locations)


def _nearest(scope: Scope, name: str) -> Directive | None:
    for level in scope.levels():
        own = level.own.get(name)
        if own:
            return own[0]
    return None


# ── locations ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def main_location(found: Found) -> Location | None:
    """The location that takes most of the app's requests: ``/``, else the shortest prefix."""
    locations = [route.location for route in found.routes]
    return min(locations, key=lambda one: (one.path != "/", not one.is_prefix, len(one.path)), default=None)


def put_files(draft: Draft, place: Key, found: Found) -> set[int]:
    """Set ``static:`` and ``media:``. Gives the ids of the locations that are carried by that."""
    taken: set[int] = set()
    for location in _locations(found):
        if location.passes is not None or not location.is_prefix:
            continue
        folder = _folder(location)
        prefix = location.path if location.path.endswith("/") else f"{location.path}/"
        if folder is None or not _PREFIX.match(prefix) or prefix == "/":
            continue
        kind = "media" if _is_media(location, prefix) else "static"
        if draft.get((*place, kind, prefix)) is None:
            draft.put((*place, kind, prefix), folder[0], folder[1])
        taken.add(id(location))
    return taken


def _locations(found: Found) -> Iterator[Location]:
    for server in found.servers:
        yield from server.locations


def _folder(location: Location) -> tuple[str, Span] | None:
    own = location.scope.own
    if "return" in own or "rewrite" in own:
        return None
    if "alias" in own:
        directive = own["alias"][0]
        return ("".join(directive.values[:1]).rstrip("/") or "/", directive.span) if _plain(directive) else None
    root = _nearest(location.scope, "root")
    if root is None or not _plain(root):
        return None
    return root.values[0].rstrip("/") + location.path.rstrip("/"), root.span


def _plain(directive: Directive) -> bool:
    """Whether it names an absolute path that nothing fills in."""
    path = directive.values[0] if directive.values else ""
    return path.startswith("/") and "$" not in path and not directive.templated


_OF_USERS = re.compile(r"media|upload|avatar|attachment|user|image|photo|document")
_OF_CODE = re.compile(r"static|asset|css|js|dist|build|font|bundle")
_WEEK = 7 * 86400
_LONG = re.compile(r"max$|\d+(?:[yMw]|d(?<=\d\dd))")


def _is_media(location: Location, prefix: str) -> bool:
    """By its name, else by whether browsers are told to keep its files for long."""
    if is_generated(location.span.file):
        return "expires" not in location.scope.own
    words = prefix.lower()
    headers = " ".join(header.value for header in location.scope.headers("add_header")).lower()
    if _OF_CODE.search(words) or _OF_USERS.search(words):
        return not _OF_CODE.search(words)
    expires = location.scope.own.get("expires", ())
    age = _MAX_AGE.search(headers)
    long = any(_LONG.match(" ".join(one.values)) for one in expires)
    return not (long or "immutable" in headers or (age and int(age[1]) >= _WEEK))


def put_websockets(draft: Draft, place: Key, found: Found) -> set[int]:
    """Set ``websockets:`` and ``websocket-idle:``. Gives the ids of the locations that are carried by that."""
    upgrading = [route.location for route in found.routes if _upgrades(route.location)]
    fit = {location.path if location.path.endswith("/") else f"{location.path}/": location for location in upgrading
           if location.is_prefix}  # fmt: skip
    fit = {path: location for path, location in fit.items() if _PREFIX.match(path)}
    if not fit:
        return set()
    draft.put((*place, "websockets"), list(fit), next(iter(fit.values())).span)
    only = list(fit) == ["/"] and not is_generated(fit["/"].span.file)
    idle = [location.read_timeout for path, location in fit.items() if not only]
    known = [one for one in idle if one.known and one.value >= 1]
    if known:
        longest = max(known, key=lambda one: one.value)
        draft.put((*place, "websocket-idle"), int(longest.value), longest.span)
    return {id(location) for location in fit.values()}


def _upgrades(location: Location) -> bool:
    header = location.header("Upgrade")
    return header is not None and bool(header.value)


def put_health(draft: Draft, place: Key, found: Found) -> set[int]:
    """Set ``health:`` for an exact location that the app answers without a log. Gives the ids of what it carries."""
    for location in (route.location for route in found.routes):
        quiet = [one.values for one in location.scope.own.get("access_log", ())] == [["off"]]
        if location.is_exact and quiet and _URL.match(location.path):
            draft.put((*place, "health"), location.path, location.span)
            return {id(location)}
    return set()


# ── sizes ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def put_sizes(draft: Draft, place: Key, found: Found) -> None:
    """Set the sizes of uploads and headers, as far as nginx or the app server was told them."""
    locations = [route.location for route in found.routes]
    limits = [location.body_limit for location in locations]
    own = found.app.facts.body_limit
    known = [one for one in limits if one.known and one.by_hand]
    largest = max(known, key=lambda one: one.value or 1 << 40, default=None)
    if largest is not None:
        _put_upload(draft, place, largest, own)
    for server in found.servers[:1]:
        buffers = server.header_buffers
        if buffers.known and buffers.by_hand:
            draft.put((*place, "request-headers"), _clipped(buffers.value.size, 1024, 60 * 1024), buffers.span)
    answers = [location.family_setting("buffer_size") for location in locations if location.passes is not None]
    sizes = [one for one in answers if one.known and one.by_hand and isinstance(one.value, int)]
    if sizes:
        widest = max(sizes, key=lambda one: int(one.value))
        draft.put((*place, "response-headers"), _clipped(int(widest.value), 1024, 1 << 20), widest.span)


def _put_upload(draft: Draft, place: Key, limit: Located[int | None], own: Located[int | None]) -> None:
    """The largest body that gets through nginx and the app server."""
    value, span = limit.value, limit.span
    if own.known and own.by_hand and own.value and (value is None or own.value < value):
        value, span = own.value, own.span
    if value is None:
        value = 1 << 30
        draft.leave(span, "`client_max_body_size 0`", "a spec has no uploads without limit: `max-upload: 1g` now")
    draft.put((*place, "max-upload"), _clipped(value, 1, 1 << 40), span)


def _clipped(value: int, low: int, high: int) -> int:
    return min(max(value, low), high)
