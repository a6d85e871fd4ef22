"""The parameters without which an app is not told what was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.model.nginx import Location
from cfgcheck.model.nginx_blocks import block_with
from cfgcheck.model.uwsgi_scheme import open_parameters
from cfgcheck.rules.changes import Change, Statement
from cfgcheck.rules.contract import Case

_INCLUDE = re.compile(r"^[ \t]*include[ \t]+([\w./-]*\buwsgi_params)[ \t]*;", re.MULTILINE)
_NEEDED = {"PATH_INFO": "$document_uri", "REQUEST_METHOD": "$request_method"}
_STOCK = frozenset(
    {
        "query_string", "request_method", "content_type", "content_length", "request_uri", "path_info",
        "document_root", "server_protocol", "request_scheme", "https", "remote_addr", "remote_port", "server_port",
        "server_name",
    }
)  # fmt: skip
"""What ``uwsgi_params`` sets, in lower case (nginx 1.31)."""


def changes(case: Case, values: Mapping[str, Any]) -> Iterator[Change]:
    """The whole file; where some of its parameters are set already, only those that are needed and missing."""
    location: Location = case.subject
    block = block_with(location, "uwsgi_param")
    if block is None:
        return
    missing = [name for name in _NEEDED if not location.sends(name).value]
    if any(header.key in _STOCK for header in location.headers):
        lines = [f"uwsgi_param {name} {_NEEDED[name]}" for name in missing if not location.headers_named(name)]
    else:
        lines = [
            f"include {_path(location)}",
            *(f'uwsgi_param {name} ""' for name in open_parameters(location, case.routes_of(location))),
        ]
    yield from (Statement(block, line, beside=True) for line in lines)


def _path(location: Location) -> str:
    """``uwsgi_params`` as other places of this nginx write it: relative ones begin at the main file's folder."""
    found = (_INCLUDE.search(file.text) for file in location.server.proxy.files)
    return next((one[1] for one in found if one is not None), "uwsgi_params")
