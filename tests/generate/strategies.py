"""Specs of every kind that `cfgcheck generate` must cope with: valid, and without contradictions."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from cfgcheck.generate.defaults import complete
from cfgcheck.generate.spec import Spec
from cfgcheck.settings.edges import KNOWN_EDGES

ODD = " '\"\\%#;{}$`&!*?<>|()[]~^=:,@-_+.éß漢😀aB9"
"""Characters that mean something in one language or the other, and some that mean nothing."""

RUNTIMES = ("systemd", "compose", "supervisord", "plain")
_NAMES = ("shop", "api", "blog-2", "a", "admin", "x" * 31, "reports", "mail")
_WSGI_WORKERS = (None, "sync", "gthread", "gevent", "tornado", "eventlet")
_ASGI_WORKERS = (None, "asgi", "uvicorn")
_RESERVED_VARIABLES = ("GUNICORN", "UWSGI", "UVICORN", "LISTEN", "NOTIFY", "WEB_CONCURRENCY", "FORWARDED")
_STOP_MARGIN = 5

plain_texts = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)
odd_texts = st.text(st.sampled_from(ODD), max_size=24)

path_parts = st.one_of(
    plain_texts,
    st.text(st.sampled_from(ODD.replace("$", "")), min_size=1, max_size=12).filter(
        lambda part: part == part.strip() and not part.endswith("\\") and part not in (".", "..")
    ),
)
paths = st.lists(path_parts, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
plain_paths = st.lists(plain_texts, min_size=1, max_size=3).map(lambda parts: "/srv/" + "/".join(parts).lower())

_prefix_parts = st.text(st.sampled_from("abzAZ09._~@:+,=-"), min_size=1, max_size=6).filter(
    lambda part: part not in (".", "..")
)
prefixes = st.lists(_prefix_parts, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts) + "/")
variables = st.from_regex(r"\A[A-Z_][A-Z0-9_]{0,12}\Z").filter(lambda name: not name.startswith(_RESERVED_VARIABLES))
sizes = st.integers(1, 1 << 33) | st.sampled_from([1, 1 << 10, 1 << 20, 10 << 20, 1 << 30])

_RAW: dict[str, list[dict[str, Any]]] = {
    "main": [{"worker_rlimit_nofile": [262144]}, {"worker_shutdown_timeout": ["1h"]}],
    "events": [{"multi_accept": ["on"]}, {"accept_mutex": ["off"]}],
    "http": [{"server_tokens": ["off"]}, {"types_hash_max_size": [4096], "charset": ["utf-8"]}],
    "server": [{"add_header": ["X-Frame-Options", "DENY", "always"]}, {"etag": ["off"], "charset": ["utf-8"]}],
    "location": [{"gzip": ["off"]}, {"log_not_found": ["off"]}],
    "upstream": [{"keepalive_requests": [500]}],
}
_SETTINGS: dict[str, list[dict[str, Any]]] = {
    "gunicorn": [{"backlog": 512}, {"loglevel": "warning"}, {"preload_app": True}, {"capture_output": True}],
    "uwsgi": [{"log-date": True}, {"reload-on-rss": 512}, {"disable-logging": True}],
    "uvicorn": [{"log-level": "warning"}, {"backlog": 512}],
}
_MANAGERS: dict[str, list[dict[str, Any]]] = {
    "systemd": [{"Nice": 5}, {"LimitNOFILE": 65536, "PrivateDevices": True}],
    "compose": [{"init": True}, {"mem_limit": "512m"}],
    "supervisord": [{"startsecs": 5}, {"priority": 10}],
    "plain": [{}],
}


def specs() -> st.SearchStrategy[Spec]:
    """Any spec: every runtime, server, worker class, edge and listener, with odd texts wherever any text may stand."""
    return _specs(paths, odd_texts).filter(_shows_its_code)


def typical_specs() -> st.SearchStrategy[Spec]:
    """The same with values as people write them."""
    return _specs(plain_paths, plain_texts).filter(_shows_its_code)


@st.composite
def _specs(draw: st.DrawFn, path: st.SearchStrategy[str], text: st.SearchStrategy[str]) -> Spec:
    runtime = draw(st.sampled_from(RUNTIMES))
    edge = draw(_edges(runtime))
    names = draw(st.lists(st.sampled_from(_NAMES), unique=True, min_size=1, max_size=3))
    versions = draw(_versions())
    domains = iter(draw(st.lists(_domains(), unique=True, min_size=9, max_size=9)))
    ports = iter(draw(st.lists(st.integers(7000, 7999), unique=True, min_size=3, max_size=3)))
    services = {}
    for name in names:
        count = draw(st.integers(1, 3))
        own = [next(domains) for _ in range(count)]
        services[name] = draw(_services(name, own, next(ports), runtime, edge, versions, path, text))
    data = {"runtime": runtime, "edge": edge, "versions": versions, "nginx": draw(_nginx()), "services": services}
    return Spec.model_validate({key: value for key, value in data.items() if value or key == "services"})


@st.composite
def _edges(draw: st.DrawFn, runtime: str) -> dict[str, Any]:
    kinds = ["none", "aws-alb", "gcp-lb", "cloudflare", "other"]
    kind = draw(st.sampled_from([*kinds, "heroku"] if runtime in ("plain", "supervisord") else kinds))
    edge: dict[str, Any] = {"kind": kind}
    if kind == "none":
        return edge if draw(st.booleans()) else {}
    optional = {
        "idle": st.integers(1, 1000),
        "tls": st.booleans(),
        "addresses": st.lists(st.sampled_from(["10.0.0.0/8", "172.31.0.1", "2001:db8::/32"]), unique=True),
    }
    if kind in ("aws-alb", "gcp-lb", "other"):
        optional["response"] = st.integers(10, 4000)
    return edge | draw(st.fixed_dictionaries({}, optional=optional))


@st.composite
def _versions(draw: st.DrawFn) -> dict[str, str]:
    choices = {
        "nginx": ["1.30", "1.30.4", "1.31.3", "1.22.1", "1.28"],
        "gunicorn": ["27.0.1", "25.3.0", "26.2", "23.0.0"],
        "uwsgi": ["2.0.31", "2.0.30"],
        "uvicorn": ["0.54", "0.34"],
        "python": ["3.12", "3.11", "3.13"],
    }
    return draw(st.fixed_dictionaries({}, optional={name: st.sampled_from(own) for name, own in choices.items()}))


@st.composite
def _nginx(draw: st.DrawFn) -> dict[str, Any]:
    return draw(
        st.fixed_dictionaries(
            {},
            optional={
                "user": st.sampled_from(["www-data", "nginx", "web"]),
                "worker-connections": st.integers(64, 65536),
                "http-port": st.sampled_from([80, 8080]),
                "https-port": st.sampled_from([443, 8443]),
                "main": st.sampled_from(_RAW["main"]),
                "events": st.sampled_from(_RAW["events"]),
                "http": st.sampled_from(_RAW["http"]),
            },
        )
    )


@st.composite
def _domains(draw: st.DrawFn) -> str:
    label = st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?\Z")
    star = draw(st.sampled_from(["", "", "", "*."]))
    return f"{star}{draw(label)}.{draw(st.sampled_from(['example.com', 'example.org', 'shop.example.com']))}"


def slowest_allowed(edge: dict[str, Any]) -> int:
    """The slowest request that fits every app server below this edge."""
    known = KNOWN_EDGES.get(edge.get("kind", "none"))
    response = edge.get("response") or (known.response if known else None)
    return 3000 if response is None else int(response) - _STOP_MARGIN


@st.composite
def _services(
    draw: st.DrawFn,
    name: str,
    domains: list[str],
    port: int,
    runtime: str,
    edge: dict[str, Any],
    versions: dict[str, str],
    path: st.SearchStrategy[str],
    text: st.SearchStrategy[str],
) -> dict[str, Any]:
    app, server = draw(_app_and_server(versions, path))
    asynchronous = server["kind"] == "uvicorn" or app.get("interface") == "asgi"
    named = draw(st.lists(prefixes, unique=True, min_size=6, max_size=6))
    sockets = [f"unix:/run/{name}/{name}.sock", f"unix:/run/{name}/app.sock"]
    tcp = f"0.0.0.0:{port}" if runtime == "compose" else f"127.0.0.1:{port}"
    slowest = min(30, slowest_allowed(edge))
    optional: dict[str, st.SearchStrategy[Any]] = {
        "listener": st.sampled_from(["unix", "tcp", tcp, *sockets]),
        "static": st.dictionaries(st.sampled_from(named[:2]), path),
        "media": st.dictionaries(st.sampled_from(named[2:4]), path),
        "max-upload": sizes,
        "slowest-request": st.integers(1, slowest_allowed(edge)),
        "request-headers": st.integers(1024, 31 * 1024) | st.sampled_from([4096, 8192, 16384]),
        "response-headers": st.integers(1024, 1 << 20) | st.sampled_from([8192, 16384, 32768]),
        "health": st.one_of(st.just("/healthz"), prefixes.map(lambda one: f"/health{one}x")),
        "stop-grace": st.integers(1, 4000),
        "user": st.sampled_from(["deploy", "app_user", f"{name[:20]}-app"]),
        "environment": st.dictionaries(variables, text, max_size=3),
        "manager": st.sampled_from(_MANAGERS[runtime]),
        "nginx": st.fixed_dictionaries(
            {}, optional={level: st.sampled_from(_RAW[level]) for level in ("server", "location", "upstream")}
        ),
    }
    if edge.get("kind") != "heroku":
        optional["tls"] = st.fixed_dictionaries(
            {"certificate": path, "key": path}, optional={"redirect": st.booleans(), "hsts": st.integers(0, 1 << 26)}
        )
    if asynchronous:
        optional["websockets"] = st.lists(st.sampled_from([*named[4:], "/"]), unique=True)
        optional["websocket-idle"] = st.integers(1, 604800)
    service: dict[str, Any] = draw(st.fixed_dictionaries({}, optional=optional))
    if slowest < 30:
        service.setdefault("slowest-request", slowest)
    return {"domains": domains, "app": app, "server": server, **service}


@st.composite
def _app_and_server(
    draw: st.DrawFn, versions: dict[str, str], path: st.SearchStrategy[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    kind = draw(st.sampled_from(["gunicorn", "gunicorn", "uwsgi", "uvicorn"]))
    interface = {"uwsgi": "wsgi", "uvicorn": "asgi"}.get(kind) or draw(st.sampled_from(["wsgi", "asgi"]))
    frameworks = ["django", "other", *(["fastapi", "starlette"] if interface == "asgi" else ["flask"])]
    app: dict[str, Any] = {
        "module": draw(st.sampled_from(["shop.wsgi:application", "app", "main:app", "Größe.web:make_app"])),
        "framework": draw(st.sampled_from(frameworks)),
        "interface": interface,
    }
    if (draw(st.booleans()) and app["framework"] in ("flask", "fastapi", "starlette")) or kind == "uvicorn":
        del app["interface"]
    app |= draw(st.fixed_dictionaries({}, optional={"directory": path, "virtualenv": path}))
    server: dict[str, Any] = {"kind": kind}
    if kind == "gunicorn":
        workers = [one for one in (_ASGI_WORKERS if interface == "asgi" else _WSGI_WORKERS) if _has(versions, one)]
        worker_class = draw(st.sampled_from(workers))
        if worker_class:
            server["worker-class"] = worker_class
    optional: dict[str, st.SearchStrategy[Any]] = {
        "workers": st.just("auto") | st.integers(1, 512),
        "settings": st.sampled_from(_SETTINGS[kind]),
    }
    if kind == "uwsgi" or (interface == "wsgi" and server.get("worker-class") in (None, "gthread")):
        optional["threads"] = st.integers(1, 256)
    return app, server | draw(st.fixed_dictionaries({}, optional=optional))


def _has(versions: dict[str, str], worker_class: str | None) -> bool:
    major, minor, *_ = (*map(int, versions.get("gunicorn", "27.0.1").split(".")), 0)
    if worker_class == "eventlet":
        return major < 26
    return worker_class != "asgi" or (major, minor) >= (25, 1)


def _shows_its_code(spec: Spec) -> bool:
    """Whether no folder of files is mounted over the code in a container."""
    services = complete(spec).services.values() if spec.runtime == "compose" else ()
    folders = ((one.app.directory, path) for one in services for path in (*one.static.values(), *one.media.values()))
    return not any(f"{directory}/".startswith(f"{path.rstrip('/')}/") for directory, path in folders)
