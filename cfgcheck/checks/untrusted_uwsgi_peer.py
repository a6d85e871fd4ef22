"""Whether Gunicorn takes uwsgi packets from where nginx's connections come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.forwarded import allowed, covers, source_of
from cfgcheck.model.stack import Route
from cfgcheck.rules.contract import Case, Hit


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    route: Route = case.subject
    assert route.app is not None and route.listener is not None
    setting = route.app.settings["uwsgi_allow_ips"]
    entries = allowed(setting)
    source = source_of(route, case.stack)
    if "*" in entries or source.is_unix:
        return
    if source.elsewhere:
        because = f"the address that {route.app.label} sees nginx come from is not known; `proxy-addresses` declares it"
        yield case.unchecked(because, setting)
    elif not any(covers(entry, address, route.app) for entry in entries for address in source.addresses):
        added = source.addresses[0]
        values = {"source": str(source), "entries": " and ".join(entries) or "nobody", "added": added}
        yield Hit(values={**values, "better": ",".join((*entries, added))})
