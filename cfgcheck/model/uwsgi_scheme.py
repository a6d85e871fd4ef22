"""By which parameters a client can tell uWSGI what the scheme is, through an nginx that sets none of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cfgcheck.model.app import AppKind
from cfgcheck.model.forwarded import scheme_policy
from cfgcheck.model.nginx import Header, Location
from cfgcheck.model.stack import Route


def open_parameters(location: Location, routes: Iterable[Route], besides: Iterable[Header] = ()) -> list[str]:
    """The names (``HTTP_X_FORWARDED_PROTO``) of those that neither the headers in effect nor ``besides`` set. None
    where something stands in front of the server: it may be that which says the scheme. Raises UnknownValue."""
    if location.server.edge is not None:
        return []
    known = {_right(header.key): header for header in (*besides, *location.headers)}
    found: dict[str, None] = {}
    for route in routes:
        if route.matched and route.app is not None and route.listener is not None and route.app.kind is AppKind.UWSGI:
            policy = scheme_policy(route.app, route.listener)
            found.update(dict.fromkeys(_open(policy.secure if policy is not None else (), known)))
    return list(found)


def _right(key: str) -> str:
    """The name that a header's author means: ``X-Real-IP`` for ``HTTP_X_REAL_IP``, in lower case."""
    return "http_" + key.replace("-", "_").removeprefix("http_")


def _open(names: Iterable[str], known: Mapping[str, Header]) -> Iterator[str]:
    """uWSGI looks at the next one only where the one before was not sent."""
    for name in names:
        written = "HTTP_" + name.upper().replace("-", "_")
        header = known.get(written.lower())
        if header is None:
            yield written
        elif not header.cleared:
            return
