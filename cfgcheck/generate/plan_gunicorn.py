"""Gunicorn: its settings file and its command line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from cfgcheck.generate import plan_settings
from cfgcheck.generate.plan_listen import listener
from cfgcheck.generate.plan_records import Figure, Setting, Value
from cfgcheck.generate.plan_settings import titled, with_own
from cfgcheck.generate.plan_sizes import LINE_END, admitted_for
from cfgcheck.generate.plan_time import grace, limit_name, worker_limit
from cfgcheck.generate.plan_upstream import app_keepalive
from cfgcheck.generate.plan_versions import server_version
from cfgcheck.generate.spec import Service, Spec

LINE_MOST = 8190
"""Gunicorn takes no larger ``limit_request_line``, and is told what it takes (facts: gunicorn 5.5)."""

FIELD_DEFAULT = 8190

_LINE_RULE = "request-line-above-app-limit"

_ALONE = "cfgcheck: ignore[single-sync-worker] the spec wants one request at a time"

_APP_SETTING = (20, 1)
_CONTROL_SOCKET = (25, 1)
_IPV6_TRUSTED = (23,)
_UVICORN = "uvicorn.workers.UvicornWorker"


def settings(spec: Spec, name: str, service: Service) -> tuple[Setting, ...]:
    """``gunicorn.conf.py``, in its order."""
    derived = [
        *_app(spec, service),
        _setting("bind", listener(spec, name, service).address),
        *titled("Workers", _workers(spec, service)),
        *titled("Times, in seconds", _times(spec, service)),
        *titled("What nginx in front lets through", _limits(spec, service)),
        *titled("Whose X-Forwarded headers count", _trust(spec, service)),
    ]
    return with_own(derived, service.server.settings, python_text)


def words(spec: Spec, service: Service, config_path: str) -> tuple[str, ...]:
    """The command line behind the program."""
    module = () if server_version(spec, "gunicorn") >= _APP_SETTING else (service.app.module,)
    return ("--config", config_path, *module)


def python_text(value: Value) -> str:
    """A Python literal. A brace that might begin a template's placeholder is written by its number."""
    if not isinstance(value, str):
        return repr(value)
    return re.sub(r"\{(?=[{%#])", r"\\x7b", json.dumps(value, ensure_ascii=False)).replace("<%", r"\x3c%")


def _setting(name: str, value: Value, because: str = "") -> Setting:
    return plan_settings.setting(name, value, because, python_text)


def _app(spec: Spec, service: Service) -> list[Setting]:
    if server_version(spec, "gunicorn") < _APP_SETTING:
        return []
    return [_setting("wsgi_app", service.app.module)]


def _workers(spec: Spec, service: Service) -> Iterable[Setting]:
    server = service.server
    if server.workers == "auto":
        auto = Figure("auto", "multiprocessing.cpu_count() * 2 + 1", "twice the processors and one")
        yield Setting("workers", auto)
    else:
        alone = server.workers == 1 and server.worker_class == "sync" and (server.threads or 1) == 1
        yield _setting("workers", server.workers, _ALONE if alone else "")
    named = _UVICORN if server.worker_class == "uvicorn" else server.worker_class or "sync"
    yield _setting("worker_class", named)
    if (server.threads or 1) > 1:
        yield _setting("threads", server.threads or 1)
    if spec.runtime == "compose":
        yield _setting("worker_tmp_dir", "/dev/shm", "in memory: a slow disk must not look like a hanging worker")
    if server_version(spec, "gunicorn") >= _CONTROL_SOCKET:
        yield _setting("control_socket_disable", True, "it would be made in the user's home")


def _times(spec: Spec, service: Service) -> Iterable[Setting]:
    if limit_name(service) == "timeout":
        yield Setting("timeout", worker_limit(service))
    yield Setting("graceful_timeout", grace(service))
    keepalive = app_keepalive(spec, service)
    if keepalive is not None:
        yield Setting("keepalive", keepalive)


def _limits(spec: Spec, service: Service) -> Iterable[Setting]:
    """The UvicornWorker looks at none of them."""
    longest = admitted_for(spec, service).size
    if service.server.worker_class == "uvicorn":
        return
    line, because = longest - LINE_END, f"{longest} bytes without the line end"
    if line > LINE_MOST:
        # Nothing to mend: header lines need nginx's larger buffers, and request lines share them.
        line, because = LINE_MOST, f"cfgcheck: ignore[{_LINE_RULE}] Gunicorn takes no more: longer URLs get 414"
    yield _setting("limit_request_line", line, because)
    if longest > FIELD_DEFAULT:  # which counts the line end, as nginx does
        yield _setting("limit_request_field_size", longest, "the longest header line")


def _trust(spec: Spec, service: Service) -> Iterable[Setting]:
    """Nothing, where nginx is trusted by default: over unix sockets (but not by UvicornWorker) and from loopback."""
    address = listener(spec, "", service)
    if address.unix:
        if service.server.worker_class == "uvicorn":
            yield _setting("forwarded_allow_ips", "*", "only nginx can connect to the socket")
    elif spec.runtime == "compose":
        yield _setting("forwarded_allow_ips", "*", "only nginx is in the network of this container")
    elif address.host != "127.0.0.1" and not (
        address.host == "::1" and server_version(spec, "gunicorn") >= _IPV6_TRUSTED
    ):
        yield _setting("forwarded_allow_ips", address.host, "nginx comes from the address that it connects to")
