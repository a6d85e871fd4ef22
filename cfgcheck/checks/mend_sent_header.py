"""A header for the app that no level sends: beside those that are in effect, as a level of its own would drop them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.model.nginx import Location
from cfgcheck.model.nginx_blocks import block_with
from cfgcheck.model.nginx_table import HEADER_DIRECTIVES
from cfgcheck.rules.changes import Change, Statement
from cfgcheck.rules.contract import Case

_STATEMENTS = {
    ("missing-host", "proxy"): "proxy_set_header Host $host",
    ("missing-forwarded-proto", "proxy"): "proxy_set_header X-Forwarded-Proto $scheme",
    ("missing-forwarded-proto", "uwsgi"): "uwsgi_param HTTPS $https if_not_empty",
}

_SCHEME = "$scheme"
_CLAIMS = ("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_SSL")
"""By which a client could tell uWSGI that it used https."""


def changes(case: Case, values: Mapping[str, Any]) -> Iterator[Change]:
    """Nothing where a location that passes to somebody else would send it, too."""
    location: Location = case.subject
    assert location.passes is not None
    family = location.passes.family
    statement = _STATEMENTS.get((case.rule, family))
    if statement is None or location.server.proxy.ingress or (_SCHEME in statement and _tls_before(case)):
        return
    directive = HEADER_DIRECTIVES[family]
    block = block_with(location, directive)
    if block is None:
        return
    others = (one for one in location.server.proxy.locations() if one is not location)
    sharing = [one for one in others if one.passes is not None and block_with(one, directive) is block]
    if all(any(route.matched for route in case.routes_of(one)) for one in sharing):
        yield Statement(block, statement)
        if family == "uwsgi":
            open_to_clients = (name for name in _CLAIMS if not location.headers_named(name))
            yield from (Statement(block, f'uwsgi_param {name} ""') for name in open_to_clients)


def _tls_before(case: Case) -> bool:
    """Whether TLS ends before this nginx: then ``$scheme`` is the wrong answer."""
    return case.edge is not None and bool(case.edge.tls.get(True))
