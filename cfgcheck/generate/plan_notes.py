"""What the generated files tell of a spec that no statement in them shows: short comments, ``key: value``.

``cfgcheck import`` reads them, so that the files lead back to the very spec they were made of. Only what can't be
seen otherwise is said.
"""

from __future__ import annotations

import json
import re

from cfgcheck.generate.defaults import CURRENT, version_of
from cfgcheck.generate.plan_time import websocket_timeout
from cfgcheck.generate.spec import Service, Spec

_PLAIN = re.compile(r"[\w./:@+-]+\Z", re.ASCII)
_FIRST_PAGE = 4096
"""Up to here the size of response headers leaves no trace: it is nginx's default."""


def service_notes(spec: Spec, service: Service) -> tuple[str, ...]:
    """Of a service of a completed spec."""
    return tuple(f"{key}: {noted(value)}" for key, value in _said(spec, service).items())


def deployment_notes(spec: Spec) -> tuple[str, ...]:
    """Of the deployment: versions that are not the current ones, and the edge where its settings don't show it."""
    chosen = [name for name, current in CURRENT.items() if version_of(spec.versions, name) != current]
    notes = [f"versions.{name}: {getattr(spec.versions, name)}" for name in chosen]
    addresses = [f"edge.addresses: {noted(' '.join(spec.edge.addresses))}"] if spec.edge.addresses else []
    secure = any(service.tls for service in spec.services.values())
    port = [] if secure or spec.nginx.https_port == 443 else [f"nginx.https-port: {spec.nginx.https_port}"]
    return (*notes, *addresses, *port)


def noted(text: str) -> str:
    """A text in one line of a comment: as it is where it is plain, else in JSON without anything but ASCII letters."""
    if _PLAIN.match(text):
        return text
    return re.sub(r"[^ \w./:@+\"\\-]", _escaped, json.dumps(text), flags=re.ASCII)


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _said(spec: Spec, service: Service) -> dict[str, str]:
    said: dict[str, str] = {}
    app, server = service.app, service.server
    if app.framework != "other":
        said["framework"] = app.framework
    if server.workers == "auto":
        said["workers"] = "auto"
    said["slowest-request"] = f"{service.slowest_request}s"
    if server.kind == "uvicorn" and ":" not in app.module:
        said["module"] = app.module
    if spec.runtime == "plain":
        said["user"] = service.user or ""
    hidden = spec.runtime == "compose" and app.virtualenv != f"{app.directory}/venv"
    if hidden or not _PLAIN.match(app.virtualenv or ""):
        said["virtualenv"] = app.virtualenv or ""
    if service.response_headers < _FIRST_PAGE:
        said["response-headers"] = str(service.response_headers)
    seen = websocket_timeout(spec, service).value if service.websockets else 3600
    if service.websocket_idle != seen:
        said["websocket-idle"] = f"{service.websocket_idle}s"
    return said
