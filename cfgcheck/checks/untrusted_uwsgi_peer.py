"""Whether Gunicorn takes uwsgi packets from where nginx's connections come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.exposure import published
from cfgcheck.model.forwarded import allowed, only_loopback, source_of
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
    # They are compared as texts: a network matches nobody (seen with Gunicorn 27.0.1).
    single = [entry for entry in entries if "/" not in entry]
    because = source.unsure
    if not because and (source.elsewhere or any("/" in one for one in source.addresses)) and not only_loopback(single):
        because = f"the address that {route.app.label} sees nginx come from is not known; `proxy-addresses` declares it"
    if because:
        yield case.unchecked(because, setting)
    elif not set(single) & set(source.addresses):
        added = source.addresses[0] if source.addresses else ""
        inner = source.inner != "" and published(case.stack, route.app, route.listener) is None
        better = ",".join(dict.fromkeys((*single, added))) if added else "*" if inner else ""
        yield Hit(
            values={
                "source": str(source),
                "entries": " and ".join(entries) or "nobody",
                "added": added or "nginx's address",
                "better": better,
                "network": len(single) < len(entries),
            }
        )
