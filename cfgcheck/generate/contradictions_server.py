"""What an app server, its workers and the application can't do together."""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.generate.contradictions_record import Contradiction
from cfgcheck.generate.defaults import ASGI_WORKER, numbers, version_of
from cfgcheck.generate.spec import Service, Spec

_ASGI_WORKERS = ("asgi", "uvicorn")
_EVENTLET_GONE = (26, 0, 0)
_ONLY = {"flask": "wsgi", "fastapi": "asgi", "starlette": "asgi"}


def app_server(spec: Spec, name: str, service: Service) -> Iterator[Contradiction]:
    """Of a service of a completed spec."""
    place = ("services", name)
    server = (*place, "server")
    yield from _interface(place, service)
    if service.server.kind == "gunicorn":
        yield from _workers(spec, place, service)
    elif service.server.worker_class is not None:
        text = f"only Gunicorn has worker classes, not {service.server.kind}; leave it out"
        yield Contradiction((*server, "worker-class"), text, ((*server, "kind"),))
    yield from _threads(server, service)
    if service.websockets and not _speaks_asgi(service):
        way = "uvicorn, or Gunicorn with `interface: asgi`" if service.app.framework != "flask" else "an ASGI framework"
        text = f"{_called(service)} can't serve websockets; they need {way}"
        yield Contradiction((*place, "websockets"), text, (server,))
    if service.user == "root":
        yield Contradiction((*place, "user"), "an app that runs as root gives the machine away; say another user")


def _speaks_asgi(service: Service) -> bool:
    return service.server.kind == "uvicorn" or service.server.worker_class in _ASGI_WORKERS


def _called(service: Service) -> str:
    server = service.server
    return f"Gunicorn's `{server.worker_class}` worker" if server.kind == "gunicorn" else _NAMES[server.kind]


_NAMES = {"uwsgi": "uWSGI", "uvicorn": "uvicorn"}


def _interface(place: tuple[str, ...], service: Service) -> Iterator[Contradiction]:
    app, asgi = service.app, _speaks_asgi(service)
    only = _ONLY.get(app.framework)
    if only is not None and app.interface != only:
        text = (
            f"{app.framework} has the interface `{only}`, not `{app.interface}`; "
            "where the module wraps it, say `framework: other`"
        )
        yield Contradiction((*place, "app", "framework"), text, ((*place, "app", "interface"), (*place, "server")))
    elif (app.interface == "asgi") != asgi:
        way = "say `interface: wsgi`" if app.interface == "asgi" else "say `interface: asgi`"
        other = "leave `worker-class` out" if service.server.kind == "gunicorn" else "say `server: gunicorn`"
        text = f"{_called(service)} does not run {str(app.interface).upper()} applications; {other}, or {way}"
        yield Contradiction((*place, "server"), text, ((*place, "app", "interface"),))


def _workers(spec: Spec, place: tuple[str, ...], service: Service) -> Iterator[Contradiction]:
    version = version_of(spec.versions, "gunicorn")
    worker, where = service.server.worker_class, (*place, "server", "worker-class")
    if worker == "eventlet" and numbers(version) >= _EVENTLET_GONE:
        text = f"Gunicorn {version} has no `eventlet` worker (gone since 26.0); say `gevent`"
        yield Contradiction(where, text, (("versions", "gunicorn"),))
    if worker == "asgi" and numbers(version) < ASGI_WORKER:
        text = f"Gunicorn {version} has no stable `asgi` worker (from 25.1 on); say `uvicorn`, or a newer version"
        yield Contradiction(where, text, (("versions", "gunicorn"),))


def _threads(server: tuple[str, ...], service: Service) -> Iterator[Contradiction]:
    threads, worker = service.server.threads or 1, service.server.worker_class
    if threads == 1 or service.server.kind == "uwsgi" or worker == "gthread":
        return
    where, others = (*server, "threads"), ((*server, "worker-class"),)
    if worker == "sync":
        text = "Gunicorn runs `gthread` where there are threads; say `worker-class: gthread`"
        yield Contradiction(where, text, others)
    else:
        yield Contradiction(where, f"{_called(service)} takes no threads; leave `threads` out, say `workers`", others)
