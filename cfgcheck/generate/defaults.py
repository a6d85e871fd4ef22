"""What a spec leaves to be derived, filled in: each ``None`` becomes what follows from the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cfgcheck.generate.spec import App, Edge, Interface, Server, Service, Spec, Versions, WorkerClass
from cfgcheck.settings.edges import KNOWN_EDGES

CURRENT = {"nginx": "1.30", "gunicorn": "27.0.1", "uwsgi": "2.0.31", "uvicorn": "0.54", "python": "3.12"}
"""The versions that are taken where a spec says none."""

FIRST_PORT = 8000
_INTERFACES: dict[str, Interface] = {"django": "wsgi", "flask": "wsgi", "fastapi": "asgi", "starlette": "asgi"}
_THREADS = 4
"""Threads of a worker that has threads: enough that one slow request does not hold up the others."""

ASGI_WORKER = (25, 1, 0)
"""Gunicorn's own ASGI worker is stable from 25.1 on (facts: causes 4.2)."""


def complete(spec: Spec) -> Spec:
    """``spec`` with nothing left to be derived, versions among it. What is complete already stays as it is."""
    ports = _free_ports(spec)
    services = {name: _service(spec, name, spec.services[name], ports) for name in sorted(spec.services)}
    versions = Versions(**{server: version_of(spec.versions, server) for server in CURRENT})
    return spec.model_copy(update={"services": services, "edge": _edge(spec.edge), "versions": versions})


def version_of(versions: Versions, server: str) -> str:
    """The version of a server that a spec means: what it says, else the current one."""
    said: str | None = getattr(versions, server)
    return said or CURRENT[server]


def _service(spec: Spec, name: str, service: Service, ports: Iterator[int]) -> Service:
    app = _app(spec, name, service)
    return service.model_copy(
        update={
            "app": app,
            "server": _server(spec, service.server, app.interface or "wsgi"),
            "listener": _listener(spec, name, service.listener, ports),
            "websockets": sorted(set(service.websockets)),
            "stop_grace": service.stop_grace or service.slowest_request,
            "user": service.user or name,
        }
    )


def _app(spec: Spec, name: str, service: Service) -> App:
    app = service.app
    interface = app.interface or ("asgi" if _speaks_asgi(service.server) else _INTERFACES.get(app.framework, "wsgi"))
    directory = app.directory or f"/srv/{name}"
    virtualenv = app.virtualenv or f"{directory.rstrip('/')}/venv"
    found = {"interface": interface, "directory": directory, "virtualenv": virtualenv}
    return app.model_copy(update={"module": _with_callable(service), **found})


def _with_callable(service: Service) -> str:
    """``main`` → ``main:application``, which is what Gunicorn and uWSGI look for; uvicorn wants it said."""
    module, framework = service.app.module, service.app.framework
    if ":" in module:
        return module
    usual = "app" if service.server.kind == "uvicorn" and framework in ("fastapi", "starlette") else "application"
    return f"{module}:{usual}"


def _speaks_asgi(server: Server) -> bool:
    return server.kind == "uvicorn" or server.worker_class in ("asgi", "uvicorn")


def _server(spec: Spec, server: Server, interface: Interface) -> Server:
    worker_class = server.worker_class
    if server.kind == "gunicorn" and worker_class is None:
        worker_class = "gthread" if interface == "wsgi" else _asgi_worker(spec)
    threads = server.threads
    if threads is None:
        threads = _THREADS if worker_class == "gthread" else 1
    return server.model_copy(update={"worker_class": worker_class, "threads": threads})


def _asgi_worker(spec: Spec) -> WorkerClass:
    return "asgi" if numbers(version_of(spec.versions, "gunicorn")) >= ASGI_WORKER else "uvicorn"


def numbers(version: str) -> tuple[int, int, int]:
    """``"25.1"`` → ``(25, 1, 0)``."""
    major, minor, patch, *_ = (*map(int, version.split(".")), 0, 0)
    return major, minor, patch


def _listener(spec: Spec, name: str, listener: str | None, ports: Iterator[int]) -> str:
    kind = listener or ("tcp" if spec.runtime == "compose" else "unix")
    if kind == "unix":
        return f"unix:/run/{name}/{name}.sock"
    if kind == "tcp":
        return f"{'0.0.0.0' if spec.runtime == 'compose' else '127.0.0.1'}:{next(ports)}"
    return kind


def _free_ports(spec: Spec) -> Iterator[int]:
    """Ports that no service names, in order."""
    told = (re.search(r":(\d+)$", service.listener or "") for service in spec.services.values())
    taken = {int(found[1]) for found in told if found}
    return (port for port in range(FIRST_PORT, 65536) if port not in taken)


def _edge(edge: Edge) -> Edge:
    known = KNOWN_EDGES.get(edge.kind)
    if known is None:
        return edge.model_copy(update={"tls": bool(edge.tls)})
    idle = edge.idle if edge.idle is not None or known.idle is None else int(known.idle)
    response = edge.response if edge.response is not None or known.response is None else int(known.response)
    return edge.model_copy(update={"idle": idle, "response": response, "tls": True if edge.tls is None else edge.tls})
