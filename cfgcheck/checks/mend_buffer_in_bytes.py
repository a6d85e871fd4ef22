"""uWSGI's buffer-size as a plain number of bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.model.app import App, SettingUse
from cfgcheck.model.uwsgi_packet import LARGEST
from cfgcheck.rules.changes import Change, Setting, Statement
from cfgcheck.rules.contract import Case

_USUAL = 32768
_SIZE = re.compile(r"[\"'\s]*(\d{1,9})\s*([kKmM]?)i?[bB]?[\"'\s]*(?:[;#].*)?\Z")
_FITTING = "large_client_header_buffers 3 16k"
"""48 KiB of headers: what more nginx admits does not fit into a packet of the uwsgi protocol."""

_UNITS = {"": 1, "k": 1024, "m": 1024 * 1024}


def changes(case: Case, values: Mapping[str, Any]) -> Iterator[Change]:
    """What was meant, as far as that can be told: no less than nginx admits, no more than uWSGI can take;
    and an nginx that admits more than that admits less."""
    app: App = case.subject
    use: SettingUse = case.element
    written = _SIZE.match(use.text)
    meant = int(written[1]) * _UNITS[written[2].lower()] if written is not None else _USUAL
    servers = {id(route.server): route.server for route in case.routes_of(app) if route.matched}.values()
    limits = [(server, server.header_limit.value) for server in servers if server.header_limit.known]
    needed = max((server.uwsgi_packet.value for server, _ in limits), default=0)
    yield Setting(app, "buffer-size", min(LARGEST, max(meant, needed)))
    yield from (Statement(server, _FITTING) for server, limit in limits if limit > LARGEST)
