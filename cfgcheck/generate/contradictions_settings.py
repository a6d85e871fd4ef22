"""Settings in an app server's own words: those that it does not know, and those that the spec has keys for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cfgcheck.generate.contradictions_record import Contradiction, meant
from cfgcheck.generate.defaults import version_of
from cfgcheck.generate.plan_time import limit_name
from cfgcheck.generate.spec import Service, Spec
from cfgcheck.load import gunicorn_table, python_servers_table
from cfgcheck.load.uwsgi_options import options
from cfgcheck.model.version import Version

_GUNICORN = {
    "bind": "listener", "wsgi_app": "app.module", "chdir": "app.directory", "user": "user", "group": "user",
    "workers": "server.workers", "threads": "server.threads", "worker_class": "server.worker-class",
    "raw_env": "environment", "graceful_timeout": "stop-grace", "limit_request_line": "request-headers",
    "limit_request_field_size": "request-headers", "config": "", "daemon": "", "pidfile": "", "print_config": "",
    "check_config": "", "certfile": "tls", "keyfile": "tls", "protocol": "", "reload": "", "umask": "",
    "forwarded_allow_ips": "", "proxy_protocol": "", "pythonpath": "app.directory", "paste": "app.module",
}  # fmt: skip
_UWSGI = {
    "socket": "listener", "uwsgi-socket": "listener", "http": "listener", "http-socket": "listener",
    "module": "app.module", "wsgi-file": "app.module", "chdir": "app.directory", "uid": "user", "gid": "user",
    "processes": "server.workers", "threads": "server.threads", "virtualenv": "app.virtualenv", "env": "environment",
    "buffer-size": "request-headers", "limit-post": "max-upload", "callable": "app.module", "master": "",
    "chmod-socket": "", "chown-socket": "", "daemonize": "", "die-on-term": "", "worker-reload-mercy": "stop-grace",
    "strict": "", "vacuum": "", "need-app": "", "protocol": "listener", "plugins": "", "cheaper": "server.workers",
}  # fmt: skip
_UVICORN = {
    "app": "app.module", "app_dir": "app.directory", "host": "listener", "port": "listener", "uds": "listener",
    "fd": "listener", "workers": "server.workers", "timeout_graceful_shutdown": "stop-grace", "reload": "",
    "forwarded_allow_ips": "", "h11_max_incomplete_event_size": "request-headers", "ssl_keyfile": "tls",
    "ssl_certfile": "tls", "env_file": "environment", "proxy_headers": "", "factory": "",
}  # fmt: skip
_KINDS: Mapping[str, tuple[type, ...]] = {"bool": (bool,), "pos_int": (int,), "string": (str,)}
_SAID = {"bool": "`true` or `false`", "pos_int": "a whole number", "string": "a text; put it in quotes"}


def settings(spec: Spec, name: str, service: Service) -> Iterator[Contradiction]:
    """Of a service of a completed spec."""
    kind = service.server.kind
    judge = {"gunicorn": _gunicorn, "uwsgi": _uwsgi, "uvicorn": _uvicorn}[kind]
    for key, value in service.server.settings.items():
        text = judge(spec, key, value)
        if text:
            place = ("services", name, "server", "settings", key)
            yield Contradiction(place, text, (("services", name, "server", "kind"),))
    yield from _limit(name, service)


def _limit(name: str, service: Service) -> Iterator[Contradiction]:
    """A limit for requests must let the slowest one pass."""
    limit = limit_name(service)
    said = service.server.settings.get(limit)
    if isinstance(said, int) and not isinstance(said, bool) and 0 < said <= service.slowest_request:
        yield Contradiction(
            ("services", name, "server", "settings", limit),
            f"`{limit}` of {said} s ends the slowest request, which takes {service.slowest_request} s; leave it out: "
            "it is derived",
            (("services", name, "slowest-request"),),
        )


def _derived(key: str, own: str) -> str:
    return f"`{key}` is derived; say `{own}`" if own else f"`{key}` is derived; leave it out"


def _gunicorn(spec: Spec, key: str, value: object) -> str:
    if key in _GUNICORN:
        return _derived(key, _GUNICORN[key])
    version = Version.parse(version_of(spec.versions, "gunicorn"))
    rows = gunicorn_table.rows_of(version)
    row = rows.get(key)
    if row is None:
        known = gunicorn_table.availability(key)
        if known:
            return f"Gunicorn {version} has no setting `{key}` ({known})"
        return f"Gunicorn has no setting `{key}`{meant(key.replace('-', '_'), rows)}"
    if row.hook:
        return f"`{key}` is a function, which a spec can't hold"
    return _typed(key, value, row.check)


def _typed(key: str, value: object, kind: str) -> str:
    wanted = _KINDS.get(kind)
    if wanted is None or (isinstance(value, wanted) and isinstance(value, bool) == (kind == "bool")):
        return f"`{key}` must not be negative" if kind == "pos_int" and isinstance(value, int) and value < 0 else ""
    return f"`{key}` must be {_SAID[kind]}"


def _uwsgi(spec: Spec, key: str, value: object) -> str:
    known = options()
    canonical = known.canonical(key) if key in known else ""
    for one in (key, canonical):
        if one in _UWSGI:
            return _derived(key, _UWSGI[one])
    if key not in known:
        return f"uWSGI has no option `{key}`{meant(key.replace('_', '-'), known)}"
    kind = known[key].kind
    if kind in ("load", "logic", "set", "noop"):
        return f"`{key}` changes how the file is read, which a spec can't foresee; leave it out"
    if kind == "bool":
        return _typed(key, value, "bool")
    return _typed(key, value, "pos_int") if kind == "int" else ""


def _uvicorn(spec: Spec, key: str, value: object) -> str:
    name = key.replace("-", "_")
    if name in _UVICORN:
        return _derived(key, _UVICORN[name])
    known = python_servers_table.rows_of("uvicorn", Version.parse(version_of(spec.versions, "uvicorn")))
    if name not in known:
        return f"uvicorn has no option `{key}`{meant(key.replace('_', '-'), [one.replace('_', '-') for one in known])}"
    kind = {"switch": "bool", "int": "pos_int"}.get(known[name].kind, "")
    return _typed(key, value, kind)
