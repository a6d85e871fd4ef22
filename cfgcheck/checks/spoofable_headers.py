"""Headers about the scheme that the app believes and that clients can send through nginx."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from cfgcheck.findings import Severity, Unchecked
from cfgcheck.model.forwarded import SchemePolicy, scheme_policy, trusted
from cfgcheck.model.located import Located
from cfgcheck.model.nginx_blocks import block_with
from cfgcheck.model.nginx_table import HEADER_DIRECTIVES
from cfgcheck.model.stack import Route
from cfgcheck.rules.changes import Change, Statement
from cfgcheck.rules.contract import Case, Hit

_PROTO = "x-forwarded-proto"


def check(case: Case, params: Mapping[str, Any]) -> Iterator[Hit | Unchecked]:
    route: Route = case.subject
    assert route.app is not None and route.listener is not None
    passed: Located[bool] = route.location.setting(f"{route.passes.family}_pass_request_headers")
    policy = scheme_policy(route.app, route.listener)
    if policy is None or not passed.value:
        return
    settled = _settled(case, policy)
    location = route.location
    answered = [name for name in policy.secure if name in settled & {_PROTO} or location.sends(_title(name)).value]
    reachable = [name for name in policy.secure if name not in settled and not location.controls(_title(name)).value]
    if answered and not policy.refuses:
        reachable = [name for name in reachable if _before(policy, name, answered[0])]
    if not reachable or not trusted(route, case.stack):
        return
    harmless = bool(answered) or not location.tells_scheme.value
    names = [_title(name) for name in reachable]
    edge_may_say = "X-Forwarded-Proto" in names and not route.server.terminates_tls
    yield Hit(
        at=(location.sends(_title(answered[0])) if answered else None, route.passes),
        label=f"neither sets nor clears {' nor '.join(names)}",
        related=[(route.app.settings.get("secure_scheme_headers"), "believed"), (route.app, "believes nginx")],
        values={
            "names": names,
            "plural": len(names) > 1,
            "edge_may_say": edge_may_say,
            "refused": bool(answered) and policy.refuses,
            "lines": " ".join(_line(route.passes.family, name) for name in names),
        },
        severity=None if harmless else Severity.WARNING,
        changes=[]
        if edge_may_say or _untold(route, names) or _misnamed(route, reachable)
        else _cleared(route, reachable),
    )


def _untold(route: Route, names: list[str]) -> bool:
    """Whether nginx should say what the scheme is, before anybody is kept from saying it."""
    return "X-Forwarded-Proto" in names and not route.location.tells_scheme.value


def _misnamed(route: Route, names: list[str]) -> bool:
    """Whether one of them is set under a name that is not quite right: once it has the right one, it is set."""
    written = {header.key.replace("_", "-").removeprefix("http-") for header in route.location.headers}
    return not written.isdisjoint(names)


def _cleared(route: Route, names: list[str]) -> list[Change]:
    """The headers cleared, beside others that are set for the app: a level that sets one inherits none."""
    block = block_with(route.location, HEADER_DIRECTIVES[route.passes.family])
    lines = (_line(route.passes.family, _title(name)) for name in names)
    return [Statement(block, line.removesuffix(";"), beside=True) for line in lines] if block is not None else []


def _settled(case: Case, policy: SchemePolicy) -> set[str]:
    """Headers that what stands in front removes or overwrites; a declared one that ends TLS says so itself."""
    route: Route = case.subject
    edge = route.server.edge
    if edge is None:
        return set()
    strips = {name.lower() for name in edge.strips}
    if edge.tls.get(False) and not edge.seen:
        strips.add(_PROTO)
    return strips & set(policy.secure)


def _before(policy: SchemePolicy, name: str, other: str) -> bool:
    """Whether a header wins over another where the first one that is sent decides."""
    order = list(policy.secure)
    return order.index(name) < order.index(other)


@cache
def _title(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def _line(family: str, name: str) -> str:
    if family == "proxy":
        return f'proxy_set_header {name} "";'
    return f'{family}_param HTTP_{name.upper().replace("-", "_")} "";'
