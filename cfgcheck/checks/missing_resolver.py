"""A host name that nginx must look up with each request, and no resolver to ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.name_server import manager_of, name_server
from cfgcheck.model.nginx import Location
from cfgcheck.model.unit import Manager
from cfgcheck.rules.contract import Case, Hit


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    location: Location = case.subject
    proxy = location.server.proxy
    assert location.passes is not None
    if not proxy.complete:
        because = f"a resolver may be set at the http level: {proxy.incomplete_because}"
        yield case.unchecked(because, location.passes)
        return
    looked_up = location.passes.needs_resolver
    yield Hit(
        related=[(looked_up, "a host name")] if looked_up.span else [],
        values={"asked": name_server(proxy), "pod": manager_of(proxy) is Manager.KUBERNETES},
    )
