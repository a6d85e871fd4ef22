"""Headers of requests and answers that somebody added: kept beside the derived ones as far as a spec has room."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cfgcheck.generate.importing.draft import Draft
from cfgcheck.generate.importing.grouping import Found
from cfgcheck.generate.importing.notes import is_override, is_untouched
from cfgcheck.generate.importing.result import Key
from cfgcheck.generate.importing.web import main_location
from cfgcheck.model.nginx import Scope
from cfgcheck.syntax.nginx_tree import Directive

HEADERS = frozenset({"proxy_set_header", "uwsgi_param", "add_header"})
"""Directives that stand many times at a level, one for each header."""

_DERIVED = {
    "proxy_set_header": re.compile(
        r"host|x-forwarded-.*|forwarded|x-real-ip|x-scheme|x-url-scheme|upgrade|connection", re.IGNORECASE
    ),
    "uwsgi_param": re.compile(
        r"QUERY_STRING|REQUEST_\w+|CONTENT_(?:TYPE|LENGTH)|PATH_INFO|DOCUMENT_ROOT|SERVER_\w+|REMOTE_(?:ADDR|PORT)|HTTPS"
        r"|HTTP_HOST|Host|X-Real-IP|X-Forwarded-\S+|HTTP_X_FORWARDED_\w+|HTTP_X_REAL_IP|UWSGI_SCHEME|SCHEME"
    ),
}
_SECURITY = re.compile(
    r"content-security-policy\S*|x-frame-options|x-content-type-options|referrer-policy|permissions-policy"
    r"|cross-origin-\S+|strict-transport-security",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"\$\{?(\w+)")
_OUTER = "not in effect where the app is: headers of an inner level take the place of those outside"
_TWICE = "a spec has room for two such headers; put them all into a file and `include` that raw"


def put_headers(draft: Draft, place: Key, found: Found) -> None:
    """Set what the main location says of headers beyond what is derived; list what finds no room."""
    location = main_location(found)
    if location is None or location.modifier in ("if", "limit_except"):
        return
    for name in sorted(HEADERS):
        _put(draft, place, name, location.scope)


def _put(draft: Draft, place: Key, name: str, scope: Scope) -> None:
    levels = [level.own[name] for level in scope.levels() if name in level.own]
    if not levels:
        return
    fresh = [one for one in levels[0] if _is_fresh(draft, place, one)]
    fresh.sort(key=lambda one: not _SECURITY.fullmatch(one.values[0]))
    ours = _variables(scope)
    carried = [one for one in fresh if not _refused(draft, one, ours)]
    free = [level for level in ("server", "location") if draft.get((*place, "nginx", level, name)) is None]
    for one, level in zip(carried, free, strict=False):
        draft.put((*place, "nginx", level, name), list(one.values), one.span)
    _leave(draft, carried[len(free) :], _TWICE)
    inner = {one.values[0].lower() for one in levels[0] if one.values}
    for outer in levels[1:]:
        lost = [one for one in outer if _is_fresh(draft, place, one) and one.values[0].lower() not in inner]
        _leave(draft, lost, _OUTER)


def _is_fresh(draft: Draft, place: Key, one: Directive) -> bool:
    """Whether it is somebody's own, and nothing that is derived."""
    if len(one.values) < 2 or is_override(one) or is_untouched(one.file) or one.file.path.startswith("<nginx>"):
        return False
    header = one.values[0]
    if is_derived(one):
        return False
    return header.lower() != "strict-transport-security" or draft.get((*place, "tls", "hsts")) is None


def is_derived(one: Directive) -> bool:
    """Whether a spec's files say the header by themselves."""
    derived = _DERIVED.get(one.key)
    return derived is not None and bool(derived.fullmatch("".join(one.values[:1])))


def own_headers(scope: Scope, main: Scope | None) -> Iterator[str]:
    """The headers of requests that a level sets and the main location does not."""
    said = [one.values for level in (main.levels() if main is not None else ()) for one in _of_requests(level)]
    yield from (" ".join([one.key, *one.values[:1]]) for one in _of_requests(scope) if one.values not in said)


def _of_requests(scope: Scope) -> Iterator[Directive]:
    for name in _DERIVED:
        yield from (one for one in scope.own.get(name, ()) if not is_derived(one) and one.values)


def _refused(draft: Draft, one: Directive, ours: set[str]) -> bool:
    """Whether a spec can't hold it, which is noted."""
    used = {name for value in one.values for name in _VARIABLE.findall(value)}
    if one.templated:
        _leave(draft, [one], "a template fills it in")
    elif used & ours:
        _leave(draft, [one], "a spec has no variables")
    else:
        return False
    return True


def _variables(scope: Scope) -> set[str]:
    """Names of the variables that the files themselves define."""
    return {name.lstrip("$") for level in scope.levels() for name in _defined(level)}


def _defined(level: Scope) -> Iterator[str]:
    for key in ("map", "geo", "split_clients", "auth_request_set", "set"):
        first = key in ("set", "auth_request_set")
        yield from (one.values[0 if first else -1] for one in level.own.get(key, ()) if one.values)


def _leave(draft: Draft, directives: Sequence[Directive], why: str) -> None:
    for one in directives:
        words = [one.key, *(value or '""' for value in one.values)]
        draft.leave(one.span, f"`{' '.join(words)}`", why)
