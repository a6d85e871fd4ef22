"""Verification of the upstream's certificate with nothing to verify it by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.nginx import Location
from cfgcheck.rules.contract import Case, Hit


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    location: Location = case.subject
    proxy = location.server.proxy
    assert location.passes is not None
    family = location.passes.family
    if location.setting(f"{family}_ssl_trusted_certificate").value is not None:
        return
    if proxy.complete:
        yield Hit()
    else:
        because = f"{family}_ssl_trusted_certificate may be set at the http level: {proxy.incomplete_because}"
        yield case.unchecked(because, location.passes)
