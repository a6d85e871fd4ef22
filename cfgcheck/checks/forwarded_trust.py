"""Forwarded headers that the app does not believe, because nginx is not among the peers that it trusts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import App, AppKind
from cfgcheck.model.exposure import published
from cfgcheck.model.forwarded import (
    is_uvicorn,
    misread,
    scheme_policy,
    source_of,
    trust_list,
    trusted,
    trusted_peers,
)
from cfgcheck.model.nginx import Header
from cfgcheck.model.stack import Route
from cfgcheck.rules.contract import Case, Hit


def check(case: Case, params: Mapping[str, Any]) -> Iterator[Hit | Unchecked]:
    route: Route = case.subject
    assert route.app is not None and route.listener is not None
    name = trust_list(route.app)
    if not name or route.passes.family != "proxy":
        return
    sent = _believed(route)
    if not sent or _refused(route) or trusted(route, case.stack):
        return
    setting = route.app.settings[name]
    source = source_of(route, case.stack)
    unix = source.is_unix
    entries = trusted_peers(route.app).sure
    wrong = [entry for entry in entries if misread(entry)]
    inner = source.inner != "" and published(case.stack, route.app, route.listener) is None
    wanted = "*" if unix else source.addresses[0] if source.addresses else ""
    yield Hit(
        at=(setting, route.listener.address, route.app),
        label=f"trusts {', '.join(entries) or 'nobody'}" if setting.span else f"trusts {', '.join(entries)} by default",
        related=_other_end(case, route, str(source)),
        values={
            "source": str(source),
            "names": list(dict.fromkeys(header.name for header in sent)),
            "trusted": ", ".join(entries) or "empty",
            "misread": misread(wrong[0]) if wrong else "",
            "unix": unix,
            "mapped": "::ffff:127.0.0.1" in source.addresses,
            "wanted": wanted,
            "inner": inner,
            "better": _better(route.app, [entry for entry in entries if entry not in wrong], wanted, inner),
            "list": _written(route.app),
        },
    )


def _better(app: App, entries: list[str], wanted: str, inner: bool) -> str:
    """The list with nginx in it; "" where nobody knows how."""
    if not wanted:
        return "*" if inner else ""
    alone = wanted == "*" or app.kind is AppKind.WAITRESS
    return wanted if alone else ",".join(dict.fromkeys((*entries, wanted)))


def _written(app: App) -> str:
    """How the list is called where it is set."""
    name = trust_list(app)
    return name if app.kind is AppKind.GUNICORN else "--" + name.replace("_", "-")


def _other_end(case: Case, route: Route, source: str) -> list[tuple[Any, str]]:
    """The first way on which nginx sends such headers to this listener stands for all: one finding for one list."""
    first = next(each for each in case.routes_of(route.listener) if each.matched and _believed(each))
    return [(header, "not believed") for header in _believed(first)[:2]] + [(first.passes, f"comes from {source}")]


def _believed(route: Route) -> list[Header]:
    """The headers sent that would count if the peer were trusted."""
    assert route.app is not None and route.listener is not None
    headers = [header for header in route.location.header_set.value if not header.cleared]
    policy = scheme_policy(route.app, route.listener) if headers else None
    if policy is None:
        return []
    for_too = is_uvicorn(route.app) or route.app.kind is AppKind.WAITRESS
    names = {*policy.secure, *(["x-forwarded-for"] if for_too else [])}
    return [header for header in headers if header.key in names]


def _refused(route: Route) -> bool:
    """Whether the server does not even start with that list: another rule's affair."""
    assert route.app is not None
    return any(use.canonical == trust_list(route.app) and use.problem and not use.harmless for use in route.app.uses)
