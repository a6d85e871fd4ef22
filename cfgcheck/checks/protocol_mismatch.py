"""What to write where nginx speaks another protocol than the app. Silent where the location offers another app server
in its comments: the one that was found need not be in use then."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import AppKind, Protocol
from cfgcheck.model.stack import Link, Route
from cfgcheck.rules.changes import Change, Remove, Replace, Setting, Statement
from cfgcheck.rules.contract import Case, Hit
from cfgcheck.source.file import Span
from cfgcheck.syntax.nginx_tree import Directive

_LONGEST = 20_000
_COMMENT = re.compile(r"^[ \t]*#([^\n]*)", re.MULTILINE)
_CHOICE = re.compile(r"\b(?:uncomment|instead|alternative\w*|either|if (?:you )?(?:are )?us(?:e|ing))\b", re.IGNORECASE)
_VERBS = {
    Protocol.HTTP: "proxy_pass",
    Protocol.UWSGI: "uwsgi_pass",
    Protocol.FASTCGI: "fastcgi_pass",
    Protocol.SCGI: "scgi_pass",
    Protocol.GRPC: "grpc_pass",
}


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    route: Route = case.subject
    assert route.listener is not None
    verb = _VERBS.get(route.listener.protocol.value, "")
    comments = _COMMENT.findall(route.location.directive.whole.text[:_LONGEST])
    offered = any(comment.strip().startswith(verb) for comment in comments)
    if verb and offered and any(_CHOICE.search(comment) for comment in comments):
        because = f"the location offers {verb} in a comment, so another app server may be in use"
        yield case.unchecked(because, route.passes)
    else:
        changes = _app_side(case, route) or _nginx_side(route)
        yield Hit(values={"remedy": _remedy(case, route, route.listener.protocol.value)}, changes=changes)


_BACKENDS = {Protocol.HTTP: "HTTP", Protocol.FASTCGI: "FCGI", Protocol.GRPC: "GRPC"}
"""What ingress-nginx calls the protocols that it speaks."""


def _remedy(case: Case, route: Route, spoken: Protocol) -> str:
    """What to write so that both speak the same."""
    option = _other_option(case, route)
    if option is not None:
        room = " and raise its buffer-size" if _room(route) else ""
        spoken_here = route.passes.protocol.value
        return f"Rename uWSGI's `{option[1]}` to `{option[2]}`{room}: nginx's side is written for {spoken_here}"
    if _speaks_uwsgi_by_hand(case, route):
        return "Take `protocol` out of Gunicorn's settings: it speaks HTTP then, as nginx does"
    if route.proxy.ingress:
        name = _BACKENDS.get(spoken)
        if name is None:
            return f"Let the app listen for HTTP: an Ingress speaks no {spoken.value}"
        return f'Write `nginx.ingress.kubernetes.io/backend-protocol: "{name}"`'
    target = route.passes.host_text
    if spoken is Protocol.HTTP:
        return f"Write `proxy_pass http://{target};`, with HTTP's headers: the app speaks nothing else"
    if spoken in (Protocol.UWSGI, Protocol.FASTCGI, Protocol.SCGI):
        return f"Write `{spoken.value}_pass {target};`"
    return "Let both ends speak the same protocol"


# The app's side: one word, where all that reaches this listener speaks the same.

_OPTIONS = {"socket": "http-socket", "uwsgi-socket": "http-socket", "http-socket": "socket", "http": "socket"}
_USUAL = 32768
"""Bytes: what nginx admits by default."""

_KEY = re.compile(r"""(["']?(?:--)?)([\w-]+)""")


def _app_side(case: Case, route: Route) -> list[Change]:
    option = _other_option(case, route)
    if option is not None:
        place, _, other = option
        return [Replace(place, other), *_room(route)]
    if _speaks_uwsgi_by_hand(case, route):
        assert route.app is not None
        return [Setting(route.app, "protocol", None)]
    return []


def _room(route: Route) -> list[Change]:
    """What uWSGI needs so that nginx's headers fit, which no request has put to the test so far."""
    assert route.app is not None
    admitted, taken = route.server.header_limit, route.app.facts.header_limit
    if not (admitted.known and taken.known and taken.value is not None and taken.value < admitted.value <= _USUAL):
        return []
    return [Setting(route.app, "buffer-size", route.server.uwsgi_packet.value)]


def _other_option(case: Case, route: Route) -> tuple[Span, str, str] | None:
    """The place of uWSGI's option, its name, and the one that means the other protocol."""
    app, listener = route.app, route.listener
    if app is None or listener is None or app.kind is not AppKind.UWSGI or not _all_alike(case, route):
        return None
    other = _OPTIONS.get(listener.option, "")
    wanted = {"http-socket": Protocol.HTTP, "socket": Protocol.UWSGI}.get(other)
    if wanted is not route.passes.protocol or listener.tls.get(True) or other == listener.protocol.value.value:
        return None
    place = listener.address.span
    use = next((one for one in app.uses if place is not None and one.value.span == place), None)
    found = _KEY.match(use.span.text) if use is not None else None
    if use is None or found is None or found[2] != use.name or use.span.file.path.endswith(".xml"):
        return None
    start = use.span.start + found.start(2)
    return Span(use.span.file, start, start + len(found[2])), use.name, other


def _speaks_uwsgi_by_hand(case: Case, route: Route) -> bool:
    app = route.app
    return (
        app is not None
        and app.kind is AppKind.GUNICORN
        and route.passes.protocol is Protocol.HTTP
        and app.settings["protocol"].by_hand
        and _all_alike(case, route)
    )


def _all_alike(case: Case, route: Route) -> bool:
    """Whether no nginx speaks to this app what it expects, and it listens for nothing else."""
    assert route.app is not None
    ways = case.routes_of(route.app)
    return (
        not route.proxy.ingress
        and not route.choice
        and all(way.link is Link.WRONG_PROTOCOL and way.passes.protocol is route.passes.protocol for way in ways)
    )


# nginx's side: another verb, with what belongs to it.

_HEADERS = (
    "proxy_set_header Host $host",
    "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for",
    "proxy_set_header X-Forwarded-Proto $scheme",
)
_STOCK = frozenset({"uwsgi_params", "scgi_params", "fastcgi_params", "fastcgi.conf"})
_SAME = frozenset(
    {
        "read_timeout", "send_timeout", "connect_timeout", "buffer_size", "buffers", "busy_buffers_size", "buffering",
        "request_buffering", "next_upstream", "next_upstream_tries", "next_upstream_timeout", "max_temp_file_size",
        "intercept_errors", "ignore_client_abort", "set_header", "hide_header", "pass_header",
    }
)  # fmt: skip
"""What has the same name and meaning in each family."""


def _nginx_side(route: Route) -> list[Change]:
    """``proxy_pass`` instead of another verb, where the app speaks HTTP; nothing for other pairs: whether the target's
    URI, its headers or its parameters fit then is for people to say."""
    passes, location, listener = route.passes, route.location, route.listener
    plain = listener is not None and listener.protocol.value is Protocol.HTTP and listener.tls.get(True) is False
    if not plain or passes.variable or passes.tls or passes.directive.templated or route.proxy.ingress or route.choice:
        return []
    family = passes.family
    changes: list[Change] = [_verb(passes.directive, passes.host_text)]
    for one in location.directive.block or ():
        suffix = one.key.removeprefix(f"{family}_")
        if one.key == "include" and one.values and one.values[0].rpartition("/")[2] in _STOCK:
            changes.append(Remove(one.span))
        elif suffix != one.key and suffix in _SAME:
            changes.append(Replace(Span(one.file, one.name.start, one.name.end), f"proxy_{suffix}"))
    kept = family == "grpc" and location.headers
    if not kept and not location.scope.headers("proxy"):
        changes += [Statement(location, header) for header in _HEADERS]
    return changes


def _verb(directive: Directive, target: str) -> Change:
    word = directive.args[0]
    return Replace(Span(directive.file, directive.name.start, word.end), f"proxy_pass http://{target}")
