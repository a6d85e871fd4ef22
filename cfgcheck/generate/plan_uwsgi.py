"""uWSGI: its ini file."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cfgcheck.generate import plan_settings
from cfgcheck.generate.escapes import UnwritableError
from cfgcheck.generate.managers_text import placed
from cfgcheck.generate.plan_listen import listener
from cfgcheck.generate.plan_records import Figure, Setting, Value
from cfgcheck.generate.plan_settings import titled, with_own
from cfgcheck.generate.plan_sizes import admitted_for, uwsgi_buffer
from cfgcheck.generate.plan_time import grace, limit_name, worker_limit
from cfgcheck.generate.spec import Service, Spec
from cfgcheck.model.uwsgi_packet import LARGEST

LISTEN = 1024
"""Below the kernel's limit of 4096, and above the 128 that fill up in a moment."""

POST_BUFFER = 8192

_NO_HARAKIRI = "cfgcheck: ignore[unbounded-request] one clock for all threads of a worker would bound none; nginx does"


def settings(spec: Spec, name: str, service: Service) -> tuple[Setting, ...]:
    """``uwsgi.ini``, in its order."""
    derived = [
        _setting("strict", True, "a misspelt option is an error"),
        _setting("master", True),
        _setting("need-app", True, "without its app it does not start"),
        *_app(spec, name, service),
        *titled("Where nginx finds it", _listens(spec, name, service)),
        *titled("Workers", _workers(service)),
        *titled("Times, in seconds", _times(service)),
        *titled("What nginx in front lets through, in bytes", _sizes(spec, service)),
    ]
    with placed("services", name, "server", "settings"):
        return with_own(derived, service.server.settings, uwsgi_text)


def uwsgi_text(value: Value) -> str:
    """The value of an option. uWSGI takes it as it stands to the line's end: there are no quotes and no escapes but
    ``%%`` (facts: uwsgi, "Config language semantics")."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if text != text.strip() or not text:
        raise UnwritableError("uWSGI can't be told a value that is empty or has blanks around it")
    if re.search(r"\s[#;]", text):
        raise UnwritableError(f"`{text}` looks as if a comment began in it, which uWSGI does not know behind a value")
    if re.search(r"[%$@]\(|%\Z|\{[{%#]|<%", text):
        raise UnwritableError(f"uWSGI would not take `{text}` as it is: it looks for placeholders in it")
    return text.replace("%", "%%")


def _setting(name: str, value: Value, because: str = "") -> Setting:
    return plan_settings.setting(name, value, because, uwsgi_text)


def _app(spec: Spec, name: str, service: Service) -> Iterable[Setting]:
    with placed("services", name, "app", "directory"):
        yield _setting("chdir", service.app.directory or "/")
    if spec.runtime != "compose":
        with placed("services", name, "app", "virtualenv"):
            yield _setting("virtualenv", service.app.virtualenv or "/")
    yield _setting("module", service.app.module)


def _listens(spec: Spec, name: str, service: Service) -> Iterable[Setting]:
    address = listener(spec, name, service)
    yield _setting("socket", address.path or address.address)
    if address.unix:
        shared = spec.runtime == "systemd"
        because = "for its user, and for nginx by its group" if shared else "nginx may connect"
        yield _setting("chmod-socket", "660" if shared else "666", because)
        yield _setting("vacuum", True, "no socket stays behind")
    yield _setting("listen", LISTEN, "the queue of waiting connections; the default of 100 fills up in a moment")


def _workers(service: Service) -> Iterable[Setting]:
    server = service.server
    if server.workers == "auto":
        yield Setting("set-placeholder", Figure("cores", "cores=%k"))
        yield Setting("processes", Figure("auto", "%(cores * 2 + 1)", "twice the processors and one"))
    else:
        yield _setting("processes", server.workers)
    if (server.threads or 1) > 1:
        yield _setting("threads", server.threads or 1)


def _times(service: Service) -> Iterable[Setting]:
    if limit_name(service) == "harakiri":
        yield Setting("harakiri", worker_limit(service))
    else:
        yield _setting("harakiri", 0, _NO_HARAKIRI)
    yield Setting("worker-reload-mercy", grace(service))
    yield _setting(
        "hook-master-start",
        "unix_signal:15 gracefully_kill_them_all",
        "SIGTERM ends it once running requests are done; else it would reload",
    )


def _sizes(spec: Spec, service: Service) -> Iterable[Setting]:
    headers, whole = admitted_for(spec, service), uwsgi_buffer(spec, service)
    because = f"{headers.count} x {headers.size} of request headers, the URL a second time, and what nginx adds"
    yield _setting("buffer-size", whole, because if whole < LARGEST else "all that the protocol can carry")
    yield _setting("post-buffering", POST_BUFFER, "uploads that the app does not read would be 502")
